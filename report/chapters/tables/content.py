"""What a table is made of: columns and rows of inline Markdown, and the cells that several tables share.

Words that come from data (decoded reviews, class names) are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labreport.experiments.result import DataCard, Result
from labreport.report import numbers
from labreport.report.document import Column, escape
from labreport.report.errors import RenderingError
from labreport.report.figures import wording
from labreport.report.words import Words

SIDE_BY_SIDE = 20
"""More classes than this are listed in two halves beside each other."""
ONE_PAGE = 52
"""More classes than this are listed below each other: parted by a page's end, halves would read in a wrong order."""


class TableError(RenderingError):
    """A table can't be made: no such table, or the run lacks what it lists."""


@dataclass(frozen=True, kw_only=True)
class TableData:
    """The content of a table; caption and number are added where it is placed."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def numeric(title: str) -> Column:
    """Return the head of a column of numbers."""
    return Column(title=title, align="right", kind="number")


def unit_label(unit: str, words: Words) -> str:
    """Return a unit as readers know it; empty for one that goes without saying."""
    return words.get(f"tables.unit_{unit.replace(' ', '_')}", escape(unit))


def with_unit(title: str, unit: str, words: Words) -> str:
    """Return the title of a column with its unit in brackets."""
    label = unit_label(unit, words)
    return words("tables.with_unit", title=title, unit=label) if label else title


def card_of(result: Result) -> DataCard:
    """Return the data card of a run.

    Raises:
        TableError: the run records none.
    """
    if result.findings.data is None:
        raise TableError("the run records no data card")
    return result.findings.data


def class_names(result: Result, words: Words, classes: int) -> list[str]:
    """Return the names of the first classes of a run as Markdown."""
    return [escape(name) for name in wording.class_names(result, words, classes)]


def class_name(words: Words, names: Sequence[str], label: int) -> str:
    """Return the name of a class as Markdown, translated where it is an ordinary word."""
    if label >= len(names):
        return numbers.integer(label)
    return escape(wording.display_name(words, names[label]))
