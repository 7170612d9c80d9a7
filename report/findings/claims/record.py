"""The form of a claim, its verdict over seeds, and the table of all claims."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from labreport.experiments.result import Result
from labreport.report.findings.analysis import MissingValueError, only_seed

Verdict = Literal["true", "some", "false", "unknown"]
Number = int | float | str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a claim's function says of one Result."""

    holds: bool
    numbers: dict[str, Number] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim with its verdict over all seeds of a run."""

    name: str
    verdict: Verdict
    holds: int
    """Seeds in which it holds."""
    seeds: int
    """Seeds that could tell."""
    numbers: dict[str, Number]
    reason: str = ""
    """Why it can't be told, where the verdict is unknown."""


Function = Callable[[Result], Answer]

_CANNOT_TELL = (MissingValueError, ArithmeticError, ValueError, IndexError)

_TABLE: dict[str, Function] = {}


def claim(function: Function) -> Function:
    """Enter a function into the table under its own name."""
    _TABLE[function.__name__] = function
    return function


def names() -> tuple[str, ...]:
    """Return the names of all claims, in the order in which they are written."""
    for module in ("training", "scores", "data", "tensors"):
        importlib.import_module(f"labreport.report.findings.claims.{module}")
    return tuple(_TABLE)


def state(name: str, result: Result) -> Claim:
    """Judge one claim over all seeds of a run.

    Args:
        name: as in `names()`.
        result: a run; a failed one, or one that lacks what the claim needs, gives "unknown".

    Raises:
        KeyError: no such claim; the message names the nearest.
    """
    known = names()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise KeyError(f"unknown claim '{name}'{hint}")
    function = _TABLE[name]
    try:
        overall = function(result)
    except _CANNOT_TELL as error:
        return Claim(name=name, verdict="unknown", holds=0, seeds=0, numbers={}, reason=str(error))
    verdicts = _verdicts(function, result) or [overall.holds]
    holds = sum(verdicts)
    verdict: Verdict = "true" if holds == len(verdicts) else "false" if holds == 0 else "some"
    return Claim(name=name, verdict=verdict, holds=holds, seeds=len(verdicts), numbers=overall.numbers)


def _verdicts(function: Function, result: Result) -> list[bool]:
    """Ask each seed alone; one that can't tell (predictions are kept of the first seed only) has no voice."""
    verdicts: list[bool] = []
    for seed in sorted({fit.seed for fit in result.findings.trainings if fit.seed is not None}):
        try:
            verdicts.append(function(only_seed(result, seed)).holds)
        except _CANNOT_TELL:
            continue
    return verdicts
