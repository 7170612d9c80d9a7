"""What convolutional filters see: the weights of the first layer, what each makes of one digit, and two networks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import (
    VALIDATION,
    CurveLook,
    draw_curve,
    epoch_axis,
    history,
    label_ends,
    value_axis,
)
from labreport.report.figures.drawing import Chart, Drawing, FigureError
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import charted, name_axes, panel, sheet
from labreport.report.figures.wording import course, epoch_table, joined, seeds_sentence, sentences, share
from labreport.report.findings import analysis
from labreport.report.words import Words

ENLARGED = 4
"""Each value becomes this many pixels a side, so that viewers which smooth pictures blur less."""
ACROSS = 8
"""Pictures in a row."""
CELL, SIDE = 20.0, 17.5
"""From one picture to the next, and the side of one, in millimetres."""
GREY, BLACK = 128, 255
"""Grey tone of the value zero among weights of both signs; greatest tone."""


@figure("filters")
def filters(result: Result, words: Words) -> Drawing:
    """Draw the weights of the filters of the first layer: dark where positive, light where negative.

    Raises:
        FigureError: the run records no filters.
    """
    found = _series(result, "filter")
    pictures = [GREY - numpy.rint(127 * _scaled(values)) for values in found]
    sketch = _grid(pictures, side=11.0, cell=CELL)
    rows = tuple(
        (numbers.integer(number), numbers.number(min(values), 3), numbers.number(max(values), 3))
        for number, values in enumerate(found, 1)
    )
    alt = words("figures.alt_filters", filters=len(found))
    heads = ("filter", "least_weight", "greatest_weight")
    return sketch.finished(alt, tuple(words(f"figures.{head}") for head in heads), rows)


@figure("feature-maps")
def feature_maps(result: Result, words: Words) -> Drawing:
    """Draw what each filter of the first layer makes of one digit: dark where it answers, white where it does not.

    Raises:
        FigureError: the run records no feature maps.
    """
    found = _series(result, "feature_map")
    pictures = [BLACK - numpy.rint(BLACK * numpy.clip(_scaled(values), 0, None)) for values in found]
    sketch = _grid(pictures, side=SIDE, cell=CELL)
    rows = tuple(
        (
            numbers.integer(number),
            numbers.number(max(values), 3),
            numbers.percent(sum(value > 0 for value in values) / len(values)),
        )
        for number, values in enumerate(found, 1)
    )
    silent = sum(max(values) <= 0 for values in found)
    side = math.isqrt(len(found[0]))
    alt = words("figures.alt_feature_maps", maps=len(found), side=side, silent=silent)
    heads = ("filter", "greatest_answer", "answers_at")
    return sketch.finished(alt, tuple(words(f"figures.{head}") for head in heads), rows)


@figure("beside-dense")
@charted
def beside_dense(result: Result, words: Words) -> Chart:
    """Draw the validation accuracy of the convolutional and of the dense network over the epochs.

    Raises:
        MissingValueError: the run lacks one of the two trainings.
    """
    own, dense = (history(result, role, "val_accuracy") for role in ("final", "dense"))
    figure = sheet(120, 62)
    axes = panel(figure, 8, 7, 80, 44)
    looks = (VALIDATION, CurveLook(colour=palette.BASELINE, width=1.2, pattern=(0, (3, 1.5)), marker="s"))
    for curve, look in zip((own, dense), looks, strict=True):
        draw_curve(axes, curve, look, scale=100)
    epoch_axis(axes, len(own.mean))
    value_axis(axes, [100 * value for one in (own, dense) for value in (*one.mean, *one.low, *one.high)], top=100)
    name_axes(axes, words("figures.epoch"), words("figures.validation_accuracy_percent"))
    keys = ("figures.convolutional_network", "figures.dense_network")
    ends = zip((own, dense), keys, (palette.VALIDATION, palette.BASELINE), strict=True)
    label_ends(axes, [(100 * curve.mean[-1], words.stacked(key), colour) for curve, key, colour in ends])
    names = [words(key) for key in keys]
    clauses = [
        course(words, name, one.mean, share, lowest=False) for name, one in zip(names, (own, dense), strict=True)
    ]
    columns, rows = epoch_table(words, {names[0]: (own.mean, share), names[1]: (dense.mean, share)})
    seeds = len(analysis.curves(result, "final", "val_accuracy"))
    alt = sentences(words, words("figures.alt_beside_dense"), joined(words, clauses), seeds_sentence(words, seeds))
    return Chart(figure=figure, alt=alt, columns=columns, rows=rows)


def _series(result: Result, name: str) -> list[tuple[float, ...]]:
    found = [item.values for item in result.findings.series if item.name.rpartition("_")[0] == name]
    if not found or any(math.isqrt(len(values)) ** 2 != len(values) for values in found):
        raise FigureError(f"the run records no square pictures '{name}_1', '{name}_2', …")
    return found


def _scaled(values: Sequence[float]) -> NDArray[numpy.float64]:
    """Return values as a square picture, divided by the greatest absolute value."""
    side = math.isqrt(len(values))
    greatest = max(map(abs, values)) or 1.0
    return numpy.asarray(values).reshape(side, side) / greatest


def _grid(pictures: Sequence[NDArray[numpy.float64]], *, side: float, cell: float) -> Sketch:
    """Place pictures in rows, each with its number below."""
    columns = min(ACROSS, len(pictures))
    pitch = side + 6.5
    sketch = Sketch(cell * columns, pitch * -(-len(pictures) // columns))
    for place, picture in enumerate(pictures):
        left, top = (place % columns) * cell + (cell - side) / 2, (place // columns) * pitch + 0.5
        pixels = picture.astype(numpy.uint8).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
        sketch.picture(left, top, side, side, pixels)
        sketch.rectangle(left, top, side, side, stroke=palette.RULE, thickness=0.5)
        sketch.text(left + side / 2, top + side + 3.7, numbers.integer(place + 1), anchor="middle")
    return sketch
