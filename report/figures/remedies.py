"""Networks beside one base network: their validation curves over its own, and what each gains on the test set."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullFormatter

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.figures import palette
from labreport.report.figures.axes import Curve, CurveLook, draw_curve, epoch_axis, history, number_axis, value_axis
from labreport.report.figures.drawing import Chart
from labreport.report.figures.style import TEXT_SIZE, charted, name_axes, panel, sheet
from labreport.report.figures.wording import epoch_table, joined, plain, seeds_sentence, sentences
from labreport.report.findings import analysis
from labreport.report.findings.claims.remedies import CROSS_ENTROPY
from labreport.report.findings.gains import BASE, Gain, gains
from labreport.report.words import Words

BESIDE = CurveLook(colour=palette.BASELINE, width=1.1, pattern=(0, (3, 1.5)))
OWN = CurveLook(colour=palette.VALIDATION, width=1.7)
ACROSS = 3
"""Panels in a row."""
ROW = 41.0
"""Millimetres from one row of panels to the next."""
LINE = 6.5
"""Millimetres from one network to the next."""


@figure()
@charted
def remedies(result: Result, words: Words) -> Chart:
    """Draw the validation cross-entropy of each network over that of the base network, a panel for each.

    Raises:
        MissingValueError: the run has no base network, or no other one.
    """
    key = f"val_{CROSS_ENTROPY}"
    base = history(result, BASE, key)
    curves = {one.role: history(result, one.role, key) for one in gains(result)}
    down = -(-len(curves) // ACROSS)
    figure = sheet(160, 12 + ROW * down)
    everything = [value for curve in (base, *curves.values()) for value in (*curve.mean, *curve.low, *curve.high)]
    for place, (role, curve) in enumerate(curves.items()):
        axes = panel(figure, 10 + 52 * (place % ACROSS), 9 + ROW * (place // ACROSS), 43, 27)
        draw_curve(axes, base, BESIDE)
        draw_curve(axes, curve, OWN)
        epoch_axis(axes, len(base.mean))
        value_axis(axes, everything)
        if place % ACROSS:
            axes.yaxis.set_major_formatter(NullFormatter())
        last_row = place // ACROSS == down - 1
        name_axes(axes, words("figures.epoch") if last_row else "", _name(role, words))
    names = {_name(role, words): (curve.mean, plain(3)) for role, curve in curves.items()}
    columns, rows = epoch_table(words, {_name(BASE, words): (base.mean, plain(3)), **names})
    said = [_course(_name(role, words), curve, words) for role, curve in {BASE: base, **curves}.items()]
    seeds = len(analysis.curves(result, BASE, key))
    alt = sentences(words, words("figures.alt_remedies"), joined(words, said), seeds_sentence(words, seeds))
    return Chart(figure=figure, alt=alt, columns=columns, rows=rows)


@figure("gains")
@charted
def gained(result: Result, words: Words) -> Chart:
    """Draw how far the test accuracy of each network lies from that of the base network, with its interval.

    Raises:
        MissingValueError: the run has no base network, no other one, or not what a comparison needs.
    """
    found = gains(result)
    figure = sheet(160, 22 + LINE * len(found))
    axes = panel(figure, 48, 6, 106, LINE * len(found) + 2, grid=False)
    reached = [end for one in found for end in _ends(one)]
    _points_axis(axes, reached)
    axes.axvline(0, color=palette.BASELINE, linewidth=1.0, linestyle=(0, (3, 1.5)), zorder=1)
    for place, one in enumerate(found):
        low, high = _ends(one)
        axes.plot([low, high], [place, place], color=palette.VALIDATION, linewidth=1.2, zorder=2)
        axes.plot(
            [100 * one.found.difference],
            [place],
            "o",
            markersize=5.5,
            color=palette.VALIDATION,
            markerfacecolor=palette.VALIDATION if one.ahead is not None else "none",
            zorder=3,
        )
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.yaxis.set_major_locator(FixedLocator(range(len(found))))
    axes.set_yticklabels([_name(one.role, words) for one in found], color=palette.INK, fontsize=TEXT_SIZE)
    name_axes(axes, words("figures.gain_points"), "")
    rows = tuple(
        (
            _name(one.role, words),
            numbers.signed(100 * one.found.difference, 2),
            *(numbers.signed(end, 2) for end in _ends(one)),
            words(f"figures.gain_{_verdict(one)}"),
        )
        for one in found
    )
    heads = ("network", "gain_points", "interval_low", "interval_high", "beyond_chance")
    said = [words("figures.gain_of", name=row[0], gain=row[1], low=row[2], high=row[3]) for row in rows]
    alt = sentences(words, words("figures.alt_gains", networks=len(found)), joined(words, said))
    return Chart(figure=figure, alt=alt, columns=tuple(words(f"figures.{head}") for head in heads), rows=rows)


def _points_axis(axes: Axes, values: list[float]) -> None:
    low, high = min(0.0, *values), max(0.0, *values)
    margin = 0.06 * (high - low or 1.0)
    axes.set_xlim(low - margin, high + margin)
    step = next(size for size in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if (high - low or 1.0) / size <= 8)
    number_axis(axes, "x", step)


def _ends(one: Gain) -> tuple[float, float]:
    """Return the ends of the interval in percentage points; both the value itself where there is no interval."""
    reach = one.reach or 0.0
    return 100 * (one.found.difference - reach), 100 * (one.found.difference + reach)


def _verdict(one: Gain) -> str:
    return "unknown" if one.ahead is None else "ahead" if one.ahead else "behind"


def _course(name: str, curve: Curve, words: Words) -> str:
    lowest = min(curve.mean)
    return words(
        "figures.course_remedy",
        name=name,
        lowest=plain(3)(lowest),
        epoch=curve.mean.index(lowest) + 1,
        last=plain(3)(curve.mean[-1]),
        epochs=len(curve.mean),
    )


def _name(role: str, words: Words) -> str:
    return words.get(f"tables.beside_{role}", role)
