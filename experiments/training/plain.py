"""The plain form: `model.fit` itself, for whatever the faster forms can't do.

Slow, but right by definition: callbacks, class weights, models compiled to run eagerly. The batches come in the same
order as in the other forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, isfinite
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from labreport.experiments.training.errors import DivergenceError
from labreport.experiments.training.fitting import Request
from labreport.experiments.training.graphs import batch
from labreport.experiments.training.history import History, frozen, shortest
from labreport.experiments.training.order import batch_order
from labreport.experiments.training.samples import Samples


def fit_plainly(model: Any, train: Samples, request: Request, *, validation: Samples | None) -> History:
    """Train a compiled model with `model.fit` and return its history.

    Args:
        model: a compiled Keras model; it is trained in place.
        train: training samples.
        request: epochs, batch sizes, seed, class weights and callbacks. A callback may end the training early.
        validation: samples on which the metrics are computed after each epoch.

    Raises:
        DivergenceError: the loss is no longer finite.
    """
    history = request.history()

    def watch(step: int, logs: dict[str, Any]) -> None:
        if not isfinite(float(logs.get("loss", 0.0))):
            raise DivergenceError(
                epoch=len(history.get("loss", ())) + 1,
                step=step + 1,
                history=frozen(history),
                fold=request.fold or None,
            )

    def note(epoch: int, logs: dict[str, Any]) -> None:
        values = {name: shortest(value) for name, value in logs.items()}
        for name, value in values.items():
            history.setdefault(name, []).append(value)
        request.report(epoch + 1, values)

    steps = ceil(len(train) / request.batch_size)
    tested = None
    if validation is not None:
        test_steps = ceil(len(validation) / request.test_size)
        tested = _batches(validation, lambda: _in_turn(validation, request.test_size), test_steps)
    model.fit(
        _batches(train, lambda: _shuffled(train, request), (request.epochs - request.epochs_before) * steps),
        initial_epoch=request.epochs_before,
        epochs=request.epochs,
        steps_per_epoch=steps,
        validation_data=tested,
        shuffle=False,
        class_weight=request.class_weight,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=watch, on_epoch_end=note), *request.callbacks],
        verbose=0,
    )
    return frozen(history)


def _batches(samples: Samples, positions: Callable[[], Iterator[NDArray[np.int32]]], count: int) -> Any:
    """Return a `tf.data.Dataset` of `count` batches; `positions` is called each time that Keras begins to read."""
    places = tf.data.Dataset.from_generator(positions, output_signature=tf.TensorSpec(shape=(None,), dtype=tf.int32))
    counted = places.apply(tf.data.experimental.assert_cardinality(count))
    return counted.map(lambda chosen: batch(samples, chosen))


def _shuffled(samples: Samples, request: Request) -> Iterator[NDArray[np.int32]]:
    for epoch in range(request.epochs_before + 1, request.epochs + 1):
        order = batch_order(len(samples), seed=request.seed, epoch=epoch, fold=request.fold)
        yield from _cut(order + np.int32(samples.positions.start), request.batch_size)


def _in_turn(samples: Samples, size: int) -> Iterator[NDArray[np.int32]]:
    return _cut(np.arange(samples.positions.start, samples.positions.stop, dtype=np.int32), size)


def _cut(positions: NDArray[np.int32], size: int) -> Iterator[NDArray[np.int32]]:
    return (positions[start : start + size] for start in range(0, len(positions), size))
