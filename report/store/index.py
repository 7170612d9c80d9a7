"""The index of a store: what a listing needs of each run, in one SQLite file beside the run files.

    runs/.index/runs.sqlite

It is only ever derived. The run files are the truth, and whatever this file says is held against them: the folders of a
lab are looked through when the time of the lab's folder has changed, so that a run copied in or deleted by hand is
noticed; a run that is given out is compared with size and time of its files, so that an edited one is. A file that is
missing, damaged or of another form is made again; where it can't be written, or the disk has no locks, its content is
copied into memory and works there.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from labreport.experiments.system import reading
from labreport.experiments.system.stale import is_there
from labreport.report.errors import ReportError
from labreport.report.store import files, remarks
from labreport.report.store.entries import RESULT, Entry, Stored, entry_of, noted, read, with_notes
from labreport.report.store.rows import COLUMNS, decoded, row_of
from labreport.report.store.stamps import edited, place_of, stamp_of
from labreport.report.store.tables import Row, asked_rows, empty, is_damage, prepare, writing

FOLDER = ".index"
FILE = "runs.sqlite"
PAGE = 500
"""Rows that are read, compared with their files and given out at a time."""
BATCH = 200
"""Runs that are read between two moments in which another program may write."""
MANY = 2_000
"""Runs from which on it is said that reading them takes a while."""
SETTLED = 2 * 10**9
"""Nanoseconds after which the time of a folder is believed: some disks count in whole seconds."""
WAIT = 30.0
"""Seconds to wait for another program that writes."""

Given = ParamSpec("Given")
Replied = TypeVar("Replied")

_in_memory: dict[Path, sqlite3.Connection] = {}
"""Of the stores whose index can't be written."""


def _asked_again(ask: Callable[Concatenate[Index, Given], Replied]) -> Callable[Concatenate[Index, Given], Replied]:
    """Let a question be asked once more where the index turns out to be damaged, and is made again."""

    @functools.wraps(ask)
    def asked(index: Index, /, *given: Given.args, **named: Given.kwargs) -> Replied:
        try:
            return ask(index, *given, **named)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            if ask.__name__ != "refresh":
                index.refresh()
            return ask(index, *given, **named)

    return asked


