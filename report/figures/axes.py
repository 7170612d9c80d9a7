"""What charts of training share: epoch axis, curves with bands, labels at their ends, the mark of the best epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.findings import analysis
from labreport.report.findings.flatness import Flatness
from labreport.report.words import Words

CurveSide = Literal["left", "center", "right"]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The mean of a curve over seeds, and the least and greatest value at each epoch where there are several."""

    mean: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CurveLook:
    """How a curve is drawn: colour, and a pattern that differs in grey print as well."""

    colour: str
    width: float
    pattern: str | tuple[int, tuple[float, float]] = "-"
    marker: str = ""
    hollow: bool = False


TRAINING = CurveLook(colour=palette.TRAINING, width=0.8, marker="o")
VALIDATION = CurveLook(colour=palette.VALIDATION, width=1.7)
TEST = CurveLook(colour=palette.TEST, width=1.2, pattern=(0, (3, 1.5)))


def bundle(curves: Sequence[Sequence[float]], mean: Sequence[float] | None = None) -> Curve:
    """Return curves of several seeds or folds as one Curve; a single one has no band."""
    middle = tuple(mean if mean is not None else analysis.mean_of(curves))
    if len(curves) < 2:
        return Curve(mean=middle)
    columns = analysis.columns_of(curves)
    return Curve(mean=middle, low=tuple(min(c) for c in columns), high=tuple(max(c) for c in columns))


def history(result: Result, role: str, key: str, epochs: int | None = None) -> Curve:
    """Return a curve of the history over the seeds, over the first `epochs` where given."""
    return bundle([curve[:epochs] for curve in analysis.curves(result, role, key)])


def draw_curve(axes: Axes, curve: Curve, look: CurveLook, *, first: int = 1, scale: float = 1.0) -> None:
    """Draw the mean with its band; `first` is the epoch of the first value."""
    epochs = range(first, first + len(curve.mean))
    if curve.low:
        low, high = ([value * scale for value in edge] for edge in (curve.low, curve.high))
        axes.fill_between(epochs, low, high, color=look.colour, alpha=palette.BAND, linewidth=0)
    dense = len(curve.mean) > 40
    marker = look.marker or ("o" if len(curve.mean) == 1 else "")
    axes.plot(
        epochs,
        [value * scale for value in curve.mean],
        color=look.colour,
        linewidth=look.width,
        linestyle=look.pattern,
        marker="" if dense else marker,
        markersize=3.4 if not look.hollow else 5.0,
        markerfacecolor="none" if look.hollow else look.colour,
        markeredgewidth=0.9 if look.hollow else 0,
    )


def epoch_axis(axes: Axes, epochs: int) -> None:
    """Give the horizontal axis whole epochs, from the first to the last."""
    if epochs <= 10:
        ticks = list(range(1, epochs + 1))
    else:
        step = next(size for size in (2, 5, 10, 20, 50, 100, 200, 500, 1000, epochs) if epochs / size <= 6)
        ticks = [1, *range(step, epochs + 1, step)]
    margin = max(0.5, epochs * 0.012) if epochs > 1 else 0.5
    axes.set_xlim(1 - margin, epochs + margin)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.integer(value)))


