"""Questions to a SQLite database of others: nothing is written, and neither time nor memory goes on without end.

What stands for a table may be a view that never ends, and a column may hold anything, whatever its type says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

from labreport.experiments.recording.importers.log import fault, head

_SECONDS = 60
_STEPS = 100_000
"""Of SQLite's machine, after which the time is looked at."""
_MOST_ROWS = 5_000_000
_LONGEST = 50_000_000
"""Bytes of a value, which may also be one that is only computed."""


def tables_of(path: Path) -> set[str]:
    """Return the names of the tables of a database; none where it is none, or can't be read."""
    if not path.is_file() or not head(path, 16).startswith(b"SQLite format 3"):
        return set()
    try:
        return {str(row[0]) for row in _asked(path, "select name from sqlite_master where type = 'table'")[0]}
    except sqlite3.Error:
        return set()


def rows_of_database(path: Path, *questions: str) -> Sequence[list[tuple[Any, ...]]]:
    """Return the rows that answer each question.

    Raises:
        LogError: it can't be read, takes too long, or holds too much.
    """
    try:
        answers = _asked(path, *questions)
    except sqlite3.Error as error:
        raise fault(path, f"can't be read as a database: {error}") from error
    if any(len(rows) > _MOST_ROWS for rows in answers):
        raise fault(path, f"has more than {_MOST_ROWS} rows")
    return answers


def _asked(path: Path, *questions: str) -> list[list[tuple[Any, ...]]]:
    until = monotonic() + _SECONDS
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        base.set_progress_handler(lambda: monotonic() > until, _STEPS)
        return [base.execute(question).fetchmany(_MOST_ROWS + 1) for question in questions]
