"""The store: the only reader and writer of runs.

    runs/<lab>/<run id>/result.json     the Result, whole
    runs/<lab>/<run id>/index.json      the few fields that a listing needs
    runs/<lab>/.partial/<key>/          finished seeds of a run that is under way, or was stopped; no run yet

Plain files, each written beside its place and renamed, so that whoever stops the program finds every finished run
intact. Nothing is overwritten. A run whose index is missing, of an older form, or was made from another state of the
result (told by size and time of the file) is listed from its result, and the index is written anew; a run that can't be
read is named and passed over. So a result that was cut off or edited is noticed without reading the others.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from labreport.experiments.result import Direction, Failure, Result, Setting, Split
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.findings import analysis, conclusions
from labreport.report.findings.scores import Measured, scores_of
from labreport.report.store import codec, files

RESULT = "result.json"
INDEX = "index.json"
KEPT = ".partial"
FORM = 3
"""Form of the index. History: 0 had no scores but the first; 1 had all of a trend; 2 knows the file of its result;
3 has the best epochs, and spreads in which the folds of a seed are averaged."""


class ScoreLine(msgspec.Struct, frozen=True, kw_only=True):
    """One score over the seeds of a run; the folds of a seed are averaged first."""

    name: str
    split: Split
    unit: str
    direction: Direction
    mean: float | None
    """None where a seed's value is not a finite number."""
    deviation: float | None
    """Sample standard deviation over the seeds; None for a single seed, or where the mean is None."""
    seeds: int


class TrainingLine(msgspec.Struct, frozen=True, kw_only=True):
    """All trainings of one role of a run, as `findings.conclusions` tells of them."""

    role: str
    best_epoch: int | None
    """Of the mean curve, counted from 1; None without a validation curve."""
    epochs: int


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
    """Name and mean of the first score on the test set; None where there is none, or it is not a finite number."""
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
class Listing:
    """All runs of a store, newest first, and what could not be read."""

    runs: tuple[Stored, ...]
    unreadable: tuple[str, ...]

    def of(self, lab: str, profile: str | None = None, data: str = "auto") -> tuple[Stored, ...]:
        """Return the runs of a lab with this profile (None: any) and data ("auto": any), newest first."""
        return tuple(run for run in self.runs if run.entry.lab == lab and run.entry.answers(profile, data))

    def newest(self, lab: str, profile: str | None = None, data: str = "auto") -> Stored | None:
        """Return the newest run of a lab with this profile and data, whatever became of it; None if there is none."""
        return next(iter(self.of(lab, profile, data)), None)

    def with_key(self, lab: str, key: str) -> StoredResult | None:
        """Return the newest complete run of a lab with this key, if there is one whose result can be read."""
        for run in self.of(lab):
            if run.entry.key == key and run.entry.status == "complete":
                with contextlib.suppress(UnreadableError):
                    return read(run.path)
        return None


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
        """Delete the finished seeds of a run that is complete, or is to be trained anew."""
        shutil.rmtree(self.kept(lab) / key, ignore_errors=True)
        with contextlib.suppress(OSError):  # those of other runs lie there
            self.kept(lab).rmdir()

    def link(self, run: Stored, report: str | None) -> None:
        """Note in a run's index where a report of it lies; None where there is none any more.

        Raises:
            OutputError: the index can't be written.
        """
        if run.entry.report != report:
            files.write(run.folder / INDEX, codec.encode(msgspec.structs.replace(run.entry, report=report)))

    def list(self, lab: str | None = None) -> Listing:
        """Return all runs, or those of one lab, newest first.

        Raises:
            UsageError: what is given can't be the name of a lab.
        """
        if lab is not None and not codec.NAME.fullmatch(lab):
            raise UsageError(f"{lab[:40]!r} can't be the name of a lab.")
        runs: list[Stored] = []
        unreadable: list[str] = []
        for path in sorted(self.root.glob(f"{lab or '*'}/*/{RESULT}")):
            try:
                runs.append(Stored(folder=path.parent, entry=self._entry(path.parent)))
            except ReportError as error:
                if path.exists():  # if not, another process has just deleted the run
                    unreadable.append(str(error))
        runs.sort(key=lambda run: (run.entry.started, run.entry.run_id), reverse=True)
        return Listing(runs=tuple(runs), unreadable=tuple(unreadable))

    def find(self, name: str, listing: Listing | None = None) -> Path:
        """Return the file of a run: a file, a folder, a lab (its newest run), or a run id or its unique beginning.

        Args:
            name: what the user wrote.
            listing: of this store, for a caller that has one.

        Raises:
            UsageError: nothing, or more than one run, is meant.
        """
        path = Path(name)
        if path.is_file():
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
            known = codec.parse(index.read_bytes(), Entry, str(index))
        stamp = stamp_of(folder / RESULT)
        if known is not None and known.form >= FORM and _fits(known, folder) and known.stamp == stamp:
            return known
        link = known.report if known else None
        entry = msgspec.structs.replace(entry_of(load(folder / RESULT)), report=link, stamp=stamp)
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
        content = path.read_bytes()
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
    tested = next((found for found in scores.values() if found.first.split == "test"), None)
    provenance = result.provenance
    return Entry(
        run_id=result.run_id,
        key=result.key,
        lab=result.lab,
        status=result.status,
        profile=result.profile,
        source=findings.data.source if findings.data else None,
        seeds=result.seeds,
        score=(tested.first.name, tested.mean) if tested and math.isfinite(tested.mean) else None,
        started=provenance.started,
        ended=provenance.ended,
        failure=result.failure,
        form=FORM,
        scores=tuple(map(_line, scores.values())),
        trainings=tuple(
            TrainingLine(role=group.role, best_epoch=group.best_epoch, epochs=group.epochs)
            for group in conclusions.trainings(result)
        ),
        seconds=analysis.seconds(result),
        lab_version=result.lab_version,
        changed_settings={name: result.settings[name] for name in result.changed_settings if name in result.settings},
        data=findings.data.name if findings.data else None,
        commit=provenance.git_commit,
        dirty=bool(provenance.git_dirty),
        machine=f"{provenance.machine.processor} × {provenance.machine.logical_processors}",
    )


def _line(found: Measured) -> ScoreLine:
    first = found.first
    return ScoreLine(
        name=first.name,
        split=first.split,
        unit=first.unit,
        direction=first.direction,
        mean=found.mean if math.isfinite(found.mean) else None,
        deviation=found.deviation,
        seeds=len(found.values),
    )