def value_axis(axes: Axes, values: Sequence[float], *, origin: float | None = None, top: float | None = None) -> None:
    """Give the vertical axis round limits around the finite values.

    Args:
        axes: the axes.
        values: what has to fit.
        origin: the lower limit; by default a round number below the least value.
        top: the highest upper limit that makes sense, such as 100 percent.
    """
    finite = [value for value in values if isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    start = low if origin is None else min(origin, low)
    step = _round_step(max(high - start, abs(high) * 1e-3, 1e-9) / 4)
    lower = floor(start / step) * step
    if origin is None and start >= lower + 0.5 * step:
        lower += 0.5 * step
    upper = lower + step * (floor((high - lower) / step - 1e-9) + 1)
    if high < upper - 0.6 * step:
        upper -= 0.5 * step
    if top is not None and high <= top:
        upper = min(upper, top)
    # A single value has no extent of its own.
    upper = max(upper, lower + 0.5 * step)
    axes.set_ylim(lower, upper + (upper - lower) * 0.02)
    number_axis(axes, "y", step)


def number_axis(axes: Axes, which: str, step: float) -> None:
    """Write the ticks of an axis, one every `step`, in the numbers of the report."""
    digits = max(0, -floor(log10(step) + 1e-9))
    if abs(step * 10**digits - round(step * 10**digits)) > 1e-6:
        digits += 1
    axis = axes.yaxis if which == "y" else axes.xaxis
    low, high = sorted(axes.get_ylim() if which == "y" else axes.get_xlim())
    first = floor(low / step + 1 - 1e-6)
    axis.set_major_locator(FixedLocator([step * i for i in range(first, floor(high / step + 1e-6) + 1)]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(value, digits)))


def count_axis(axes: Axes, which: str) -> None:
    """Write the ticks of an axis of counts as whole numbers with grouped thousands."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.integer(value)))


LABEL_GAP = 9.5
"""Least distance of two lines of labels, in points."""


def label_ends(axes: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Write a label beside the right end of each curve, moved apart where they would touch.

    Args:
        axes: axes whose limits are final.
        labels: height in data units, text and colour of each; all of one line, or all of as many.
    """
    low, high = axes.get_ylim()
    height = float(axes.get_window_extent().height)
    heights = [
        (min(max((value - low) / (high - low), 0.0), 1.0) * height if isfinite(value) else 0.5 * height)
        for value, _, _ in labels
    ]
    tallest = max(text.count("\n") for _, text, _ in labels)
    # Lines of one label are nearer to each other than to those of the next.
    apart = LABEL_GAP * (tallest + 1) + (2.5 if tallest else 0.0)
    for place, (_, text, colour) in zip(spread(heights, apart), labels, strict=True):
        lines = text.split("\n")
        for rank, line in enumerate(lines):
            axes.annotate(
                line,
                (1, 0),
                xytext=(3, place + LABEL_GAP * ((len(lines) - 1) / 2 - rank)),
                xycoords="axes fraction",
                textcoords="offset points",
                va="center_baseline",
                color=colour,
                annotation_clip=False,
            )


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return the heights moved as little as needed so that no two are nearer than `gap`."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    groups: list[tuple[list[int], float]] = []
    for index in order:
        groups.append(([index], heights[index]))
        while len(groups) > 1:
            (below, low), (above, high) = groups[-2], groups[-1]
            if high - low >= gap * (len(below) + len(above)) / 2 - 1e-9:
                break
            members = below + above
            groups[-2:] = [(members, sum(heights[i] for i in members) / len(members))]
    places = [0.0] * len(heights)
    for members, middle in groups:
        for rank, index in enumerate(members):
            places[index] = middle + (rank - (len(members) - 1) / 2) * gap
    return places


def write_above(
    axes: Axes, x: float, text: str, colour: str, *, anchor: CurveSide = "center", shift: float = 0.0
) -> None:
    """Write a text just above the axes at a horizontal position in data units, moved by `shift` points."""
    axes.annotate(
        text,
        (x, 1),
        xytext=(shift, 2.5),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha=anchor,
        va="bottom",
        color=colour,
    )


def mark_epoch(
    axes: Axes, words: Words, epoch: int, *, value: float | None = None, flat: Flatness | None = None
) -> None:
    """Mark the best epoch: a thin line with its label above, a faint tint behind later epochs, a ring at a value.

    A bar at the foot of the axes spans the epochs that are as good as the best one, as far as can be seen.
    """
    if flat is not None and not flat.sharp:
        axes.axvspan(flat.first, flat.last, ymax=0.035, color=palette.VALIDATION, alpha=0.5, linewidth=0, zorder=1)
    axes.axvspan(epoch, axes.get_xlim()[1], color=palette.VALIDATION, alpha=palette.TINT, linewidth=0, zorder=0)
    axes.axvline(epoch, color=palette.VALIDATION, linewidth=0.7, zorder=1)
    left, right = axes.get_xlim()
    share = (epoch - left) / (right - left)
    anchor: CurveSide = "left" if share < 0.08 else "right" if share > 0.92 else "center"
    write_above(axes, epoch, words("figures.epoch_mark", epoch=epoch), palette.VALIDATION, anchor=anchor)
    if value is not None:
        axes.plot([epoch], [value], "o", markersize=5.5, markerfacecolor="none", color=palette.VALIDATION, zorder=5)


def _round_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
