"""A history that is too long for a page, drawn by a part of its runs; the file trend.json has all of them.

Of each line the page keeps both ends, the last run before and the first after each change of level, and from each of
many equal stretches the lowest and the highest value and one that is not a number. Changes are found among all runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from labreport.report.trend.history import Group, Line, TrendHistory

MOST = 2_400
"""Marks of a page up to which all are drawn, and about as many as are drawn of a longer history."""
_LEAST = 4
"""Stretches of a line at least."""
_FAILED = 40
"""Runs of a group that did not finish and are drawn at most: the newest."""


def stretches(history: TrendHistory) -> int:
    """Return into how many stretches each line of a history is parted; 0 where all of it is drawn."""
    lines = [line for group in history.groups for chart in group.charts for line in chart.lines]
    runs = sum(len(group.runs) for group in history.groups)
    if max(runs, sum(len(line.points) for line in lines)) <= MOST:
        return 0
    return max(_LEAST, MOST // (2 * max(1, len(lines))))


def thinned(group: Group, parts: int) -> tuple[Group, tuple[int, ...]]:
    """Return a group whose lines have the kept points only, and the positions of the runs that are shown.

    Args:
        group: all runs; they keep their positions.
        parts: stretches of a line; 0: keep everything.
    """
    if not parts:
        return group, tuple(range(len(group.runs)))
    charts = tuple(replace(chart, lines=tuple(_line(line, parts) for line in chart.lines)) for chart in group.charts)
    shown = {point.position for chart in charts for line in chart.lines for point in line.points}
    failed = [place for place, run in enumerate(group.runs) if run.entry.status != "complete"]
    shown |= {0, len(group.runs) - 1, *failed[-_FAILED:]}
    return replace(group, charts=charts), tuple(sorted(shown))


def _line(line: Line, parts: int) -> Line:
    points = line.points
    kept = {points[0].position, points[-1].position}
    kept |= {place for change in line.changes for place in (change.last, change.first)}
    width = math.ceil(len(points) / parts)
    for start in range(0, len(points), width):
        stretch = points[start : start + width]
        values = [(point.mean, point.position) for point in stretch if point.mean is not None]
        kept |= {place for _, place in _ends(values)}
        kept |= set([point.position for point in stretch if point.mean is None][:1])
    return replace(line, points=tuple(point for point in points if point.position in kept))


def _ends(values: Iterable[tuple[float, int]]) -> set[tuple[float, int]]:
    found = list(values)
    return {min(found), max(found)} if found else set()
