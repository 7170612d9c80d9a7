"""A lab without TensorFlow whose score is a known function of its settings and of chance; a file like a user's."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from labreport.experiments.lab import Session
from labreport.experiments.result import Score

TITLE, VERSION = "Noise", "1"


@dataclass(frozen=True, kw_only=True)
class Settings:
    units: int = 64
    rate: float = 0.1
    depth: int = 1
    colour: str = "red"


def train(settings: Settings, dataset: None, session: Session, seed: int) -> None:
    """Score: a point for 10 units; a high rate costs three points, but only in a deep network."""
    chance = random.Random(repr((settings, seed)))
    value = 0.8 + 0.001 * settings.units - 0.03 * (settings.rate > 0.2) * (settings.depth > 1) + chance.gauss(0, 0.003)
    about: dict[str, Any] = {"model": "final", "split": "test", "seed": seed, "direction": "higher"}
    session.draft.scores.append(Score(name="test_accuracy", metric="accuracy", value=value, unit="share", **about))
