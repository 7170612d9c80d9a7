"""What the template of the trend places: texts and places that are ready."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from labreport.report.store.entries import Stored
from labreport.report.trend.chart import Drawn
from labreport.report.trend.history import Group


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run in the table of its group."""

    id: str
    css_class: str
    run: Stored
    date: str
    commit: str
    link: str | None
    cells: tuple[str, ...]
    """One for each chart; empty where the run has no such value."""
    failure: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A chart with its words."""

    id: str
    title: str
    colour: str
    drawn: Drawn
    latest: str
    notes: tuple[tuple[str, Markup], ...]
    """Class of the machine, and a sentence for each change."""


@dataclass(frozen=True, kw_only=True)
class PlacedGroup:
    """A group with everything to be placed."""

    id: str
    css_class: str
    group: Group
    marks: tuple[tuple[str, bool], ...]
    """Profile, data and settings; and whether it is one to beware of."""
    plots: tuple[Plot, ...]
    rows: tuple[RunRow, ...]
    dates: tuple[str, ...]
    """Dates of the first, the middle and the last run."""
    failed: tuple[tuple[str, RunRow], ...]
    """Where each run stands that did not finish."""


@dataclass(frozen=True, kw_only=True)
class NewsItem:
    """One metric that changed."""

    target: str
    title: str
    better: bool
    sentence: Markup


@dataclass(frozen=True, kw_only=True)
class News:
    """What changed with one run: an entry of the list at the top."""

    css_class: str
    date: str
    lab: str
    remarks: tuple[str, ...]
    """What to beware of, the machine where there are several, and the commits."""
    items: tuple[NewsItem, ...]
