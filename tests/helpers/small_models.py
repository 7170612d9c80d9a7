"""Small models, made-up samples, and training by `model.fit` with the engine's batch order laid out by hand."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from labreport.experiments.training import batch_order, start


@contextmanager
def without_graphs() -> Iterator[None]:
    """Let TensorFlow do in the block what functions say instead of making graphs of them.

    Making graphs takes most of the time of a training of a few steps. For tests of what a lab does with its networks;
    what graphs compute is tried in `experiments/training`, and in the labs whose `fit` is compared with the engine.
    """
    start()
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Even though .* does not apply to tf.data functions")
            yield
    finally:
        tf.config.run_functions_eagerly(before)


PATIENCE, LONGER = 2, 4
"""Of trainings that are as long as they need, where they are to be short; labs have 10 and 10."""


@contextmanager
def short_trainings() -> Iterator[None]:
    """Like `without_graphs`, and trainings that go on until their best epoch has passed wait for it less long."""
    with without_graphs(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("labreport.experiments.lab.session.PATIENCE", PATIENCE)
        for place in ("procedure", "reuters"):
            patch.setattr(f"labreport.experiments.{place}.LONGER", LONGER)
        yield


def optimizer(name: str, **options: Any) -> Any:
    return getattr(start().optimizers, name)(**options)


def classifier(features: int = 20, classes: int = 3, *, optimizer: Any = "rmsprop", **compiled: Any) -> Any:
    """A network like those of the labs on images and texts."""
    keras = start()
    model = keras.Sequential(
        [
            keras.Input(shape=(features,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    options = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled}
    model.compile(optimizer=optimizer, **options)
    return model


def regressor(features: int = 5, *, optimizer: Any = "rmsprop", layers: Sequence[Any] = (), **compiled: Any) -> Any:
    """A network like that of the lab on house prices; further layers go before the last."""
    keras = start()
    model = keras.Sequential(
        [
            keras.Input(shape=(features,)),
            keras.layers.Dense(8, activation="relu"),
            *layers,
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer=optimizer, **{"loss": "mse", "metrics": ["mae"], **compiled})
    return model


def labelled(count: int, features: int = 20, classes: int = 3, seed: int = 1) -> tuple[NDArray[Any], NDArray[Any]]:
    """Zeros and ones as bytes, with labels that depend on them."""
    random = np.random.default_rng(seed)
    inputs = (random.random((count, features)) < 0.3).astype(np.uint8)
    return inputs, inputs[:, : 4 * classes].reshape(count, classes, 4).sum(axis=2).argmax(axis=1)


def priced(count: int, features: int = 5, seed: int = 2) -> tuple[NDArray[Any], NDArray[Any]]:
    """Numbers with a price that depends on them."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, features))
    return inputs, 20 + 3 * inputs[:, 0] - 2 * inputs[:, 1] ** 2 + random.normal(size=count)


def twins(build: Any, count: int = 2, seed: int = 5) -> list[Any]:
    """Models of one build with equal initial weights and equal states of their random generators."""
    models = []
    for _ in range(count):
        start().utils.set_random_seed(seed)
        models.append(build())
    return models


def fit_by_hand(
    model: Any,
    inputs: Any,
    targets: Any,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    fold: int = 0,
    validation: tuple[Any, Any] | None = None,
    eagerly: bool = False,
    **options: Any,
) -> dict[str, list[float]]:
    """Train with `model.fit`, one epoch at a time, without its own shuffling.

    Keras makes graphs for that, which takes longer than a few steps; `eagerly` leaves them out where the last digits
    don't matter.
    """
    tree = start().tree
    model.run_eagerly = eagerly or model.run_eagerly
    history: dict[str, list[float]] = {}
    for epoch in range(1, epochs + 1):
        order = batch_order(len(tree.flatten(inputs)[0]), seed=seed, epoch=epoch, fold=fold)
        shuffled = tree.map_structure(lambda array, order=order: array[order], (inputs, targets))
        fitted = model.fit(
            *shuffled, batch_size=batch_size, shuffle=False, validation_data=validation, verbose=0, **options
        )
        for key, (value,) in fitted.history.items():
            history.setdefault(key, []).append(value)
    return history


def assert_same_training(
    history: Any, reference: Any, *, first: float = 1e-6, later: float = 1e-4, exact: bool = False
) -> None:
    """Compare two histories: relative tolerance of the first epoch, and of the later ones; or every bit as float32."""
    assert history.keys() == reference.keys()
    for key, values in reference.items():
        if exact:
            assert np.float32(history[key]).tolist() == np.float32(values).tolist(), key
        np.testing.assert_allclose(history[key][0], values[0], rtol=first, err_msg=key)
        np.testing.assert_allclose(history[key], values, rtol=later, atol=1e-7, err_msg=key)
