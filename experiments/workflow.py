"""The Keras workflow: layers, models, losses and training, by examples that run while the report is built.

Question: which parts make a Keras model, how do they fit together, and what does Keras do with several losses?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, chapter 3; the documentation of Keras 3
(`Model.compile` on loss_weights).

Each `example_…` below is shown with the output of its own code, and every measured number is taken from the variables
of the example that prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labreport.experiments.examples import Captured, run_example
from labreport.experiments.settings import require_range
from labreport.experiments.training import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from labreport.experiments.lab import Session

TITLE = "The Keras workflow"
VERSION = "1"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The size of the small models, and the weights of the two losses."""

    units: int = 32
    """Units of every hidden layer."""
    loss_weight_first: float = 1.0
    """Weight of the loss of the output `price`."""
    loss_weight_second: float = 0.5
    """Weight of the loss of the output `sold`."""

    def __post_init__(self) -> None:
        require_range(self, "units", least=1, below=100_001)
        require_range(self, "loss_weight_first", "loss_weight_second", least=0, below=1_000_001)


def build_model(settings: Settings) -> Any:
    """A model with two outputs: a price, and whether it sells in a month."""
    import keras
    from keras import layers

    features = keras.Input(shape=(8,), name="features")
    hidden = layers.Dense(settings.units, activation="relu", name="shared")
    shared = hidden(features)
    price = layers.Dense(1, name="price")(shared)
    sold = layers.Dense(1, activation="sigmoid", name="sold")(shared)
    outputs = {"price": price, "sold": sold}
    model = keras.Model(inputs=features, outputs=outputs)
    model.compile(
        optimizer="rmsprop",
        loss={"price": "mse", "sold": "binary_crossentropy"},
        loss_weights={
            "price": settings.loss_weight_first,
            "sold": settings.loss_weight_second,
        },
    )
    return model


def introduce(settings: Settings, dataset: None, session: Session) -> None:
    """Run all examples and record what they print and measure; the first seed draws the weights of the models."""
    from labreport.experiments.training.backend import seed_everything

    draft = session.draft
    draft.listing("build_model", build_model)
    total = 7

    def show(example: Callable[..., None], **given: Any) -> Mapping[str, Any]:
        # Seeded again each time, so that no example depends on those before it.
        seed_everything(session.seeds[0])
        captured: Captured = run_example(example, **given)
        draft.examples.append(captured.example)
        session.progress("examples", len(draft.examples), total, {})
        return captured.values

    with session.stage("examples"):
        show(example_layers_for_data)

        fitting = show(example_compatibility, units=settings.units)
        session.measure("dense_output_units", int(fitting["outputs"].shape[-1]))
        session.measure("mismatch_raised", isinstance(fitting["refusal"], ValueError))

        seed_everything(session.seeds[0])
        two_outputs = build_model(settings)
        draft.models.append(describe("two_outputs", two_outputs))
        weights = {"loss_weight_first": settings.loss_weight_first, "loss_weight_second": settings.loss_weight_second}
        losses = show(example_losses, model=two_outputs, **weights)
        session.measure("loss_total", losses["total"])
        session.measure("loss_first", losses["first"])
        session.measure("loss_second", losses["second"])
        session.measure("largest_sum_deviation", abs(losses["total"] - losses["weighted_sum"]))
        session.measure("loss_average", losses["average"])

        show(example_four_steps, units=settings.units)

        sequential = show(example_sequential, units=settings.units)["sequential"]
        functional = show(example_functional, units=settings.units)["functional"]
        for role, model in (("sequential", sequential), ("functional", functional)):
            model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
            draft.models.append(describe(role, model))
        session.measure("sequential_parameters", int(sequential.count_params()))
        session.measure("functional_parameters", int(functional.count_params()))
        agreement = show(example_agreement, sequential=sequential, functional=functional)
        session.measure("largest_output_difference", float(agreement["difference"]))


