"""A network that sees: convolution and pooling on handwritten digits.

Question: what does a network gain that knows which pixels are neighbours, and what do its filters respond to?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 5.1; Y. LeCun and others, 1998; the data are
by Y. LeCun, C. Cortes and C. J. C. Burges.

Two networks learn from the same images, with the same seed, the same batches and for the same number of epochs, fixed
beforehand: one of convolution and pooling, and the dense one of the first lab. Both are tested once, and once more on
test images that were moved by a few pixels.
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
    majority_baseline,
    open_lab,
    record_answers,
    record_test,
)
from labreport.experiments.procedure.choices import CLASS_LOSSES, require_network, unit_of
from labreport.experiments.result import Image, Predictions, Series
from labreport.experiments.settings import require_range
from labreport.experiments.training import as_shares_of_255, describe, evaluate, in_memory

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Samples

TITLE = "Convolution: a network that sees"
VERSION = "1"
DATASET = "mnist"
QUICK = {"epochs": 1}

_MISTAKES_SHOWN = 12
_MAPS_SHOWN = 16
"""Filters of the first layer that are drawn with what they make of one digit, at most."""
_SHOWN_DIGIT = 7
"""The digit that is shown: it has a horizontal and a slanting stroke."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How large both networks are and how they are trained."""

    filters: int = 32
    """Filters of the first convolution; the second and third have twice as many."""
    units: int = 64
    """Units of the dense layer behind the convolutions."""
    dense_units: int = 512
    """Units of the hidden layer of the dense network."""
    activation: str = "relu"
    """Activation function of all hidden layers."""
    dropout: float = 0.0
    """Share of the outputs of the dense layer behind the convolutions that dropout sets to zero; 0: none."""
    epochs: int = 5
    """Epochs of both trainings."""
    batch_size: int = 128
    """Samples of one step of training."""
    validation_samples: int = 10_000
    """Training images held out for the curves; of a sample of the data the same share."""
    shift: int = 2
    """Pixels by which the test images are moved to the right and downwards for the second test, 0 to 10."""
    loss: str = "categorical_crossentropy"
    """Loss function."""
    optimizer: str = "rmsprop"
    """How the weights are changed."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""

    def __post_init__(self) -> None:
        require_network(self, CLASS_LOSSES)
        require_range(self, "filters", "units", "dense_units", "epochs", "batch_size", "validation_samples", least=1)
        require_range(self, "shift", least=0, below=11)
        require_range(self, "learning_rate", above=0)


def build_model(settings: Settings) -> keras.Model:
    """Return the compiled network of convolution and pooling."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(settings.filters, (3, 3), activation=settings.activation),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(2 * settings.filters, (3, 3), activation=settings.activation),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(2 * settings.filters, (3, 3), activation=settings.activation),
            layers.Flatten(),
            layers.Dense(settings.units, activation=settings.activation),
        ]
    )
    if settings.dropout:
        model.add(layers.Dropout(settings.dropout))
    model.add(layers.Dense(10, activation="softmax"))

    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(optimizer=optimizer, loss=settings.loss, metrics=["accuracy"])
    return model


