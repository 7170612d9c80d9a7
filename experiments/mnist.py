"""First network: handwritten digits.

Question: can a network of two dense layers tell which digit is on a small grey image, and how well does it do so on
images it has never seen?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 2.1; the data are by Y. LeCun, C. Cortes and
C. J. C. Burges.

The number of epochs is fixed beforehand. One network is trained with held-out samples, for the curves alone; another is
trained on all samples and tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labreport.experiments.data.encoding import one_hot
from labreport.experiments.examples import capture
from labreport.experiments.procedure import (
    confusion,
    held_out,
    linear_baseline,
    majority_baseline,
    open_lab,
    record_test,
)
from labreport.experiments.procedure.choices import CLASS_LOSSES, optimizer_of, require_network, unit_of
from labreport.experiments.result import Image, Predictions
from labreport.experiments.settings import require_range
from labreport.experiments.training import as_shares_of_255, describe, in_memory

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.result import Split
    from labreport.experiments.training import Samples

TITLE = "First network: handwritten digits"
VERSION = "1"
DATASET = "mnist"
QUICK = {"epochs": 2}

_MISTAKES_SHOWN = 12
_IMAGES_PER_DIGIT = 2


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How large the network is and how it is trained."""

    layers: int = 1
    """Hidden layers, 1 to 10."""
    units: int = 512
    """Units of each hidden layer."""
    activation: str = "relu"
    """Activation function of the hidden layers."""
    dropout: float = 0.0
    """Share of a hidden layer's outputs that dropout sets to zero in training; 0: none."""
    l2: float = 0.0
    """Factor of a penalty on the squares of the hidden layers' weights; 0: none."""
    epochs: int = 5
    """Epochs of the first stage."""
    batch_size: int = 128
    """Samples of one step of training."""
    validation_samples: int = 10_000
    """Training samples held out for the curves; of a sample of the data the same share."""
    loss: str = "categorical_crossentropy"
    """Loss function."""
    optimizer: str = "rmsprop"
    """How the weights are changed."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""

    def __post_init__(self) -> None:
        require_network(self, CLASS_LOSSES)
        require_range(self, "units", "epochs", "batch_size", "validation_samples", least=1)
        require_range(self, "learning_rate", above=0)


def preprocess(images: NDArray[np.uint8]) -> NDArray[Any]:
    """Turn byte images (n, 28, 28) into vectors (n, 784) from 0 to 1."""
    return images.reshape((len(images), 28 * 28)).astype("float32") / 255


def build_model(settings: Settings) -> keras.Model:
    """Return the compiled network: pixels in, a probability per digit out."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(28 * 28,))])
    for _ in range(settings.layers):
        penalty = keras.regularizers.L2(settings.l2) if settings.l2 else None
        model.add(
            layers.Dense(
                settings.units,
                activation=settings.activation,
                kernel_regularizer=penalty,
            )
        )
        if settings.dropout:
            model.add(layers.Dropout(settings.dropout))
    model.add(layers.Dense(10, activation="softmax"))

    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(
        optimizer=optimizer,
        loss=settings.loss,
        metrics=["accuracy"],
    )
    return model


def plain_fit(
    model: keras.Model,
    train_images: NDArray[np.uint8],
    train_labels: NDArray[Any],
    settings: Settings,
) -> keras.callbacks.History:
    """Train on all samples, without validation."""
    import keras

    return model.fit(
        preprocess(train_images),
        keras.utils.to_categorical(train_labels, 10),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
    )


