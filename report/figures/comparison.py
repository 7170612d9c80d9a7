"""Figures of two versions of a lab: their curves one over the other, and the difference of their confusion matrices.

A is solid and violet, B dashed and amber, in every figure; thick lines are validation, thin ones training.
"""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan
from typing import Literal

import numpy
from matplotlib.axes import Axes

from labreport.experiments.result import Result
from labreport.experiments.selection import NoValidationError
from labreport.report import numbers
from labreport.report.figures import palette, shades
from labreport.report.figures.axes import (
    Curve,
    CurveLook,
    bundle,
    draw_curve,
    epoch_axis,
    history,
    label_ends,
    value_axis,
    write_above,
)
from labreport.report.figures.classes import confusing
from labreport.report.figures.drawing import Chart, Drawing, FigureError, finished
from labreport.report.figures.style import charted, name_axes, panel, sheet
from labreport.report.figures.wording import (
    Columns,
    Formatter,
    class_names,
    course,
    epoch_table,
    plain,
    sentences,
    share,
)
from labreport.report.findings import analysis
from labreport.report.findings.analysis import MissingValueError, Turn
from labreport.report.words import Words

STRONGEST = 0.85
"""Strength of the colour of the greatest difference, so that the number on it can be read."""
LOOK_A = CurveLook(colour=palette.VERSION_A, width=1.6)
LOOK_B = CurveLook(colour=palette.VERSION_B, width=1.6, pattern=(0, (3.2, 1.4)))
THIN = 0.7
"""Width of the training curves, in points."""
NAME_LIFT = 12.0
"""Points between a panel and the name above it, which leave a line for the marks of the epochs."""
Measurement = Literal["loss", "accuracy", "mae"]


def curves(a: Result, b: Result, words: Words) -> Drawing:
    """Draw the curves of two runs of a lab over the same epochs, each with the mark of its best epoch.

    Raises:
        FigureError: a run has no validation curve.
    """
    return finished(curves_chart(a, b, words), f"{a.lab}-compare-curves-{words.language}")


def confusion_difference(a: Result, b: Result, words: Words) -> Drawing:
    """Draw the confusion matrix of B minus that of A.

    Raises:
        FigureError: a run has none, or they have different classes.
    """
    return finished(confusion_chart(a, b, words), f"{a.lab}-compare-confusion-{words.language}")


@charted
def curves_chart(a: Result, b: Result, words: Words) -> Chart:
    """Return the chart of `curves` before it becomes SVG.

    Raises:
        FigureError: one run alone is a cross-validation.
        MissingValueError: a run lacks the training that the curves are of.
    """
    folds = [any(fit.role == "fold" for fit in result.findings.trainings) for result in (a, b)]
    if folds[0] != folds[1]:
        raise FigureError("one run is a cross-validation, the other is none")
    try:
        turns = _turns(a, b, folds=folds[0])
        measures: list[Measurement] = ["mae"] if folds[0] else ["loss"]
        if not folds[0] and all("val_accuracy" in analysis.trainings(one, "selection")[0].history for one in (a, b)):
            measures.append("accuracy")
        figure = sheet(160, 62) if len(measures) > 1 else sheet(130, 66)
        columns: Columns = {}
        texts: list[str] = []
        for place, measure in enumerate(measures):
            where = panel(figure, 8 + 81 * place, 9, 52, 42) if len(measures) > 1 else panel(figure, 9, 9, 96, 46)
            text, found = _panel(where, (a, b), turns, words, measure)
            texts.append(text)
            columns |= found
    except (MissingValueError, NoValidationError) as error:
        raise FigureError(f"the curves can't be drawn: {error}") from error
    marks = words("compare.alt_marks", a=turns[0].best_epoch, b=turns[1].best_epoch)
    heads, rows = epoch_table(words, _filled(columns, words), *(turn.best_epoch for turn in turns))
    return Chart(figure=figure, alt=sentences(words, *texts, marks), columns=heads, rows=rows)


