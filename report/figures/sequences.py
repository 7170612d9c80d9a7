"""Figures of texts as sequences: padding with its mask, and what networks that read in order reach."""

from __future__ import annotations

import math
from statistics import NormalDist

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import number_axis
from labreport.report.figures.drawing import Chart, Drawing
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import charted, name_axes, panel, sheet, text_width
from labreport.report.figures.wording import plain, share
from labreport.report.findings import analysis
from labreport.report.findings.statistics import LEVEL
from labreport.report.words import Words

_POSITIONS = 12
"""Positions of the shortest review that are shown one by one, from the last ones of its padding on."""
_PADDING_SHOWN = 3


@figure(needs=("series.padding_lengths", "series.padded_review", "settings.length"))
def padding(result: Result, words: Words) -> Drawing:
    """Draw some reviews after padding as rows, and the first words of the shortest one with indices and mask."""
    lengths = [int(length) for length in analysis.series(result, "padding_lengths")]
    positions = int(analysis.setting(result, "length"))
    left, width, pitch = 34.0, 112.0, 5.2
    sketch = Sketch(152, 12 + pitch * len(lengths) + 34)
    sketch.text(left, 3, words("figures.padded_matrix", reviews=len(lengths), length=positions), colour=palette.INK)
    rows = []
    for rank, length in enumerate(lengths):
        top, read = 6 + rank * pitch, min(length, positions)
        empty = width * (positions - read) / positions
        key = "figures.review_cut" if length > positions else "figures.review_padded"
        label = words(key, length=numbers.integer(length))
        sketch.text(left - 2, top + pitch / 2, label, anchor="end", middle=True)
        if empty:
            sketch.rectangle(left, top + 0.6, empty, pitch - 1.2, fill=palette.RULE)
        sketch.rectangle(left + empty, top + 0.6, width - empty, pitch - 1.2, fill=palette.TRAINING)
        rows.append((numbers.integer(length), numbers.integer(positions - read), numbers.integer(length - read)))
    review = [int(index) for index in analysis.series(result, "padded_review")]
    first = sum(index == 0 for index in review)
    begin = max(0, min(first - _PADDING_SHOWN, len(review) - _POSITIONS))
    shown = range(begin, min(len(review), begin + _POSITIONS))
    said = next((text.words for text in result.findings.texts if text.kind == "padded"), "").split()
    top = 6 + pitch * len(lengths) + 6
    sketch.text(left, top, words("figures.shortest_review", start=numbers.integer(begin + 1)), colour=palette.INK)
    cell = width / len(shown)
    for name, row in (("index", 0), ("word", 1), ("mask", 2)):
        sketch.text(left - 2, top + 6 + 7 * row, words(f"figures.{name}_row"), anchor="end", middle=True)
    for place, position in enumerate(shown):
        index, x = review[position], left + place * cell
        word = position - first - 1
        text = "" if index < 2 else said[word] if 0 <= word < len(said) else ""
        fill = palette.RULE if index == 0 else None
        cells = (
            numbers.integer(index),
            _fitting(text, cell - 1),
            words("figures.mask_off" if index == 0 else "figures.mask_on"),
        )
        for row, content in enumerate(cells):
            if fill:
                sketch.rectangle(x + 0.3, top + 2.8 + 7 * row, cell - 0.6, 6.4, fill=fill)
            sketch.text(x + cell / 2, top + 6 + 7 * row, content, anchor="middle", middle=True)
    alt = words(
        "figures.alt_padding",
        reviews=len(lengths),
        length=positions,
        padded=sum(length < positions for length in lengths),
        cut=sum(length > positions for length in lengths),
        zeros=numbers.integer(first),
    )
    heads = tuple(words(f"figures.{head}") for head in ("review_length", "zeros_added", "words_cut"))
    return sketch.finished(alt, heads, tuple(rows))


def _fitting(text: str, width: float) -> str:
    """Return a word, shortened where it is wider than its cell."""
    while text and text_width(text) > width:
        text = text.removesuffix("…")[:-1] + "…" if len(text) > 2 else ""
    return text


@figure("sequence-accuracy")
@charted
def sequence_accuracy(result: Result, words: Words) -> Chart:
    """Draw the test accuracy of each network with its interval, and below it that on shuffled reviews.

    Raises:
        MissingValueError: the run lacks one of the scores.
    """
    found = [
        ("lstm", analysis.score(result, "test_accuracy"), analysis.score(result, "test_accuracy_final-shuffled")),
        ("conv", analysis.score(result, "test_accuracy_conv"), analysis.score(result, "test_accuracy_conv-shuffled")),
        ("dense", analysis.baseline(result, "dense_accuracy"), None),
    ]
    samples = result.findings.data.test_samples if result.findings.data else 1
    figure = sheet(128, 54)
    left = max(text_width(words(f"figures.network_{name}")) for name, *_ in found) + 4
    axes = panel(figure, left, 4, 124 - left, 38, grid=False)
    axes.grid(axis="x", clip_on=False)
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2)
    rows, values = [], []
    for rank, (name, own, mixed) in enumerate(found):
        for step, (one, role) in enumerate(((own, name), (mixed, "shuffled"))):
            if one is None:
                continue
            height = rank + (0.26 if step else 0.0)
            error = 100 * reach * math.sqrt(one.mean * (1 - one.mean) / samples)
            axes.errorbar(
                [100 * one.mean],
                [height],
                xerr=[[error], [error]],
                fmt="o" if not step else "s",
                color=palette.TEST if not step else palette.GREY,
                markerfacecolor=palette.TEST if not step else "none",
                markersize=4.5,
                elinewidth=1.0,
                capsize=2,
            )
            values += [100 * one.mean - error, 100 * one.mean + error]
            title = words(f"figures.network_{name}")
            rows.append(
                (title if not step else f"{title}, {words(f'figures.{role}')}", share(one.mean), plain(2)(error))
            )
    axes.set_yticks(range(len(found)), [words(f"figures.network_{name}") for name, *_ in found])
    axes.tick_params(axis="y", colors=palette.INK)
    axes.set_ylim(len(found) - 0.4, -0.4)
    low, high = min(values), max(values)
    axes.set_xlim(math.floor(low) - 1, math.ceil(high) + 1)
    number_axis(axes, "x", 5 if high - low > 12 else 2)
    name_axes(axes, words("figures.test_accuracy_percent"), "")
    return Chart(
        figure=figure,
        alt=words(
            "figures.alt_sequence_accuracy",
            lstm=share(found[0][1].mean),
            conv=share(found[1][1].mean),
            dense=share(found[2][1].mean),
            lstm_shuffled=rows[1][1],
            conv_shuffled=rows[3][1],
        ),
        columns=(words("figures.network"), words("figures.test_accuracy_percent"), words("figures.reach_points")),
        rows=tuple(rows),
    )
