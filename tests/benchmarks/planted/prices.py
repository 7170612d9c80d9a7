"""House prices with planted changes: a file like a user's lab, on the sample of the Boston data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.planted.network import predictions

from labreport.experiments.boston import standardise
from labreport.experiments.result import Score

if TYPE_CHECKING:
    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session

TITLE, VERSION, DATASET = "Prices with planted changes", "1", "boston_housing"


@dataclass(frozen=True, kw_only=True)
class Settings:
    features: int = 13
    """Of a part of town that are known; the others are left out."""
    units: int = 16
    epochs: int = 10
    batch_size: int = 8
    learning_rate: float = 0.01
    salt: int = 0
    pepper: int = 0


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train once and test once."""
    inputs, tests = (
        one[:, : settings.features].astype(np.float32) for one in standardise(dataset.train_array, dataset.test_array)
    )
    found = predictions(inputs, dataset.train_targets, tests, settings, seed, activation=None, loss="mse")
    value = float(np.abs(found - dataset.test_targets).mean())
    session.draft.scores.append(
        Score(
            name="test_mae",
            metric="mae",
            value=value,
            unit="thousand dollars",
            model="final",
            split="test",
            seed=seed,
            direction="lower",
        )
    )