class Index:
    """The index of one store.

    Args:
        root: folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / FOLDER / FILE

    # ---- asking

    @_asked_again
    def select(
        self, where: str, values: Sequence[object], order: str, limit: int, offset: int = 0, *, held: bool = False
    ) -> list[Stored]:
        """Return runs, each held against its files.

        Args:
            where: a condition of SQL, made of `rows.COLUMNS`.
            values: for its question marks.
            order: an order of SQL.
            limit: runs at most; negative: all.
            offset: runs to leave out first.
            held: they have just been held against their files, by `refresh`.
        """
        sql = f"SELECT {_GIVEN} FROM runs WHERE problem IS NULL AND {where} ORDER BY {order} LIMIT ? OFFSET ?"
        for _ in range(5):
            with self.opened() as connection:
                if connection is None:
                    return []
                rows = asked_rows(connection, sql, (*values, limit, offset))
                if held or self._all_as_they_were(connection, rows):
                    labs = {name: self.root / name for name in {row[1] for row in rows}}
                    return [Stored(folder=labs[row[1]] / row[2], entry=decoded(row[7])) for row in rows]
        return [found for row in rows if (found := self._given(row)) is not None]

    def _given(self, row: Row) -> Stored | None:
        """Return a run of a store that changes all the time, if it is there and can be read just now."""
        folder = self.root / row[1] / row[2]
        with contextlib.suppress(ReportError):
            return Stored(folder=folder, entry=with_notes(entry_of(read(folder / RESULT).result), noted(folder)))
        return None

    @_asked_again
    def ask(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Return what SQL gives, without a look at the files."""
        with self.opened() as connection:
            return [] if connection is None else connection.execute(sql, values).fetchall()

    @_asked_again
    def unreadable(self, lab: str | None = None) -> tuple[str, ...]:
        """Return why runs can't be read, a message for each; of one lab, or of all."""
        sql = f"SELECT {_GIVEN} FROM runs WHERE problem IS NOT NULL AND ? IN ('', place_lab) ORDER BY 2, 3"
        for _ in range(5):
            with self.opened() as connection:
                rows = [] if connection is None else asked_rows(connection, sql, (lab or "",))
                if connection is None or self._all_as_they_were(connection, rows):
                    break
        return tuple(row[8].replace("\0", str(self.root / row[1] / row[2])) for row in rows)

    # ---- keeping up

    @_asked_again
    def refresh(self, *, deep: bool = False, labs: Sequence[str] = ()) -> None:
        """Take up what has changed in the folders.

        Args:
            deep: also ask size and time of each result, for a question whose answer may lie in any of them.
            labs: only of the results in the folders of these; empty: of all.
        """
        with self.opened() as connection:
            if connection is None:
                return
            self._scan(connection)
            if deep:
                chosen = f" WHERE place_lab IN ({', '.join('?' * len(labs))})" if labs else ""
                rows = asked_rows(connection, f"SELECT {_STAMPS} FROM runs{chosen}", tuple(labs))
                self._all_as_they_were(connection, edited(self.root, rows))

    def add(self, folder: Path, entry: Entry, facts: dict[str, Any]) -> None:
        """Take up one run that was just written; one row is touched.

        A failure is none of the caller's: the run is stored, and the next reader finds it.
        """
        with contextlib.suppress(sqlite3.Error, OSError), self.opened(make=True) as connection:
            if connection is not None:
                with writing(connection):
                    self._put(connection, folder, entry, facts)

    def note(self, connection: sqlite3.Connection | None, folder: Path, entry: Entry) -> None:
        """Take up what was noted of one run, whose result is as it was; in the block of `alone`, with its value."""
        row = dict(zip(COLUMNS, row_of(place_of(folder), stamp_of(folder), entry, {}), strict=True))
        names = ("entry", "report", "tags", "words", "noted_size", "noted_changed")
        sql = f"UPDATE runs SET {', '.join(f'{name} = ?' for name in names)} WHERE place_lab = ? AND place_run = ?"
        if connection is not None:
            with contextlib.suppress(sqlite3.DatabaseError):  # the next reader finds it
                connection.execute(sql, (*(row[name] for name in names), *place_of(folder)))

    def newest(self) -> int:
        """Return the number of the run that was taken up last."""
        return int(next(iter(self.ask("SELECT max(id) FROM runs")), (0,))[0] or 0)

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection | None]:
        """Keep other programs from noting something while the block runs, where the disk has locks."""
        with self.opened(make=True) as connection, contextlib.ExitStack() as stack:
            if connection is not None:
                stack.enter_context(writing(connection))
            yield connection

    @contextmanager
    def opened(self, *, make: bool = False) -> Iterator[sqlite3.Connection | None]:
        """Open the index for a block; None where the store has no run.

        Args:
            make: also where there is no run yet.
        """
        place = self.root.absolute()
        if place in _in_memory:
            try:
                yield _in_memory[place]
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    _in_memory[place] = empty()
                raise
            return
        if not self.path.exists() and not make and not _has_run(self.root):
            yield None
            return
        try:
            connection = self._connected()
        except (sqlite3.Error, OSError, ReportError) as error:
            yield self._around(place, error)
            return
        with closing(connection):
            try:
                yield connection
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._throw_away()
                raise

    def _connected(self) -> sqlite3.Connection:
        """Open the file; one that is damaged or of another form is made again."""
        for last in (False, True):
            if not self.path.exists():
                (self.root / FOLDER).mkdir(parents=True, exist_ok=True)
                if not (ignore := self.root / FOLDER / ".gitignore").exists():
                    files.write(ignore, b"*\n")
            if not files.can_be_locked(self.root / FOLDER / ".gitignore"):
                # SQLite takes that for another program that writes, and waits for its end.
                raise sqlite3.OperationalError("the disk has no locks for it")
            connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
            try:
                if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
                    raise sqlite3.OperationalError("the disk has no locks for it")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("PRAGMA trusted_schema=OFF")
                prepare(connection)
                return connection
            except sqlite3.DatabaseError as error:
                connection.close()
                if last or not is_damage(error):
                    raise
                self._throw_away()
            except BaseException:
                connection.close()
                raise
        raise AssertionError

    def _throw_away(self) -> None:
        """Delete a damaged index; what it knew is read again from the runs."""
        remarks.say(f"The index of {self.root} is damaged; it is made again from the runs.")
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                Path(f"{self.path}{end}").unlink()

    def _around(self, place: Path, error: Exception) -> sqlite3.Connection:
        """Return an index in memory, begun with what the file says where that can be read."""
        remarks.say(f"The index of {self.root} can't be used ({error}); the runs are read without it.")
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        with contextlib.suppress(OSError, sqlite3.Error):
            content = bytearray(reading.content(self.path, 2**31))
            content[18:20] = b"\1\1"  # what a file in memory can't have: a journal beside it
            connection.deserialize(bytes(content))
            if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError
        try:
            prepare(connection)
        except sqlite3.DatabaseError:
            connection.close()
            connection = empty()
        _in_memory[place] = connection
        return connection

    def _scan(self, connection: sqlite3.Connection) -> None:
        """Look through the folders of the labs that have changed, and at those that waited for their result."""
        labs = {entry.name: _changed(entry.path) for entry in _folders(self.root)}
        known = dict(connection.execute("SELECT lab, changed FROM folders"))
        waiting = [place[1:] for place in asked_rows(connection, "SELECT 0, lab, run FROM waiting")]
        new = [(lab, run) for lab, run in waiting if lab in labs and is_there(self.root / lab / run / RESULT)]
        settled: list[tuple[str, int]] = []
        gone: list[tuple[str, str]] = []
        empty: list[tuple[str, str]] = []
        for lab, changed in labs.items():
            if known.get(lab) == changed:
                continue
            found = {entry.name for entry in _folders(self.root / lab)}
            rows = {run for (run,) in connection.execute("SELECT place_run FROM runs WHERE place_lab = ?", (lab,))}
            waited = {run for place, run in waiting if place == lab}
            gone += [(lab, run) for run in (rows | waited) - found]
            for run in sorted(found - rows - waited):
                (new if is_there(self.root / lab / run / RESULT) else empty).append((lab, run))
            if time.time_ns() - changed > SETTLED:
                settled.append((lab, changed))
        gone += [
            (lab, run)
            for lab in known.keys() - labs
            for (run,) in connection.execute("SELECT place_run FROM runs WHERE place_lab = ?", (lab,))
        ]
        if not (new or gone or empty or settled or known.keys() - labs):
            return
        self._read(connection, new)
        with writing(connection):
            for table, lab, run in (("runs", "place_lab", "place_run"), ("waiting", "lab", "run")):
                connection.executemany(f"DELETE FROM {table} WHERE {lab} = ? AND {run} = ?", gone)
            connection.executemany("DELETE FROM folders WHERE lab = ?", [(lab,) for lab in known.keys() - labs])
            connection.executemany("INSERT OR IGNORE INTO waiting VALUES (?, ?)", empty)
            connection.executemany("INSERT OR REPLACE INTO folders VALUES (?, ?)", settled)

    def _read(self, connection: sqlite3.Connection, places: Sequence[tuple[str, str]]) -> None:
        """Read runs and take them up, a few at a time, so that a program that is stopped has not worked for nothing."""
        starts: Iterable[int] = range(0, len(places), BATCH)
        if len(places) >= MANY:
            remarks.say(f"Reading {len(places)} runs of {self.root} into its index; that is done once.")
            starts = remarks.counted("index, runs", len(places), BATCH)
        for start in starts:
            found = [(self.root / lab / run, self._line(self.root / lab / run)) for lab, run in places[start:][:BATCH]]
            with writing(connection):
                for folder, line in found:
                    self._store(connection, folder, line)

    def _line(self, folder: Path) -> Row | None:
        """Return the row of a run as its files say; None where it has no result."""
        stamp = stamp_of(folder)
        try:
            result = read(folder / RESULT).result
        except ReportError as error:
            if not is_there(folder / RESULT):
                return None  # just deleted, or not written yet
            return row_of(place_of(folder), stamp, None, {}, problem=str(error).replace(str(folder), "\0"))
        return row_of(place_of(folder), stamp, with_notes(entry_of(result), noted(folder)), dict(result.settings))

    def _put(self, connection: sqlite3.Connection, folder: Path, entry: Entry, facts: dict[str, Any]) -> None:
        self._store(connection, folder, row_of(place_of(folder), stamp_of(folder), entry, facts))

    def _store(self, connection: sqlite3.Connection, folder: Path, row: Row | None) -> None:
        place = place_of(folder)
        if row is None:
            connection.execute("DELETE FROM runs WHERE place_lab = ? AND place_run = ?", place)
            if folder.is_dir():
                connection.execute("INSERT OR IGNORE INTO waiting VALUES (?, ?)", place)
            return
        connection.execute(_UPSERT, row)
        connection.execute("DELETE FROM waiting WHERE lab = ? AND run = ?", place)

    def _all_as_they_were(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> bool:
        """Return whether runs are as their rows say; those that are not are read again."""
        root = f"{self.root}{os.sep}"  # joined as texts, because it may be done a hundred thousand times
        changed = [(row[1], row[2]) for row in rows if stamp_of(f"{root}{row[1]}{os.sep}{row[2]}") != row[3:7]]
        self._read(connection, changed)
        return not changed


_STAMPS = "id, place_lab, place_run, size, changed, noted_size, noted_changed"
_GIVEN = f"{_STAMPS}, entry, problem"
_UPSERT = (
    f"INSERT INTO runs ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    f"ON CONFLICT (place_lab, place_run) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS)}"
)


def _has_run(root: Path) -> bool:
    return any(is_there(Path(run.path) / RESULT) for lab in _folders(root) for run in _folders(Path(lab.path)))


def _folders(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Return the folders in a folder but the hidden ones."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_dir():
                yield entry


def _changed(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0
