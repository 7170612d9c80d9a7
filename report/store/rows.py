"""A row of the index: a run's line in a listing, and beside it the columns by which runs are chosen and sorted."""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from labreport.report.store.codec import MALFORMED, is_time
from labreport.report.store.entries import Entry

FORM = 3
"""Of the tables and of what stands in them. Another one is made again from the runs: raise it with every change of
`Entry`, of what `entry_of` concludes, and of the columns."""
COLUMNS = (
    "place_lab",
    "place_run",
    "size",
    "changed",
    "noted_size",
    "noted_changed",
    "entry",
    "problem",
    "lab",
    "run",
    "key",
    "status",
    "profile",
    "source",
    "seeds",
    "started",
    "moment",
    "confirms",
    "dirty",
    "commit_id",
    "report",
    "tags",
    "facts",
    "words",
)
TABLES = {
    "runs": f"CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(COLUMNS)}, "
    "UNIQUE (place_lab, place_run))",
    "waiting": "CREATE TABLE waiting (lab, run, PRIMARY KEY (lab, run))",
    "folders": "CREATE TABLE folders (lab PRIMARY KEY, changed)",
}
"""runs: those with a result, also where it can't be read. waiting: folders of runs without a result. folders: when
those of the labs were last looked through."""
INDICES = (
    "CREATE INDEX by_time ON runs (started, run)",
    "CREATE INDEX by_lab ON runs (lab, started, run)",
    "CREATE INDEX by_run ON runs (run)",
    "CREATE INDEX by_key ON runs (lab, key)",
    "CREATE INDEX by_seeds ON runs (lab, seeds)",
    "CREATE INDEX by_report ON runs (report) WHERE report IS NOT NULL",
    "CREATE INDEX by_commit ON runs (lab, commit_id) WHERE commit_id IS NOT NULL",
    "CREATE INDEX by_problem ON runs (place_lab) WHERE problem IS NOT NULL",
)

_PLACE = re.compile(rf"(?!\.\.?\Z)[^\0{re.escape(os.sep + (os.altsep or ''))}]+")
"""What may name a folder in another one."""
_decoder = msgspec.json.Decoder(Entry)


def decoded(entry: bytes) -> Entry:
    """Return the line of a run out of its row.

    Raises:
        sqlite3.DatabaseError: it is none.
    """
    try:
        found = _decoder.decode(entry)
    except (TypeError, *MALFORMED) as error:
        raise sqlite3.DatabaseError("it holds a line that is none") from error
    if not is_time(found.started):
        raise sqlite3.DatabaseError("it holds a time that is none")
    return found


def is_row(row: Sequence[Any]) -> bool:
    """Return whether a row names the folder of a lab and of a run, and gives a problem in words if it gives one."""
    named = _PLACE.fullmatch(row[1]) and _PLACE.fullmatch(row[2]) if {*map(type, row[1:3])} == {str} else None
    return named is not None and (len(row) < 9 or row[8] is None or isinstance(row[8], str))


def row_of(
    place: tuple[str, str],
    stamp: tuple[int, int, int, int],
    entry: Entry | None,
    settings: Mapping[str, object],
    *,
    problem: str | None = None,
) -> tuple[Any, ...]:
    """Return a row in the order of the columns.

    Args:
        place: folder of the lab and of the run.
        stamp: size and time of the result and of the notes.
        entry: the line of the run; None where it can't be read.
        settings: all of the run's, by which it may be chosen.
        problem: why it can't be read.
    """
    if entry is None:
        return (*place, *stamp, None, problem, *[None] * (len(COLUMNS) - 8))
    return (
        *place,
        *stamp,
        msgspec.json.encode(entry),
        None,
        entry.lab,
        entry.run_id,
        entry.key,
        entry.status,
        entry.profile,
        entry.source,
        seeds_text(entry.seeds),
        entry.started,
        datetime.fromisoformat(entry.started).timestamp(),
        int(entry.confirms),
        int(entry.dirty),
        entry.commit,
        entry.report,
        f" {' '.join(entry.tags)} " if entry.tags else "",
        json.dumps(facts_of(entry, settings)),
        searched(entry).casefold(),
    )


def seeds_text(seeds: Sequence[int]) -> str:
    """Return seeds as the identity of a run spells them."""
    return ",".join(map(str, seeds))


def facts_of(entry: Entry, settings: Mapping[str, object]) -> dict[str, object]:
    """Return what a condition may ask of a run: settings, seeds, seconds, and scores; of one name, the last counts."""
    found = {name: _simple(value) for name, value in settings.items()}
    found |= {name: _simple(value) for name, value in entry.changed_settings.items()}
    found |= {"seeds": len(entry.seeds), "seconds": entry.seconds}
    found |= {line.name: line.mean for line in entry.scores}
    return {name: value for name, value in found.items() if value is not None}


def searched(entry: Entry) -> str:
    """Return the words of a run among which a text is searched."""
    settings = [f"{name}={value}" for name, value in entry.changed_settings.items()]
    failure = f"{entry.failure.kind}: {entry.failure.message}" if entry.failure else ""
    names = (entry.lab, entry.title, entry.run_id, entry.status, entry.profile, entry.source or "", entry.data or "")
    return "\n".join((*names, entry.commit or "", entry.machine, entry.outcome or "", failure, *settings, *entry.tags))


def _simple(value: object) -> object:
    """Return a value that can be compared: a finite number, or a text."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else None
    return str(value)
