"""Tensors drawn as blocks of cells: a time series, a batch of images, and broadcasting with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report.figures import palette
from labreport.report.figures.drawing import Drawing
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import text_width
from labreport.report.words import Words

DEPTH = (0.52, -0.38)
"""Where one cell into the depth lies on the page: right and up, in cells."""
LINE = 3.8
"""From one line of a label to the next, in millimetres."""

Corner = tuple[float, float]


@figure("time-series-tensor")
def time_series(result: Result, words: Words) -> Drawing:
    """Draw the three axes of a time series: samples into the depth, timesteps to the right, features downwards."""
    sketch = Sketch(124, 50)
    samples, timesteps, features, cell = 5, 9, 3, 6.0
    corner = (25.0, 23.0)
    _cuboid(sketch, corner, (timesteps, features, samples), cell, palette.TRAINING)
    x, y = corner
    bottom, right = y + features * cell, x + timesteps * cell
    sketch.arrow(x, bottom + 3, right, bottom + 3)
    sketch.text(x + timesteps * cell / 2, bottom + 7, words("figures.axis_timesteps"), anchor="middle")
    sketch.arrow(x - 3, y, x - 3, bottom)
    _upright_label(sketch, x - 5, (y + bottom) / 2, words("figures.axis_features"))
    slope = (DEPTH[0] * cell * samples, DEPTH[1] * cell * samples)
    start = (right + 2.5, bottom + 0.8)
    sketch.arrow(*start, start[0] + slope[0], start[1] + slope[1])
    label = words("figures.axis_samples")
    place = start[0] + slope[0] / 2 + 2.5
    sketch.text(place, start[1] + slope[1] / 2 + 2.5, label)
    sketch.trim(place + text_width(label) + 1)
    return sketch.finished(words("figures.alt_time_series"), *_axes(words, "samples", "timesteps", "features"))


@figure("image-tensor")
def image_batch(result: Result, words: Words) -> Drawing:
    """Draw a batch of colour images: each a block of height, width and channels, one after the other."""
    sketch = Sketch(142, 54)
    cell, size, channels = 3.4, 7, 3
    for number in range(3):
        x, y = 24.0 + number * 36.0, 15.0
        _sheets(sketch, (x, y), size, cell, channels)
        sketch.text(
            x + size * cell / 2,
            y + size * cell + 4.6,
            words("figures.image_number", number=number + 1),
            anchor="middle",
            colour=palette.GREY,
        )
    x, y = 24.0, 15.0
    bottom = y + size * cell
    sketch.arrow(x - 3, y, x - 3, bottom)
    _upright_label(sketch, x - 5, (y + bottom) / 2, words("figures.axis_height"))
    shift = (channels - 1) * 3.2
    sketch.arrow(x + shift, y - shift * 0.75 - 2.5, x + shift + size * cell, y - shift * 0.75 - 2.5)
    sketch.text(x + shift + size * cell / 2, y - shift * 0.75 - 4.2, words("figures.axis_width"), anchor="middle")
    last = 24.0 + 2 * 36.0 + size * cell
    sketch.arrow(last + 2, bottom - 1, last + 2 + shift + 2, bottom - 1 - (shift + 2) * 0.75)
    lines = words.stacked("figures.axis_channels").split("\n")
    for rank, line in enumerate(lines):
        sketch.text(last + shift + 2, bottom - 0.5 + rank * LINE, line)
    sketch.trim(last + shift + 3 + max(map(text_width, lines)))
    sketch.arrow(24, bottom + 8, last, bottom + 8)
    sketch.text((24 + last) / 2, bottom + 12, words("figures.axis_samples_first"), anchor="middle")
    return sketch.finished(words("figures.alt_image_batch"), *_axes(words, "samples", "height", "width", "channels"))


@figure()
def broadcasting(result: Result, words: Words) -> Drawing:
    """Draw how a vector is repeated along a new axis and added to a matrix; the sum is computed here."""
    matrix, vector = numpy.array([[2, 2], [1, 1]]), numpy.array([3, 3])
    repeated = numpy.broadcast_to(vector, matrix.shape)
    total = matrix + vector
    cell, top = 9.0, 9.0
    sketch = Sketch(146, 36)
    middle = top + cell
    _grid(sketch, 0.4, top + cell / 2, vector[None, :], cell, palette.VALIDATION)
    sketch.arrow(21, middle, 36, middle)
    sketch.text(28.5, middle - 2, words("figures.repeated"), anchor="middle", colour=palette.GREY)
    _grid(sketch, 38.5, top, repeated, cell, palette.VALIDATION, ghost_rows=1)
    _sign(sketch, 64, middle, "+")
    _grid(sketch, 71.5, top, matrix, cell, palette.TRAINING)
    _sign(sketch, 97, middle, "=")
    _grid(sketch, 104.5, top, total, cell, palette.TEST)
    names = (
        ("vector", 9.4, "(2,)"),
        ("repeated_vector", 47.5, "(2, 2)"),
        ("matrix", 80.5, "(2, 2)"),
        ("sum", 113.5, "(2, 2)"),
    )
    for name, x, shape in names:
        sketch.text(x, top - 3.2, words(f"figures.{name}"), anchor="middle")
        sketch.text(x, top + 2 * cell + 5, shape, anchor="middle", colour=palette.GREY, mono=True)
    sketch.trim(124)
    said = {"matrix": matrix.tolist(), "vector": vector.tolist(), "sum": total.tolist()}
    heads = tuple(words(f"figures.{head}") for head in ("tensor", "shape", "values"))
    shown = zip(names, (vector, repeated, matrix, total), strict=True)
    rows = tuple((words(f"figures.{name}"), shape, str(values.tolist())) for (name, _, shape), values in shown)
    return sketch.finished(words("figures.alt_broadcasting", **said), heads, rows)


@figure("emblem-tensors")
def emblem(_result: Result, words: Words) -> Drawing:
    """Draw a small block of cells that stands for the chapter on tensors."""
    sketch = Sketch(40, 24)
    _cuboid(sketch, (10.0, 9.5), (5, 3, 3), 3.9, palette.TRAINING)
    return sketch.finished(words("figures.alt_emblem_tensors"))


def _axes(words: Words, *names: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the table of the axes of a tensor, in their order."""
    rows = tuple((str(axis), words(f"figures.{name}")) for axis, name in enumerate(names))
    return (words("figures.axis"), words("figures.meaning")), rows


