"""Made-up data sets of a few samples, and a stand-in that catches what a lab would give to `model.fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labreport.experiments.data.sets import Dataset, Texts
from labreport.experiments.result import DataCard, Findings


class Catcher:
    """Takes the place of a model in `plain_fit` and keeps what is handed to `fit`."""

    def __init__(self) -> None:
        self.arrays: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def fit(self, *arrays: Any, **options: Any) -> None:
        self.arrays, self.options = arrays, options


def executed(findings: Findings, name: str, **names: Any) -> Any:
    """Return the function that a printed listing defines: its text runs here, not the code that it was cut from.

    Args:
        findings: of a run.
        name: of the listing.
        names: what the listing takes for granted.
    """
    (listing,) = (one for one in findings.listings if one.name == name)
    scope: dict[str, Any] = {"np": np, **names}
    exec("from __future__ import annotations\n" + listing.source, scope)
    return next(value for key, value in scope.items() if f"def {key}(" in listing.source)


def card(name: str, train: int, test: int, *, full: int | None = None, classes: int = 0, features: int = 0) -> DataCard:
    return DataCard(
        name=name,
        source="full" if full is None else "sample",
        files=(),
        train_samples=train,
        test_samples=test,
        full_train_samples=full or train,
        full_test_samples=test,
        sample_shape=(features,) if features else (),
        class_names=tuple(map(str, range(classes))),
        train_class_counts=(),
        test_class_counts=(),
        feature_names=tuple(f"F{number}" for number in range(features)),
        feature_ranges=(),
        citation="",
        licence="",
    )


def images(train: int = 60, test: int = 30, full: int | None = None) -> Dataset:
    """Images of noise with a bright row where the digit says."""
    random = np.random.default_rng(0)

    def made(count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        labels = (np.arange(count) % 10).astype(np.uint8)
        pixels = random.integers(0, 120, size=(count, 28, 28), dtype=np.uint8)
        pixels[np.arange(count), labels * 2] += 130
        return pixels, labels

    (train_inputs, train_targets), (test_inputs, test_targets) = made(train), made(test)
    return Dataset(
        card=card("mnist", train, test, full=full, classes=10),
        train_inputs=train_inputs,
        train_targets=train_targets,
        test_inputs=test_inputs,
        test_targets=test_targets,
    )


def texts(name: str, classes: int, train: int = 60, test: int = 30, full: int | None = None) -> Dataset:
    """Texts of different lengths, in which a word shows the class; some words are rare."""
    random = np.random.default_rng(0)

    def made(count: int) -> tuple[Texts, NDArray[Any]]:
        labels = np.arange(count) % classes
        written = [[1, 4 + label, *random.integers(60, 130, size=random.integers(3, 20))] for label in labels]
        offsets = np.cumsum([0, *map(len, written)]).astype(np.int64)
        return Texts(values=np.concatenate(written).astype(np.uint32), offsets=offsets), labels

    (train_inputs, train_targets), (test_inputs, test_targets) = made(train), made(test)
    return Dataset(
        card=card(name, train, test, full=full, classes=classes),
        train_inputs=train_inputs,
        train_targets=train_targets,
        test_inputs=test_inputs,
        test_targets=test_targets,
        vocabulary=("", "", "?", "?", *(f"word{number}" for number in range(4, 130))),
    )


def houses(train: int = 22, test: int = 8, features: int = 5) -> Dataset:
    """Numbers of very different ranges with a price that depends on them; the last one never changes."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(train + test, features)) * 10.0 ** np.arange(features)
    inputs[:, -1] = 1.0
    prices = 20 + 3 * inputs[:, 0] - 0.2 * inputs[:, 1] + random.normal(size=train + test)
    return Dataset(
        card=card("boston_housing", train, test, features=features),
        train_inputs=inputs[:train],
        train_targets=prices[:train],
        test_inputs=inputs[train:],
        test_targets=prices[train:],
    )
