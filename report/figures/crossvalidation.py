"""Figures of K-fold cross-validation: the folds themselves, and the validation error per epoch, raw and smoothed."""

from __future__ import annotations

from labreport.experiments.definitions import figure
from labreport.experiments.result import Fold, Result
from labreport.experiments.selection import smooth
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import (
    TRAINING,
    Curve,
    CurveLook,
    bundle,
    draw_curve,
    epoch_axis,
    label_ends,
    mark_epoch,
    value_axis,
)
from labreport.report.figures.drawing import Chart, Drawing, FigureError
from labreport.report.figures.sketch import Sketch
from labreport.report.figures.style import charted, name_axes, panel, sheet, text_width
from labreport.report.figures.wording import Columns, course, epoch_table, flat_sentence, joined, plain, sentences
from labreport.report.findings import analysis
from labreport.report.words import Words

RAW = CurveLook(colour=palette.VALIDATION, width=0.45)
SMOOTHED = CurveLook(colour=palette.VALIDATION, width=1.7)


@figure()
@charted
def mae(result: Result, words: Words) -> Chart:
    """Draw the validation MAE after the first epochs: raw, smoothed, the span of the folds, and the minimum.

    Raises:
        MissingValueError: the run has no folds with a validation MAE, or a setting of the smoothing is missing.
        NoValidationError: nothing of the curve is finite.
    """
    dropped, smoothed = analysis.smoothed_curve(result)
    raw = analysis.mean_curve(result, "fold", "val_mae")
    turn = analysis.smoothed_turn(result)
    span = bundle([_smoothed(result, curve, dropped) for curve in _fold_curves(result)], smoothed)
    figure = sheet(150, 72)
    axes = panel(figure, 8, 9, 112, 51)
    draw_curve(axes, Curve(mean=raw[dropped:]), RAW, first=dropped + 1)
    draw_curve(axes, span, SMOOTHED, first=dropped + 1)
    epoch_axis(axes, len(raw))
    # The first epochs after the dropped ones may still be far up; they would press the rest flat.
    values = (*raw[dropped:], *span.low, *span.high)
    value_axis(axes, [value for value in values if value <= 2 * turn.best])
    if turn.overfits:
        mark_epoch(axes, words, turn.best_epoch, value=turn.best, flat=turn.flat)
    name_axes(axes, words("figures.epoch"), words("figures.validation_mae_unit"), lift=12.0)
    ends = [
        (smoothed[-1], words.stacked("figures.mean_smoothed"), palette.VALIDATION),
        (raw[-1], words.stacked("figures.mean_raw"), palette.VALIDATION),
    ]
    if span.low:
        ends += [
            (span.high[-1], words.stacked("figures.highest_fold"), palette.GREY),
            (span.low[-1], words.stacked("figures.lowest_fold"), palette.GREY),
        ]
    label_ends(axes, ends)
    form = plain(2)
    mean, middle = words("figures.mean_of_folds"), words("figures.smoothed")
    padding = (float("nan"),) * dropped
    table: Columns = {mean: (raw, form), middle: ((*padding, *smoothed), form)}
    if span.low:
        table[words("figures.lowest_fold")] = ((*padding, *span.low), form)
        table[words("figures.highest_fold")] = ((*padding, *span.high), form)
    columns, rows = epoch_table(words, table, turn.best_epoch)
    return Chart(
        figure=figure,
        alt=sentences(
            words,
            words(
                "figures.alt_mae",
                dropped=dropped,
                best=form(turn.best),
                epoch=turn.best_epoch,
                last=form(turn.last),
                epochs=turn.epochs,
            ),
            flat_sentence(words, turn),
            words("figures.alt_mae_span", low=form(span.low[-1]), high=form(span.high[-1])) if span.low else "",
            words("figures.alt_seeds_mean", seeds=seeds) if (seeds := len(turn.per_seed)) > 1 else "",
        ),
        columns=columns,
        rows=tuple(tuple("" if cell == "NaN" else cell for cell in row) for row in rows),
    )


