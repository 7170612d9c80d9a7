"""The form of a claim, and its verdict over the seeds of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from labreport.experiments.definitions import CLAIMS, ClaimDefinition, Number
from labreport.experiments.plugins import PluginError
from labreport.experiments.result import Result
from labreport.report.findings.analysis import MissingValueError, only_seed
from labreport.report.findings.paired import BOUND, NoAnswersError

ClaimVerdict = Literal["true", "some", "false", "unknown"]

_CANNOT_TELL = (MissingValueError, ArithmeticError, ValueError, IndexError)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim with its verdict over all seeds of a run."""

    name: str
    verdict: ClaimVerdict
    holds: int
    """Seeds in which it holds."""
    seeds: int
    """Seeds that could tell."""
    numbers: Mapping[str, Number]
    details: Mapping[str, Number] = field(default_factory=dict)
    """What else its sentence needs."""
    definition: ClaimDefinition = field(repr=False, compare=False)
    """Its words, and whether it is certain."""
    reason: str = ""
    """Why it cannot be decided, where the verdict is unknown."""
    unanswered: bool = False
    """Whether it could be decided if the record held the answers to each sample."""


class UnknownClaimError(MissingValueError):
    """No claim has this name."""


def names() -> tuple[str, ...]:
    """Return the names of all claims that any note may make."""
    return CLAIMS.names()


def defined(name: str, own: Mapping[str, ClaimDefinition] | None = None) -> ClaimDefinition:
    """Return what a claim is: its function, whether it is certain, its words.

    Args:
        name: of the claim.
        own: claims that the lab defines itself.

    Raises:
        UnknownClaimError: no such claim, or it can't be imported; the message names the nearest.
    """
    return _found(name, own)[0]


def _found(name: str, own: Mapping[str, ClaimDefinition] | None) -> tuple[ClaimDefinition, *tuple[str, ...]]:
    try:
        return CLAIMS.find(name, own)
    except PluginError as error:
        raise UnknownClaimError(str(error)) from error


def state(name: str, result: Result, own: Mapping[str, ClaimDefinition] | None = None) -> Claim:
    """Judge one claim over all seeds of a run.

    Args:
        name: of the claim.
        result: a run; a failed one, or one that lacks what the claim needs, gives "unknown".
        own: claims that the lab defines itself.

    Raises:
        UnknownClaimError: as `defined`.
        LabError: the function of a claim that is not shipped here failed.
    """
    definition, *member = _found(name, own)
    try:
        overall = definition.guarded(_CANNOT_TELL, result, *member)
    except _CANNOT_TELL as error:
        return Claim(
            name=name,
            verdict="unknown",
            holds=0,
            seeds=0,
            numbers={},
            reason=str(error),
            unanswered=isinstance(error, NoAnswersError),
            definition=definition,
        )
    verdicts = list(overall.votes) or _verdicts(definition, result, *member) or [bool(overall.holds)]
    holds = sum(verdicts)
    verdict: ClaimVerdict = "true" if holds == len(verdicts) else "false" if holds == 0 else "some"
    if overall.together:
        verdict = "true" if overall.holds else "false"
    if overall.holds is None and (overall.together or verdict != "some"):
        verdict = "unknown"
    return Claim(
        name=name,
        verdict=verdict,
        holds=holds,
        seeds=len(verdicts),
        numbers=overall.numbers,
        details=overall.details,
        unanswered=verdict == "unknown" and BOUND in overall.numbers,
        definition=definition,
    )


def _verdicts(definition: ClaimDefinition, result: Result, *member: str) -> list[bool]:
    """Ask each seed alone; one that can't tell (predictions are stored of the first seed only) has no voice."""
    verdicts: list[bool] = []
    for seed in sorted({fit.seed for fit in result.findings.trainings if fit.seed is not None}):
        try:
            holds = definition.guarded(_CANNOT_TELL, only_seed(result, seed), *member).holds
            verdicts += [] if holds is None else [holds]
        except _CANNOT_TELL:
            continue
    return verdicts
