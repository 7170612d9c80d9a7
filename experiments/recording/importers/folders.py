"""Logs that are a folder of small texts, or a database: MLflow's stores, and DVCLive."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from labreport.experiments.recording.importers.databases import rows_of_database, tables_of
from labreport.experiments.recording.importers.log import (
    Importer,
    Log,
    checked,
    counted,
    fault,
    files_below,
    flat,
    number,
    seed_in,
    text_of,
    yaml_settings,
)
from labreport.experiments.recording.importers.tables import header_of, rows_of
from labreport.experiments.recording.series import KeyColumn, KeyColumns
from labreport.experiments.result import Setting
from labreport.experiments.system import reading

_MOST_FOLDERS = 2_000
_AUTOLOG = ("stopped_epoch", "restored_epoch")
"""What MLflow's own log of Keras puts among the metrics about early stopping."""


def _runs(path: Path) -> list[Path]:
    """Return the folders of runs in an MLflow file store: the store, an experiment, or a run itself."""
    if not path.is_dir():
        return []
    if (path / "metrics").is_dir() and (path / "meta.yaml").is_file():
        return [path]
    found: list[Path] = []
    for depth in ("*", "*/*", "*/*/*"):
        for number_of, place in enumerate(path.glob(f"{depth}/meta.yaml")):
            if number_of > _MOST_FOLDERS:
                return found
            if (place.parent / "metrics").is_dir():
                found.append(place.parent)
    return sorted(found)


def _is_mlflow(path: Path) -> bool:
    return _is_database(path) or bool(_runs(path))


def _is_database(path: Path) -> bool:
    return tables_of(path) >= {"metrics", "params"}


def read_mlflow(path: Path) -> Log:
    """Read the one run of an MLflow store, in files or in SQLite."""
    return _read_database(path) if path.is_file() else _read_store(path)


def _read_store(path: Path) -> Log:
    runs = _runs(path)
    if len(runs) > 1:
        raise fault(path, f"holds {len(runs)} runs; give the folder of one: {', '.join(map(str, runs[:3]))}, …")
    (run,) = runs
    points: dict[str, list[tuple[int, float]]] = {}
    files = [file for file in files_below(run / "metrics") if file.is_file()]
    for file in files:
        key = file.relative_to(run / "metrics").as_posix()
        for line, words in enumerate((row.split() for row in text_of(file).splitlines()), start=1):
            if len(words) not in (2, 3, 4):
                raise fault(file, f"the row is cut off: {len(words)} of 3 words", line)
            step = counted(words[2], file, "the step", line) if len(words) > 2 else 0
            points.setdefault(key, []).append((step, number(words[1], file, key, line)))
    settings: dict[str, Setting] = {
        file.relative_to(run / "params").as_posix(): value
        for file in files_below(run / "params")
        if (value := reading.text(file, errors="replace").strip()) not in ("", "None")
    }
    log = _from_points(points, settings)
    log.files = files
    return checked(log, run)


def _read_database(path: Path) -> Log:
    runs, rows, params = rows_of_database(
        path,
        "select distinct run_uuid from metrics limit 10",
        "select key, value, step, is_nan from metrics order by step, timestamp",
        "select key, value from params",
    )
    if len(runs) > 1:
        raise fault(path, f"holds several runs: {', '.join(str(run) for (run,) in runs[:3])}, …; export one")
    points: dict[str, list[tuple[int, float]]] = {}
    for key, value, step, is_nan in rows:
        found = math.nan if is_nan else number(value, path, str(key))
        points.setdefault(str(key), []).append((counted(step, path, "the step"), found))
    log = _from_points(points, flat({str(name): value for name, value in params if value != "None"}))
    log.files = [path]
    return checked(log, path)


def _from_points(points: Mapping[str, list[tuple[int, float]]], settings: dict[str, Setting]) -> Log:
    """Return a log from points by step; steps count from 0 as epochs do in MLflow's own log of Keras."""
    last = points["stopped_epoch"][-1][1] if points.get("stopped_epoch") else 0
    stopped = int(last) if math.isfinite(last) else 0
    columns: KeyColumns = {}
    for key, values in points.items():
        copied = f"val_{key.removeprefix('validation_')}" if key.startswith("validation_") else ""
        if key in _AUTOLOG or (copied in points and [v for _, v in values] == [v for _, v in points[copied]]):
            continue
        column = columns.setdefault(key, KeyColumn())
        for step, value in values:
            # What stands after the last epoch is that of the weights which were restored: a repetition.
            if not stopped or step <= stopped:
                column.add(step + 1, value)
    planned = settings.get("epochs")
    return Log(
        columns=columns,
        settings=settings,
        seed=seed_in(settings),
        planned=int(planned)
        if isinstance(planned, (int, str)) and str(planned).isdecimal() and len(str(planned)) < 16
        else None,
    )


def _is_dvclive(path: Path) -> bool:
    return path.is_dir() and next(_tsv(path), None) is not None


def _tsv(path: Path) -> Iterator[Path]:
    folder = path / "plots" / "metrics"
    return (file for file in (files_below(folder) if folder.is_dir() else ()) if file.suffix == ".tsv")


def read_dvclive(path: Path) -> Log:
    """Read the folder of DVCLive: a table for each metric, counted from 0; the settings lie in params.yaml."""
    columns: KeyColumns = {}
    files = list(_tsv(path))
    for file in files:
        key = file.relative_to(path / "plots" / "metrics").with_suffix("").as_posix()
        names, separator = header_of(file)
        if names[:1] != ["step"] or len(names) < 2:
            raise fault(file, "the first row should be: step, name of the metric", 1)
        place = next((i for i, name in enumerate(names) if name not in ("step", "timestamp")), 1)
        for line, row in rows_of(file, names, separator):
            step = counted(row[0], file, "column step", line)
            columns.setdefault(key, KeyColumn()).add(step + 1, number(row[place], file, f"column {names[place]}", line))
    settings = yaml_settings(path / "params.yaml")
    return checked(Log(columns=columns, settings=settings, seed=seed_in(settings), files=files), path)


mlflow = Importer(name="mlflow", title="MLflow store", recognises=_is_mlflow, read=read_mlflow)
dvclive = Importer(name="dvclive", title="DVCLive folder", recognises=_is_dvclive, read=read_dvclive)
