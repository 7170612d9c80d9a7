"""The trend as one page without script: everything a template places, computed here.

What makes the page safe and self-contained stands in `rendering.sealed`. Filters are radio buttons that style rules
read; the values of a run appear when its mark is under the pointer or has the focus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from html import unescape
from pathlib import Path

from markupsafe import Markup

from labreport.report import numbers
from labreport.report.document import escape
from labreport.report.figures import palette
from labreport.report.look import Look
from labreport.report.rendering import fonts
from labreport.report.rendering.sealed import sealed
from labreport.report.rendering.typesetter import Typesetter
from labreport.report.store.entries import Entry, Stored
from labreport.report.trend import chart as charts
from labreport.report.trend import links
from labreport.report.trend.change import LEAST_LEVEL, LEAST_RUNS
from labreport.report.trend.chart import value_text, with_spread
from labreport.report.trend.filters import Filter, make_filters, rules
from labreport.report.trend.history import Change, Group, MetricLines, Point, TrendHistory, newest_first
from labreport.report.trend.placed import News, NewsItem, PlacedGroup, Plot, RunRow
from labreport.report.trend.thinning import stretches, thinned
from labreport.report.words import Words

_REPEATED = re.compile(r"<tbody>.*?</tbody>|<a\b[^>]*><use\b[^>]*/><text>.*?</text></a>|<text>.*?</text>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
COLOURS = {"test": palette.TEST, "validation": palette.VALIDATION, "train": palette.TRAINING, "": palette.GREY}
MARKS = 4
"""Kinds of marks by which machines are told apart; a fifth machine takes the first again."""
WIDEST = 38
"""Characters of a line over a chart at most, so that it fits a small screen."""
LATEST_CHANGES = 8
"""Changes listed at the top before the rest is folded away."""


class TrendPage:
    """What the template may ask for.

    Args:
        history: what is shown.
        language: of the page.
        folder: where the page will lie; links to reports start there.
        others: addresses of the page in other languages.
        link: returns the address of a run's report; None for the one that is noted for the run.
        zone: time zone in which times are written.
    """

    def __init__(
        self,
        history: TrendHistory,
        language: str,
        folder: Path,
        others: dict[str, str],
        link: Callable[[Stored], str] | None = None,
        zone: str = "UTC",
    ) -> None:
        self.history = history
        self.zone = zone
        self.language = language
        self.words = Words(language)
        self.language_tag = self.words.record.tag
        self.tags = {other: Words(other).record.tag for other in others}
        self.tongues = {other: Words(other).record.name for other in others}
        self.others = others
        self.unreadable = tuple(map(shippable, history.unreadable))
        self.filters: tuple[Filter, ...] = make_filters(history, self.words)
        self.machines = next(item for item in self.filters if item.name == "machine")
        self._typesetter = Typesetter(language, lambda tex, _display: tex)
        self._folder, self._link = folder, link
        self._ids = {id(run): f"r{number}" for number, run in enumerate(history.runs)}
        self._stretches = stretches(history)
        self.parts = tuple(map(self._part, history.groups))
        self.news = self._all_news()

    least_runs = LEAST_RUNS
    least_level = LEAST_LEVEL
    warm = palette.VALIDATION

    @staticmethod
    def cut(text: str) -> str:
        """Return a line, its end left out where it is too long to stand over a chart."""
        return cut(text)

    @staticmethod
    def shippable(text: str) -> str:
        """Return a text of the outside on one line, with code points for what no font here has."""
        return shippable(text)

    def text(self, key: str, **values: object) -> Markup:
        """Return a text of this page, typeset; values are shown as they are."""
        shown = {name: escape(shippable(str(value))) for name, value in values.items()}
        return self._typesetter.inline(self.words(f"trend.{key}", **shown))

    @property
    def facts(self) -> list[tuple[Markup, str | Markup]]:
        """Return what is shown, in numbers."""
        runs = self.history.runs
        complete = sum(run.entry.status == "complete" for run in runs)
        days = dict.fromkeys(self.day(run.entry.started) for run in (runs[-1], runs[0]))
        period = Markup(" – ").join(Markup("<span>{}</span>").format(day) for day in days)
        return [
            (self.text("runs"), numbers.integer(len(runs))),
            (self.text("unfinished"), numbers.integer(len(runs) - complete)),
            (self.text("labs"), numbers.integer(len({run.entry.lab for run in runs}))),
            (self.text("machines"), numbers.integer(len(self.machines.options))),
            (self.text("period"), period),
            (self.text("changes"), numbers.integer(len(newest_first(self.history)))),
        ]

    def readout(self, run: Stored) -> tuple[str, ...]:
        """Return the lines that tell which run a mark stands for: its id, then commit and machine."""
        entry = run.entry
        several = len(self.machines.options) > 1
        known = (commit_text(entry), shippable(entry.machine) if several else "")
        lines = (shippable(entry.run_id), " · ".join(text for text in known if text))
        return tuple(cut(line) for line in lines if line)

    def value(self, chart: MetricLines, mean: float | None, deviation: float | None) -> str:
        """Return a value with its spread over the seeds."""
        if mean is None:
            return self.words("trend.no_number")
        return value_text(mean, chart.unit) if deviation is None else with_spread(mean, deviation, chart.unit)

    def mark(self, machine: str) -> int:
        """Return the number of the mark of a machine."""
        return self.machines.position(machine) % MARKS

    def machine_class(self, machine: str) -> str:
        """Return the class by which a machine is filtered."""
        return self.machines.class_of(machine)

    def date(self, run: Stored) -> str:
        """Return when a run began, to the minute; the head of a column names the zone."""
        return numbers.minute(run.entry.started, self.zone)

    def moment(self, run: Stored) -> str:
        """Return when a run began, to the minute, where nothing stands round it that names the zone."""
        return numbers.marked_minute(run.entry.started, self.zone)

    def day(self, moment: str) -> str:
        """Return the day of a stored time; in UTC it says so."""
        return numbers.day(moment, self.zone)

    def row_id(self, run: Stored) -> str:
        """Return the id of a run's row."""
        return self._ids[id(run)]

    def _part(self, whole: Group) -> PlacedGroup:
        group, shown = thinned(whole, self._stretches)
        values = [{point.position: point for line in one.lines for point in line.points} for one in group.charts]
        rows = {position: self._row(group.runs[position], position, group, values) for position in shown}
        middle = (len(group.runs) // 2,) if len(group.runs) > 4 else ()
        ends = [group.runs[place] for place in dict.fromkeys((0, *middle, len(group.runs) - 1))]
        return PlacedGroup(
            id=anchor(group),
            css_class=self._classes(group),
            group=group,
            marks=self._marks(group),
            plots=tuple(self._plot(group, chart) for chart in group.charts),
            rows=tuple(reversed(rows.values())),
            dates=tuple(self.day(run.entry.started) for run in ends),
            failed=tuple(
                (charts.x_of(position, len(group.runs)), row) for position, row in rows.items() if row.failure
            ),
        )

    def _classes(self, group: Group) -> str:
        asked = [item.class_of(item.value_of(group)) for item in self.filters if item.name != "machine"]
        machines = map(self.machine_class, dict.fromkeys(run.entry.machine for run in group.runs))
        return " ".join([*asked, *dict.fromkeys(machines)])

    def _marks(self, group: Group) -> tuple[tuple[str, bool], ...]:
        found = [(self.words(f"trend.profile_{group.profile}"), group.profile != "full")]
        if group.source is not None:
            found.append((self.words(f"trend.source_{group.source}"), group.source != "full"))
        if group.settings:
            found.append((shippable(group.settings), True))
        return tuple(found)

    def _plot(self, group: Group, chart: MetricLines) -> Plot:
        newest = max((point for line in chart.lines for point in line.points), key=lambda point: point.position)
        sentences = [
            (
                self.machine_class(line.machine),
                self._sentence(chart, change) + self.words("trend.joined") + self._since(group, change),
            )
            for line in chart.lines
            for change in line.changes
        ]
        return Plot(
            id=anchor(group, chart),
            title=title_of(chart.metric, chart.unit, self.words),
            colour=COLOURS.get(chart.split, palette.GREY),
            drawn=charts.place(group, chart),
            latest=self.value(chart, newest.mean, newest.deviation),
            notes=tuple(sentences),
        )

    def _sentence(self, chart: MetricLines, change: Change) -> Markup:
        return self.text(
            f"change_{'better' if change.better else 'worse'}",
            before=value_text(change.before, chart.unit),
            after=value_text(change.after, chart.unit),
        )

    def _since(self, group: Group, change: Change) -> Markup:
        """Return with which run a level began: its date and the commits between which the cause lies."""
        old, new = group.runs[change.last].entry, group.runs[change.first].entry
        between = old.commit and new.commit and old.commit != new.commit
        commits = {"old": commit_text(old), "new": commit_text(new)} if between else {}
        return self.text("since_commits" if between else "since", date=self.day(new.started), **commits)

    def _all_news(self) -> tuple[News, ...]:
        """Return the changes, those that one run brought together in one entry."""
        found: dict[tuple[int, str, int], list[tuple[MetricLines, Change]]] = {}
        for group, chart, line, change in newest_first(self.history):
            key = (self.history.groups.index(group), line.machine, change.first)
            found.setdefault(key, []).append((chart, change))
        return tuple(self._news(*key, changes) for key, changes in found.items())

    def _news(self, number: int, machine: str, first: int, changes: list[tuple[MetricLines, Change]]) -> News:
        group, part = self.history.groups[number], self.parts[number]
        asked = [item.class_of(item.value_of(group)) for item in self.filters if item.name != "machine"]
        remarks = [text for text, warned in part.marks if warned]
        if len(self.machines.options) > 1 and machine:
            remarks.append(shippable(machine))
        return News(
            css_class=" ".join([*asked, self.machine_class(machine)]).strip(),
            date=self.day(group.runs[first].entry.started),
            lab=group.lab,
            remarks=(*remarks, self._since(group, changes[0][1])),
            items=tuple(
                NewsItem(
                    target=anchor(group, chart),
                    title=title_of(chart.metric, "", self.words),
                    better=change.better,
                    sentence=self._sentence(chart, change),
                )
                for chart, change in changes
            ),
        )

    def _row(self, run: Stored, position: int, group: Group, values: Sequence[dict[int, Point]]) -> RunRow:
        """Return the row of a run; `values` has the points of each chart by their position."""
        entry = run.entry
        points = [found.get(position) for found in values]
        cells = tuple(
            self.value(chart, point.mean, point.deviation) if point else ""
            for chart, point in zip(group.charts, points, strict=True)
        )
        failure = ""
        if entry.status != "complete":
            reason = f"{entry.failure.kind}: {entry.failure.message}" if entry.failure else ""
            failure = self.words(f"trend.status_{entry.status}", reason=shippable(reason)).strip(" :：")
        return RunRow(
            id=self.row_id(run),
            css_class=self.machine_class(entry.machine),
            run=run,
            date=self.date(run),
            commit=commit_text(entry),
            link=self._link(run)
            if self._link
            else links.link_to(entry.report, entry.lab, self.history.root, self._folder, self.language),
            cells=cells,
            failure=failure,
        )


def html(
    history: TrendHistory,
    language: str,
    *,
    folder: Path,
    others: dict[str, str] | None = None,
    look: Look | None = None,
    link: Callable[[Stored], str] | None = None,
) -> str:
    """Return the trend as one self-contained HTML file.

    Args:
        history: what is shown; at least one run.
        language: of the page.
        folder: where the page will lie; links to reports start there.
        others: addresses of the same page in other languages.
        look: theme, templates and time zone.
        link: returns the address of a run's report; None for the one that is noted for the run.
    """
    look = look or Look()
    page = TrendPage(history, language, folder, others or {}, link, look.zone)
    return sealed(
        "trend.html.j2",
        look=look,
        languages=(language,),
        sheets=("content", "screen", "trend"),
        rules=rules(page.filters, history),
        used=_used,
        page=page,
        latest=LATEST_CHANGES,
    )


def anchor(group: Group, chart: MetricLines | None = None) -> str:
    """Return the id of a group or a chart, the same on every night."""
    named = [group.lab, group.profile, group.source or "", group.settings, chart.metric if chart else ""]
    return f"c{sha256(chr(0).join(named).encode()).hexdigest()[:10]}"


def title_of(metric: str, unit: str, words: Words) -> str:
    """Return the name of a metric with its unit."""
    name = words.get(f"trend.metric_{metric}", shippable(metric.replace("_", " ")))
    shown = words.get(f"trend.unit_{unit.replace(' ', '_')}", shippable(unit))
    return words("trend.with_unit", name=name, unit=shown) if shown else name


def shippable(text: str) -> str:
    """Return a text of the outside (a machine's name, an error) on one line, as far as the shipped fonts have it."""
    return fonts.printable(" ".join(text.split()))


def cut(text: str) -> str:
    """Return a line, its end left out where it is too long to stand over a chart."""
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def commit_text(entry: Entry) -> str:
    """Return the beginning of a run's commit, with a plus sign where files differed from it."""
    return f"{shippable(entry.commit[:9])}{'+' if entry.dirty else ''}" if entry.commit else ""


def _used(text: str) -> dict[fonts.FaceName, frozenset[str]]:
    """Return the characters of the page; what a thousand runs repeat is looked through for its characters alone."""
    repeated = " ".join(_REPEATED.findall(text))
    usage = fonts.used(_REPEATED.sub("", text))
    characters = frozenset(unescape(_TAG.sub("", repeated)))
    return {**usage, "regular": usage["regular"] | characters, "mono": usage["mono"] | characters}
