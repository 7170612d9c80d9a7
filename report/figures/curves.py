"""Curves over the epochs of a training: loss and accuracy, two label encodings, two widths of a layer."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import (
    TRAINING,
    VALIDATION,
    Curve,
    CurveLook,
    draw_curve,
    epoch_axis,
    history,
    label_ends,
    mark_epoch,
    value_axis,
)
from labreport.report.figures.drawing import Chart
from labreport.report.figures.style import charted, name_axes, panel, sheet
from labreport.report.figures.wording import (
    Columns,
    course,
    epoch_table,
    flat_sentence,
    joined,
    plain,
    seeds_sentence,
    sentences,
    share,
)
from labreport.report.findings import analysis
from labreport.report.words import Words

NAME_LIFT = 12.0
"""Points between a panel and the name above it, which leave a line for the mark of the epoch."""


@figure()
@charted
def curves(result: Result, words: Words) -> Chart:
    """Draw loss and accuracy of the training with validation side by side, over the same epochs.

    Raises:
        MissingValueError: the run has no training with validation, or its history lacks loss or accuracy.
    """
    figure = sheet(160, 62)
    loss_text, loss_columns = _panel(panel(figure, 8, 9, 53, 42), result, words, "loss")
    accuracy_text, accuracy_columns = _panel(panel(figure, 90, 9, 53, 42), result, words, "accuracy")
    figure.axes[1].sharex(figure.axes[0])
    return _chart(result, words, figure, (loss_text, accuracy_text), {**loss_columns, **accuracy_columns})


@figure()
@charted
def loss(result: Result, words: Words) -> Chart:
    """Draw training and validation loss of the training with validation.

    Raises:
        MissingValueError: the run has no training with a validation loss.
    """
    return _single(result, words, "loss")


@figure()
@charted
def accuracy(result: Result, words: Words) -> Chart:
    """Draw training and validation accuracy of the training with validation.

    Raises:
        MissingValueError: the run has no training with a validation accuracy.
    """
    return _single(result, words, "accuracy")


@figure()
@charted
def encodings(result: Result, words: Words) -> Chart:
    """Draw the training loss with one-hot labels and, as rings on it, with integer labels.

    Raises:
        MissingValueError: the run lacks a training with one of the two encodings.
    """
    sparse = history(result, "sparse", "loss")
    # With another loss than cross-entropy, a training of its own serves the comparison.
    role = "one-hot" if any(fit.role == "one-hot" for fit in result.findings.trainings) else "selection"
    one_hot = history(result, role, "loss", len(sparse.mean))
    epochs = len(one_hot.mean)
    figure = sheet(110, 58)
    axes = panel(figure, 9, 7, 70, 40)
    draw_curve(axes, one_hot, TRAINING)
    draw_curve(axes, sparse, CurveLook(colour=palette.VALIDATION, width=0, marker="s", hollow=True))
    epoch_axis(axes, epochs)
    value_axis(axes, (*one_hot.mean, *one_hot.high, *sparse.mean), origin=0.0)
    name_axes(axes, words("figures.epoch"), words("figures.training_loss"))
    keys = "figures.one_hot_labels", "figures.integer_labels"
    ends = zip((one_hot, sparse), map(words.stacked, keys), (palette.TRAINING, palette.VALIDATION), strict=True)
    label_ends(axes, [(curve.mean[-1], label, colour) for curve, label, colour in ends])
    names = words(keys[0]), words(keys[1])
    form = plain(3)
    columns, rows = epoch_table(words, {names[0]: (one_hot.mean, plain(5)), names[1]: (sparse.mean, plain(5))})
    difference = max(abs(a - b) for a, b in zip(one_hot.mean, sparse.mean, strict=False))
    return Chart(
        figure=figure,
        alt=words(
            "figures.alt_encodings" if difference else "figures.alt_encodings_equal",
            epochs=epochs,
            first=form(one_hot.mean[0]),
            last=form(one_hot.mean[-1]),
            difference=numbers.number(difference),
        ),
        columns=columns,
        rows=rows,
    )


@figure()
@charted
def bottleneck(result: Result, words: Words) -> Chart:
    """Draw the validation accuracy of the usual network and of the one with a narrow middle layer.

    Raises:
        MissingValueError: the run lacks one of the two trainings.
    """
    wide = history(result, "selection", "val_accuracy")
    narrow = history(result, "bottleneck", "val_accuracy")
    figure = sheet(120, 62)
    axes = panel(figure, 8, 7, 80, 44)
    draw_curve(axes, wide, VALIDATION, scale=100)
    draw_curve(
        axes, narrow, CurveLook(colour=palette.VALIDATION, width=0.9, pattern=(0, (3, 1.5)), marker="s"), scale=100
    )
    for role, curve in (("selection", wide), ("bottleneck", narrow)):
        best = analysis.turn(result, role).best_epoch
        height = 100 * curve.mean[best - 1]
        axes.plot([best], [height], "o", zorder=5, markersize=6.5, markerfacecolor="none", color=palette.VALIDATION)
    epoch_axis(axes, max(len(wide.mean), len(narrow.mean)))
    everything = [100 * value for curve in (wide, narrow) for value in (*curve.mean, *curve.low, *curve.high)]
    value_axis(axes, everything, top=100)
    name_axes(axes, words("figures.epoch"), words("figures.validation_accuracy_percent"))
    units = [int(analysis.setting(result, key)) for key in ("units", "bottleneck_units")]
    names = [words("figures.middle_units", units=unit) for unit in units]
    labels = [words.stacked("figures.middle_units", units=unit) for unit in units]
    label_ends(axes, [(100 * c.mean[-1], n, palette.VALIDATION) for c, n in zip((wide, narrow), labels, strict=True)])
    said = [words("figures.accuracy_with_units", units=unit) for unit in units]
    clauses = [course(words, n, c.mean, share, lowest=False) for c, n in zip((wide, narrow), said, strict=True)]
    columns, rows = epoch_table(words, {names[0]: (wide.mean, share), names[1]: (narrow.mean, share)})
    return Chart(
        figure=figure,
        alt=sentences(words, words("figures.alt_bottleneck"), joined(words, clauses)),
        columns=columns,
        rows=rows,
    )


def _panel(axes: Axes, result: Result, words: Words, kind: str) -> tuple[str, Columns]:
    """Draw one measure of training and validation; return the sentence about it and its columns."""
    training = history(result, analysis.shown_role(result), kind)
    validation = history(result, analysis.shown_role(result), f"val_{kind}")
    scale, form = (1.0, plain(3)) if kind == "loss" else (100.0, share)
    for curve, look in ((training, TRAINING), (validation, VALIDATION)):
        draw_curve(axes, curve, look, scale=scale)
    epoch_axis(axes, len(training.mean))
    everything = [value * scale for curve in (training, validation) for value in _extent(curve)]
    if kind == "loss":
        value_axis(axes, everything, origin=0.0)
    else:
        value_axis(axes, everything, top=100)
    turn = analysis.turn(result)
    if turn.overfits:
        value = scale * validation.mean[turn.best_epoch - 1]
        mark_epoch(axes, words, turn.best_epoch, value=value, flat=turn.flat)
    unit = words("figures.loss") if kind == "loss" else words("figures.accuracy_percent")
    name_axes(axes, words("figures.epoch"), unit, lift=NAME_LIFT if turn.overfits else 4.0)
    ends = [
        (scale * training.mean[-1], words.stacked("figures.training"), palette.TRAINING),
        (scale * validation.mean[-1], words.stacked("figures.validation"), palette.VALIDATION),
    ]
    label_ends(axes, ends)
    names = words(f"figures.training_{kind}"), words(f"figures.validation_{kind}")
    pairs = zip(names, (training, validation), strict=True)
    clauses = [course(words, name, curve.mean, form, lowest=kind == "loss") for name, curve in pairs]
    return joined(words, clauses), {names[0]: (training.mean, form), names[1]: (validation.mean, form)}


def _extent(curve: Curve) -> tuple[float, ...]:
    return (*curve.mean, *curve.low, *curve.high)


def _single(result: Result, words: Words, kind: str) -> Chart:
    figure = sheet(120, 66)
    text, columns = _panel(panel(figure, 8, 9, 93, 46), result, words, kind)
    return _chart(result, words, figure, (text,), columns)


def _chart(result: Result, words: Words, figure: Figure, texts: tuple[str, ...], columns: Columns) -> Chart:
    turn = analysis.turn(result)
    mark = words("figures.alt_mark", epoch=turn.best_epoch) if turn.overfits else words("figures.alt_no_mark")
    heads, rows = epoch_table(words, columns, turn.best_epoch)
    return Chart(
        figure=figure,
        alt=sentences(words, *texts, mark, flat_sentence(words, turn), seeds_sentence(words, len(turn.per_seed))),
        columns=heads,
        rows=rows,
    )