@charted
def confusion_chart(a: Result, b: Result, words: Words) -> Chart:
    """Return the chart of `confusion_difference` before it becomes SVG.

    Raises:
        FigureError: a run has no confusion matrix, or the runs have different classes.
    """
    before, after = (numpy.array(confusing(result).confusion, dtype=float) for result in (a, b))
    if before.shape != after.shape or before.sum() == 0:
        raise FigureError("the runs have different classes")
    names = class_names(a, words, len(before))
    labels = shades.Labels.of(names)
    difference = after - before
    shares = difference / numpy.maximum(before.sum(axis=1, keepdims=True), 1)
    left, top, side = labels.width + 8, labels.height + 4, labels.side
    figure = sheet(left + side + 28, top + side + 4)
    axes = panel(figure, left, top, side, side, grid=False)
    reach = max(float(numpy.abs(shares).max()), 1e-9)
    # The root makes a change of a single sample visible beside one of fifty.
    scaled = numpy.sign(shares) * numpy.sqrt(numpy.abs(shares) / reach) * STRONGEST
    shades.cells(axes, numpy.maximum(-scaled, 0), palette.PAPER_A)
    shades.cells(axes, numpy.maximum(scaled, 0), palette.PAPER_B)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(palette.RULE)
    labels.write(axes, words)
    axes.set_ylabel(words("figures.true_class"), color=palette.INK, labelpad=3)
    if labels.few:
        for (row, column), count in numpy.ndenumerate(difference):
            if count:
                dark = abs(scaled[row, column]) > 0.6
                colour = palette.PAPER if dark else palette.PAPER_INK
                axes.text(column, row, _signed(count), ha="center", va="center_baseline", color=colour)
    _key(panel(figure, figure.get_size_inches()[0] * 25.4 - 25, 14, 3, 28, grid=False), words)
    cells = sorted(
        ((-abs(float(count)), row, column) for (row, column), count in numpy.ndenumerate(difference) if count)
    )
    listed = [(names[i], names[j], int(before[i, j]), int(after[i, j])) for _, i, j in cells]
    return Chart(
        figure=figure,
        alt=sentences(
            words,
            words(
                "compare.alt_confusion",
                classes=len(names),
                samples=numbers.integer(before.sum()),
                right_a=numbers.integer(numpy.trace(before)),
                right_b=numbers.integer(numpy.trace(after)),
                cells=len(cells),
            ),
            *[
                words("compare.alt_cell", true=true, predicted=said, a=numbers.integer(was), b=numbers.integer(now))
                for true, said, was, now in listed[:1]
            ],
        ),
        columns=tuple(words(f"compare.head_{head}") for head in ("true", "predicted", "count_a", "count_b")),
        rows=tuple((true, said, numbers.integer(was), numbers.integer(now)) for true, said, was, now in listed[:20]),
    )


def _turns(a: Result, b: Result, *, folds: bool) -> tuple[Turn, Turn]:
    turn = analysis.smoothed_turn if folds else analysis.turn
    return turn(a), turn(b)


