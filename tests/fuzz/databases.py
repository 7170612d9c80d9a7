"""Hostile indexes of a store: the database of a good store after changes that someone made, in SQL or in its bytes."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random

from fuzz import hostile
from labreport.report.store.index import FILE, FOLDER
from labreport.report.store.rows import COLUMNS

OTHERS = "../others/mnist"
"""Folder of a lab of another store, which is not part of this one."""
VALUES = (
    *("NULL", "''", "1e308", "-1", "9223372036854775807", "x'ff'", "'x'", "'../..'", "'..'", f"'{OTHERS}'", "'/etc'"),
    *("'a/b'", "char(0)", "'[]'", "'{}'", "'null'", "x'7b7d'", "'2026-13-45'", "'0001-01-01T00:00:00Z'", "zeroblob(9)"),
    *("place_run", "place_lab", "entry", "substr(entry, 1, 300)", "replace(entry, '0', '1e308')", "randomblob(99)"),
    *("replace(entry, 'tensors', '../others')", "cast(entry as text)", "'x' || entry", "size + 1"),
)
LINES = (
    "DELETE FROM runs",
    "DELETE FROM folders",
    "DROP TABLE runs",
    "DROP TABLE waiting",
    "PRAGMA user_version = 99",
    "INSERT INTO waiting VALUES ('..', 'x'), (NULL, NULL), (1, x'ff')",
    "UPDATE folders SET changed = 'x', lab = '..'",
    "ALTER TABLE runs RENAME COLUMN entry TO other",
    "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
    "UPDATE folders SET changed = 0",
    "UPDATE sqlite_sequence SET seq = 'x'",
)
BYTES = "-- bytes "


def make(random: Random) -> bytes:
    """Make changes: SQL, and perhaps a number from which bytes are changed."""
    lines = []
    for _ in range(random.choice((1, 1, 2, 3))):
        if random.random() < 0.25:
            lines.append(random.choice(LINES))
            continue
        names = random.sample((*COLUMNS, "place_lab", "place_run", "entry"), random.choice((1, 1, 2)))
        changes = ", ".join(f"{name} = {random.choice(VALUES)}" for name in dict.fromkeys(names))
        lines.append(f"UPDATE runs SET {changes}{random.choice(('', ' WHERE id = 1'))}")
    if random.random() < 0.15:
        lines.append(f"{BYTES}{random.randrange(2**31)}")
    return "\n".join(lines).encode()


def change(root: Path, content: bytes) -> None:
    """Make changes in the index of a store."""
    path = root / FOLDER / FILE
    *lines, last = content.decode("utf-8", "replace").split("\n")
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        for line in lines if last.startswith(BYTES) else (*lines, last):
            with suppress(sqlite3.Error):
                base.execute(line)
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if last.startswith(BYTES):
        path.write_bytes(hostile.changed_bytes(path.read_bytes(), Random(int(last.removeprefix(BYTES)))))
