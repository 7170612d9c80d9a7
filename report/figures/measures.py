"""Figures of how good decisions and probabilities are: thresholds, order, calibration, classes of uneven size."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from matplotlib.axes import Axes

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import count_axis, label_ends, number_axis, write_above
from labreport.report.figures.drawing import Chart, FigureError
from labreport.report.figures.style import charted, name_axes, panel, sheet
from labreport.report.figures.wording import class_names, plain, share
from labreport.report.findings import analysis
from labreport.report.words import Words

_DASHED = (0, (3, 1.5))
_LISTED = 20
"""Points of a curve that the table behind a figure lists at most."""


@figure(needs=("series.thresholds",))
@charted
def thresholds(result: Result, words: Words) -> Chart:
    """Draw precision, recall and F1 over the threshold, with one half and the chosen threshold marked."""
    at = analysis.series(result, "thresholds")
    curves = {name: analysis.series(result, f"threshold_{name}") for name in ("precision", "recall", "f1")}
    chosen = analysis.measure(result, "threshold").values[0]
    figure = sheet(124, 68)
    axes = panel(figure, 10, 12, 86, 44)
    looks = {"precision": (palette.TRAINING, "-", 1.5), "recall": (palette.VALIDATION, _DASHED, 1.5)}
    for name, values in curves.items():
        colour, pattern, width = looks.get(name, (palette.GREY, (0, (1, 1)), 1.1))
        axes.plot(at, [100 * value for value in values], color=colour, linestyle=pattern, linewidth=width)
    _shares(axes, low=min(value for values in curves.values() for value in values if isfinite(value)))
    axes.set_xlim(0, 1)
    number_axis(axes, "x", 0.2)
    for place, text in ((0.5, words("figures.one_half")), (chosen, words("figures.chosen_threshold"))):
        axes.axvline(place, color=palette.GREY, linewidth=0.7, linestyle=_DASHED, zorder=0)
        write_above(axes, place, text, palette.GREY, anchor="left" if place == max(0.5, chosen) else "right")
    name_axes(axes, words("figures.threshold"), words("figures.share_percent"), lift=13)
    ends = [
        (100 * _last(values), words(f"figures.{name}"), looks.get(name, (palette.GREY,))[0])
        for name, values in curves.items()
    ]
    label_ends(axes, ends)
    places = [_nearest(at, place) for place in (0.5, chosen)]
    half, other = ({name: share(values[place]) for name, values in curves.items()} for place in places)
    steps = range(4, len(at), max(1, len(at) // _LISTED))
    return Chart(
        figure=figure,
        alt=words(
            "figures.alt_thresholds",
            chosen=plain(2)(chosen),
            precision=half["precision"],
            recall=half["recall"],
            f1=half["f1"],
            chosen_precision=other["precision"],
            chosen_recall=other["recall"],
            chosen_f1=other["f1"],
        ),
        columns=(words("figures.threshold"), *(words(f"figures.{name}") for name in curves)),
        rows=tuple((plain(2)(at[step]), *(share(values[step]) for values in curves.values())) for step in steps),
    )


@figure(needs=("series.roc_true_rate", "series.ranked_precision"))
@charted
def ranking(result: Result, words: Words) -> Chart:
    """Draw the ROC curve and the curve of precision over recall, each beside what guessing gives."""
    false_rate, true_rate = (analysis.series(result, f"roc_{name}_rate") for name in ("false", "true"))
    recall, precision = (analysis.series(result, f"ranked_{name}") for name in ("recall", "precision"))
    counts = analysis.series(result, "counts_final")
    positives = (counts[0] + counts[2]) / sum(counts)
    figure = sheet(150, 72)
    left, right = panel(figure, 9, 9, 52, 52), panel(figure, 88, 9, 52, 52)
    _unit_square(left, words("figures.false_positive_rate"), words("figures.true_positive_rate"))
    left.plot([0, 100], [0, 100], color=palette.BASELINE, linewidth=0.9, linestyle=_DASHED)
    left.plot([100 * x for x in false_rate], [100 * y for y in true_rate], color=palette.TEST, linewidth=1.5)
    _unit_square(right, words("figures.recall_percent"), words("figures.precision_percent"))
    right.plot([0, 100], [100 * positives] * 2, color=palette.BASELINE, linewidth=0.9, linestyle=_DASHED)
    right.plot([100 * x for x in recall], [100 * y for y in precision], color=palette.TEST, linewidth=1.5)
    tp, fp, fn, tn = counts
    for axes, x, y in ((left, fp / (fp + tn), tp / (tp + fn)), (right, tp / (tp + fn), tp / (tp + fp))):
        axes.plot([100 * x], [100 * y], "o", markersize=5.5, markerfacecolor="none", color=palette.VALIDATION, zorder=5)
        axes.annotate(
            words("figures.one_half"),
            (100 * x, 100 * y),
            xytext=(7, -9) if axes is left else (-7, -9),
            textcoords="offset points",
            ha="left" if axes is left else "right",
            va="center_baseline",
            color=palette.VALIDATION,
        )
    guess = words("figures.guessing")
    left.annotate(
        guess, (58, 46), ha="left", va="center_baseline", color=palette.GREY, xytext=(4, 0), textcoords="offset points"
    )
    right.annotate(
        guess, (3, 100 * positives), ha="left", color=palette.GREY, xytext=(0, 3), textcoords="offset points"
    )
    area, mean_precision = (analysis.score(result, name).values[0] for name in ("test_auc", "test_ap"))
    steps = range(0, len(recall), max(1, len(recall) // _LISTED))
    heads = ("recall_percent", "precision_percent", "false_positive_rate")
    return Chart(
        figure=figure,
        alt=words("figures.alt_ranking", auc=plain(4)(area), ap=plain(4)(mean_precision), share=share(positives)),
        columns=tuple(words(f"figures.{head}") for head in heads),
        rows=tuple((share(recall[step]), share(precision[step]), share(false_rate[step + 1])) for step in steps),
    )


@figure(needs=("series.reliability_final_said",))
@charted
def calibration(result: Result, words: Words) -> Chart:
    """Draw what happened against what was said, for the stopped network and the one that was trained on."""
    figure = sheet(150, 92)
    heads, rows, errors = ["probability_bin"], [], []
    for place, role in enumerate(("final", "overtrained")):
        samples, said, happened = (analysis.series(result, f"reliability_{role}_{part}") for part in _PARTS)
        axes = panel(figure, 9 + 79 * place, 16, 52, 52)
        _unit_square(axes, "", words("figures.happened_percent") if not place else "")
        axes.plot([0, 100], [0, 100], color=palette.BASELINE, linewidth=0.9, linestyle=_DASHED)
        used = [(100 * x, 100 * y) for count, x, y in zip(samples, said, happened, strict=True) if count]
        axes.plot([x for x, _ in used], [y for _, y in used], "-o", color=palette.TEST, linewidth=1.2, markersize=3.6)
        axes.set_xticklabels([])
        axes.set_title(words(f"figures.network_{role}"), fontsize=8, loc="right", pad=17)
        below = panel(figure, 9 + 79 * place, 72, 52, 10, grid=False)
        edges = [100 * step / len(samples) for step in range(len(samples) + 1)]
        below.bar(edges[:-1], samples, [0.92 * (b - a) for a, b in pairwise(edges)], align="edge", color=palette.GREY)
        below.set_xlim(0, 100)
        number_axis(below, "x", 25)
        count_axis(below, "y")
        below.set_yticks([max(samples)], [numbers.integer(max(samples))])
        name_axes(below, words("figures.said_percent"), "")
        errors.append(analysis.score(result, "test_ece" if role == "final" else f"test_ece_{role}").values[0])
        rows.append([(numbers.integer(n), share(x), share(y)) for n, x, y in zip(samples, said, happened, strict=True)])
        heads += ["test_samples", "said_percent", "happened_percent"]
    bins = len(rows[0])
    names = [f"{plain(2)(step / bins)}–{plain(2)((step + 1) / bins)}" for step in range(bins)]
    return Chart(
        figure=figure,
        alt=words("figures.alt_calibration", bins=bins, ece=share(errors[0]), ece_trained_on=share(errors[1])),
        columns=tuple(words(f"figures.{head}") for head in heads),
        rows=tuple((name, *one, *other) for name, one, other in zip(names, *rows, strict=True)),
    )


_PARTS = ("samples", "said", "happened")


def _unit_square(axes: Axes, horizontal: str, vertical: str) -> None:
    """Give both axes the percent from 0 to 100."""
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    for which in ("x", "y"):
        number_axis(axes, which, 25)
    axes.grid(axis="x", clip_on=False)
    name_axes(axes, horizontal, vertical)


def _shares(axes: Axes, *, low: float) -> None:
    """Give the vertical axis percent up to 100, from a round number below the least share."""
    axes.set_ylim(10 * int(10 * low), 102)
    number_axis(axes, "y", 10)


def _last(values: Sequence[float]) -> float:
    return next((value for value in reversed(values) if isfinite(value)), 0.0)


def _nearest(places: Sequence[float], wanted: float) -> int:
    return min(range(len(places)), key=lambda place: abs(places[place] - wanted))


@figure("recall-size")
@charted
def recall_size(result: Result, words: Words) -> Chart:
    """Draw the recall of each class over its training samples, of the network as it was and with weights.

    Raises:
        FigureError: the run counts no answers for each class.
    """
    card = result.findings.data
    counted = [said for said in result.findings.predictions if said.confusion]
    if card is None or not counted:
        raise FigureError("the run counts no answers for each class")
    tested = [label for label, row in enumerate(counted[0].confusion) if sum(row)]
    sizes = [max(card.train_class_counts[label], 1) for label in tested]
    recalls = [
        [100 * said.confusion[label][label] / sum(said.confusion[label]) for label in tested] for said in counted[:2]
    ]
    figure = sheet(130, 74)
    axes = panel(figure, 10, 8, 92, 54)
    for rank, values in enumerate(recalls):
        axes.plot(
            sizes,
            values,
            "s" if rank else "o",
            markersize=5.2 if rank else 3.8,
            markeredgewidth=0.8,
            color=palette.VALIDATION if rank else palette.TEST,
            markerfacecolor="none" if rank else palette.TEST,
        )
    axes.set_xscale("log")
    axes.set_xlim(min(sizes) / 1.3, max(sizes) * 1.3)
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300, 1000, 3000, 10000) if min(sizes) / 1.3 <= tick <= max(sizes)]
    axes.set_xticks(ticks, [numbers.integer(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_ylim(-2, 103)
    number_axis(axes, "y", 25)
    name_axes(axes, words("figures.training_samples_log"), words("figures.recall_percent"))
    names = [words("figures.without_weights"), words("figures.with_weights")][: len(recalls)]
    colours = (palette.TEST, palette.VALIDATION)
    for rank, (name, mark) in enumerate(zip(names, ("●", "□"), strict=False)):
        axes.annotate(
            f"{mark} {name}",
            (1, 0),
            xycoords="axes fraction",
            xytext=(4, 24 - 12 * rank),
            textcoords="offset points",
            ha="left",
            color=colours[rank],
            annotation_clip=False,
        )
    titles = class_names(result, words, len(counted[0].confusion))
    order = sorted(range(len(tested)), key=lambda place: -sizes[place])
    return Chart(
        figure=figure,
        alt=words(
            "figures.alt_recall_size",
            classes=len(tested),
            missed=sum(not value for value in recalls[0]),
            weighted=sum(not value for value in recalls[-1]),
        ),
        columns=(words("figures.class"), words("figures.training_samples"), *names),
        rows=tuple(
            (titles[tested[at]], numbers.integer(sizes[at]), *(share(values[at] / 100) for values in recalls))
            for at in order
        ),
    )