@figure()
@charted
def mae_raw(result: Result, words: Words) -> Chart:
    """Draw the validation MAE of all epochs, averaged over the folds and not smoothed.

    Raises:
        MissingValueError: the run has no folds with a validation MAE.
    """
    raw = bundle(_fold_curves(result), analysis.mean_curve(result, "fold", "val_mae"))
    figure = sheet(130, 58)
    axes = panel(figure, 8, 7, 108, 40)
    draw_curve(axes, Curve(mean=raw.mean), CurveLook(colour=palette.VALIDATION, width=0.7))
    epoch_axis(axes, len(raw.mean))
    value_axis(axes, raw.mean, origin=0.0)
    name_axes(axes, words("figures.epoch"), words("figures.validation_mae_unit"))
    columns, rows = epoch_table(words, {words("figures.mean_of_folds"): (raw.mean, plain(2))})
    return Chart(
        figure=figure,
        alt=joined(words, [course(words, words("figures.validation_mae"), raw.mean, plain(2), lowest=True)]),
        columns=columns,
        rows=rows,
    )


@figure("mae-both")
@charted
def mae_both(result: Result, words: Words) -> Chart:
    """Draw the training and the validation MAE, both averaged over the folds and smoothed alike.

    Raises:
        MissingValueError: the run has no folds with both errors, or a setting of the smoothing is missing.
        NoValidationError: nothing of the validation curve is finite.
    """
    dropped, validated = analysis.smoothed_curve(result)
    trained = _smoothed(result, analysis.mean_curve(result, "fold", "mae"), dropped)
    turn = analysis.smoothed_turn(result)
    figure = sheet(140, 64)
    axes = panel(figure, 8, 9, 108, 43)
    draw_curve(axes, Curve(mean=validated), SMOOTHED, first=dropped + 1)
    draw_curve(axes, Curve(mean=trained), TRAINING, first=dropped + 1)
    epoch_axis(axes, turn.epochs)
    value_axis(axes, [*validated, *trained], origin=0.0)
    if turn.overfits:
        mark_epoch(axes, words, turn.best_epoch, value=turn.best, flat=turn.flat)
    name_axes(axes, words("figures.epoch"), words("figures.mae_unit"), lift=12.0)
    ends = (("training", trained, palette.TRAINING), ("validation", validated, palette.VALIDATION))
    label_ends(axes, [(curve[-1], words(f"figures.{name}"), colour) for name, curve, colour in ends])
    padding = (float("nan"),) * dropped
    table: Columns = {words(f"figures.{name}_mae"): ((*padding, *curve), plain(2)) for name, curve, _ in ends}
    columns, rows = epoch_table(words, table, turn.best_epoch)
    form, lowest = plain(2), turn.best_epoch - dropped - 1
    return Chart(
        figure=figure,
        alt=words(
            "figures.alt_mae_both",
            dropped=dropped,
            epoch=turn.best_epoch,
            epochs=turn.epochs,
            trained=form(trained[lowest]),
            trained_last=form(trained[-1]),
            validated=form(validated[lowest]),
            validated_last=form(validated[-1]),
        ),
        columns=columns,
        rows=tuple(row for row in rows if "NaN" not in row),
    )


