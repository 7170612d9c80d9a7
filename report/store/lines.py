"""What a run's index holds of its scores and trainings: the conclusions that a listing needs, a line each."""

from __future__ import annotations

import math

import msgspec

from labreport.experiments.result import Direction, Result, Split
from labreport.report.findings import conclusions
from labreport.report.findings.scores import Measured


class ScoreLine(msgspec.Struct, frozen=True, kw_only=True):
    """One score over the seeds of a run; the folds of a seed are averaged first."""

    name: str
    split: Split
    unit: str
    direction: Direction
    mean: float | None
    """None where a seed's value is not a finite number."""
    deviation: float | None
    """Sample standard deviation over the seeds; None for a single seed, or where the mean is None."""
    seeds: int


class TrainingLine(msgspec.Struct, frozen=True, kw_only=True):
    """All trainings of one role of a run, as `findings.conclusions` groups them."""

    role: str
    best_epoch: int | None
    """Of the mean curve, counted from 1; None without a validation curve."""
    epochs: int


def score_line(found: Measured) -> ScoreLine:
    """Return the line of one score."""
    first = found.first
    return ScoreLine(
        name=first.name,
        split=first.split,
        unit=first.unit,
        direction=first.direction,
        mean=found.mean if math.isfinite(found.mean) else None,
        deviation=found.deviation,
        seeds=len(found.values),
    )


def training_lines(result: Result) -> tuple[TrainingLine, ...]:
    """Return a line for each role that was trained."""
    return tuple(
        TrainingLine(role=group.role, best_epoch=group.best_epoch, epochs=group.epochs)
        for group in conclusions.trainings(result)
    )
