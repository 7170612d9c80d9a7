"""The store: the only reader and writer of runs.

    runs/<lab>/<run id>/result.json     the Result, whole
    runs/<lab>/<run id>/index.json      the few fields that a listing needs

Plain files, each written beside its place and renamed, so that whoever stops the program finds every finished run
intact. Nothing is overwritten. A run whose index is missing or older than its result is listed from the result; a
run that can't be read is named and passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from experiments.result import Failure, Result
from report import codec, files
from report.errors import ReportError, UnreadableError, UsageError

RESULT = "result.json"
INDEX = "index.json"


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
    """Name and mean of the first score on the test set."""
    started: str
    ended: str
    failure: Failure | None = None


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
class Listing:
    """All runs of a store, newest first, and what could not be read."""

    runs: tuple[Stored, ...]
    unreadable: tuple[str, ...]


class Store:
    """Runs under one folder.

    Args:
        root: the folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, result: Result) -> Path:
        """Write a new run and return its file.

        Raises:
            OutputError: the folder can't be written.
            UsageError: a run of that id is stored already.
        """
        folder = self.root / result.lab / result.run_id
        if (folder / RESULT).exists():
            raise UsageError(f"The run {result.run_id} is stored already in {folder}; nothing is overwritten.")
        files.write(folder / RESULT, codec.encode(result))
        files.write(folder / INDEX, codec.encode(entry_of(result)))
        return folder / RESULT

    def list(self, lab: str | None = None) -> Listing:
        """Return all runs, or those of one lab, newest first."""
        runs: list[Stored] = []
        unreadable: list[str] = []
        for path in sorted(self.root.glob(f"{lab or '*'}/*/{RESULT}")):
            try:
                runs.append(Stored(folder=path.parent, entry=self._entry(path.parent)))
            except ReportError as error:
                unreadable.append(str(error))
        runs.sort(key=lambda run: (run.entry.started, run.entry.run_id), reverse=True)
        return Listing(runs=tuple(runs), unreadable=tuple(unreadable))

    def with_key(self, lab: str, key: str) -> Stored | None:
        """Return the newest complete run of a lab with this key, if there is one."""
        for run in self.list(lab).runs:
            if run.entry.key == key and run.entry.status == "complete":
                return run
        return None

    def latest(self, lab: str) -> Stored | None:
        """Return the newest run of a lab, if there is one."""
        runs = self.list(lab).runs
        return runs[0] if runs else None

    def find(self, name: str) -> Path:
        """Return the file of a run given as a run id (or its unique beginning), a folder or a file.

        Raises:
            UsageError: nothing, or more than one run, is meant.
        """
        path = Path(name)
        if path.is_file():
            return path
        if (path / RESULT).is_file():
            return path / RESULT
        found = [run for run in self.list().runs if run.entry.run_id.startswith(name)]
        if len(found) == 1 or (found and found[0].entry.run_id == name):
            return found[0].path
        if found:
            raise UsageError(
                f"'{name}' may mean {', '.join(run.entry.run_id for run in found[:5])}; give more of its id."
            )
        raise UsageError(f"No run '{name}' in {self.root}, and no such file.\nSee `labreport list` for the stored runs.")

    def _entry(self, folder: Path) -> Entry:
        index = folder / INDEX
        try:
            return msgspec.json.decode(index.read_bytes(), type=Entry)
        except (OSError, msgspec.DecodeError):
            return entry_of(load(folder / RESULT))


def load(path: Path) -> Result:
    """Read a result file.

    Raises:
        UnreadableError: missing, damaged, cut off, or of a newer format.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error
    return codec.decode(content, str(path))


def entry_of(result: Result) -> Entry:
    """Return what a listing says of a run."""
    findings = result.findings
    tested = [item for item in findings.scores if item.split == "test"]
    first = tested[0] if tested else None
    values = [item.value for item in findings.scores if first and item.name == first.name]
    return Entry(
        run_id=result.run_id,
        key=result.key,
        lab=result.lab,
        status=result.status,
        profile=result.profile,
        source=findings.data.source if findings.data else None,
        seeds=result.seeds,
        score=(first.name, sum(values) / len(values)) if first else None,
        started=result.provenance.started,
        ended=result.provenance.ended,
        failure=result.failure,
    )
