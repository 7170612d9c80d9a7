"""The store: the only reader and writer of runs.

    runs/<lab>/<run id>/result.json     the Result, whole
    runs/<lab>/<run id>/noted.json      what was noted of it since: tags, what the gate said, where a report lies
    runs/<lab>/.partial/<key>/          finished seeds of a run that is under way, or was stopped; no run yet
    runs/.index/                        made from those, so that no question needs to read them all

Plain files, each written beside its place and renamed, so that every finished run stays intact whenever the program is
stopped. No result is overwritten. A run that can't be read is named and passed over.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import overload

import msgspec

from labreport.experiments.result import Result
from labreport.experiments.system import reading
from labreport.experiments.system.stale import is_there
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store import codec, files
from labreport.report.store.entries import (
    NOTED,
    RESULT,
    Noted,
    Stored,
    StoredResult,
    entry_of,
    noted,
    read,
    with_notes,
)
from labreport.report.store.index import PAGE, Index
from labreport.report.store.query import NEWEST_FIRST, Query, check_labs

KEPT = ".partial"
WHOLE = 20_000
"""Runs that are fetched at a time where none is held against its files, so that each fetch is quick."""
FIRST = 8
"""Runs that are fetched first; more are fetched by the hundreds."""
_MEASURES = "NOT confirms"
_ORDER = f"{NEWEST_FIRST}, place_lab DESC, place_run DESC"


@dataclass(frozen=True, kw_only=True)
class RunPage:
    """The answer to a question, or a part of it."""

    runs: tuple[Stored, ...]
    total: int
    """Runs that answer, also those beyond the limit."""
    unreadable: tuple[str, ...]
    """Why runs of the store, or of the labs asked for, can't be read."""


@dataclass(frozen=True, kw_only=True)
class Chosen(Sequence[Stored]):
    """Runs of a store in order, fetched as they are asked for; those stored after the question are not among them."""

    source: Index
    where: str
    values: tuple[object, ...] = ()
    held: bool = False
    """Whether all of them have just been held against their files, so that this need not be done again."""

    def __iter__(self) -> Iterator[Stored]:
        """Return the runs, some at a time: few at first, because most who ask want the newest."""
        after: tuple[object, ...] = ()
        size = FIRST
        while True:
            beyond = " AND (started, run, place_lab, place_run) < (?, ?, ?, ?)" if after else ""
            part = self.source.select(f"{self.where}{beyond}", (*self.values, *after), _ORDER, size, held=self.held)
            yield from part
            if len(part) < size:
                return
            after = (part[-1].entry.started, part[-1].entry.run_id, *part[-1].folder.parts[-2:])
            size = WHOLE if self.held else PAGE

    def __len__(self) -> int:
        """Return how many there are."""
        counted = self.source.ask(f"SELECT count(*) FROM runs WHERE problem IS NULL AND {self.where}", self.values)
        return int(counted[0][0]) if counted else 0

    def __bool__(self) -> bool:
        """Return whether there is one."""
        return bool(self.source.select(self.where, self.values, _ORDER, 1))

    @overload
    def __getitem__(self, place: int) -> Stored: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Stored]: ...
    def __getitem__(self, place: int | slice) -> Stored | Sequence[Stored]:
        """Return a run, or several."""
        if isinstance(place, int) and place >= 0:
            found = self.source.select(self.where, self.values, _ORDER, 1, place)
            if not found:
                raise IndexError(place)
            return found[0]
        if isinstance(place, slice) and (place.stop or 0) > 0:
            return tuple(islice(self, place.stop))[place]
        return tuple(self)[place]

    def of_labs(self, labs: Sequence[str]) -> Chosen:
        """Return those of them that are of some labs; all where none is named."""
        return self.that(f"lab IN ({', '.join('?' * len(labs))})", *labs) if labs else self

    @property
    def complete(self) -> Chosen:
        """Those of them that were finished."""
        return self.that("status = 'complete'")

    def with_keys(self, keys: Iterable[str]) -> Chosen:
        """Return those of them whose key is one of some."""
        return self.that("key IN (SELECT value FROM json_each(?))", json.dumps(list(keys)))

    def without_keys(self, keys: Iterable[str]) -> Chosen:
        """Return those of them whose key is none of some."""
        return self.that("key NOT IN (SELECT value FROM json_each(?))", json.dumps(list(keys)))

    def before(self, started: str, run: str) -> Chosen:
        """Return those of them that began before a run, by its start and its id."""
        return self.that("(started, run) < (?, ?)", started, run)

    def that(self, condition: str, *values: object) -> Chosen:
        """Return those of them that answer to a further condition of SQL, too."""
        return replace(self, where=f"{self.where} AND {condition}", values=(*self.values, *values))


