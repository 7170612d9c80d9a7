"""The database of a trackio project: SQLite, one row of metrics as JSON for each call of `log`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labreport.experiments.recording.importers.csvlogger import EpochCount
from labreport.experiments.recording.importers.databases import rows_of_database, tables_of
from labreport.experiments.recording.importers.log import Importer, Log, checked, counted, fault, flat, number, seed_in
from labreport.experiments.recording.series import columns_of

TABLES = {"metrics", "configs", "system_metrics"}
"""By which the database is known; that of MLflow has metrics and params."""


def is_trackio(path: Path) -> bool:
    """Return whether a file is the database of a trackio project."""
    return tables_of(path) >= TABLES


def read_trackio(path: Path) -> Log:
    """Read the one run of a trackio project: by epochs where `epoch` was logged, else by steps, counted from 0."""
    named, rows, configs = rows_of_database(
        path,
        "select distinct run_id, run_name from metrics order by run_id limit 10",
        "select step, metrics from metrics order by step, id",
        "select config from configs",
    )
    runs = dict(named)
    if len(runs) > 1:
        raise fault(path, f"holds several runs: {', '.join(map(str, runs.values()))}; keep one in a project of its own")
    logged = [(counted(step, path, "the step"), _object(text, path)) for step, text in rows]
    by_epoch = bool(logged) and all("epoch" in values for _, values in logged)
    count = EpochCount(path=path)
    found = []
    for step, values in logged:
        at = count.next(counted(values["epoch"], path, "epoch")) if by_epoch else step + 1
        found.append((at, {key: number(values[key], path, key) for key in values if _measures(key, values[key])}))
    config = _object(configs[0][0], path) if configs else {}
    settings = flat({key: value for key, value in config.items() if not key.startswith("_") and value is not None})
    axis = "epoch" if by_epoch else "step"
    return checked(
        Log(columns=columns_of(found), axis=axis, settings=settings, seed=seed_in(settings), files=[path]), path
    )


def _object(text: object, path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str | bytes) else None
    except (ValueError, RecursionError) as error:
        raise fault(path, f"a row is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise fault(path, "a row is not an object of metrics")
    return found


def _measures(key: str, value: object) -> bool:
    """Return whether a value is a number; what is not finite is written as a word."""
    finite = isinstance(value, (int, float)) and not isinstance(value, bool)
    return key != "epoch" and (finite or value in ("NaN", "Infinity", "-Infinity"))


importer = Importer(name="trackio", title="trackio database", recognises=is_trackio, read=read_trackio)
