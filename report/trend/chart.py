"""Where everything of a chart lies, in percent of its width and height.

The page draws with percentages, so that a chart fits a screen of any width without scaling its text. Runs stand at
equal distances in order of time: a night without a run leaves no gap, and twenty runs of one day no knot.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from labreport.report import numbers
from labreport.report.trend.history import Group, Line, MetricLines, Point

PAD = 0.08
"""Part of the height left free above and below the values."""
TICKS = 3
"""Horizontal lines that a chart has at least."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A horizontal line of the grid."""

    y: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Dot:
    """The mark of a run."""

    point: Point
    x: str
    y: str


@dataclass(frozen=True, kw_only=True)
class DrawnLine:
    """A line drawn: paths in a box of 100 by 100, and its marks."""

    line: Line
    path: str
    band: str
    """Mean ± standard deviation over the seeds; empty where no run has several."""
    levels: str
    """The mean of each level between changes; empty where nothing changed."""
    dots: tuple[Dot, ...]
    boundaries: tuple[str, ...]
    """Where each change lies: between the last run of the old level and the first of the new."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A chart with everything placed."""

    chart: MetricLines
    ticks: tuple[Tick, ...]
    curves: tuple[DrawnLine, ...]


def place(group: Group, chart: MetricLines) -> Drawn:
    """Return the chart with every mark placed."""
    low, high = _range(chart)
    step = _step(high - low)
    runs = len(group.runs)

    def y(value: float) -> float:
        return 100 * (high - value) / (high - low)

    first = math.ceil(low / step - 1e-9)
    ticks = [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]
    return Drawn(
        chart=chart,
        ticks=tuple(Tick(y=_text(y(tick)), label=tick_label(tick, step, chart.unit)) for tick in ticks),
        curves=tuple(_curve(line, runs, y, low) for line in chart.lines),
    )


def x_of(position: float, runs: int) -> str:
    """Return where a run stands, in percent of the width."""
    return _text(100 * (position + 0.5) / runs)


def value_text(value: float, unit: str) -> str:
    """Return a value with its unit where the unit is short: percent for shares, a time for seconds."""
    if unit == "share":
        return numbers.percent(value, 2)
    return numbers.duration(value) if unit == "seconds" else numbers.number(float(value))


def with_spread(value: float, deviation: float, unit: str) -> str:
    """Return a value and its standard deviation, both with the decimals that the deviation supports."""
    if unit == "share":
        digits = numbers.share_digits(deviation)
        return f"{numbers.percent(value, digits)} ± {numbers.percent(deviation, digits)}"
    text = value_text(value, unit)
    if unit == "seconds" or not deviation:
        return f"{text} ± {numbers.number(deviation, len(text.partition('.')[2]))}"
    digits = numbers.digits_for(deviation, least=0, most=numbers.MOST_DECIMALS)
    return f"{numbers.number(float(value), digits)} ± {numbers.number(deviation, digits)}"


def tick_label(value: float, step: float, unit: str) -> str:
    """Return the label of a grid line, with just the digits that its step needs."""
    if unit == "share":
        return f"{numbers.number(value * 100, _digits(step * 100))}%"
    return numbers.number(value, _digits(step))


def _curve(line: Line, runs: int, y: Callable[[float], float], low: float) -> DrawnLine:
    known = [(point, point.mean) for point in line.points if point.mean is not None]
    places = [f"{x_of(point.position, runs)} {_text(y(mean))}" for point, mean in known]
    spread = [(point, mean, point.deviation or 0.0) for point, mean in known]
    band = ""
    if len(known) > 1 and any(deviation for _, _, deviation in spread):
        upper = [f"{x_of(point.position, runs)} {_text(y(mean + deviation))}" for point, mean, deviation in spread]
        lower = [f"{x_of(point.position, runs)} {_text(y(mean - deviation))}" for point, mean, deviation in spread]
        band = f"M{' '.join(upper)} {' '.join(reversed(lower))}Z"
    return DrawnLine(
        line=line,
        path=f"M{' '.join(places)}" if len(places) > 1 else "",
        band=band,
        levels=_levels(line, runs, y),
        dots=tuple(
            Dot(point=point, x=x_of(point.position, runs), y=_text(y(low if point.mean is None else point.mean)))
            for point in line.points
        ),
        boundaries=tuple(x_of((change.last + change.first) / 2, runs) for change in line.changes),
    )


def _levels(line: Line, runs: int, y: Callable[[float], float]) -> str:
    if not line.changes:
        return ""
    starts = [line.points[0].position, *(change.first for change in line.changes)]
    ends = [*(change.last for change in line.changes), line.points[-1].position]
    means = [line.changes[0].before, *(change.after for change in line.changes)]
    return "".join(
        f"M{x_of(start - 0.3, runs)} {_text(y(mean))}H{x_of(end + 0.3, runs)}"
        for start, end, mean in zip(starts, ends, means, strict=True)
    )


def _range(chart: MetricLines) -> tuple[float, float]:
    ends = [
        mean + sign * (point.deviation or 0.0)
        for line in chart.lines
        for point in line.points
        if (mean := point.mean) is not None
        for sign in (-1, 1)
    ]
    if not ends:
        return 0.0, 1.0
    low, high = min(ends), max(ends)
    # Equal values get room around them; rounding noise of the last digits isn't blown up to the whole height, nor are
    # differences of times that every machine makes.
    least = max(abs(high), abs(low)) * (0.1 if chart.unit == "seconds" else 1e-3) or 1e-3
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    pad = (high - low) * PAD
    return low - pad, high + pad


def _step(span: float) -> float:
    """Return the widest of the steps 1, 2, 5 times a power of ten that gives at least TICKS grid lines."""
    power: float = 10.0 ** math.floor(math.log10(span))
    for step in (5 * power, 2 * power, power, 0.5 * power, 0.2 * power):
        if span / step >= TICKS:
            return step
    return 0.1 * power


def _digits(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _text(percent: float) -> str:
    return f"{percent:.2f}".rstrip("0").rstrip(".")