@dataclass(frozen=True, kw_only=True)
class StoredRuns:
    """The runs of a store at one moment, newest first, and what could not be read; nothing is read before it is asked.

    Every run that is given out has been held against its files.
    """

    runs: Chosen
    """All of them."""
    lab: str | None = None
    """The only lab whose runs were asked for; None: all."""

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Why runs can't be read, a message for each; also of those that proved so since they were listed."""
        return self.runs.source.unreadable(self.lab)

    @property
    def measurements(self) -> Chosen:
        """The runs that measure a version, newest first: all but those that only confirm a suspicion of the gate."""
        return self.runs.that(_MEASURES)

    def of(self, lab: str, profile: str | None = None, data: str = "auto") -> Chosen:
        """Return the measurements of a lab with this profile (None: any) and data ("auto": any), newest first.

        A run that knows no data, because its lab has none or it failed before it read them, answers for any.
        """
        found = self.measurements.that("lab = ?", lab)
        if profile is not None:
            found = found.that("profile = ?", profile)
        return found if data == "auto" else found.that("(source IS NULL OR source = ?)", data)

    def named(self, lab: str, run: str) -> Chosen:
        """Return the run of a lab with this id; none, or several where a folder was copied under another name."""
        return self.runs.that("run = ? AND lab = ?", run, lab)

    def newest(self, lab: str, profile: str | None = None, data: str = "auto") -> Stored | None:
        """Return the newest measurement of a lab with this profile and data, whatever became of it."""
        return next(iter(self.of(lab, profile, data)), None)

    def with_key(self, lab: str, key: str) -> StoredResult | None:
        """Return the newest complete run of a lab with this key, if there is one whose result can be read."""
        for run in self.runs.that("lab = ? AND key = ? AND status = 'complete'", lab, key):
            with contextlib.suppress(UnreadableError):
                return read(run.path)
        return None

    def at(self, path: Path) -> Stored | None:
        """Return the run whose result lies at a path; None where that is not one of this store."""
        wanted = path.resolve().parent
        found = self.runs.that("place_run IN (?, ?)", path.absolute().parent.name, wanted.name)
        return next((run for run in found if run.folder.resolve() == wanted), None)

    def shown_by(self, address: str) -> Chosen:
        """Return the runs of which it is noted that the report at an address shows them."""
        return self.runs.that("report = ?", address)

    def measured_at(self, commits: Iterable[str]) -> Chosen:
        """Return the measurements of some commits."""
        return self.measurements.that("commit_id IN (SELECT value FROM json_each(?))", json.dumps(list(commits)))

    @property
    def labs(self) -> tuple[str, ...]:
        """Names of the labs that have a run, in order."""
        sql = f"SELECT DISTINCT lab FROM runs WHERE lab IS NOT NULL AND {self.runs.where} ORDER BY lab"
        return tuple(lab for (lab,) in self.runs.source.ask(sql, self.runs.values))

    @property
    def tags(self) -> tuple[str, ...]:
        """Words with which a run is tagged, in order."""
        sql = f"SELECT DISTINCT tags FROM runs WHERE tags IS NOT NULL AND {self.runs.where}"
        return tuple(sorted({tag for (tags,) in self.runs.source.ask(sql, self.runs.values) for tag in tags.split()}))

    def seeds_of(self, runs: Chosen) -> tuple[tuple[int, ...], ...]:
        """Return the lists of seeds with which some runs were made, each once."""
        sql = f"SELECT DISTINCT seeds FROM runs WHERE problem IS NULL AND {runs.where}"
        return tuple(
            tuple(int(seed) for seed in text.split(",") if seed) for (text,) in self.runs.source.ask(sql, runs.values)
        )


