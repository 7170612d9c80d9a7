"""Graphs that several models of one build share: the same numbers, and nothing left of one model in another."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers.small_models import classifier, labelled, optimizer, priced, regressor, twins

from labreport.experiments.training import evaluate, fit, in_memory, predict, seed_everything, sharing, start
from labreport.experiments.training.graphs import Graphs
from labreport.experiments.training.graphs import build as make_variables


@pytest.fixture(autouse=True)
def _no_graphs_yet(monkeypatch):
    monkeypatch.setattr(sharing, "_kept", type(sharing._kept)())


def trained(
    build: Callable[[], Any], samples: Any, *, seed: int = 4, epochs: int = 2, used: bool = True
) -> tuple[Any, ...]:
    """Train a new model, and return all that came of it; tested as well and asked for its outputs where it is used."""
    seed_everything(seed)
    model = build()
    validation = samples.first(11) if used else None
    found: list[Any] = [fit(model, samples, epochs=epochs, batch_size=8, seed=seed, validation=validation).history]
    if used:
        found += [evaluate(model, samples, batch_size=8), predict(model, samples, batch_size=8).tolist()]
    states = [np.asarray(variable) for variable in (*model.variables, *model.optimizer.variables)]
    return *found, [one.tolist() for one in states]


def graphs_of(model: Any, samples: Any) -> Graphs:
    """Return the graphs that a training of a model would use."""
    make_variables(model, samples)
    return sharing.graphs_for(model, samples)


def numbers(layers: Any) -> list[Any]:
    return [
        layers.Rescaling(2.0),
        layers.Reshape((5, 4, 1)),
        layers.Conv2D(3, 2, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(3, kernel_regularizer="l2"),
        layers.ReLU(),
        layers.Dropout(0.3),
        layers.Dense(3),
        layers.Activation("softmax"),
    ]


def words(layers: Any) -> list[Any]:
    return [
        layers.Embedding(2, 4, mask_zero=True),
        layers.LSTM(5, dropout=0.2, recurrent_dropout=0.1),
        layers.Dense(3, activation="softmax"),
    ]


def rows(layers: Any) -> list[Any]:
    return [
        layers.Embedding(2, 4),
        layers.Conv1D(3, 2, strides=6),
        layers.GRU(4, return_sequences=True, unroll=True),
        layers.GlobalMaxPooling1D(),
        layers.Reshape((2, 2)),
        layers.GlobalAveragePooling1D(),
        layers.Dense(3, activation="softmax"),
    ]


BUILDS: dict[str, Callable[[Any], list[Any]]] = {"numbers": numbers, "words": words, "rows": rows}
OPTIMIZERS = dict(zip(BUILDS, sharing._OPTIMIZERS, strict=False))
"""Each network of layers has another optimizer; a small network has each of the others."""


def of_layers(name: str) -> Any:
    keras = start()
    model = keras.Sequential([keras.Input(shape=(20,)), *BUILDS[name](keras.layers)])
    chosen = optimizer(OPTIMIZERS[name])
    model.compile(optimizer=chosen, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def with_optimizer(name: str) -> Any:
    return classifier(optimizer=optimizer(name, learning_rate=0.02))


CASES = {
    **{name: (lambda name=name: of_layers(name)) for name in BUILDS},
    **{name: (lambda name=name: with_optimizer(name)) for name in sharing._OPTIMIZERS[len(BUILDS) :]},
}


@pytest.mark.parametrize("name", CASES)
def test_a_model_in_shared_graphs_gives_the_bits_of_graphs_of_its_own(name, monkeypatch):
    """The one whose layers work otherwise when they are not trained is tested and asked as well."""
    build, used = CASES[name], name == "numbers"
    samples = in_memory(*labelled(45))
    with monkeypatch.context() as patch:
        patch.setattr(sharing, "_written", lambda model: None)
        alone = trained(build, samples, used=used)
    trained(build, samples.after(9), seed=1, epochs=3, used=used)
    assert len(sharing._kept) == 1
    assert trained(build, samples, used=used) == alone
    assert len(sharing._kept) == 1


def test_every_layer_that_is_said_to_share_is_tried():
    layers = {type(layer).__name__ for name in BUILDS for layer in of_layers(name).layers}
    assert layers | {"InputLayer"} == set(sharing._LAYERS)


def test_trainings_of_one_build_make_each_graph_once():
    samples = in_memory(*labelled(45))
    for count, seed in ((45, 1), (30, 1), (45, 2)):
        trained(classifier, samples.first(count), seed=seed)
    (graphs,) = sharing._kept.values()
    assert [graph.experimental_get_tracing_count() for graph in graphs._made.values()] == [1, 1, 1]


def test_an_earlier_model_keeps_what_it_has_learnt():
    samples = in_memory(*labelled(30))
    first, second = twins(classifier)
    fit(first, samples, epochs=1, batch_size=8, seed=0)
    weights = [weight.tolist() for weight in first.get_weights()]
    fit(second, samples, epochs=3, batch_size=8, seed=1)
    assert len(sharing._kept) == 1
    assert [weight.tolist() for weight in first.get_weights()] == weights
    assert second.get_weights()[0].tolist() != weights[0]


def test_a_training_that_is_stopped_leaves_the_model_as_far_as_it_has_come():
    samples = in_memory(*labelled(30))
    stopped, whole = twins(classifier)

    def stop(epoch: int, epochs: int, values: dict[str, float]) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(stopped, samples, epochs=5, batch_size=8, seed=0, on_epoch=stop)
    fit(whole, samples, epochs=2, batch_size=8, seed=0)
    assert [one.tolist() for one in stopped.get_weights()] == [one.tolist() for one in whole.get_weights()]
    assert int(stopped.optimizer.iterations) == 8


def test_random_numbers_of_python_go_on_as_if_no_twin_had_been_made():
    random.seed(3)
    wanted = random.random()
    model, samples = of_layers("numbers"), in_memory(*labelled(30))
    random.seed(3)
    fit(model, samples, epochs=1, batch_size=8, seed=0)
    assert random.random() == wanted


def replaced_step() -> Any:
    model = classifier()
    model.train_step = lambda data: type(model).train_step(model, data)
    return model


def own_kind() -> Any:
    keras = start()

    class Own(keras.Sequential):
        """A model of a user's."""

    model = Own([keras.Input(shape=(20,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def own_layer() -> Any:
    keras = start()

    class Own(keras.layers.Dense):
        """A layer of a user's."""

    model = keras.Sequential([keras.Input(shape=(20,)), Own(3, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def own_function(name: str) -> Any:
    keras = start()

    def function(*values: Any) -> Any:
        return keras.losses.sparse_categorical_crossentropy(*values) if len(values) == 2 else keras.ops.tanh(values[0])

    last = keras.layers.Dense(3, activation="softmax")
    middle = keras.layers.Dense(4, activation=function if name == "activation" else "relu")
    model = keras.Sequential([keras.Input(shape=(20,)), middle, last])
    loss = function if name == "loss" else "sparse_categorical_crossentropy"
    model.compile(loss=loss, metrics=[function] if name == "metrics" else ["accuracy"])
    return model


ALONE: dict[str, Callable[[], Any]] = {
    "a step of its own": replaced_step,
    "a model of its own kind": own_kind,
    "a layer of its own kind": own_layer,
    "a loss of its own": lambda: own_function("loss"),
    "a metric of its own": lambda: own_function("metrics"),
    "an activation of its own": lambda: own_function("activation"),
    "weights of losses": lambda: classifier(loss_weights=[2.0]),
    "an optimizer with decay": lambda: classifier(optimizer=optimizer("RMSprop", weight_decay=0.1)),
    "an optimizer that is not known": lambda: classifier(optimizer="lion"),
}


@pytest.mark.parametrize("why", ALONE)
def test_a_model_that_keras_does_not_write_down_whole_has_graphs_of_its_own(why):
    model = ALONE[why]()
    assert graphs_of(model, in_memory(*labelled(20))).model is model
    assert not sharing._kept


def test_a_function_made_on_the_way_that_prepares_samples_is_not_kept():
    samples = in_memory(*labelled(20), prepare=lambda batch: start().ops.cast(batch, "float32"))
    fit(classifier(), samples, epochs=1, batch_size=8, seed=0)
    assert not sharing._kept


def test_a_variable_that_is_not_as_its_layer_says_has_its_way():
    inputs, prices = (np.ones((12, 5)), np.ones(12))
    samples = in_memory(inputs, prices)
    first, second = twins(regressor)
    fit(first, samples, epochs=1, batch_size=4, seed=0)
    second.layers[0].kernel.trainable = False
    before = second.get_weights()[0].tolist()
    fit(second, samples, epochs=1, batch_size=4, seed=0)
    assert second.get_weights()[0].tolist() == before
    assert first.get_weights()[0].tolist() != before


def test_models_that_differ_in_a_number_alone_share_nothing():
    samples = in_memory(*labelled(20))
    for rate in (0.1, 0.2):
        graphs_of(classifier(optimizer=optimizer("SGD", learning_rate=rate)), samples)
    assert len(sharing._kept) == 2


def test_a_graph_made_with_another_epsilon_of_keras_is_not_used():
    samples = in_memory(*priced(20))
    before = start().config.epsilon()
    losses = []
    for epsilon in (before, 0.2):
        start().config.set_epsilon(epsilon)
        try:
            (model,) = twins(lambda: regressor(loss="msle"), 1)
            losses.append(fit(model, samples, epochs=1, batch_size=8, seed=0).history["loss"])
        finally:
            start().config.set_epsilon(before)
    assert losses[0] != losses[1]


def test_the_graphs_used_longest_ago_go_first(monkeypatch):
    monkeypatch.setattr(sharing, "_MOST", 2)
    samples = in_memory(*labelled(20))

    def outputs_kept() -> list[int]:
        return [graphs.model.output_shape[1] for graphs in sharing._kept.values()]

    for classes in (3, 4, 3, 5):
        graphs_of(classifier(classes=classes), samples)
    assert outputs_kept() == [3, 5]
