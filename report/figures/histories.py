"""Curves of any training: each measure in a panel of its own, whatever it is called, with the best epoch marked.

For runs that no lab of ours made. A value stands at the epoch at which it was measured; where trainings end at
different epochs the mean continues with those that are left, and the band shows the least and the greatest of them.
Where a value is not a finite number the line is broken, and a mark says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from labreport.experiments.definitions import figure as defined
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import (
    TEST,
    TRAINING,
    VALIDATION,
    CurveLook,
    epoch_axis,
    label_ends,
    mark_epoch,
    value_axis,
    write_above,
)
from labreport.report.figures.drawing import Chart, FigureError
from labreport.report.figures.style import charted, name_axes, panel, sheet
from labreport.report.figures.wording import joined, listed_epochs, sentences
from labreport.report.findings.groups import Best, GroupCurve, MeasuredGroup, Pair, group_named
from labreport.report.words import Words

MOST_PANELS = 8
"""Measures that are drawn; the table behind the figure holds them all."""
DENSEST = 600
"""Points of a curve that are drawn; of a longer one the least and the greatest of each stretch, so its shape stays."""
STEEPEST = 200.0
"""Ratio of the greatest to the least value from which an axis is logarithmic, where all values are positive."""
_LOOKS = {"training": TRAINING, "validation": VALIDATION, "test": TEST}
_WIDTH, _HEIGHT, _ROW = 53.0, 42.0, 60.0


@defined("histories-GROUP")
@charted
def histories(result: Result, words: Words, name: str) -> Chart:
    """Draw every measure of a group of trainings over its epochs.

    Args:
        result: the run.
        words: texts of the report's language.
        name: of the group, as in `findings.groups`.

    Raises:
        FigureError: there is no such group, or it measured nothing.
    """
    group = group_named(result, name)
    pairs = [pair for pair in group.pairs if _curves(group, pair)][:MOST_PANELS]
    if not pairs:
        raise FigureError(f"the trainings '{name}' hold no curve")
    rows = -(-len(pairs) // 2)
    figure = sheet(160 if len(pairs) > 1 else 100, 2 + rows * _ROW)
    best = group.best()
    texts = []
    for position, pair in enumerate(pairs):
        across, down = position % 2, position // 2
        axes = panel(figure, 10 + across * 80, 9 + down * _ROW, _WIDTH, _HEIGHT)
        texts.append(_panel(axes, group, pair, words, best))
    columns, table = _table(group, words, best)
    return Chart(figure=figure, alt=_told(group, words, texts), columns=columns, rows=table)


def thinned(curve: GroupCurve) -> GroupCurve:
    """Return a curve that looks the same with at most `DENSEST` points: the extremes of each stretch, in order."""
    if len(curve.at) <= DENSEST:
        return curve
    size = -(-len(curve.at) * 2 // DENSEST)
    kept: list[int] = []
    for start in range(0, len(curve.at), size):
        stretch = range(start, min(start + size, len(curve.at)))
        finite = [index for index in stretch if isfinite(curve.values[index])]
        broken = next((index for index in stretch if not isfinite(curve.values[index])), None)
        if finite:
            kept += [min(finite, key=curve.values.__getitem__), max(finite, key=curve.values.__getitem__)]
        if broken is not None:
            kept.append(broken)
    chosen = sorted({0, *kept, len(curve.at) - 1})
    return GroupCurve(at=tuple(curve.at[i] for i in chosen), values=tuple(curve.values[i] for i in chosen))


def _curves(group: MeasuredGroup, pair: Pair) -> list[tuple[GroupCurve, CurveLook, str]]:
    found: list[tuple[GroupCurve, CurveLook, str]] = []
    for key, part in pair.parts:
        if (mean := group.mean(key)[0]).at:
            found.append((mean, _LOOKS[part], part))
    return found


def _panel(axes: Axes, group: MeasuredGroup, pair: Pair, words: Words, best: Best | None) -> str:
    drawn = _curves(group, pair)
    everything: list[float] = []
    last = max(curve.at[-1] for curve, _, _ in drawn)
    for (curve, look, _), (key, _) in zip(drawn, pair.parts, strict=False):
        everything += _band(axes, group, key, look)
        everything += _line(axes, curve, look)
    _limits(axes, everything)
    epoch_axis(axes, last)
    marked = best is not None and best.worse_after
    if best is not None and marked:
        mark_epoch(axes, words, best.epoch, value=_value_at(group, pair, best.epoch), flat=group.flat())
    broken = min((epoch for curve, _, _ in drawn if (epoch := curve.broken_at()) is not None), default=None)
    if broken is not None:
        axes.axvline(broken, color=palette.GREY, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
        if not marked:
            write_above(axes, broken, words("own.not_finite", at=_place(broken, group.axis, words)), palette.GREY)
    unit = words(f"own.{group.axis}")
    name_axes(axes, unit, words.get(f"figures.{pair.name}", pair.name), lift=12.0 if marked or broken else 4.0)
    ends = [
        (curve.finite().values[-1] if curve.finite().values else nan, words.stacked(f"figures.{part}"), look.colour)
        for curve, look, part in drawn
    ]
    if axes.get_yscale() == "linear":
        label_ends(axes, ends)
    else:
        _label_log_ends(axes, ends)
    parts = words("figures.clause_separator").join(_course(curve, part, group.axis, words) for curve, _, part in drawn)
    return words("own.measure", name=pair.name, parts=parts)


def _value_at(group: MeasuredGroup, pair: Pair, epoch: int) -> float | None:
    """Return the height of the ring at the best epoch: only on the curve that was watched."""
    watched = group.watched
    if watched is None or watched.key not in dict(pair.parts):
        return None
    return dict(zip(*_points(group, watched.key), strict=True)).get(epoch)


def _points(group: MeasuredGroup, key: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    mean = group.mean(key)[0]
    return mean.at, mean.values


def _line(axes: Axes, curve: GroupCurve, look: CurveLook) -> list[float]:
    shown = thinned(curve)
    sparse = len(shown.at) <= 40
    # Measured at few of the epochs, a curve is drawn with its points: what lies between them was not measured.
    gaps = shown.at != tuple(range(shown.at[0], shown.at[-1] + 1))
    marker = look.marker or ("s" if gaps or len(shown.at) == 1 else "")
    axes.plot(
        shown.at,
        [value if isfinite(value) else nan for value in shown.values],
        color=look.colour,
        linewidth=look.width,
        linestyle=look.pattern,
        marker=marker if sparse else "",
        markersize=3.4,
        markeredgewidth=0,
    )
    return [value for value in shown.values if isfinite(value)]


def _band(axes: Axes, group: MeasuredGroup, key: str, look: CurveLook) -> list[float]:
    """Draw the band from the least to the greatest member at each epoch; return its edges."""
    curves = [curve.finite() for curve in group.curves(key)]
    if len(curves) < 2:
        return []
    by_epoch: dict[int, list[float]] = {}
    for curve in curves:
        for epoch, value in zip(curve.at, curve.values, strict=True):
            by_epoch.setdefault(epoch, []).append(value)
    at = tuple(sorted(by_epoch))
    low, high = (thinned(GroupCurve(at=at, values=tuple(edge(by_epoch[epoch]) for epoch in at))) for edge in (min, max))
    if len(at) <= DENSEST:
        axes.fill_between(at, low.values, high.values, color=look.colour, alpha=palette.BAND, linewidth=0)
    else:
        for edge in (low, high):
            axes.plot(edge.at, edge.values, color=look.colour, alpha=palette.BAND, linewidth=0.6)
    return [*low.values, *high.values]


def _limits(axes: Axes, values: Sequence[float]) -> None:
    finite = [value for value in values if isfinite(value)]
    if finite and min(finite) > 0 and max(finite) / min(finite) > STEEPEST:
        axes.set_yscale("log")
        axes.set_ylim(min(finite) / 1.5, max(finite) * 1.5)
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(value)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        value_axis(axes, finite)


def _label_log_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Label the ends of curves on a logarithmic axis, whose heights are those of the logarithms."""
    low, high = axes.get_ylim()
    labels = []
    for value, text, colour in ends:
        _, height = axes.transLimits.transform(axes.transScale.transform((1.0, max(value, low))))
        labels.append((low + (high - low) * float(height), text, colour))
    label_ends(axes, labels)