class Store:
    """Runs under one folder.

    Args:
        root: the folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.index = Index(root)

    def save(self, result: Result, *, claimed: bool = False) -> StoredResult:
        """Write a new run and return it as it was stored.

        Args:
            result: the run.
            claimed: its folder may be there already, without a result: a program was killed while it stored the run.

        Raises:
            OutputError: the folder can't be written.
            UsageError: a run of that id is stored already.
        """
        folder = self.root / result.lab / result.run_id
        try:
            # Making the folder is the claim to its name: of two processes only one succeeds.
            folder.mkdir(parents=True)
        except FileExistsError:
            if folder.is_dir() and not (claimed and not is_there(folder / RESULT)):
                raise UsageError(
                    f"The run {result.run_id} is stored already in {folder}; nothing is overwritten."
                ) from None
        except OSError:
            pass  # `write` says what stands in the way.
        content = codec.encode(result)
        try:
            files.write(folder / RESULT, content)
        except BaseException:
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise
        self.index.add(folder, entry_of(result), dict(result.settings))
        return StoredResult(path=folder / RESULT, result=result, content=content)

    def prepare(self) -> None:
        """Make sure that runs can be stored, before hours are spent on one.

        Raises:
            UsageError: the folder can't be made or written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UsageError(
                f"Runs can't be stored in {self.root}: {error.strerror or error}.\n"
                "Choose another folder with --runs-dir."
            ) from error

    def kept(self, lab: str) -> Path:
        """Return the folder of a lab's finished seeds whose run is not complete, one folder for each key."""
        return self.root / lab / KEPT

    def forget(self, lab: str, key: str) -> None:
        """Delete the finished seeds of a run that is complete, or is to be trained again."""
        shutil.rmtree(self.kept(lab) / key, ignore_errors=True)
        with contextlib.suppress(OSError):  # those of other runs lie there
            self.kept(lab).rmdir()

    def note(self, run: Stored, **notes: str | None) -> Stored:
        """Note beside a run where a report of it lies (`report`), or what the gate says of it (`outcome`).

        Returns:
            The run as it is listed from now on.

        Raises:
            OutputError: it can't be written, or what was noted before can't be read.
        """
        return self._noted(run, lambda known: msgspec.structs.replace(known, **notes))

    def tag(self, run: Stored, *words: str, remove: bool = False) -> Stored:
        """Give a run words by which it can be found, or take them away. Returns and raises as `note`."""

        def changed(known: Noted) -> Noted:
            kept = [tag for tag in known.tags if tag not in words]
            return msgspec.structs.replace(known, tags=tuple(kept if remove else sorted({*kept, *words})))

        return self._noted(run, changed)

    def _noted(self, run: Stored, change: Callable[[Noted], Noted]) -> Stored:
        with self.index.alone() as connection:
            path = run.folder / NOTED
            known = noted(run.folder)
            try:
                codec.parse(reading.content(path, reading.LARGEST_TEXT), Noted, str(path))
            except FileNotFoundError:
                pass  # or a link that leads nowhere, which is replaced
            except (OSError, UnreadableError) as error:
                said = error if isinstance(error, UnreadableError) else f"Can't read {path}: {error.strerror or error}."
                raise files.OutputError(f"{said}\nNothing was noted, so that nothing is lost.") from error
            if (after := change(known)) != known:
                files.write(path, codec.encode(after))
            entry = with_notes(run.entry, after)
            self.index.note(connection, run.folder, entry)
        return Stored(folder=run.folder, entry=entry)

    def list(self, lab: str | None = None, *, whole: bool = True, among: Sequence[str] = ()) -> StoredRuns:
        """Return all runs, or those of one lab, newest first.

        Args:
            lab: its name.
            whole: ask size and time of every result, so that each one that was damaged or edited is noticed; without,
                only the runs that are given out are held against their files.
            among: labs to whose results `whole` is limited; empty: all.

        Raises:
            UsageError: what is given can't be the name of a lab.
        """
        where, values = ("1", ()) if lab is None else ("lab = ?", check_labs([lab]))
        self.index.refresh(deep=whole, labs=among or ((lab,) if lab else ()))
        upto, there = self._seen()
        return StoredRuns(
            runs=Chosen(source=self.index, where=f"{there} AND {where}", values=(*upto, *values)), lab=lab
        )

    def _seen(self) -> tuple[tuple[object, ...], str]:
        """Return the condition of SQL for the runs that are there now, its values first."""
        return (self.index.newest(),), "+id <= ?"  # the plus keeps SQLite from choosing this over the order by time

    def page(self, query: Query) -> RunPage:
        """Return the runs that answer to a question, or the part of them that it asks for."""
        self.index.refresh(deep=query.deep)
        where, values = query.condition()
        order, sorted_by = query.order()
        limit = -1 if query.limit is None else query.limit
        runs = self.index.select(where, (*values, *sorted_by), order, limit, query.offset)
        counted = self.index.ask(f"SELECT count(*) FROM runs WHERE problem IS NULL AND {where}", values)
        only = query.labs or (None,)
        return RunPage(
            runs=tuple(runs),
            total=counted[0][0] if counted else 0,
            unreadable=tuple(problem for lab in only for problem in self.index.unreadable(lab)),
        )

    def find(self, name: str, listing: StoredRuns | None = None) -> Path:
        """Return the file of a run: a file, a folder, a lab (its newest run), or a run id or its unique beginning.

        Args:
            name: what the user wrote.
            listing: of this store, for a caller that has one.

        Raises:
            UsageError: nothing, or more than one run, is meant.
        """
        path = Path(name)
        if os.path.lexists(path) and not path.is_dir():  # also what can't be read: reading it says why
            return path
        if (path / RESULT).is_file():
            return path / RESULT
        listing = listing or self.list()
        if newest := listing.newest(name):
            return newest.path
        # The next text that does not begin with this one; ids are plain letters and digits.
        found = listing.runs.that("run >= ? AND run < ?", name, f"{name}\U0010ffff")[:6] if name else ()
        if exact := [run for run in found if run.entry.run_id == name]:
            return exact[0].path
        if len(found) == 1:
            return found[0].path
        if found:
            raise UsageError(
                f"'{name}' may mean {', '.join(run.entry.run_id for run in found[:5])}; give more of its id."
            )
        if name and (damaged := [problem for problem in listing.unreadable if f"/{name}" in problem]):
            raise UnreadableError(damaged[0])
        raise UsageError(
            f"No run '{name}' in {self.root}, and no such file.\nSee `labreport list` for the stored runs."
        )
