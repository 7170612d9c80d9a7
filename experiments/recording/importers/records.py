"""JSON with an object for each epoch: a list of objects (`to_json(orient="records")`), or one object on each line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from labreport.experiments.recording.importers.csvlogger import EpochCount
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
    text_of,
)
from labreport.experiments.recording.series import columns_of
from labreport.experiments.result import Setting

_COUNTERS = ("epoch", "epochs")
_STEPS = ("step", "global_step", "iteration")


def _is_records(path: Path) -> bool:
    beginning = head(path).removeprefix(b"\xef\xbb\xbf").lstrip() if path.is_file() else b""
    if beginning[:1] == b"[":
        return beginning[1:].lstrip()[:1] == b"{"
    lines = [line for line in beginning.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip()[:1] == b"{" for line in lines[:2]):
        return False
    try:
        return isinstance(json.loads(lines[0]), dict)
    except (ValueError, RecursionError):
        return False


def read_records(path: Path) -> Log:
    """Read a list of objects, or lines of objects: by epochs where they count them, else by steps, else in order.

    What is not a number is left out: words are settings where every object has the same.
    """
    records = _records(path)
    keys = dict.fromkeys(key for _, record in records for key in record)
    counter = next((key for key in keys if key.lower() in _COUNTERS), None)
    steps = None if counter else next((key for key in keys if key.lower() in _STEPS), None)
    count = EpochCount(path=path)
    rows: list[tuple[int, dict[str, float]]] = []
    for place, (line, record) in enumerate(records, start=1):
        at = place if counter is None and steps is None else _counted(record, counter or steps, path, line)
        values = {
            key: number(value, path, key, line)
            for key, value in record.items()
            if key not in (counter, steps) and isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        rows.append((at if steps else count.next(at), values))
    settings = _shared([record for _, record in records])
    log = Log(
        columns=columns_of(rows),
        axis="step" if steps else "epoch",
        settings=settings,
        seed=seed_in(settings),
        files=[path],
    )
    if count.starts:
        log.phases = tuple(after - before for before, after in pairwise([0, *count.starts, count.last]))
        log.remarks.append(f"the count of epochs starts again after epoch {', '.join(map(str, count.starts))}")
    if count.repeated:
        log.repeated = tuple(sorted(count.repeated))
        log.remarks.append(f"epochs {', '.join(map(str, log.repeated))} stand twice; the later rows count")
    if counter is None and steps is None:
        log.remarks.append("nothing counts the epochs, so each object is taken for one")
    return checked(log, path)


def _records(path: Path) -> list[tuple[int | None, Mapping[str, Any]]]:
    """Return the objects, each with its line where there is one a line.

    Raises:
        LogError: it is not JSON, or holds anything but objects.
    """
    text = text_of(path)
    found: list[tuple[int | None, Any]] = []
    if text.lstrip()[:1] == "[":
        found = [(None, record) for record in json_of(path)]
    else:
        for at, content in enumerate(text.splitlines(), start=1):
            try:
                found += [(at, json.loads(content))] if content.strip() else []
            except ValueError as error:
                raise fault(path, "the line is cut off, or not JSON", at) from error
            except RecursionError as error:
                raise fault(path, "nested too deeply", at) from error
    for line, record in found:
        if not isinstance(record, Mapping):
            raise fault(path, f"{json.dumps(record)[:40]} is not an object", line)
    return found


def _counted(record: Mapping[str, Any], key: str | None, path: Path, line: int | None) -> int:
    value = record.get(key or "")
    found = counted(value, path, str(key), line)
    if found != number(value, path, str(key), line) or found < 0:
        raise fault(path, f"{value!r} in {key} is not a whole number", line)
    return found


def _shared(records: list[Mapping[str, Any]]) -> dict[str, Setting]:
    """Return the words and truth values that every object repeats."""
    first = {key: value for key, value in records[0].items() if isinstance(value, (str, bool))}
    return flat({key: value for key, value in first.items() if all(record.get(key) == value for record in records)})


importer = Importer(name="records", title="JSON, an object for each epoch", recognises=_is_records, read=read_records)