def _course(curve: GroupCurve, part: str, axis: str, words: Words) -> str:
    finite = curve.finite()
    if not finite.at:
        return words("own.course_undefined", name=words(f"figures.{part}"))
    lowest = min(range(len(finite.at)), key=finite.values.__getitem__)
    highest = max(range(len(finite.at)), key=finite.values.__getitem__)
    course = words(
        "own.course_range",
        name=words(f"figures.{part}"),
        first=numbers.number(finite.values[0]),
        last=numbers.number(finite.values[-1]),
        least=numbers.number(finite.values[lowest]),
        least_at=_place(finite.at[lowest], axis, words),
        greatest=numbers.number(finite.values[highest]),
        greatest_at=_place(finite.at[highest], axis, words),
    )
    broken = curve.broken_at()
    return course if broken is None else words("own.course_broken", course=course, at=_place(broken, axis, words))


def _place(number: int, axis: str, words: Words) -> str:
    return words(f"own.at_{axis}", number=numbers.integer(number))


def _told(group: MeasuredGroup, words: Words, texts: Sequence[str]) -> str:
    many = words("own.members", members=len(group.members)) if len(group.members) > 1 else ""
    return sentences(words, joined(words, texts), many)


def _table(
    group: MeasuredGroup, words: Words, best: Best | None
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the values behind the figure, thinned where the training is long; the best epoch always stays."""
    keys = [key for pair in group.pairs for key, _ in pair.parts]
    means = {key: dict(zip(*_points(group, key), strict=True)) for key in keys}
    last = max(max(values, default=1) for values in means.values())
    epochs = listed_epochs(last, *([best.epoch] if best else []))
    measured = sorted({epoch for values in means.values() for epoch in values})
    if len(measured) <= len(epochs):
        epochs = measured
    rows = tuple((numbers.integer(epoch), *(_cell(values.get(epoch)) for values in means.values())) for epoch in epochs)
    return (words(f"own.{group.axis}"), *keys), rows


def _cell(value: float | None) -> str:
    if value is None:
        return numbers.UNKNOWN
    return numbers.number(value)
