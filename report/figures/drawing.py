"""What a figure is once it is drawn, and the error of one that can't be.

Matplotlib is loaded where something is drawn: a report whose figures were drawn before does without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from labreport.report.document import Column, escape
from labreport.report.errors import RenderingError
from labreport.report.figures.svg import cleaned

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MM_PER_INCH = 25.4
_NUMBER = re.compile(r"[<\d.\u202f\u2212–%×⁻⁰-⁹ ]*|NaN|−?∞")


class Listed(TypedDict):
    """Columns and rows, as a Drawing takes them."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


class FigureError(RenderingError):
    """A figure can't be drawn: no such figure, or the run lacks what it shows."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A finished figure."""

    svg: str
    """Self-contained SVG without style attributes; text is text in the families of the report."""
    alt: str
    """What there is to see, in the report's language, with its numbers."""
    width_mm: float
    height_mm: float
    columns: tuple[Column, ...] = ()
    """Heads of the table of data behind the figure; empty where there are no data to list."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Its cells, as inline Markdown."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure of Matplotlib before it becomes SVG, so that its axes can still be looked at."""

    figure: Figure
    alt: str
    columns: tuple[str, ...] = ()
    """Titles of the columns of its data."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Its data as plain text."""


def finished(chart: Chart, prefix: str) -> Drawing:
    """Return the chart as a Drawing.

    Args:
        chart: made under `style.charted`.
        prefix: begins each id in the SVG, so that several figures can stand in one page.
    """
    from labreport.report.figures.style import saved

    width, height = (float(inches) * MM_PER_INCH for inches in chart.figure.get_size_inches())
    return Drawing(
        svg=cleaned(saved(chart.figure), re.sub(r"[^a-z0-9]+", "-", prefix.lower()), width, height),
        alt=chart.alt,
        width_mm=round(width, 2),
        height_mm=round(height, 2),
        **listed(chart.columns, chart.rows),
    )


def listed(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Listed:
    """Return columns and rows of a table of data; columns that hold numbers only are set as numbers."""
    cells = list(zip(*rows, strict=True)) or [()] * len(titles)
    return {
        "columns": tuple(_column(title, column) for title, column in zip(titles, cells, strict=True)),
        "rows": tuple(tuple(escape(cell) for cell in row) for row in rows),
    }


def _column(title: str, cells: Sequence[str]) -> Column:
    if all(_NUMBER.fullmatch(cell) for cell in cells):
        return Column(title=title, align="right", kind="number")
    return Column(title=title)
