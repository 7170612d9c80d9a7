"""The yardstick: the four training labs as a textbook would write them, in plain Keras and NumPy.

Float64 multi-hot vectors filled text by text, `model.fit`, batch 1 for the house prices. Nothing of labreport's engine
is used, only its reading of the files, which is faster than Keras' own; each function does the same work as its
namesake in `engine_labs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data import sets
from labreport.experiments.data.encoding import limit_words

FOLDS, EPOCHS = 4, 500
BOSTON_EPOCHS_TRAINED = 10
"""Epochs of each fold that are really trained; the time of all 500 is extrapolated from the later of them."""


@dataclass(frozen=True)
class Spent:
    """What a piece of work took, in seconds."""

    all: float
    missing: float = 0.0
    """The part of it that was not spent but extrapolated."""


def as_lists(texts: Any) -> list[list[int]]:
    """Return texts as `load_data(num_words=10000)` gives them."""
    return [text.tolist() for text in limit_words(texts, 10_000)]


def vectorise(sequences: list[list[int]]) -> NDArray[np.float64]:
    """Return multi-hot vectors, filled one text after another."""
    vectors = np.zeros((len(sequences), 10_000))
    for row, sequence in enumerate(sequences):
        vectors[row, sequence] = 1.0
    return vectors


def network(inputs: int, hidden: tuple[int, ...], last: Any, **compiled: Any) -> Any:
    """Return a compiled stack of dense layers."""
    import keras
    from keras import layers

    stack = [keras.Input(shape=(inputs,)), *(layers.Dense(units, activation="relu") for units in hidden), last]
    model = keras.Sequential(stack)
    model.compile(optimizer="rmsprop", **compiled)
    return model


def mnist(folder: Path) -> Spent:
    """Train the first network on all images; return the time of the fit."""
    import keras

    dataset = sets.load("mnist", source="full", data_dir=folder)
    images = dataset.train_array.reshape((-1, 784)).astype("float32") / 255
    labels = keras.utils.to_categorical(dataset.train_targets)
    last = keras.layers.Dense(10, activation="softmax")
    model = network(784, (512,), last, loss="categorical_crossentropy", metrics=["accuracy"])
    begun = perf_counter()
    model.fit(images, labels, epochs=5, batch_size=128, verbose=0)
    seconds = perf_counter() - begun
    tests = dataset.test_array.reshape((-1, 784)).astype("float32") / 255
    model.evaluate(tests, keras.utils.to_categorical(dataset.test_targets), verbose=0)
    return Spent(seconds)


def imdb(folder: Path) -> Spent:
    """Vectorise, train with validation, predict all test reviews; return the time of all three."""
    import keras

    dataset = sets.load("imdb", source="full", data_dir=folder)
    train, test = as_lists(dataset.train_texts), as_lists(dataset.test_texts)
    begun = perf_counter()
    vectors, tests = vectorise(train), vectorise(test)
    labels = np.asarray(dataset.train_targets).astype("float32")
    last = keras.layers.Dense(1, activation="sigmoid")
    model = network(10_000, (16, 16), last, loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(
        vectors[10_000:],
        labels[10_000:],
        epochs=20,
        batch_size=512,
        validation_data=(vectors[:10_000], labels[:10_000]),
        verbose=0,
    )
    model.predict(tests, verbose=0)
    return Spent(perf_counter() - begun)


def reuters(folder: Path) -> Spent:
    """Vectorise and train with validation; return the time of both."""
    import keras

    dataset = sets.load("reuters", source="full", data_dir=folder)
    train, test = as_lists(dataset.train_texts), as_lists(dataset.test_texts)
    begun = perf_counter()
    vectors, _ = vectorise(train), vectorise(test)
    labels = keras.utils.to_categorical(dataset.train_targets)
    last = keras.layers.Dense(46, activation="softmax")
    model = network(10_000, (64, 64), last, loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        vectors[1000:],
        labels[1000:],
        epochs=20,
        batch_size=512,
        validation_data=(vectors[:1000], labels[:1000]),
        verbose=0,
    )
    return Spent(perf_counter() - begun)


def boston(folder: Path) -> Spent:
    """Cross-validate with batch 1; return the time of all folds and epochs, extrapolated from a few epochs."""
    import keras

    dataset = sets.load("boston_housing", source="full", data_dir=folder)
    features, prices = dataset.train_array, dataset.train_targets
    size = len(features) // FOLDS
    total = spent = 0.0
    for fold in range(FOLDS):
        held = slice(fold * size, (fold + 1) * size)
        rest = np.delete(np.arange(len(features)), held)
        mean, deviation = features[rest].mean(axis=0), features[rest].std(axis=0)
        model = network(features.shape[1], (64, 64), keras.layers.Dense(1), loss="mse", metrics=["mae"])

        def fit(
            model: Any, epochs: int, rest: Any = rest, held: slice = held, m: Any = mean, d: Any = deviation
        ) -> float:
            begun = perf_counter()
            model.fit(
                (features[rest] - m) / d,
                prices[rest],
                epochs=epochs,
                batch_size=1,
                validation_data=((features[held] - m) / d, prices[held]),
                verbose=0,
            )
            return perf_counter() - begun

        first = fit(model, 1)  # holds the tracing of the graph
        each = fit(model, BOSTON_EPOCHS_TRAINED - 1) / (BOSTON_EPOCHS_TRAINED - 1)
        spent += first + each * (BOSTON_EPOCHS_TRAINED - 1)
        total += first + each * (EPOCHS - 1)
    return Spent(total, missing=total - spent)


LABS = {"mnist": mnist, "imdb": imdb, "reuters": reuters, "boston": boston}
