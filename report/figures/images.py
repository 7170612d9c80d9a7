"""Figures of grey images: digits of the training set, and digits that the network got wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from labreport.experiments.definitions import figure
from labreport.experiments.result import Image, Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.drawing import Drawing, FigureError
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import text_width
from labreport.report.words import Words

ENLARGED = 2
"""Each pixel becomes this many, so that viewers which smooth pictures in spite of the attribute blur less."""
GAP = 2
"""Empty pixels between two images of a grid."""
LINE = 3.6
"""From one line below an image to the next, in millimetres."""


@figure()
def digits(result: Result, words: Words) -> Drawing:
    """Draw the images shown before training: one column for each label where they fit, else in rows.

    Raises:
        FigureError: the run records no images.
    """
    images = result.findings.images
    if not images:
        raise FigureError("the run records no images")
    if len(images) == 1:
        return _one_digit(images[0], words)
    labels = sorted({image.label for image in images})
    by_label = [[image for image in images if image.label == label] for label in labels]
    copies = len(by_label[0])
    if len(labels) <= 12 and all(len(group) == copies for group in by_label):
        rows = [[group[copy] for group in by_label] for copy in range(copies)]
        captions = [["" if copy < copies - 1 else str(label) for label in labels] for copy in range(copies)]
    else:
        rows = [list(images[start : start + 10]) for start in range(0, len(images), 10)]
        captions = [[str(image.label) for image in row] for row in rows]
    cell = min(15.5, 158 / max(len(row) for row in rows))
    sketch = Sketch(cell * max(len(row) for row in rows), sum(cell + (4.5 if row[-1] else 0) for row in captions))
    top = 0.0
    for row, said in zip(rows, captions, strict=True):
        side = _row_of_images(sketch, row, top, cell)
        for column, caption in enumerate(said):
            if caption:
                sketch.text(column * cell + side / 2, top + side + 3.6, caption, anchor="middle")
        top += cell + (4.5 if said[-1] else 0)
    alt = words("figures.alt_digits", images=len(images), labels=words("figures.comma").join(map(str, labels)))
    return sketch.finished(alt, *_listed(images, words))


@figure()
def mistakes(result: Result, words: Words) -> Drawing:
    """Draw the most confident mistakes, each with its true label, what was read, and how surely.

    Raises:
        FigureError: the run records no misread images.
    """
    images = next((said.images for said in result.findings.predictions if said.images), ())
    if not images:
        raise FigureError("the run records no misread images")
    said = ({"true": image.label, "predicted": image.predicted} for image in images)
    texts = [words.stacked("figures.mistake", **values).split("\n") for values in said]
    cell = max(26.0, max(text_width(line) for lines in texts for line in lines) + 2)
    columns = min(6, len(images), int(160 // cell))
    picture, height = 18.0, 24.9 + LINE * len(texts[0])
    lines = -(-len(images) // columns)
    sketch = Sketch(cell * columns, height * lines - 1.5)
    for line in range(lines):
        row = images[line * columns : (line + 1) * columns]
        top = line * height
        for column, image in enumerate(row):
            _row_of_images(sketch, [image], top, picture, left=column * cell + (cell - picture) / 2)
            middle, below = column * cell + cell / 2, top + picture + 3.2
            lines_below = texts[line * columns + column]
            for rank, text in enumerate(lines_below):
                sketch.text(middle, below + rank * LINE, text, anchor="middle")
            sure = "" if image.probability is None else numbers.percent(image.probability, 1)
            sketch.text(middle, below + len(lines_below) * LINE, sure, anchor="middle", colour=palette.GREY)
    first_image = images[0]
    alt = words(
        "figures.alt_mistakes",
        images=len(images),
        true=first_image.label,
        predicted=first_image.predicted,
        probability=numbers.percent(first_image.probability or 0.0, 1),
    )
    return sketch.finished(alt, *_listed(images, words))


def _one_digit(image: Image, words: Words) -> Drawing:
    side = 34.0
    sketch = Sketch(side + 12, side + 8)
    _row_of_images(sketch, [image], 0.5, side, left=6.0)
    sketch.rectangle(6, 0.5, side, side, stroke=palette.RULE)
    sketch.text(6 + side / 2, side + 5.6, words("figures.label_is", label=image.label), anchor="middle")
    alt = words("figures.alt_digit", label=image.label, height=image.height, width=image.width)
    return sketch.finished(alt, *_listed([image], words))


def _row_of_images(sketch: Sketch, row: Sequence[Image], top: float, cell: float, left: float = 0.0) -> float:
    """Draw images of one size as a single picture, dark on white; return the side of one in millimetres."""
    height, width = row[0].height, row[0].width
    gap = GAP if len(row) > 1 else 0
    grid = numpy.zeros((height, (width + gap) * len(row) - gap, 2), numpy.uint8)
    for column, image in enumerate(row):
        pixels = numpy.frombuffer(image.pixels, numpy.uint8).reshape(image.height, image.width)
        start = column * (width + gap)
        grid[:, start : start + width, 0] = 255 - pixels
        grid[:, start : start + width, 1] = 255
    scale = cell / (width + gap)
    enlarged = grid.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    sketch.picture(left, top, grid.shape[1] * scale, height * scale, enlarged)
    for column in range(len(row)):
        start_x = left + column * (width + gap) * scale
        sketch.rectangle(start_x, top, width * scale, height * scale, stroke=palette.RULE, thickness=0.5)
    return width * scale


def _listed(images: Sequence[Image], words: Words) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    said = any(image.predicted is not None for image in images)
    heads = ["index", "label"] + (["predicted_class", "probability"] if said else [])
    rows = []
    for image in images:
        row = [numbers.integer(image.index), str(image.label)]
        if said:
            row += [str(image.predicted), numbers.percent(image.probability or 0.0, 2)]
        rows.append(tuple(row))
    return tuple(words(f"figures.{head}") for head in heads), tuple(rows)