def _cuboid(sketch: Sketch, corner: Corner, counts: tuple[int, int, int], cell: float, colour: str) -> None:
    """Draw a block of cells; `corner` is the upper left of its front, counts go right, down and into the depth."""
    across, down, deep = counts
    x, y = corner
    dx, dy = DEPTH[0] * cell, DEPTH[1] * cell
    right, bottom = x + across * cell, y + down * cell
    far = (deep * dx, deep * dy)
    top_face = [(x, y), (right, y), (right + far[0], y + far[1]), (x + far[0], y + far[1])]
    side_face = [(right, y), (right, bottom), (right + far[0], bottom + far[1]), (right + far[0], y + far[1])]
    front = [(x, y), (right, y), (right, bottom), (x, bottom)]
    for face, opacity in ((top_face, 0.1), (side_face, 0.32), (front, 0.2)):
        sketch.polygon(face, fill=colour, opacity=opacity)
    lines: list[tuple[Corner, ...]] = []
    for i in range(across + 1):
        lines.append(((x + i * cell + far[0], y + far[1]), (x + i * cell, y), (x + i * cell, bottom)))
    for i in range(down + 1):
        lines.append(((x, y + i * cell), (right, y + i * cell), (right + far[0], y + i * cell + far[1])))
    for i in range(1, deep + 1):
        start = (x + i * dx, y + i * dy)
        lines.append((start, (right + i * dx, start[1]), (right + i * dx, bottom + i * dy)))
    for line in lines:
        sketch.polyline(line, colour=colour, thickness=0.6)


def _sheets(sketch: Sketch, corner: Corner, size: int, cell: float, sheets: int) -> None:
    """Draw the channels of one image as sheets one behind the other; the front one shows its pixels."""
    x, y = corner
    side = size * cell
    blue = palette.TRAINING
    sketch.rectangle(x, y, side, side, fill=blue, opacity=0.3, stroke=blue)
    for number in range(1, sheets):
        left, top = x + number * 3.2, y - number * 2.4
        near_left, near_top = left - 3.2, top + 2.4
        seen = [
            (left, near_top),
            (left, top),
            (left + side, top),
            (left + side, top + side),
            (near_left + side, top + side),
            (near_left + side, near_top),
        ]
        sketch.polygon(seen, fill=blue, opacity=(0.2, 0.12)[(number - 1) % 2], stroke=blue)
    for i in range(1, size):
        sketch.line(x + i * cell, y, x + i * cell, y + side, colour=palette.TRAINING, thickness=0.35)
        sketch.line(x, y + i * cell, x + side, y + i * cell, colour=palette.TRAINING, thickness=0.35)


def _grid(
    sketch: Sketch, x: float, y: float, values: NDArray[numpy.int_], cell: float, colour: str, ghost_rows: int = 0
) -> None:
    """Draw numbers in cells; the last `ghost_rows` rows, which are copies, are drawn dashed and pale."""
    rows, columns = values.shape
    for row in range(rows):
        ghost = row >= rows - ghost_rows
        for column in range(columns):
            left, top = x + column * cell, y + row * cell
            opacity = 0.06 if ghost else 0.2
            sketch.rectangle(left, top, cell, cell, fill=colour, opacity=opacity, stroke=colour, dashed=ghost)
            tone = palette.GREY if ghost else palette.INK
            text = str(values[row, column])
            sketch.text(left + cell / 2, top + cell / 2, text, anchor="middle", middle=True, colour=tone, size=10)


def _sign(sketch: Sketch, x: float, y: float, sign: str) -> None:
    sketch.text(x, y, sign, anchor="middle", middle=True, size=13)


def _upright_label(sketch: Sketch, x: float, y: float, text: str) -> None:
    """Write a label left of `x`, broken at spaces into lines around the height `y`."""
    lines: Sequence[str] = text.split("\n")
    for rank, line in enumerate(lines):
        sketch.text(x, y + (rank - (len(lines) - 1) / 2) * LINE, line, anchor="end", middle=True)
