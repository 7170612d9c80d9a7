"""The figure of contributions: a bar for each change, with its interval over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labreport.report.figures import palette
from labreport.report.figures.drawing import Chart, Drawing, finished
from labreport.report.figures.style import TEXT_SIZE, charted, panel, sheet, text_width
from labreport.report.words import Words

_ROW = 7.5
"""Height of a bar with its distance, in millimetres."""
_WIDTH = 150.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One contribution as it is drawn, in the unit of the axis."""

    name: str
    value: float
    low: float | None
    high: float | None
    shown: str
    """The value as a text."""
    strong: bool
    """Whether it is more than chance; such a bar is filled."""


def contributions(bars: Sequence[Bar], axis: str, words: Words, prefix: str) -> Drawing:
    """Draw contributions one below the other, the first at the top.

    Args:
        bars: at least one.
        axis: name of the horizontal axis, with its unit.
        words: texts of the language.
        prefix: begins each id in the SVG.
    """
    return finished(contributions_chart(bars, axis, words), f"{prefix}-contributions-{words.language}")


@charted
def contributions_chart(bars: Sequence[Bar], axis: str, words: Words) -> Chart:
    """Return the chart of `contributions` before it becomes SVG."""
    names = max(text_width(bar.name) for bar in bars)
    left = min(62.0, max(18.0, names + 4))
    height = _ROW * len(bars)
    figure = sheet(_WIDTH, height + 18)
    axes = panel(figure, left, 3, _WIDTH - left - 22, height, grid=False)
    for place, bar in enumerate(bars):
        axes.barh(
            place,
            bar.value,
            height=0.52,
            color=palette.VALIDATION if bar.strong else "none",
            edgecolor=palette.INK,
            linewidth=0.5,
        )
        if bar.low is not None and bar.high is not None:
            axes.plot([bar.low, bar.high], [place, place], color=palette.INK, linewidth=1.0, marker="|", markersize=6)
        axes.annotate(
            bar.shown,
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center_baseline",
            ha="left",
            fontsize=TEXT_SIZE,
        )
    axes.axvline(0, color=palette.INK, linewidth=0.8)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(axis, color=palette.INK)
    lines = [words("compare.explain_alt_bar", name=bar.name, value=bar.shown) for bar in bars]
    return Chart(
        figure=figure,
        alt=words("compare.explain_alt", bars=words("compare.list_separator").join(lines)),
        columns=(words("compare.explain_head_factor"), words("compare.explain_head_contribution")),
        rows=tuple((bar.name, bar.shown) for bar in bars),
    )
