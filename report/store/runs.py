"""The store: the only reader and writer of runs.

    runs/<lab>/<run id>/result.json     the Result, whole
    runs/<lab>/<run id>/index.json      the few fields that a listing needs
    runs/<lab>/.partial/<key>/          finished seeds of a run that is under way, or was stopped; no run yet

Plain files, each written beside its place and renamed, so that every finished run stays intact whenever the program is
stopped. Nothing is overwritten. A run whose index is missing, of an older form, or was made from another state of the
result (seen by size and time of the file) is listed from its result, and the index is written again; a run that can't
be read is named and passed over. So a result that was cut off or edited is noticed without reading the others.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from labreport.experiments.result import Failure, Result, Setting
from labreport.experiments.system import reading
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.findings import analysis
from labreport.report.findings.scores import deciding, scores_of
from labreport.report.store import codec, files
from labreport.report.store.lines import ScoreLine, TrainingLine, score_line, training_lines

RESULT = "result.json"
INDEX = "index.json"
KEPT = ".partial"
FORM = 4
"""Form of the index. History: 0 had no scores but the first; 1 had all of a trend; 2 knows the file of its result;
3 knows which runs are confirmations, the best epochs, and spreads in which the folds of a seed are averaged; in 4 the
score is the one that decides."""
PURPOSE, CONFIRMATION, EXPLANATION = "purpose", "confirmation", "explanation"
"""The part of a run's identity that marks a run which the gate asked for to confirm a suspicion, or `explain` to take a
difference apart. It stands among the
`key_parts`, whose names are free, so that every reader of format 1 reads it; runs of the user's have no such part."""
REJECTED = ("regressed", "failed")
"""Outcomes of the gate after which a run becomes no baseline unasked."""
MISSING = "missing:"
"""Before the source of data (full, sample or auto) in the identity of a run that failed before it could read them."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a listing says of a run."""

    run_id: str
    key: str
    lab: str
    status: str
    profile: str
    source: str | None
    """full, sample, or None for a lab without data."""
    seeds: tuple[int, ...]
    score: tuple[str, float] | None
    """Name and mean of the score that decides; None where nothing was tested, or it is not a finite number."""
    started: str
    ended: str
    failure: Failure | None = None
    form: int = 0
    scores: tuple[ScoreLine, ...] = ()
    trainings: tuple[TrainingLine, ...] = ()
    seconds: float | None = None
    """Wall time of the whole run."""
    lab_version: str = ""
    changed_settings: dict[str, Setting] = {}
    """Settings that differ from the lab's default."""
    data: str | None = None
    """Name of the data set."""
    commit: str | None = None
    dirty: bool = False
    """Whether tracked files differed from the commit."""
    machine: str = ""
    """Processor and how many of it, which is what rounding and speed depend on."""
    confirms: bool = False
    """Whether it was made only to confirm a suspicion of the gate, or to explain a difference; such a run is never the
    newest of its lab."""
    outcome: str | None = None
    """What the gate last said of it: an outcome of `gate.verdict`; None where it was never judged."""
    report: str | None = None
    """Where a report of this run lies: a web address, or a folder relative to the store."""
    stamp: tuple[int, int] = (0, 0)
    """Size in bytes and time of the last change in nanoseconds of the result from which this was made."""

    def answers(self, profile: str | None = None, data: str | None = "auto") -> bool:
        """Return whether the run was made with this profile (None: any) on these data ("auto": any).

        A run that knows no data, because its lab has none or it failed before it read them, answers for any.
        """
        return profile in (None, self.profile) and (data == "auto" or self.source in (None, data))


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A run in the store: its folder and its line in a listing."""

    folder: Path
    entry: Entry

    @property
    def path(self) -> Path:
        """The result's file."""
        return self.folder / RESULT


@dataclass(frozen=True, kw_only=True)
class StoredResult:
    """A result that was read, or written, once: what travels from the store to every page made of it."""

    path: Path
    """Where it lies; for a result out of a finished report, that report."""
    result: Result
    content: bytes = field(repr=False)
    """Its file, byte for byte: what a report carries, and what decides whether a report is up to date."""


@dataclass(frozen=True, kw_only=True)
class StoredRuns:
    """All runs of a store, newest first, and what could not be read."""

    runs: tuple[Stored, ...]
    unreadable: tuple[str, ...]

    @property
    def measurements(self) -> tuple[Stored, ...]:
        """The runs that measure a version, newest first: all but those that only confirm a suspicion of the gate."""
        return tuple(run for run in self.runs if not run.entry.confirms)

    def of(self, lab: str, profile: str | None = None, data: str = "auto") -> tuple[Stored, ...]:
        """Return the measurements of a lab with this profile (None: any) and data ("auto": any), newest first."""
        return tuple(run for run in self.measurements if run.entry.lab == lab and run.entry.answers(profile, data))

    def newest(self, lab: str, profile: str | None = None, data: str = "auto") -> Stored | None:
        """Return the newest measurement of a lab with this profile and data, whatever became of it."""
        return next(iter(self.of(lab, profile, data)), None)

    def with_key(self, lab: str, key: str) -> StoredResult | None:
        """Return the newest complete run of a lab with this key, if there is one whose result can be read."""
        for run in self.runs:
            if (run.entry.lab, run.entry.key, run.entry.status) == (lab, key, "complete"):
                with contextlib.suppress(UnreadableError):
                    return read(run.path)
        return None


