"""Logs that are one JSON document: a History, a trainer_state.json of Hugging Face, the metrics of Sacred."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labreport.experiments.recording.importers.log import (
    Importer,
    Log,
    checked,
    counted,
    fault,
    flat,
    head,
    json_of,
    number,
    seed_in,
)
from labreport.experiments.recording.series import KeyColumn, trainer_columns
from labreport.experiments.system import reading


def _line_of(path: Path, value: object) -> int | None:
    """Return the line where a faulty value stands first."""
    text = reading.text(path, "utf-8-sig", errors="replace", largest=reading.LARGEST)
    place = text.find(json.dumps(value, ensure_ascii=False))
    return None if place < 0 else text.count("\n", 0, place) + 1


def _is_json(path: Path) -> bool:
    return path.is_file() and head(path, 64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def _is_history(path: Path) -> bool:
    beginning = head(path) if _is_json(path) else b""
    if b'"log_history"' in beginning or _sacred_file(path) or b"\n{" in beginning.strip():
        return False
    return b"[" in beginning or re.search(rb'[{]\s*"0"\s*:', beginning) is not None


def read_history(path: Path) -> Log:
    """Read `History.history` as JSON: numbers for each key in a list, or by their places as pandas writes them.

    Numbers may be written as text; null is an epoch without a value. Single values beside the lists are settings, or
    scores of the test data.
    """
    found = json_of(path)
    if isinstance(found, Mapping) and isinstance(found.get("history"), Mapping):
        found = found["history"]
    listed = {str(key): _listed(item) for key, item in found.items()} if isinstance(found, Mapping) else {}
    series = {key: items for key, items in listed.items() if items is not None}
    if not series:
        raise fault(path, "is not a history: it should hold one list of numbers for each key", 1)
    lists: dict[str, list[float]] = {}
    missing: dict[str, set[int]] = {}
    for key, items in series.items():
        lists[key] = []
        for place, item in enumerate(items, start=1):
            if item is None:
                missing.setdefault(key, set()).add(place)
                lists[key].append(math.nan)
                continue
            if not isinstance(item, (int, float, str)) or isinstance(item, bool):
                raise fault(path, f"{json.dumps(item)[:40]} in {key} is not a number", _line_of(path, item))
            try:
                lists[key].append(float(item))
            except (ValueError, OverflowError):  # a text, or a whole number with hundreds of digits
                shown = repr(item[:40]) if isinstance(item, str) else f"{json.dumps(item)[:40]}…"
                raise fault(path, f"{shown} in {key} is not a number", _line_of(path, item)) from None
    epochs = max(map(len, lists.values()))
    columns = {
        key: KeyColumn(values=values, at=_places(path, key, len(values), epochs)) for key, values in lists.items()
    }
    for key, places in missing.items():
        kept = [(at, value) for at, value in zip(columns[key].at, columns[key].values, strict=True) if at not in places]
        columns[key] = KeyColumn(values=[value for _, value in kept], at=[at for at, _ in kept])
    single = {key: value for key, value in found.items() if listed[str(key)] is None}
    tested = {key for key, value in single.items() if str(key).lower().startswith("test") and _is_plain(value)}
    columns |= {key: KeyColumn(values=[number(single[key], path, key)], at=[epochs]) for key in tested}
    settings = flat({key: value for key, value in single.items() if key not in tested})
    log = Log(columns=columns, settings=settings, seed=seed_in(settings), files=[path])
    if missing:
        log.remarks.append(f"null stands for a missing value in {', '.join(missing)}")
    return checked(log, path)


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _listed(item: Any) -> list[Any] | None:
    """Return the values of a key: a list, or those of an object by their places from 0; None for anything else."""
    if isinstance(item, Mapping) and item and list(item) == [str(place) for place in range(len(item))]:
        return list(item.values())
    return item if isinstance(item, list) else None


def _places(path: Path, key: str, values: int, epochs: int) -> list[int]:
    """Return the epoch of each value; of fewer values than epochs those that `validation_freq` would have left."""
    every = [step for step in range(1, epochs + 1) if values and epochs // step == values]
    if (values and not every) or len(every) > 1:
        raise fault(path, f"{key} has {values} values for {epochs} epochs, and nothing says for which")
    return [every[0] * number for number in range(1, values + 1)] if values else []


def _is_hugging_face(path: Path) -> bool:
    place = path / "trainer_state.json" if path.is_dir() else path
    return _is_json(place) and (place.name == "trainer_state.json" or b'"log_history"' in head(place))


def read_hugging_face(path: Path) -> Log:
    """Read trainer_state.json: by epochs where every entry stands at a whole one, else by steps."""
    place = path / "trainer_state.json" if path.is_dir() else path
    found = json_of(place)
    entries = found.get("log_history") if isinstance(found, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise fault(place, "is not a trainer_state.json: it has no log_history", 1)
    plain = [
        {key: number(value, place, key, _faulty(place, value)) for key, value in entry.items()} for entry in entries
    ]
    if not all("epoch" in entry or "step" in entry for entry in plain):
        raise fault(place, "an entry of log_history has neither epoch nor step")
    if not all(math.isfinite(entry.get(name, 0)) for entry in plain for name in ("epoch", "step")):
        raise fault(place, "an entry of log_history has an epoch or a step that is not a number")
    try:
        columns, axis = trainer_columns(plain)
    except KeyError as error:
        raise fault(place, f"an entry of log_history has no {error}, and not every epoch is whole") from error
    planned = found.get("num_train_epochs")
    seconds = next((e["train_runtime"] for e in entries if isinstance(e.get("train_runtime"), (int, float))), 0.0)
    return checked(
        Log(
            columns=columns,
            axis=axis,
            planned=planned if isinstance(planned, int) and axis == "epoch" else None,
            seconds=float(seconds),
            files=[place],
        ),
        place,
    )


def _faulty(path: Path, value: Any) -> int | None:
    return None if isinstance(value, (int, float)) else _line_of(path, value)


def _sacred_file(path: Path) -> Path | None:
    place = path / "metrics.json" if path.is_dir() else path
    if not _is_json(place):
        return None
    beginning = head(place)
    return place if b'"steps"' in beginning and b'"values"' in beginning else None


def read_sacred(path: Path) -> Log:
    """Read the metrics.json of Sacred's file storage; the settings lie beside it in config.json."""
    place = path / "metrics.json" if path.is_dir() else path
    found = json_of(place)
    columns: dict[str, KeyColumn] = {}
    listed = [item.get("steps") for item in found.values() if isinstance(item, Mapping)]
    zero = any(0 in steps for steps in listed if isinstance(steps, list))
    for key, item in found.items():
        steps, values = (item.get("steps"), item.get("values")) if isinstance(item, Mapping) else (None, None)
        if not isinstance(steps, list) or not isinstance(values, list) or len(steps) != len(values):
            raise fault(place, f"{key} should have as many steps as values", _line_of(place, key))
        for step, value in zip(steps, values, strict=True):
            found_value = number(value, place, key, _faulty(place, value))
            columns.setdefault(key, KeyColumn()).add(counted(step, place, key) + zero, found_value)
    config = place.with_name("config.json")
    given = json_of(config) if config.is_file() else {}
    settings = flat(given) if isinstance(given, Mapping) else {}
    return checked(Log(columns=columns, axis="step", settings=settings, seed=seed_in(settings), files=[place]), place)


history = Importer(name="history", title="History as JSON", recognises=_is_history, read=read_history)
huggingface = Importer(
    name="huggingface", title="Hugging Face trainer_state.json", recognises=_is_hugging_face, read=read_hugging_face
)
sacred = Importer(
    name="sacred", title="Sacred metrics.json", recognises=lambda path: _sacred_file(path) is not None, read=read_sacred
)
