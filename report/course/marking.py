"""Marking one answer: right or wrong, and why, in words that can be shown to the student."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from labreport.report.course import numerals
from labreport.report.course.numerals import Numeral, NumeralError
from labreport.report.numbers import exact
from labreport.report.rendering.answers import ExpectedAnswer

Judgement = Literal["right", "wrong", "unit", "unreadable", "empty"]
"""right; wrong number; a unit that does not fit; not a number; nothing given."""
_SLACK = 1e-9
"""Share of a value by which the arithmetic of floats may be off."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What an answer is worth."""

    judgement: Judgement
    points: float
    why: str


def mark(expected: ExpectedAnswer, given: str) -> Mark:
    """Return what an answer is worth: all points of it or none.

    Args:
        expected: from the key.
        given: as the student wrote it.
    """
    if not given.strip():
        return Mark(judgement="empty", points=0.0, why="no answer")
    try:
        numeral = numerals.read(given)
    except NumeralError as error:
        return Mark(judgement="unreadable", points=0.0, why=str(error))
    readings = list(_in_unit(numeral, expected.unit))
    if not readings:
        wanted = f"in {expected.unit}" if expected.unit else "a bare number"
        said = "%" if numeral.percent else numeral.unit
        return Mark(judgement="unit", points=0.0, why=f"the answer is {wanted}, and {said[:20]!r} does not fit")
    for value, how in readings:
        if abs(value - expected.value) <= expected.tolerance + _SLACK * max(1.0, abs(expected.value)):
            return Mark(judgement="right", points=expected.points, why=_right(expected, value, how))
    value, how = readings[0]
    off = abs(value - expected.value)
    limit = f"allowed is the tolerance of {_short(expected.tolerance)}" if expected.tolerance else "it must be exact"
    note = f" ({how})" if how else ""
    why = f"{_short(value)}{note} is off by {_short(off)} from {_short(expected.value)}; {limit}"
    return Mark(judgement="wrong", points=0.0, why=why)


def _in_unit(numeral: Numeral, unit: str) -> Iterator[tuple[float, str]]:
    """Yield what a number means in a unit, each with how it was read; nothing where its unit does not fit."""
    several = len(numeral.readings) > 1
    for place, value in enumerate(numeral.readings):
        how = f"read as {_short(value)}" if several else ""
        if unit == "%":
            if numeral.percent:
                yield value, how
            elif not numeral.unit:
                yield value, how
                # Who writes 0.9375 for 93.75% means a share.
                if abs(value) <= 1:
                    yield value * 100, "read as a share"
            continue
        if numeral.percent:
            if not unit:
                yield value / 100, "percent read as a share"
            continue
        behind, wanted = numerals.UNITS.get(numeral.unit.casefold()), numerals.UNITS.get(unit.casefold())
        if behind is not None and wanted is not None:
            if behind[0] == wanted[0]:
                converted = "" if numeral.unit == unit else f"{numeral.unit} converted into {unit}"
                yield value * behind[1] / wanted[1], converted or how
        elif behind is None and (not numeral.unit or not unit):
            passed = f"{numeral.unit[:20]!r} passed over" if numeral.unit else ""
            yield value, passed or how
        elif behind is not None and not unit and place == 0:
            yield value, f"{numeral.unit!r} passed over"


def _right(expected: ExpectedAnswer, value: float, how: str) -> str:
    near = "exactly" if value == expected.value else f"within {_short(expected.tolerance)} of"
    note = f" ({how})" if how else ""
    return f"{_short(value)}{note} is {near} {_short(expected.value)}"


def _short(value: float) -> str:
    return exact(float(f"{value:.10g}"))
