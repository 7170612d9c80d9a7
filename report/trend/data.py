"""The trend as plain data, for programs: what the page shows, and nothing that it does not."""

from __future__ import annotations

from typing import Any

from labreport.report.store.entries import Stored
from labreport.report.trend.history import Group, Line, MetricLines, TrendHistory

FORMAT = 1
"""Number of the format of trend.json."""


def plain(history: TrendHistory) -> dict[str, Any]:
    """Return every run and every line as values that JSON can hold.

    A value that is not a finite number is null; so is a deviation where there was one seed.
    """
    return {
        "format": FORMAT,
        "runs": [_run(group, run) for group in history.groups for run in group.runs],
        "series": [
            _series(group, chart, line) for group in history.groups for chart in group.charts for line in chart.lines
        ],
        "unreadable": list(history.unreadable),
    }


def _run(group: Group, run: Stored) -> dict[str, Any]:
    entry = run.entry
    return {
        "run": entry.run_id,
        "lab": entry.lab,
        "status": entry.status,
        "failure": f"{entry.failure.kind}: {entry.failure.message}" if entry.failure else None,
        "profile": entry.profile,
        "source": group.source,
        "settings": entry.changed_settings,
        "seeds": list(entry.seeds),
        "started": entry.started,
        "ended": entry.ended,
        "commit": entry.commit,
        "dirty": entry.dirty,
        "machine": entry.machine,
        "seconds": entry.seconds,
        "report": entry.report,
    }


def _series(group: Group, chart: MetricLines, line: Line) -> dict[str, Any]:
    names = [run.entry.run_id for run in group.runs]
    return {
        "lab": group.lab,
        "profile": group.profile,
        "source": group.source,
        "settings": group.settings,
        "machine": line.machine,
        "metric": chart.metric,
        "split": chart.split,
        "unit": chart.unit,
        "direction": chart.direction,
        "points": [
            {"run": names[point.position], "mean": point.mean, "deviation": point.deviation, "seeds": point.seeds}
            for point in line.points
        ],
        "changes": [
            {
                "last_run_before": names[change.last],
                "first_run_after": names[change.first],
                "before": change.before,
                "after": change.after,
                "better": change.better,
            }
            for change in line.changes
        ],
    }