def newest_first(runs: Iterable[Stored]) -> tuple[Stored, ...]:
    """Return runs in the order of a listing."""
    return tuple(sorted(runs, key=lambda run: (run.entry.started, run.entry.run_id), reverse=True))


class Store:
    """Runs under one folder.

    Args:
        root: the folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, result: Result) -> StoredResult:
        """Write a new run and return it as it was stored.

        Raises:
            OutputError: the folder can't be written.
            UsageError: a run of that id is stored already.
        """
        folder = self.root / result.lab / result.run_id
        try:
            # Making the folder is the claim to its name: of two processes only one succeeds.
            folder.mkdir(parents=True)
        except FileExistsError:
            if folder.is_dir():
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
        entry = msgspec.structs.replace(entry_of(result), stamp=stamp_of(folder / RESULT))
        files.write(folder / INDEX, codec.encode(entry))
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
        """Note in a run's index where a report of it lies (`report`), or what the gate says of it (`outcome`).

        Returns:
            The run as it is listed from now on.

        Raises:
            OutputError: the index can't be written.
        """
        entry = msgspec.structs.replace(run.entry, **notes)
        if entry != run.entry:
            files.write(run.folder / INDEX, codec.encode(entry))
        return Stored(folder=run.folder, entry=entry)

    def list(self, lab: str | None = None) -> StoredRuns:
        """Return all runs, or those of one lab, newest first.

        Raises:
            UsageError: what is given can't be the name of a lab.
        """
        if lab is not None and not codec.NAME.fullmatch(lab):
            raise UsageError(f"{lab[:40]!r} can't be the name of a lab.")
        runs: list[Stored] = []
        unreadable: list[str] = []
        for folder in sorted(self.root.glob(f"{lab or '*'}/*")):
            if not os.path.lexists(folder / RESULT):
                continue
            try:
                runs.append(Stored(folder=folder, entry=self._entry(folder)))
            except ReportError as error:
                if os.path.lexists(folder / RESULT):  # if not, another process has just deleted the run
                    unreadable.append(str(error))
        return StoredRuns(runs=newest_first(runs), unreadable=tuple(unreadable))

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
        found = [run for run in listing.runs if run.entry.run_id.startswith(name)]
        if len(found) == 1 or (found and found[0].entry.run_id == name):
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

    def _entry(self, folder: Path) -> Entry:
        index = folder / INDEX
        known = None
        with contextlib.suppress(OSError, UnreadableError):
            known = codec.parse(reading.content(index, reading.LARGEST_TEXT), Entry, str(index))
        stamp = stamp_of(folder / RESULT)
        if known is not None and known.form >= FORM and _fits(known, folder) and known.stamp == stamp:
            return known
        notes = {"report": known.report, "outcome": known.outcome} if known else {}
        entry = msgspec.structs.replace(entry_of(load(folder / RESULT)), stamp=stamp, **notes)
        # A store that can't be written is read from the results, only slower.
        with contextlib.suppress(files.OutputError):
            files.write(index, codec.encode(entry))
        return entry


def stamp_of(path: Path) -> tuple[int, int]:
    """Return size and time of a result's file, which change with its content; zeros where it can't be reached."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _fits(entry: Entry, folder: Path) -> bool:
    """Return whether an index is that of its folder, and of a form that a listing can work with."""
    try:
        datetime.fromisoformat(entry.started)
    except ValueError:
        return False
    return (
        (entry.lab, entry.run_id) == (folder.parent.name, folder.name)
        and entry.status in ("complete", "failed", "interrupted")
        and entry.profile in ("full", "quick")
        and entry.source in ("full", "sample", None)
    )


def read(path: Path) -> StoredResult:
    """Read a result file, once for all that is made of it.

    Raises:
        UnreadableError: missing, damaged, cut off, or of a newer format.
    """
    try:
        content = reading.content(path)
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error
    return StoredResult(path=path, result=codec.decode(content, str(path)), content=content)


def load(path: Path) -> Result:
    """Return the result in a file, where nothing else of it is needed. Errors as `read`."""
    return read(path).result


def entry_of(result: Result) -> Entry:
    """Return what a listing says of a run."""
    findings = result.findings
    scores = scores_of(findings.scores)
    judged = deciding(result)
    provenance = result.provenance
    return Entry(
        run_id=result.run_id,
        key=result.key,
        lab=result.lab,
        status=result.status,
        profile=result.profile,
        source=findings.data.source if findings.data else _wanted_source(result),
        seeds=result.seeds,
        score=(judged.first.name, judged.mean) if judged and math.isfinite(judged.mean) else None,
        started=provenance.started,
        ended=provenance.ended,
        failure=result.failure,
        form=FORM,
        scores=tuple(map(score_line, scores.values())),
        trainings=training_lines(result),
        seconds=analysis.seconds(result),
        lab_version=result.lab_version,
        changed_settings={name: result.settings[name] for name in result.changed_settings if name in result.settings},
        data=findings.data.name if findings.data else None,
        commit=provenance.git_commit,
        dirty=bool(provenance.git_dirty),
        machine=f"{provenance.machine.processor} × {provenance.machine.logical_processors}",
        confirms=result.key_parts.get(PURPOSE) in (CONFIRMATION, EXPLANATION),
    )


def _wanted_source(result: Result) -> str | None:
    """Return the source of the data that a run failed to read, where the user named one."""
    wanted = result.key_parts.get("data", "").removeprefix(MISSING)
    return wanted if wanted in ("full", "sample") else None