def _panel(
    axes: Axes, pair: tuple[Result, Result], turns: tuple[Turn, Turn], words: Words, measure: Measurement
) -> tuple[str, Columns]:
    """Draw one measure of both versions; return the sentence about it and its columns."""
    scale = 100.0 if measure == "accuracy" else 1.0
    form: Formatter = {"loss": plain(3), "accuracy": share, "mae": plain(2)}[measure]
    ends: list[tuple[float, str, str]] = []
    everything: list[float] = []
    columns: Columns = {}
    courses: list[str] = []
    longest = 0
    what = words("figures.validation_mae" if measure == "mae" else f"figures.validation_{measure}")
    for side, result, look in zip("AB", pair, (LOOK_A, LOOK_B), strict=True):
        first, validation = _validation(result, measure)
        drawn = [(first, validation, look, words("compare.figure_validation", side=side))]
        if measure != "mae":
            training = history(result, "selection", measure)
            drawn.append((1, training, replace(look, width=THIN), words("compare.figure_training", side=side)))
        for start, curve, style, label in drawn:
            draw_curve(axes, curve, style, first=start, scale=scale)
            ends.append((scale * curve.mean[-1], label, look.colour))
            everything += [scale * value for value in (*curve.mean, *curve.low, *curve.high)]
            longest = max(longest, start + len(curve.mean) - 1)
        columns[f"{side}: {what}"] = ((nan,) * (first - 1) + validation.mean, form)
        courses.append(course(words, what, validation.mean, form, lowest=measure != "accuracy"))
    epoch_axis(axes, longest)
    value_axis(axes, everything, origin=0.0 if measure == "loss" else None, top=100 if measure == "accuracy" else None)
    _mark_epochs(axes, turns, words)
    unit = {"loss": "loss", "accuracy": "accuracy_percent", "mae": "validation_mae_unit"}[measure]
    name_axes(axes, words("figures.epoch"), words(f"figures.{unit}"), lift=NAME_LIFT)
    label_ends(axes, ends)
    said = words("compare.alt_curves", measure=what, course_a=courses[0], course_b=courses[1])
    return said[:1].upper() + said[1:], columns


def _filled(columns: Columns, words: Words) -> Columns:
    """Make all columns as long as the longest: where a version has no value, the table has a dash."""
    longest = max(len(values) for values, _ in columns.values())

    def or_dash(form: Formatter) -> Formatter:
        return lambda value: words("compare.none_cell") if isnan(value) else form(value)

    return {
        name: (tuple(values) + (nan,) * (longest - len(values)), or_dash(form))
        for name, (values, form) in columns.items()
    }


def _validation(result: Result, measure: Measurement) -> tuple[int, Curve]:
    """Return the validation curve, and the epoch of its first value."""
    if measure != "mae":
        return 1, history(result, "selection", f"val_{measure}")
    dropped, mean = analysis.smoothed_curve(result)
    seeds = sorted({fit.seed for fit in result.findings.trainings if fit.role == "fold" and fit.seed is not None})
    single = [analysis.smoothed_curve(analysis.only_seed(result, seed))[1] for seed in seeds]
    return dropped + 1, bundle(single, mean)


def _mark_epochs(axes: Axes, turns: tuple[Turn, Turn], words: Words) -> None:
    """Mark the best epoch of each version by a line in its colour, with labels that keep clear of each other."""
    epoch_a, epoch_b = (turn.best_epoch for turn in turns)
    for epoch, look in ((epoch_a, LOOK_A), (epoch_b, LOOK_B)):
        axes.axvline(epoch, color=look.colour, linewidth=0.7, linestyle=look.pattern, zorder=1)
    left, right = axes.get_xlim()
    if epoch_a == epoch_b:
        middle = 0.25 < (epoch_a - left) / (right - left) < 0.75
        text = words("compare.figure_mark_both", epoch=epoch_a)
        anchor: Literal["left", "center", "right"] = "center"
        if not middle:
            anchor = "left" if epoch_a - left < right - epoch_a else "right"
        write_above(axes, epoch_a, text, palette.INK, anchor=anchor)
        return
    for epoch, other, key, look in ((epoch_a, epoch_b, "a", LOOK_A), (epoch_b, epoch_a, "b", LOOK_B)):
        text = words(f"compare.figure_mark_{key}", epoch=epoch)
        write_above(axes, epoch, text, look.colour, anchor="right" if epoch < other else "left")


def _key(axes: Axes, words: Words) -> None:
    """Draw what the two colours mean."""
    shades.scale(axes, palette.PAPER_A, start=0.5, end=0.0, strongest=STRONGEST)
    shades.scale(axes, palette.PAPER_B, start=0.5, end=1.0, strongest=STRONGEST)
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.tick_params(length=0, pad=3)
    axes.set_yticks([0.04, 0.96], [words("compare.figure_more_a"), words("compare.figure_more_b")])
    axes.spines["bottom"].set_visible(False)


def _signed(count: float) -> str:
    return ("+" if count > 0 else "") + numbers.integer(count)
