"""The stored runs of each lab, in order of time, as lines: one for each metric and machine.

Only the lines of the listing are read, never a whole result. Runs that can be put side by side form a group: the same
lab, profile, data (full or sample) and changed settings. A group has a chart for each metric, and a chart a line for
each machine, because processors round differently and are not equally fast; `pooled` joins the machines.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec

from labreport.report.findings.labs import in_order
from labreport.report.store.codec import GREATEST, LEAST
from labreport.report.store.entries import Entry, Stored
from labreport.report.store.lines import ScoreLine
from labreport.report.store.runs import StoredRuns
from labreport.report.trend.change import change_points

SECONDS = "seconds_per_seed"
"""Name of the one metric that is not a score: wall time of a run divided by its seeds."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which runs to show; an empty part lets all through."""

    labs: tuple[str, ...] = ()
    profile: str | None = None
    source: str | None = None
    machine: str = ""
    """A part of the machine's name, in any case."""

    def takes(self, entry: Entry) -> bool:
        """Return whether a run is to be shown."""
        return (
            (not self.labs or entry.lab in self.labs)
            and entry.answers(self.profile, self.source or "auto")
            and self.machine.lower() in entry.machine.lower()
        )


class Point(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The value of one metric in one run; there may be a million of them."""

    position: int
    """Of the run in its group, from 0, the oldest first."""
    mean: float | None
    """None where it is not a finite number, or its size is beyond `GREATEST` or below `LEAST`."""
    deviation: float | None
    """Sample standard deviation over the seeds, where there are several."""
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """A lasting change of the level of a line."""

    last: int
    """Position of the last run of the old level."""
    first: int
    """Position of the first run of the new level."""
    before: float
    """Mean over the runs of the old level."""
    after: float
    better: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """One metric on one machine, or on all of them."""

    machine: str
    """Empty where the machines are joined."""
    points: tuple[Point, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class MetricLines:
    """One metric of a group."""

    metric: str
    split: str
    unit: str
    direction: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Runs that can be put side by side."""

    lab: str
    profile: str
    source: str | None
    settings: str
    """The changed settings as one would type them, e.g. "epochs=4 units=32"; empty for none."""
    runs: tuple[Stored, ...]
    """All of them in order of time, failed ones too."""
    charts: tuple[MetricLines, ...]


@dataclass(frozen=True, kw_only=True)
class TrendHistory:
    """Everything that a trend shows."""

    groups: tuple[Group, ...]
    unreadable: tuple[str, ...]
    """Runs that could not be read, each named with the reason."""
    root: Path
    """Folder of the store."""
    pooled: bool = False
    """Whether the machines are joined into one line."""

    @cached_property
    def runs(self) -> tuple[Stored, ...]:
        """Every run shown, newest first."""
        found = [run for group in self.groups for run in group.runs]
        return tuple(sorted(found, key=_moment, reverse=True))


def history(
    root: Path, listing: StoredRuns, choice: Choice | None = None, *, pooled: bool = False, held: bool = False
) -> TrendHistory:
    """Return the lines of all stored runs.

    Args:
        root: folder of the store.
        listing: all runs of the store; those that only confirm a suspicion of the gate have no place in a line.
        choice: which of them to show.
        pooled: join the machines into one line.
        held: the runs have just been held against their files, by listing them whole.
    """
    chosen = choice or Choice()
    sorted_runs: dict[tuple[str, str, str | None, str], list[Stored]] = {}
    for run in reversed(list(replace(listing.measurements.of_labs(chosen.labs), held=held))):
        if chosen.takes(run.entry):
            entry = run.entry
            sorted_runs.setdefault((entry.lab, entry.profile, entry.source, _settings(entry)), []).append(run)
    _place_failed(sorted_runs)
    groups = [
        Group(
            lab=lab,
            profile=profile,
            source=source,
            settings=settings,
            runs=tuple(runs),
            charts=_charts([run.entry for run in runs], pooled),
        )
        for (lab, profile, source, settings), runs in sorted_runs.items()
    ]
    places = {lab: place for place, lab in enumerate(in_order(group.lab for group in groups))}
    return TrendHistory(
        groups=tuple(sorted(groups, key=lambda group: (places[group.lab], *_weight(group)))),
        # A page is published: where the store lies on this machine is private.
        unreadable=tuple(message.replace(f"{root}{os.sep}", "") for message in listing.unreadable),
        root=root,
        pooled=pooled,
    )


def _place_failed(groups: dict[tuple[str, str, str | None, str], list[Stored]]) -> None:
    """Put runs that failed before they knew their data to the newest group they may belong to."""
    for key in list(groups):
        lab, profile, source, settings = key
        if source is not None or any(run.entry.status == "complete" for run in groups[key]):
            continue
        alike = (lab, profile, settings)
        homes = [other for other in groups if other != key and (other[0], other[1], other[3]) == alike]
        if homes:
            home = max(homes, key=lambda other: _moment(groups[other][-1]))
            groups[home] = sorted([*groups[home], *groups.pop(key)], key=_moment)


def _charts(entries: Sequence[Entry], pooled: bool) -> tuple[MetricLines, ...]:
    """Return a chart for each metric in the order of the newest run's scores, then the time."""
    complete = [(position, entry) for position, entry in enumerate(entries) if entry.status == "complete"]
    metrics: dict[str, ScoreLine] = {}
    for _, entry in reversed(complete):
        for score in entry.scores:
            metrics.setdefault(score.name, score)
    # A score of another unit or direction is another metric under the same name: it takes no place here.
    found: dict[str, list[tuple[str, Point]]] = {name: [] for name in metrics}
    for position, entry in complete:
        for score in entry.scores:
            shape = metrics[score.name]
            if score.unit == shape.unit and score.direction == shape.direction:
                point = _point(position, score.mean, score.deviation, score.seeds)
                found[score.name].append((entry.machine, point))
    charts = [
        _chart(name, shape.split, shape.unit, shape.direction, found[name], pooled) for name, shape in metrics.items()
    ]
    timed = [
        (entry.machine, _point(position, entry.seconds / len(entry.seeds), None, 1))
        for position, entry in complete
        if entry.seconds is not None and entry.seeds
    ]
    if timed:
        charts.append(_chart(SECONDS, "", "seconds", "lower", timed, pooled))
    return tuple(charts)


def _point(position: int, mean: float | None, deviation: float | None, seeds: int) -> Point:
    """Return a point; what is too large or too small for arithmetic is no more drawn than what is not finite."""
    drawn = mean if mean is not None and (mean == 0 or LEAST <= abs(mean) <= GREATEST) else None
    spread = deviation
    if drawn is None or (deviation and not LEAST <= abs(deviation) <= GREATEST):
        spread = None
    return Point(position=position, mean=drawn, deviation=spread, seeds=seeds or 1)


def _chart(
    metric: str, split: str, unit: str, direction: str, points: Iterable[tuple[str, Point]], pooled: bool
) -> MetricLines:
    by_machine: dict[str, list[Point]] = {}
    for machine, point in points:
        by_machine.setdefault("" if pooled else machine, []).append(point)
    lines = tuple(
        Line(machine=machine, points=tuple(found), changes=_changes(found, direction))
        for machine, found in by_machine.items()
    )
    return MetricLines(metric=metric, split=split, unit=unit, direction=direction, lines=lines)


def _changes(points: Sequence[Point], direction: str) -> tuple[Change, ...]:
    known = [(point, point.mean) for point in points if point.mean is not None]
    values = [mean for _, mean in known]
    errors = [None if point.deviation is None else point.deviation / point.seeds**0.5 for point, _ in known]
    starts = change_points(values, errors)
    changes = []
    for start, begin, end in zip(starts, (0, *starts), (*starts[1:], len(values)), strict=False):
        before, after = values[begin:start], values[start:end]
        old, new = sum(before) / len(before), sum(after) / len(after)
        changes.append(
            Change(
                last=known[start - 1][0].position,
                first=known[start][0].position,
                before=old,
                after=new,
                better=new > old if direction == "higher" else new < old,
            )
        )
    return tuple(changes)


def newest_first(history: TrendHistory) -> tuple[tuple[Group, MetricLines, Line, Change], ...]:
    """Return every change of every line, the newest first; ties in the order of the page."""
    found = [
        (group, chart, line, change)
        for group in history.groups
        for chart in group.charts
        for line in chart.lines
        for change in line.changes
    ]
    return tuple(sorted(found, key=lambda item: _moment(item[0].runs[item[3].first]), reverse=True))


def machines(history: TrendHistory) -> tuple[str, ...]:
    """Return the machines of the runs shown, the one with most runs first."""
    counts: dict[str, int] = {}
    for run in history.runs:
        counts[run.entry.machine] = counts.get(run.entry.machine, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _settings(entry: Entry) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(entry.changed_settings.items()))


def _moment(run: Stored) -> tuple[str, str]:
    return (run.entry.started, run.entry.run_id)


def _weight(group: Group) -> tuple[bool, bool, str]:
    """Sort what counts most in a lab first: full profile, full data, default settings."""
    return (group.profile != "full", group.source == "sample", group.settings)