def example_layers_for_data() -> None:
    """Four kinds of layers, each given the kind of tensor it is made for."""
    import numpy as np
    from keras import layers

    vectors = np.zeros((2, 784))
    sequences = np.zeros((2, 100, 3))
    images = np.zeros((2, 28, 28, 1))
    dense = layers.Dense(32)
    print("Dense: ", vectors.shape, "->", dense(vectors).shape)
    lstm = layers.LSTM(32)
    print("LSTM:  ", sequences.shape, "->", lstm(sequences).shape)
    conv1d = layers.Conv1D(32, 5)
    print("Conv1D:", sequences.shape, "->", conv1d(sequences).shape)
    conv2d = layers.Conv2D(32, (3, 3))
    print("Conv2D:", images.shape, "->", conv2d(images).shape)


def example_compatibility(units: int) -> None:
    """A layer made for 784 features, the next one that fits itself to it, and an input that doesn't fit."""
    import textwrap

    import numpy as np
    from keras import layers

    layer = layers.Dense(units)
    outputs = layer(np.zeros((2, 784)))
    print("output:", outputs.shape)
    following = layers.Dense(10)
    following(outputs)
    print("weights of the next layer:", following.kernel.shape)
    refusal = None
    try:
        layer(np.zeros((2, 100)))
    except ValueError as error:
        refusal = error
    print(type(refusal).__name__)
    print(textwrap.fill(str(refusal), 72))


def example_losses(model: Any, loss_weight_first: float, loss_weight_second: float) -> None:
    """The losses of a model with two outputs, and what Keras makes of them."""
    import numpy as np

    random = np.random.default_rng(0)
    features = random.normal(size=(64, 8))
    prices = random.normal(size=(64, 1))
    sold = random.integers(0, 2, size=(64, 1))
    losses = model.evaluate(
        features,
        {"price": prices, "sold": sold},
        batch_size=64,
        verbose=0,
        return_dict=True,
    )
    total = losses["loss"]
    first = losses["price_loss"]
    second = losses["sold_loss"]
    weighted_sum = loss_weight_first * first + loss_weight_second * second
    average = (first + second) / 2
    print(f"loss of price: {first:.4f}")
    print(f"loss of sold:  {second:.4f}")
    print(f"Keras' total:  {total:.4f}")
    print(f"weighted sum:  {weighted_sum:.4f}")
    print(f"average:       {average:.4f}")


def example_four_steps(units: int) -> None:
    """From data to a trained network."""
    import keras
    import numpy as np
    from keras import layers

    # 1. Define the training data: inputs and targets.
    random = np.random.default_rng(0)
    inputs = random.normal(size=(512, 20))
    targets = inputs.sum(axis=1) > 0
    # 2. Define a network that maps inputs to targets.
    model = keras.Sequential(
        [
            keras.Input(shape=(20,)),
            layers.Dense(units, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    # 3. Configure learning: loss, optimizer, metrics.
    model.compile(
        optimizer="rmsprop",
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    # 4. Fit the network to the training data.
    fitted = model.fit(inputs, targets, epochs=3, batch_size=16, verbose=0)
    for name, values in fitted.history.items():
        print(name, [round(value, 3) for value in values])


def example_sequential(units: int) -> None:
    """A linear stack of two layers."""
    import keras
    from keras import layers

    sequential = keras.Sequential(
        [
            keras.Input(shape=(784,)),
            layers.Dense(units, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    for layer in sequential.layers:
        print(layer.output.shape, layer.count_params())


def example_functional(units: int) -> None:
    """The same two layers, as a graph of layers that are called."""
    import keras
    from keras import layers

    inputs = keras.Input(shape=(784,))
    hidden = layers.Dense(units, activation="relu")(inputs)
    outputs = layers.Dense(10, activation="softmax")(hidden)
    functional = keras.Model(inputs=inputs, outputs=outputs)
    for layer in functional.layers:
        print(layer.output.shape, layer.count_params())


def example_agreement(sequential: Any, functional: Any) -> None:
    """Both models with the same weights, on the same inputs."""
    import numpy as np

    functional.set_weights(sequential.get_weights())
    random = np.random.default_rng(0)
    inputs = random.random((100, 784), dtype="float32")
    one = sequential.predict(inputs, verbose=0)
    other = functional.predict(inputs, verbose=0)
    difference = np.abs(one - other).max()
    print("parameters, sequential:", sequential.count_params())
    print("parameters, functional:", functional.count_params())
    print("largest difference of the outputs:", difference)
