"""Figures of classes: how many samples each has, and which the network confuses."""

from __future__ import annotations

import numpy
from matplotlib.axes import Axes

from labreport.experiments.definitions import figure
from labreport.experiments.result import Predictions, Result
from labreport.report import numbers
from labreport.report.figures import palette, shades
from labreport.report.figures.drawing import Chart, Drawing, FigureError
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import charted, name_axes, panel, sheet, text_width
from labreport.report.figures.wording import class_names, display_name, sentences
from labreport.report.findings.confusion import confused_pairs
from labreport.report.words import Words

ONE_COLUMN = 16
"""Up to this many classes stand in one column."""


@figure()
def class_sizes(result: Result, words: Words) -> Drawing:
    """Draw a bar for the training samples of each class, the largest first.

    Raises:
        FigureError: the data card counts no classes.
    """
    card = result.findings.data
    if card is None or not card.train_class_counts:
        raise FigureError("the data card counts no classes")
    names = [display_name(words, name) for name in card.class_names]
    counts = card.train_class_counts
    order = sorted(range(len(counts)), key=lambda label: (-counts[label], label))
    if len(counts) <= ONE_COLUMN:
        order = list(range(len(counts)))
    columns = 1 if len(counts) <= ONE_COLUMN else 2
    lines = -(-len(counts) // columns)
    pitch = 5.2 if columns == 1 else 3.9
    sketch = Sketch(110 if columns == 1 else 150, lines * pitch + 6)
    sketch.text(0, 3, words("figures.training_samples_per_class"), colour=palette.INK)
    name_width = max(text_width(name) for name in names) + 2
    count_width = max(text_width(numbers.integer(count)) for count in counts) + 4
    longest = [max(counts[label] for label in order[start : start + lines]) for start in range(0, len(order), lines)]
    scale = (sketch.width - columns * (name_width + count_width)) / max(sum(longest), 1)
    for place, label in enumerate(order):
        left = (place // lines) * (name_width + longest[0] * scale + count_width)
        top = 6 + (place % lines) * pitch
        middle = top + pitch / 2
        sketch.text(left + name_width - 1.5, middle, names[label], anchor="end", middle=True)
        bar = counts[label] * scale
        sketch.rectangle(left + name_width, top + pitch * 0.14, bar, pitch * 0.72, fill=palette.TRAINING)
        end = left + name_width + bar + 1.2
        sketch.text(end, middle, numbers.integer(counts[label]), middle=True, colour=palette.GREY)
    total = max(sum(counts), 1)
    largest, smallest = max(counts), min(counts)
    alt = words(
        "figures.alt_class_sizes" if largest > smallest else "figures.alt_class_sizes_equal",
        classes=len(counts),
        samples=numbers.integer(total),
        largest_name=names[counts.index(largest)],
        largest=numbers.integer(largest),
        share=numbers.percent(largest / total),
        smallest_name=names[counts.index(smallest)],
        smallest=numbers.integer(smallest),
    )
    heads = (words("figures.label"), words("figures.class"), words("figures.training_samples"))
    rows = tuple((numbers.integer(i), names[i], numbers.integer(counts[i])) for i in order)
    return sketch.finished(alt, heads, rows)


@figure()
@charted
def confusion(result: Result, words: Words) -> Chart:
    """Draw the confusion matrix; the colour is the share of the row's true class, on a square-root scale.

    Raises:
        FigureError: the run records no confusion matrix.
    """
    said = confusing(result)
    matrix = numpy.array(said.confusion, dtype=float)
    names = class_names(result, words, len(matrix))
    labels = shades.Labels.of(names)
    widest = max(map(text_width, words.stacked("figures.true_class").split("\n")))
    left, side = max(widest, labels.width) + 3, labels.side
    key_width = max(18.0, max(map(text_width, words.stacked("figures.share_of_true_class").split("\n"))) + 1)
    top = labels.height + 6
    figure = sheet(left + side + 5 + key_width, top + side + 1)
    axes = panel(figure, left, top, side, side, grid=False)
    shares = matrix / numpy.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shades.cells(axes, numpy.sqrt(shares), palette.PAPER_TEST)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(palette.RULE)
    _label_matrix(axes, words, labels)
    if labels.few:
        _write_counts(axes, matrix, shares)
    _colour_key(panel(figure, left + side + 5, top, 3, 40, grid=False), words)
    right = int(numpy.trace(matrix))
    pairs = confused_pairs(said)
    return Chart(
        figure=figure,
        alt=sentences(
            words,
            words(
                "figures.alt_confusion",
                classes=len(matrix),
                right=numbers.integer(right),
                samples=numbers.integer(int(matrix.sum())),
            ),
            words(
                "figures.alt_confusion_pair",
                true=names[pairs[0][0]],
                predicted=names[pairs[0][1]],
                count=numbers.integer(pairs[0][2]),
            )
            if pairs
            else "",
        ),
        columns=(words("figures.true_class"), words("figures.predicted_class"), words("figures.test_samples")),
        rows=tuple((names[true], names[given], numbers.integer(count)) for true, given, count in pairs[:20]),
    )


def _colour_key(axes: Axes, words: Words) -> None:
    """Draw the scale of the colours: the share of a row's samples, on a square-root scale."""
    shades.scale(axes, palette.PAPER_TEST)
    marks = (0, 0.05, 0.25, 0.5, 1)
    axes.set_xticks([])
    axes.set_yticks([mark**0.5 for mark in marks], [numbers.percent(mark, 0) for mark in marks])
    axes.yaxis.tick_right()
    axes.tick_params(length=0, pad=3)
    axes.spines["bottom"].set_visible(False)
    name_axes(axes, "", words.stacked("figures.share_of_true_class"), lift=4)


def confusing(result: Result) -> Predictions:
    """Return the first predictions that hold a confusion matrix.

    Raises:
        FigureError: there are none.
    """
    for said in result.findings.predictions:
        if said.confusion:
            return said
    raise FigureError("the run records no confusion matrix")


def _label_matrix(axes: Axes, words: Words, labels: shades.Labels) -> None:
    labels.write(axes, words)
    axes.annotate(
        words.stacked("figures.true_class"),
        (0, 1),
        xytext=(-4, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="bottom",
        multialignment="right",
        color=palette.INK,
    )


def _write_counts(axes: Axes, matrix: numpy.ndarray, shares: numpy.ndarray) -> None:
    for (row, column), count in numpy.ndenumerate(matrix):
        if count:
            colour = palette.PAPER if shares[row, column] > 0.35 else palette.PAPER_INK
            axes.text(column, row, numbers.integer(count), ha="center", va="center_baseline", color=colour)
