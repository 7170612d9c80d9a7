"""Gradient descent of one parameter, drawn on the curve of its loss."""

from __future__ import annotations

import numpy
from matplotlib.axes import Axes

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import number_axis, write_above
from labreport.report.figures.drawing import Chart, FigureError
from labreport.report.figures.style import charted, name_axes, panel, sheet
from labreport.report.figures.wording import plain
from labreport.report.findings import analysis
from labreport.report.words import Words

LISTED_STEPS = 40
LABEL_ROOM = 16.0
"""Points between two steps from which on both are named."""


@figure()
@charted
def descent(result: Result, words: Words) -> Chart:
    """Draw the loss over the parameter, and the steps of the descent on it.

    Raises:
        MissingValueError: the run lacks a series of the descent.
        FigureError: its positions and losses are not of one length.
    """
    positions, losses = (analysis.series(result, f"descent_{name}") for name in ("position", "loss"))
    if len(positions) != len(losses) or len(positions) < 2:
        raise FigureError("the series descent_position and descent_loss do not fit together")
    minimum = analysis.measure(result, "descent_minimum").mean
    figure = sheet(110, 68)
    axes = panel(figure, 9, 9, 97, 47)
    reach = max(abs(position - minimum) for position in positions) * 1.12 or 1.0
    low, high = minimum - reach, minimum + reach
    curve = _parabola(positions, losses)
    if curve is not None:
        grid = numpy.linspace(low, high, 81)
        axes.plot(grid, numpy.polyval(curve, grid), color=palette.BASELINE, linewidth=1.1)
    axes.plot(positions, losses, color=palette.TRAINING, linewidth=0.8, marker="o", markersize=3.4, markeredgewidth=0)
    top = max(losses)
    axes.axvline(minimum, color=palette.VALIDATION, linewidth=0.7, zorder=1)
    form = plain(2)
    label = words("figures.minimum_at", value=form(minimum))
    write_above(axes, minimum, label, palette.VALIDATION)
    axes.set_xlim(low, high)
    axes.set_ylim(-0.03 * top, top * 1.08)
    number_axis(axes, "x", _step(high - low))
    number_axis(axes, "y", _step(top))
    _label_first_steps(axes, words, positions, losses, minimum)
    name_axes(axes, words("figures.parameter"), words("figures.loss"), lift=12)
    return Chart(
        figure=figure,
        alt=words(
            "figures.alt_descent",
            steps=len(positions) - 1,
            start=plain(3)(positions[0]),
            end=plain(3)(positions[-1]),
            minimum=plain(3)(minimum),
            first=numbers.number(losses[0]),
            last=numbers.number(losses[-1]),
        ),
        columns=(words("figures.step"), words("figures.parameter"), words("figures.loss")),
        rows=tuple(
            (numbers.integer(step), plain(4)(position), numbers.number(loss))
            for step, (position, loss) in enumerate(zip(positions, losses, strict=True))
            if step <= LISTED_STEPS or step == len(positions) - 1
        ),
    )


def _label_first_steps(
    axes: Axes, words: Words, positions: tuple[float, ...], losses: tuple[float, ...], minimum: float
) -> None:
    """Name the start and, where there is room beside it, the first step."""
    places = axes.transData.transform(numpy.column_stack((positions[:2], losses[:2])))
    room = float(numpy.hypot(*(places[1] - places[0]))) > LABEL_ROOM
    for index, key in ((0, "start"), (1, "first_step"))[: 2 if room else 1]:
        right = positions[index] < minimum
        axes.annotate(
            words(f"figures.{key}"),
            (positions[index], losses[index]),
            xytext=(6 if right else -6, 3),
            textcoords="offset points",
            ha="left" if right else "right",
            color=palette.TRAINING,
        )


def _parabola(positions: tuple[float, ...], losses: tuple[float, ...]) -> numpy.ndarray | None:
    """Return the polynomial of the loss where it is one of degree two in the parameter, else None."""
    if len(set(positions)) < 3:
        return None
    fitted = numpy.polyfit(positions, losses, 2)
    error = numpy.max(numpy.abs(numpy.polyval(fitted, positions) - numpy.array(losses)))
    return fitted if error <= 1e-6 * max(losses) else None


def _step(extent: float) -> float:
    power = 10.0 ** numpy.floor(numpy.log10(extent / 5))
    return float(next(size * power for size in (1, 2, 5, 10) if extent / (size * power) <= 6))
