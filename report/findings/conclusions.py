"""What is concluded from a run, as records: the form in which `show --json` and `list --json` give it to a program.

Nothing of it is stored: every conclusion follows from the measurements by the functions of this room, so that a better
rule improves old runs too. Epochs count from 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from labreport.experiments.result import Direction, Record, Result, Split
from labreport.experiments.selection import NoValidationError
from labreport.report.findings import analysis
from labreport.report.findings.analysis import MissingValueError, Turn
from labreport.report.findings.claims import Claim, ClaimVerdict
from labreport.report.findings.scores import Measured, ScoreKind, measured


class SeedTraining(Record, frozen=True, kw_only=True):
    """The trainings of one role with one seed; the folds of the seed are averaged epoch by epoch."""

    seed: int | None
    best_epoch: Annotated[
        int | None, Meta(description="Epoch of the lowest validation value of this seed alone; null without a curve.")
    ]
    epochs: Annotated[int, Meta(ge=0, description="Epochs trained.")]
    status: Annotated[
        Literal["complete", "diverged"], Meta(description="diverged: some value of the history is not a finite number.")
    ]


class TrainingGroup(Record, frozen=True, kw_only=True):
    """All trainings of one role."""

    role: str
    curve: Annotated[
        str | None, Meta(description="What decides about the epoch: val_loss, smoothed val_mae; null without a curve.")
    ]
    best_epoch: Annotated[int | None, Meta(description="Epoch of the lowest value of the mean curve over all seeds.")]
    epochs: Annotated[int, Meta(ge=0, description="Epochs of the longest of its trainings.")]
    overfits: Annotated[bool | None, Meta(description="Whether that curve ends above its lowest value.")]
    per_seed: tuple[SeedTraining, ...]


class ScoreConclusion(Record, frozen=True, kw_only=True):
    """One score or baseline over the seeds; the folds of a seed are averaged."""

    name: str
    kind: ScoreKind
    model: str
    metric: str
    split: Split
    mean: Annotated[float, Meta(description="Over the seeds, in the unit.")]
    sd: Annotated[float | None, Meta(description="Sample standard deviation over the seeds; null for a single one.")]
    n: Annotated[int, Meta(ge=1, description="Seeds; 1 for a number that no seed enters.")]
    unit: str
    direction: Direction


class ClaimConclusion(Record, frozen=True, kw_only=True):
    """One claim of the chapter in use."""

    name: str
    verdict: Annotated[ClaimVerdict, Meta(description="true, some (in some seeds), false, or unknown.")]
    holds: Annotated[int, Meta(ge=0, description="Seeds in which it holds.")]
    seeds: Annotated[int, Meta(ge=0, description="Seeds that could tell.")]
    numbers: Annotated[dict[str, int | float | str], Meta(description="The numbers that decide.")]
    sentence: Annotated[dict[str, str], Meta(description="As the report says it, in Markdown, for each language.")]


class Conclusions(Record, frozen=True, kw_only=True):
    """Everything that is concluded from one run."""

    seconds: Annotated[float, Meta(ge=0, description="Wall time of the run.")] | None
    """None where it is not known."""
    trainings: tuple[TrainingGroup, ...]
    scores: tuple[ScoreConclusion, ...]
    claims: tuple[ClaimConclusion, ...]


class ShownResult(Result, frozen=True, kw_only=True):
    """A stored result, with what is concluded from it."""

    conclusions: Conclusions


def concluded(result: Result, claims: Sequence[Claim], sentence: Callable[[Claim], dict[str, str]]) -> ShownResult:
    """Return a result with everything that is concluded from it.

    Args:
        result: the run.
        claims: those of its chapter, judged.
        sentence: returns how a claim is said in each language.
    """
    conclusions = Conclusions(
        seconds=analysis.seconds(result),
        trainings=trainings(result),
        scores=scores(result),
        claims=tuple(
            ClaimConclusion(
                name=claim.name,
                verdict=claim.verdict,
                holds=claim.holds,
                seeds=claim.seeds,
                numbers=dict(claim.numbers),
                sentence=sentence(claim),
            )
            for claim in claims
        ),
    )
    return ShownResult(**msgspec.structs.asdict(result), conclusions=conclusions)


def trainings(result: Result) -> tuple[TrainingGroup, ...]:
    """Return the trainings of a run, a group for each role in the order of the record."""
    return tuple(_group(result, role) for role in dict.fromkeys(fit.role for fit in result.findings.trainings))


def scores(result: Result) -> tuple[ScoreConclusion, ...]:
    """Return every score and baseline of a run in the order of the record."""
    return tuple(_score(name, found) for name, found in measured(result).items())


def _group(result: Result, role: str) -> TrainingGroup:
    fits = analysis.trainings(result, role)
    found = _turn(result, role)
    return TrainingGroup(
        role=role,
        curve=None if found is None else "smoothed val_mae" if role == analysis.FOLD else "val_loss",
        best_epoch=found.best_epoch if found else None,
        epochs=max(fit.epochs for fit in fits),
        overfits=found.overfits if found else None,
        per_seed=tuple(_seed(result, role, seed) for seed in dict.fromkeys(fit.seed for fit in fits)),
    )


def _seed(result: Result, role: str, seed: int | None) -> SeedTraining:
    alone = analysis.only_seed(result, seed)
    fits = analysis.trainings(alone, role)
    found = _turn(alone, role)
    finite = all(math.isfinite(value) for fit in fits for curve in fit.history.values() for value in curve)
    return SeedTraining(
        seed=seed,
        best_epoch=found.best_epoch if found else None,
        epochs=min(fit.epochs for fit in fits),
        status="complete" if finite else "diverged",
    )


def _turn(result: Result, role: str) -> Turn | None:
    try:
        return analysis.turn_of_role(result, role)
    except (MissingValueError, NoValidationError):
        return None


def _score(name: str, found: Measured) -> ScoreConclusion:
    return ScoreConclusion(
        name=name,
        kind=found.kind,
        model=found.first.model,
        metric=found.first.metric,
        split=found.first.split,
        mean=found.mean,
        sd=found.deviation,
        n=len(found.values),
        unit=found.unit,
        direction=found.first.direction,
    )
