"""The tables of the index: made, held against what they should be, and damage distinguished from a disk that refuses.

A store may come from anywhere, and its index with it: what names a folder outside the store, holds what is never
written, or has a trigger beside the tables, is damage like any other, and the index is made again from the runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from labreport.report.store.rows import FORM, INDICES, TABLES, is_row

Row = tuple[Any, ...]

_MADE = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"


def asked_rows(connection: sqlite3.Connection, sql: str, values: Sequence[object] = ()) -> list[Row]:
    """Return rows that name folders of this store; the index may come from elsewhere, as the store does.

    Raises:
        sqlite3.DatabaseError: one does not, or holds what we never write.
    """
    found = connection.execute(sql, tuple(values)).fetchall()
    if not all(map(is_row, found)):
        raise sqlite3.DatabaseError("it names folders that are none of the store")
    return found


def empty() -> sqlite3.Connection:
    """Return an index in memory that knows nothing yet."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    prepare(connection)
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables where they are missing or of another form.

    Raises:
        sqlite3.DatabaseError: they are of ours in name alone, or have something beside them.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0] == FORM:
        if {sql for (sql,) in connection.execute(_MADE)} != {*TABLES.values(), *INDICES}:
            raise sqlite3.DatabaseError("its tables are not ours")
        return
    with writing(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0] == FORM:
            return  # another program was quicker
        for name in TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in (*TABLES.values(), *INDICES):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORM}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Write what the block does as one, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether a file was written by something else, such as tables without the columns of theirs."""
    words = ("no such", "has no column", "malformed")
    return not isinstance(error, sqlite3.OperationalError) or any(word in str(error) for word in words)
