"""What the scores of a run are: the one answer for pages, tables, the store, comparisons, the gate and the trend.

Seeds are the repetitions. The folds of one cross-validation share their training samples, so they are averaged inside
their seed before anything is said about spread; where a score is recorded as a whole and by fold, the whole counts.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from labreport.experiments.result import Result, Score

_JUDGED = re.compile(r"final|fit(-\d+)?")
"""Roles of the networks that a run is about; the other ones of a lab are there to show something."""
_OF_A_FIT = re.compile(r"fit(-\d+)?")
"""Roles of the networks that a script of the user's fitted."""
ScoreKind = Literal["score", "baseline", "stand-in"]
"""Of a trained network, or of the simple rule or model beside it; stand-in: the best validation value of a run that
tested nothing (`stand_ins`)."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One measured number, once per seed."""

    values: tuple[float, ...]
    """In the unit; shares from 0 to 1."""
    unit: str

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return mean(self.values)

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation over the seeds; None for a single run, or where a value is not finite."""
        if len(self.values) < 2 or not all(map(math.isfinite, self.values)):
            return None
        return statistics.stdev(self.values)


@dataclass(frozen=True, kw_only=True)
class Measured(Quantity):
    """One score or baseline of one run: its values, and what it is."""

    kind: ScoreKind
    first: Score
    """Any of its records: they agree in model, metric, split, unit and direction."""
    seeds: tuple[int | None, ...]
    """One for each value, in ascending order; None for a number that no seed enters."""
    by_fold: tuple[float, ...]
    """One for each fold, averaged over the seeds; empty without folds."""

    @property
    def seeded(self) -> bool:
        """Whether chance enters the number: it has seeds, or a script of the user's trained a network without one."""
        return None not in self.seeds or _OF_A_FIT.fullmatch(self.first.model) is not None


def measured(result: Result) -> dict[str, Measured]:
    """Return every score and baseline of a run by name, in the order of the record."""
    found = scores_of(result.findings.scores)
    return found | scores_of([item for item in result.findings.baselines if item.name not in found], "baseline")


def of_judged_model(score: Score) -> bool:
    """Return whether a score is that of the network that a run is about: a lab's final one, any of a user's own run."""
    return _JUDGED.fullmatch(score.model) is not None


def scores_of(records: Sequence[Score], kind: ScoreKind = "score") -> dict[str, Measured]:
    """Return the scores that some records of one run make up, by name, in the order of the records."""
    named: dict[str, list[Score]] = {}
    for item in records:
        named.setdefault(item.name, []).append(item)
    return {name: _gathered(kind, found) for name, found in named.items()}


def deciding(result: Result) -> Measured | None:
    """Return the score by which a run is judged before any other; None where nothing was tested.

    It is one of the final model on the test set: one of which more is better before an error, and the loss last.
    """
    tested = [one for one in measured(result).values() if one.kind == "score" and one.first.split == "test"]
    return min(tested, key=precedence, default=None)


def precedence(one: Measured) -> tuple[bool, ...]:
    """Return by what the scores of a run are ordered, that one first by which it is judged before any other."""
    return (
        one.kind != "score",
        one.first.split != "test",
        not of_judged_model(one.first),
        one.first.metric == "loss",
        one.first.direction != "higher",
    )


def best_baseline(result: Result, judged: Measured) -> Measured | None:
    """Return the best simple rule or model by the measure of a score; None where there is none."""
    rivals = [one for one in measured(result).values() if one.kind == "baseline" and alike(one.first, judged.first)]
    sign = 1 if judged.first.direction == "higher" else -1
    return max(rivals, key=lambda one: sign * one.mean, default=None)


def alike(one: Score, other: Score) -> bool:
    """Return whether two scores measure the same on the same part of the data."""
    return (one.metric, one.split, one.unit) == (other.metric, other.split, other.unit)


def mean(values: Sequence[float]) -> float:
    """Return the mean of some numbers; not-a-number where infinities of both signs are among them."""
    # Not fsum alone: it refuses infinities of both signs.
    total = math.fsum(values) if all(map(math.isfinite, values)) else sum(values)
    return total / len(values)


def _gathered(kind: ScoreKind, records: Sequence[Score]) -> Measured:
    counted = [item for item in records if item.fold is None] or records
    # In the order of the seeds, so that metrics recorded in another order still share their runs.
    seeds = tuple(sorted({item.seed for item in counted}, key=lambda seed: -1 if seed is None else seed))
    folds = sorted({item.fold for item in counted if item.fold is not None})
    return Measured(
        kind=kind,
        first=counted[0],
        unit=counted[0].unit,
        seeds=seeds,
        values=tuple(mean([item.value for item in counted if item.seed == seed]) for seed in seeds),
        by_fold=tuple(mean([item.value for item in counted if item.fold == fold]) for fold in folds),
    )
