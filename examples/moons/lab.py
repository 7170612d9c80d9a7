"""Two moons: a small network draws a curved border between two clouds of points.

The points lie in `points.csv` beside this file. Keras is imported at the top, so the figure, the table and the claim of
this lab stand in files of their own: they are read when a report is rendered, where no one waits for Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

import labreport
from labreport import DataCard, Series, Session

TITLE, VERSION = "Two moons", "1"
DATA = labreport.files("points.csv")
QUICK = {"epochs": 5}

CLASSES = ("upper", "lower")
COLUMNS, ROWS = 28, 20
"""Points of the grid on which the network is asked where the border lies."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What may be changed from the command line: `-P units=4`."""

    units: int = 12
    """Units of each of the two hidden layers."""
    epochs: int = 40
    batch_size: int = 16
    learning_rate: float = 0.02
    train_points: int = 200
    """Points to train on; the others are for the test."""
    validation_points: int = 40
    """Training points that choose the number of epochs."""


def build_model(settings: Settings) -> keras.Model:
    """Return the compiled network: a point in, the probability of the lower moon out."""
    model = keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(settings.units, activation="relu"),
            keras.layers.Dense(settings.units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate), loss="binary_crossentropy", metrics=["accuracy"]
    )
    return model


def introduce(settings: Settings, dataset: None, session: Session) -> None:
    """Record the data, the listing, and what always giving the same answer would score."""
    points, moons = read_points()
    train = settings.train_points
    session.draft.data = card(points, moons, train)
    session.draft.listing("model", build_model)
    session.draft.baselines.append(labreport.majority_baseline(moons[:train], moons[train:]))


def train(settings: Settings, dataset: None, session: Session, seed: int) -> None:
    """Train in two stages, test once, and ask the network about a grid of points."""
    points, moons = read_points()
    count = settings.train_points
    test_points, test_moons = points[count:], moons[count:]
    stages = labreport.two_stages(
        session,
        lambda: build_model(settings),
        labreport.in_memory(points[:count], moons[:count, None].astype("float32")),
        labreport.in_memory(test_points, test_moons[:, None].astype("float32")),
        hold_out=settings.validation_points,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
    )
    probabilities = stages.final.predict(test_points.astype("float32"), verbose=0).reshape(-1)
    for moon, name in enumerate(CLASSES):
        share = float(np.mean((probabilities[test_moons == moon] > 0.5) == moon))
        session.measure(f"right_{name}", share, unit="share")
    if session.is_first:
        session.draft.models.append(labreport.describe("selection", stages.final))
        grid = stages.final.predict(grid_points(points).astype("float32"), verbose=0).reshape(-1)
        record(session, test_points, test_moons, probabilities, grid)


def read_points() -> tuple[Any, Any]:
    """Return the points, shape (n, 2), and the moon that each belongs to, shape (n,)."""
    table = np.loadtxt(DATA["points.csv"], delimiter=",", skiprows=1)
    return table[:, :2], table[:, 2].astype(int)


def grid_points(points: Any) -> Any:
    """Return a grid over the plane of the points, row after row from below, shape (ROWS * COLUMNS, 2)."""
    (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
    across, upwards = np.linspace(left, right, COLUMNS), np.linspace(low, high, ROWS)
    return np.stack(np.meshgrid(across, upwards), axis=-1).reshape(-1, 2)


def record(session: Session, points: Any, moons: Any, said: Any, border: Any) -> None:
    """Put on record what the figure and the table of this lab show."""
    for name, values in (("x", points[:, 0]), ("y", points[:, 1]), ("moon", moons), ("said", said), ("grid", border)):
        session.draft.series.append(Series(name=name, values=tuple(round(float(value), 4) for value in values)))


def card(points: Any, moons: Any, train: int) -> DataCard:
    """Return the card of the data: where they come from and what is in them."""
    counts = [tuple(int(count) for count in np.bincount(part, minlength=2)) for part in (moons[:train], moons[train:])]
    return DataCard(
        name="moons",
        source="full",
        files=DATA.recorded(),
        train_samples=train,
        test_samples=len(points) - train,
        full_train_samples=train,
        full_test_samples=len(points) - train,
        sample_shape=(2,),
        class_names=CLASSES,
        train_class_counts=counts[0],
        test_class_counts=counts[1],
        feature_names=("x", "y"),
        feature_ranges=tuple(
            (float(low), float(high)) for low, high in zip(points[:train].min(0), points[:train].max(0), strict=True)
        ),
        citation="Drawn for this example: two half circles with Gaussian noise.",
        licence="Public domain.",
    )