def build_dense_model(settings: Settings) -> keras.Model:
    """Return the compiled dense network of the first lab, on the same images."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Flatten(),
            layers.Dense(settings.dense_units, activation=settings.activation),
            layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(optimizer=optimizer, loss=settings.loss, metrics=["accuracy"])
    return model


def example_convolve() -> None:
    """One filter slides over a small image: a vertical edge answers to it."""
    image = np.array([[0, 0, 9, 9, 9]] * 4)
    kernel = np.array([[-1, 0, 1]] * 3)
    output = np.zeros((2, 3), dtype=int)
    for row, column in np.ndindex(output.shape):
        window = image[row : row + 3, column : column + 3]
        output[row, column] = (window * kernel).sum()
    print(output)


def example_pool() -> None:
    """The greatest of each four values remains."""
    values = np.array([[1, 3, 0, 2], [4, 2, 1, 1], [0, 0, 5, 6], [0, 1, 7, 8]])
    pooled = values.reshape(2, 2, 2, 2).max(axis=(1, 3))
    print(pooled)


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Record the listings, two small examples, and what the commonest digit would score."""
    open_lab(session, dataset, build_model=build_model, build_dense_model=build_dense_model)
    draft = session.draft
    draft.examples += [capture(example_convolve), capture(example_pool)]
    draft.baselines.append(majority_baseline(dataset.train_targets, dataset.test_targets))
    place = _shown(dataset)
    draft.images.append(_image(dataset.train_array, place, "train", label=int(dataset.train_targets[place])))


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train both networks on the same images, test them, and look at mistakes and filters."""
    samples, tested, moved = session.once(_samples, settings, dataset)
    hold_out = held_out(settings.validation_samples, dataset.card)
    for role, build in (("final", build_model), ("dense", build_dense_model)):
        model = session.build(build, settings)
        session.fit(
            model,
            samples.after(hold_out),
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            validation=samples.first(hold_out),
            role=role,
        )
        probabilities = _test(session, role, model, tested, moved, settings)
        if session.is_first:
            session.draft.models.append(describe(role, model))
        if role == "final":
            _record_mistakes(session, dataset, probabilities)
            if session.is_first:
                _record_filters(session, dataset, model)


def _samples(settings: Settings, dataset: Dataset) -> tuple[Samples, Samples, Samples]:
    """Return training images, test images and moved test images, each of shape (28, 28, 1), with one-hot labels."""
    tests = dataset.test_array
    parts = (
        (dataset.train_array, dataset.train_targets),
        (tests, dataset.test_targets),
        (moved_by(tests, settings.shift), dataset.test_targets),
    )
    train_samples, tested, moved = (
        in_memory(images[..., np.newaxis], one_hot(labels, 10), prepare=as_shares_of_255) for images, labels in parts
    )
    return train_samples, tested, moved


def moved_by(images: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """Return images that are moved to the right and downwards; what leaves the image is lost.

    Args:
        images: shape (n, height, width).
        pixels: 0 or more, less than height and width.
    """
    moved = np.zeros_like(images)
    height, width = images.shape[1:]
    moved[:, pixels:, pixels:] = images[:, : height - pixels, : width - pixels]
    return moved


def _test(session: Session, role: str, model: Any, tested: Samples, moved: Samples, settings: Settings) -> NDArray[Any]:
    """Test a network on the images as they are, and on the moved ones; return what it answered to the first."""
    answers = record_test(session, role, model, tested, batch_size=settings.batch_size, unit=unit_of(settings.loss))
    with session.stage("test"):
        accuracy = evaluate(model, moved, batch_size=settings.batch_size)["accuracy"]
    name = "moved" if role == "final" else f"{role}-moved"
    session.score(f"test_accuracy_{name}", accuracy, model=name)
    record_answers(session, name, model, moved, batch_size=settings.batch_size, accuracy=accuracy)
    return answers


def _record_mistakes(session: Session, dataset: Dataset, probabilities: NDArray[Any]) -> None:
    """Count the mistakes of the convolutional network and, for the first seed, keep those it was surest of."""
    labels = dataset.test_targets.astype(np.int64)
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    session.measure("mistakes", len(wrong), unit="images")
    if not session.is_first:
        return
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
    session.draft.predictions.append(Predictions(model="final", seed=session.seed, confusion=table, images=shown))


def _record_filters(session: Session, dataset: Dataset, model: Any) -> None:
    """Keep the first layer's filters, and what each of them makes of one digit."""
    first = model.layers[0]
    kernels = np.asarray(first.kernel)[:, :, 0, :_MAPS_SHOWN]
    image = dataset.train_array[_shown(dataset)].astype("float32")[np.newaxis, ..., np.newaxis] / 255
    maps = np.asarray(first(image))[0, :, :, :_MAPS_SHOWN]
    session.measure("map_side", maps.shape[0], unit="pixels")
    for name, values in (("filter", kernels), ("feature_map", maps)):
        for number in range(values.shape[-1]):
            # Five digits are more than a grey tone has.
            rounded = tuple(float(f"{value:.5g}") for value in values[..., number].ravel().tolist())
            session.draft.series.append(Series(name=f"{name}_{number + 1}", values=rounded))


def _shown(dataset: Dataset) -> int:
    """Return the position of the training image whose feature maps are shown."""
    found = np.flatnonzero(dataset.train_targets == _SHOWN_DIGIT)
    return int(found[0]) if found.size else 0


def _image(images: NDArray[Any], index: int, split: Any, **said: Any) -> Image:
    height, width = images[index].shape
    return Image(index=index, split=split, height=height, width=width, pixels=images[index].tobytes(), **said)
