"""Figures of what a trained network says about the test set: probabilities, and predicted against true values."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.ticker import FixedLocator, FuncFormatter

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import count_axis, label_ends, number_axis, write_above
from labreport.report.figures.drawing import Chart, FigureError
from labreport.report.figures.style import charted, name_axes, panel, sheet
from labreport.report.figures.wording import display_name, plain, sentences
from labreport.report.words import Words

MOST_POINTS = 500
"""Points that a scatter shows at most; of more, evenly spaced ones are taken."""


@figure()
@charted
def probabilities(result: Result, words: Words) -> Chart:
    """Draw how many test samples got which predicted probability.

    Raises:
        FigureError: the run records no histogram of probabilities.
    """
    said = next((item for item in result.findings.predictions if item.histogram), None)
    if said is None:
        raise FigureError("the run records no histogram of probabilities")
    counts, edges = said.histogram, said.histogram_edges
    figure = sheet(120, 60)
    axes = panel(figure, 11, 7, 106, 39)
    bins = list(zip(pairwise(edges), counts, strict=True))
    widths = [right - left for left, right in pairwise(edges)]
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    axes.bar(middles, counts, [0.92 * width for width in widths], color=palette.TEST)
    axes.set_xlim(edges[0], edges[-1])
    axes.xaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(value, 2).rstrip("0").rstrip(".")))
    count_axis(axes, "y")
    axes.axvline(0.5, color=palette.GREY, linewidth=0.7, linestyle=(0, (3, 2)))
    names = result.findings.data.class_names if result.findings.data else ()
    if len(names) == 2:
        low, high = (display_name(words, name) for name in names)
        write_above(axes, 0.5, f"← {low}", palette.GREY, anchor="right", shift=-4)
        write_above(axes, 0.5, f"{high} →", palette.GREY, anchor="left", shift=4)
        label = words("figures.probability_of", name=high)
    else:
        label = words("figures.probability")
    name_axes(axes, label, words("figures.test_samples"))
    total = max(sum(counts), 1)
    unsure = sum(count for (left, right), count in bins if left >= 0.399 and right <= 0.601)
    return Chart(
        figure=figure,
        alt=words(
            "figures.alt_probabilities",
            samples=numbers.integer(total),
            low=numbers.percent(counts[0] / total),
            low_edge=plain(2)(edges[1]),
            high=numbers.percent(counts[-1] / total),
            high_edge=plain(2)(edges[-2]),
            unsure=numbers.percent(unsure / total),
        ),
        columns=(words("figures.probability"), words("figures.test_samples")),
        rows=tuple((f"{plain(2)(left)}–{plain(2)(right)}", numbers.integer(count)) for (left, right), count in bins),
    )


@figure()
@charted
def predicted_true(result: Result, words: Words) -> Chart:
    """Draw the predicted against the true value of each test sample, with the line on which both agree.

    Raises:
        FigureError: the run records no true and predicted values.
    """
    said = next((item for item in result.findings.predictions if item.true_values), None)
    if said is None or len(said.true_values) != len(said.predicted_values):
        raise FigureError("the run records no true and predicted values")
    pairs = list(zip(said.true_values, said.predicted_values, strict=True))
    error = sum(abs(true - given) for true, given in pairs) / len(pairs)
    shown = [pairs[i * len(pairs) // MOST_POINTS] for i in range(MOST_POINTS)] if len(pairs) > MOST_POINTS else pairs
    low = min(0.0, *(min(pair) for pair in shown))
    high = max(max(pair) for pair in shown) * 1.04
    figure = sheet(116, 96)
    axes = panel(figure, 11, 7, 77, 77)
    axes.grid(axis="x", clip_on=False)
    axes.plot([low, high], [low, high], color=palette.BASELINE, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    axes.plot(
        [true for true, _ in shown],
        [given for _, given in shown],
        "o",
        color=palette.TEST,
        alpha=0.75,
        markersize=3.6,
        markeredgewidth=0,
    )
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000) if (high - low) / size <= 6)
    number_axis(axes, "x", step)
    number_axis(axes, "y", step)
    name_axes(axes, words("figures.true_price"), words("figures.predicted_price"))
    label_ends(axes, [(high, words.stacked("figures.predicted_is_true"), palette.GREY)])
    form = plain(1)
    return Chart(
        figure=figure,
        alt=sentences(
            words,
            words(
                "figures.alt_predicted_true",
                samples=numbers.integer(len(pairs)),
                low=form(min(true for true, _ in pairs)),
                high=form(max(true for true, _ in pairs)),
                error=plain(2)(error),
                above=numbers.integer(sum(given > true for true, given in pairs)),
            ),
            words("figures.alt_points_shown", shown=numbers.integer(len(shown))) if len(shown) < len(pairs) else "",
        ),
        columns=(words("figures.true_price"), words("figures.predicted_price")),
        rows=tuple((form(true), form(given)) for true, given in shown[:120]),
    )