@figure()
def folds(result: Result, words: Words) -> Drawing:
    """Draw each fold as a row of all training samples, its validation part marked.

    Raises:
        FigureError: the run records no folds.
    """
    parts = result.findings.folds
    card = result.findings.data
    if not parts or card is None:
        raise FigureError("the run records no folds")
    total = max(card.train_samples, *(part.validation[1] for part in parts))
    labels = [words("figures.fold", number=part.number) for part in parts]
    left = max(text_width(label) for label in labels) + 3
    width, row, bar = 150.0, 9.0, 6.4
    scale = (width - left - 1) / total
    sketch = Sketch(width, 6 + row * len(parts) + 5)
    sketch.text(left, 4, words("figures.samples_in_order"), colour=palette.GREY)
    for position, part in enumerate(parts):
        _fold_row(sketch, words, part, (left, 6 + row * position, bar), (scale, total))
        sketch.text(0, 6 + row * position + bar / 2, labels[position], middle=True)
    bottom = 6 + row * len(parts) + 1.5
    _ruler(sketch, sorted({0, total, *(edge for part in parts for edge in part.validation)}), (left, scale, bottom))
    sizes = sorted({part.validation_samples for part in parts})
    text = words(
        "figures.alt_folds",
        folds=len(parts),
        samples=numbers.integer(total),
        sizes=words("figures.or").join(numbers.integer(size) for size in sizes),
    )
    heads = ("fold_head", "validation_positions", "training_samples", "validation_samples")
    rows = tuple(
        (
            numbers.integer(part.number),
            f"{numbers.integer(part.validation[0])}–{numbers.integer(part.validation[1] - 1)}",
            numbers.integer(part.train_samples),
            numbers.integer(part.validation_samples),
        )
        for part in parts
    )
    return sketch.finished(text, tuple(words(f"figures.{head}") for head in heads), rows)


def _fold_row(
    sketch: Sketch, words: Words, part: Fold, place: tuple[float, float, float], span: tuple[float, int]
) -> None:
    """Draw one fold; `place` is left, top and height of its bar in mm, `span` mm a sample and all samples."""
    left, top, height = place
    scale, total = span
    first, end = part.validation
    for start, stop in ((0, first), (end, total)):
        if stop > start:
            x, width = left + start * scale, (stop - start) * scale
            sketch.rectangle(x, top, width, height, fill=palette.TRAINING, opacity=0.12)
            label = words("figures.training_part", samples=numbers.integer(stop - start))
            if text_width(label) < width - 2:
                sketch.text(x + width / 2, top + height / 2, label, anchor="middle", middle=True)
    if end > first:
        x, width = left + first * scale, (end - first) * scale
        sketch.rectangle(x, top, width, height, fill=palette.VALIDATION, opacity=0.3, stroke=palette.VALIDATION)
        label = words("figures.validation_part", samples=numbers.integer(end - first))
        short = numbers.integer(end - first)
        text = label if text_width(label, bold=True) < width - 1 else short
        if text_width(text, bold=True) < width - 0.5:
            sketch.text(x + width / 2, top + height / 2, text, anchor="middle", middle=True, bold=True)


def _ruler(sketch: Sketch, edges: list[int], place: tuple[float, float, float]) -> None:
    """Write the positions at which folds begin and end; `place` is left, mm a sample, and top."""
    left, scale, top = place
    free = -1.0
    for edge in edges:
        text = numbers.integer(edge)
        x, half = left + edge * scale, text_width(text) / 2
        last = edge == edges[-1]
        start = x - 2 * half if last else max(left - half, x - half)
        if start > free and (last or x + half < left + edges[-1] * scale - 2 * half - 1):
            sketch.text(start, top + 2.6, text, colour=palette.GREY)
            free = start + 2 * half + 1
        sketch.line(x, top - 1.2, x, top - 0.2, colour=palette.GREY)


def _fold_curves(result: Result) -> list[tuple[float, ...]]:
    """Return the validation MAE of each fold, averaged over the seeds."""
    by_fold: dict[int, list[tuple[float, ...]]] = {}
    for fit in analysis.trainings(result, "fold"):
        if "val_mae" in fit.history:
            by_fold.setdefault(fit.fold or 0, []).append(fit.history["val_mae"])
    return [analysis.mean_of(curves) for _, curves in sorted(by_fold.items())]


def _smoothed(result: Result, curve: tuple[float, ...], dropped: int) -> tuple[float, ...]:
    return smooth(curve, dropped, float(analysis.setting(result, "smoothing_factor")))
