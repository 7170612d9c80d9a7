"""The curves of a training that is under way: small drawings, made at once and often, so without Matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labreport.report import numbers
from labreport.report.store.live import LivePart

WIDTH, HEIGHT = 320, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 8, 20
_VALIDATION = "val_"
MOST = 6
"""Drawings of a training."""


@dataclass(frozen=True, kw_only=True)
class LiveLine:
    """One curve."""

    role: str
    """training or validation: its colour, and its word."""
    points: str
    """As an SVG polyline has them."""
    end: tuple[float, float]
    first: str
    last: str


@dataclass(frozen=True, kw_only=True)
class LiveCurve:
    """A measure of a training over its steps."""

    name: str
    lines: tuple[LiveLine, ...]
    low: str
    high: str
    steps: tuple[str, str]
    """The first step that is drawn, and the last that there will be."""


def live_curves(part: LivePart) -> tuple[LiveCurve, ...]:
    """Return the drawings of a training so far: a measure and its counterpart on the validation data together."""
    names = dict.fromkeys(key.removeprefix(_VALIDATION) for key in part.values)
    drawn = (_curve(part, name) for name in names)
    return tuple(curve for curve in drawn if curve is not None)[:MOST]


def _curve(part: LivePart, name: str) -> LiveCurve | None:
    roles = {"training": part.values.get(name), "validation": part.values.get(f"{_VALIDATION}{name}")}
    known = {
        role: [(step, value) for step, value in zip(part.at, values, strict=True) if math.isfinite(value)]
        for role, values in roles.items()
        if values is not None
    }
    everything = [value for pairs in known.values() for _, value in pairs]
    if not everything:
        return None
    low, high = min(everything), max(everything)
    first, last = part.at[0], max(part.total, part.at[-1])

    def place(step: int, value: float) -> tuple[float, float]:
        across = (step - first) / (last - first) if last > first else 0.5
        down = (high - value) / (high - low) if high > low and math.isfinite(high - low) else 0.5
        return (
            round(_LEFT + across * (WIDTH - _LEFT - _RIGHT), 1),
            round(_TOP + down * (HEIGHT - _TOP - _BOTTOM), 1),
        )

    return LiveCurve(
        name=name,
        lines=tuple(_line(role, pairs, [place(*pair) for pair in pairs]) for role, pairs in known.items() if pairs),
        low=numbers.number(low),
        high=numbers.number(high),
        steps=(numbers.integer(first), numbers.integer(last)),
    )


def _line(role: str, pairs: Sequence[tuple[int, float]], places: Sequence[tuple[float, float]]) -> LiveLine:
    return LiveLine(
        role=role,
        points=" ".join(f"{x},{y}" for x, y in places),
        end=places[-1],
        first=numbers.number(pairs[0][1]),
        last=numbers.number(pairs[-1][1]),
    )
