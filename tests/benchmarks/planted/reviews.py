"""Film reviews with planted changes: a file like a user's lab, on the sample of the IMDB data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.planted.network import predictions

from labreport.experiments.data.encoding import limit_words, multi_hot
from labreport.experiments.result import Score

if TYPE_CHECKING:
    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session

TITLE, VERSION, DATASET = "Reviews with planted changes", "1", "imdb"


@dataclass(frozen=True, kw_only=True)
class Settings:
    words: int = 1000
    units: int = 16
    epochs: int = 4
    batch_size: int = 128
    learning_rate: float = 0.001
    salt: int = 0
    pepper: int = 0


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train once and test once."""
    inputs, tests = (
        multi_hot(limit_words(texts, settings.words), settings.words).astype(np.float32)
        for texts in (dataset.train_texts, dataset.test_texts)
    )
    found = predictions(
        inputs, dataset.train_targets, tests, settings, seed, activation="sigmoid", loss="binary_crossentropy"
    )
    value = float(((found > 0.5) == dataset.test_targets).mean())
    session.draft.scores.append(
        Score(
            name="test_accuracy",
            metric="accuracy",
            value=value,
            unit="share",
            model="final",
            split="test",
            seed=seed,
            direction="higher",
        )
    )