def build_linear_model(settings: Settings) -> keras.Model:
    """Return the baseline: one layer, so that each class is a weighted sum of the pixels."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(28 * 28,)), layers.Dense(10, activation="softmax")])
    model.compile(optimizer=optimizer_of(settings), loss=settings.loss, metrics=["accuracy"])
    return model


def example_preprocess(train_images: NDArray[np.uint8], train_labels: NDArray[Any]) -> None:
    """Images and labels before and after."""
    images = train_images[:128]
    print("images:", images.shape, images.dtype, "from", images.min(), "to", images.max())
    vectors = preprocess(images)
    print("vectors:", vectors.shape, vectors.dtype, "from", vectors.min(), "to", vectors.max())
    label = train_labels[0]
    print("the label", label, "becomes", np.eye(10)[label].astype(int))


def example_softmax(probabilities: NDArray[np.float32]) -> None:
    """What the network says of the first test image."""
    first = probabilities[0]
    print(" ".join(f"{probability:.4f}" for probability in first))
    print("sum:", first.sum(), "- most probable digit:", first.argmax())


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Show some images and how they are prepared, and what the commonest digit would score."""
    open_lab(session, dataset, preprocess=preprocess, build_model=build_model, fit=plain_fit)
    draft = session.draft
    images = dataset.train_array
    draft.images += _first_images(images, dataset.train_targets)
    session.measure("least_pixel", int(images.min()))
    session.measure("greatest_pixel", int(images.max()))
    draft.examples.append(capture(example_preprocess, train_images=images, train_labels=dataset.train_targets))
    draft.baselines.append(majority_baseline(dataset.train_targets, dataset.test_targets))


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train for the curves, train on all samples, test, and look at the mistakes."""
    samples, tested = session.once(_samples, dataset)
    hold_out = held_out(settings.validation_samples, dataset.card)
    epochs, batch_size = settings.epochs, settings.batch_size
    model = session.build(build_model, settings)
    if session.is_first:
        session.draft.models.append(describe("selection", model))
    session.fit(
        model,
        samples.after(hold_out),
        epochs=epochs,
        batch_size=batch_size,
        validation=samples.first(hold_out),
        role="selection",
    )

    model = session.build(build_model, settings)
    fitted = session.fit(model, samples, epochs=epochs, batch_size=batch_size)
    session.score("train_accuracy", fitted.history["accuracy"][-1], split="train")
    probabilities = record_test(session, "final", model, tested, batch_size=batch_size, unit=unit_of(settings.loss))
    _record_predictions(session, dataset, probabilities, seed)


def train_baselines(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train the linear baseline, which needs nothing of the network."""
    samples, tested = session.once(_samples, dataset)
    linear_baseline(
        session,
        lambda: build_linear_model(settings),
        samples,
        tested,
        hold_out=held_out(settings.validation_samples, dataset.card),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
    )


def _samples(dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test images as vectors of bytes, with one-hot labels."""
    train_samples, tested = (
        in_memory(array.reshape((len(array), 28 * 28)), one_hot(labels, 10), prepare=as_shares_of_255)
        for array, labels in (
            (dataset.train_array, dataset.train_targets),
            (dataset.test_array, dataset.test_targets),
        )
    )
    return train_samples, tested


def _record_predictions(session: Session, dataset: Dataset, probabilities: NDArray[Any], seed: int) -> None:
    """Count the mistakes of one trained network and, for the first seed, keep those it was surest of."""
    draft = session.draft
    labels = dataset.test_targets.astype(np.int64)
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    session.measure("mistakes", len(wrong), unit="images")
    deviation = np.abs(probabilities.astype(np.float64).sum(axis=1) - 1).max()
    session.measure("softmax_largest_sum_deviation", float(deviation))
    if not session.is_first:
        return
    draft.examples.append(capture(example_softmax, probabilities=probabilities))
    surest = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")][:_MISTAKES_SHOWN]
    shown = tuple(
        _image(
            dataset.test_array,
            index,
            "test",
            label=int(labels[index]),
            predicted=int(predicted[index]),
            probability=float(probabilities[index, predicted[index]]),
            label_probability=float(probabilities[index, labels[index]]),
        )
        for index in surest.tolist()
    )
    table = confusion(labels, predicted, 10)
    draft.predictions.append(Predictions(model="final", seed=seed, confusion=table, images=shown))


def _first_images(images: NDArray[Any], labels: NDArray[Any]) -> list[Image]:
    """The first two training images of each digit, in the order of the digits."""
    return [
        _image(images, index, "train", label=digit)
        for digit in range(10)
        for index in np.flatnonzero(labels == digit)[:_IMAGES_PER_DIGIT].tolist()
    ]


def _image(images: NDArray[Any], index: int, split: Split, **said: Any) -> Image:
    height, width = images[index].shape
    return Image(index=index, split=split, height=height, width=width, pixels=images[index].tobytes(), **said)
