"""Named baselines: which stored runs later ones are judged against.

    runs/baselines/NAME/LAB-PROFILE-DATA-ENGINE.json
    runs/baselines/NAME/%history/                     what it was before, and why it was changed (`promotions`)

A file for each lab, profile, data and engine, so that setting one never touches the others and two jobs can set
baselines at the same time. It names runs of the store with the hash of each result; it does not copy them. A quick run
is a smoke test and never becomes a baseline; a run on sample data is a baseline for runs on the same sample alone,
because the data are part of the key. A name may be that of a branch, such as feature/x: its parts are folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from labreport.experiments.result import DataFile, Result
from labreport.experiments.system import reading
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.findings.training_words import forms
from labreport.report.store import codec, files
from labreport.report.store.entries import RESULT, load

FOLDER = "baselines"
HISTORY = "%history"
"""Folder inside that of a baseline; no quoted part of a name looks like it, and artifacts leave hidden files out."""
FORMAT = 1
_PART = r"[\w@#+][\w.@#+=%-]{0,99}"
_NAME = re.compile(rf"(?=.{{1,200}}$){_PART}(/{_PART})*(?<!\.json)")
"""What git allows as the name of a branch, without the signs that a command line or a list has for other things."""


NO_DATA = "none"
"""Stands in a key for the data of a run that describes none."""


class NoBaselineError(ReportError):
    """There is no such baseline, or nothing that could become one."""

    exit_code = 5


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What two runs must share for one to be judged against the other."""

    lab: str
    profile: str
    data: str
    """SHA-256 over the hashes of the files read; "none" for a lab without data."""
    engine: str
    """Forms of the training engine."""

    @property
    def file_name(self) -> str:
        """Name of the baseline's file."""
        engine = sha256(self.engine.encode()).hexdigest()[:12] if self.engine else "none"
        return f"{self.lab}-{self.profile}-{self.data[:12]}-{engine}.json"


class HashedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A stored run, with the hash of its result as it was when the baseline was set."""

    run_id: str
    sha256: str


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one baseline for one key."""

    format: int = FORMAT
    name: str
    key: Key
    runs: tuple[HashedRun, ...]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is left of an entry's runs."""

    entry: Baseline
    results: tuple[Result, ...]
    lost: tuple[str, ...]
    """Runs that are gone from the store, or are no longer what they were."""


def key_of(result: Result) -> Key:
    """Return the key under which a run may be a baseline."""
    card = result.findings.data
    return Key(
        lab=result.lab,
        profile=result.profile,
        data=data_of(card.files if card else ()),
        engine=forms(result.findings.engine),
    )


def data_of(files: Sequence[DataFile]) -> str:
    """Return the data of a key: one hash for the files that are read, whatever their order."""
    hashes = sorted(file.sha256 for file in files)
    return sha256(" ".join(hashes).encode()).hexdigest() if hashes else NO_DATA


class Baselines:
    """The named baselines of one store.

    Args:
        root: the folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / FOLDER

    def names(self) -> tuple[str, ...]:
        """Return the names of all baselines."""
        places = {path.parent.relative_to(self.folder) for path in self.folder.rglob("*.json") if not path.is_dir()}
        shown = (place for place in places if place.parts and HISTORY not in place.parts)
        return tuple(sorted("/".join(map(unquote, place.parts)) for place in shown))

    @staticmethod
    def may_be_called(name: str) -> bool:
        """Return whether a baseline can have this name."""
        return _NAME.fullmatch(name) is not None

    def place(self, name: str) -> Path:
        """Return the folder of a baseline.

        Raises:
            UsageError: a name that no baseline can have.
        """
        if not self.may_be_called(name):
            raise UsageError(
                f"A baseline can't be called {name[:200]!r}: use letters, digits, '.', '_', '-' and '/', as in the "
                "name of a branch."
            )
        return self.folder.joinpath(*(quote(part, safe="") for part in name.split("/")))

    def proposed(self, name: str, paths: Sequence[Path]) -> tuple[Baseline, ...]:
        """Return the entries that stored runs would be; `write` makes them so.

        Args:
            name: of the baseline, new or old.
            paths: results of this store, at least one; those of equal key are one baseline together.

        Raises:
            UsageError: a name that no baseline can have, a run that is not in this store, is quick or did not finish.
            UnreadableError: a run can't be read.
        """
        self.place(name)
        by_key: dict[Key, list[HashedRun]] = {}
        for path in paths:
            result = load(path)
            self._check(path, result)
            reference = HashedRun(run_id=result.run_id, sha256=reading.digest(path))
            known = by_key.setdefault(key_of(result), [])
            if reference not in known:
                known.append(reference)
        return tuple(Baseline(name=name, key=key, runs=tuple(runs)) for key, runs in by_key.items())

    def write(self, entries: Sequence[Baseline]) -> None:
        """Write entries; those of the same key that their baseline has already are replaced."""
        for entry in entries:
            files.write(self.place(entry.name) / entry.key.file_name, codec.encode(entry))

    def remove(self, name: str, key: Key) -> None:
        """Take an entry away, if it is there."""
        (self.place(name) / key.file_name).unlink(missing_ok=True)

    def set(self, name: str, paths: Sequence[Path]) -> tuple[Baseline, ...]:
        """Make stored runs a baseline and return its new entries. Arguments and errors as `proposed`."""
        entries = self.proposed(name, paths)
        self.write(entries)
        return entries

    def entries(self, name: str) -> tuple[Baseline, ...]:
        """Return the entries of a baseline, in the order of their files.

        Raises:
            NoBaselineError: there is no baseline of that name; the message lists those there are.
            UnreadableError: an entry is damaged or newer than this version.
        """
        if name not in self.names():
            known = ", ".join(self.names()) or "none"
            raise NoBaselineError(
                f"There is no baseline '{name}' in {self.root}. Known: {known}.\n"
                f"Set one with `labreport baseline set {name}`."
            )
        return tuple(_read(path) for path in sorted(self.place(name).glob("*.json")))

    def held(self, entry: Baseline) -> Held:
        """Return the results of an entry, and the runs that are gone or changed since it was set."""
        results: list[Result] = []
        lost: list[str] = []
        for reference in entry.runs:
            path = self.root / entry.key.lab / reference.run_id / RESULT
            try:
                content = reading.content(path)
            except OSError:
                lost.append(reference.run_id)
                continue
            if sha256(content).hexdigest() != reference.sha256:
                lost.append(reference.run_id)
            else:
                results.append(codec.decode(content, str(path)))
        return Held(entry=entry, results=tuple(results), lost=tuple(lost))

    def kept_runs(self) -> frozenset[tuple[str, str]]:
        """Return lab and run id of every run that some baseline names: they must not be deleted.

        Raises:
            UnreadableError: a baseline can't be read, so that what it names is not known.
        """
        return frozenset(
            (entry.key.lab, reference.run_id)
            for name in self.names()
            for entry in self.entries(name)
            for reference in entry.runs
        )

    def _check(self, path: Path, result: Result) -> None:
        home = self.root / result.lab / result.run_id / RESULT
        if not home.exists() or not home.samefile(path):
            raise UsageError(
                f"{path} is not in the store {self.root}, so it can't be a named baseline.\n"
                "Give the file itself to `labreport check --baseline`."
            )
        if result.profile == "quick":
            raise UsageError(f"{result.run_id} is a quick run of {result.lab}: a smoke test is never a baseline.")
        if result.status != "complete":
            raise UsageError(
                f"{result.run_id} of {result.lab} did not finish ({result.status}); it can't be a baseline."
            )


def check_names(key: Key, runs: Iterable[HashedRun], path: Path) -> None:
    """Refuse an entry that names what can't be: its parts become names of files, as those in a result do.

    Raises:
        UnreadableError: names the part and the file.
    """
    for name in (key.lab, key.profile, key.data, *(run.run_id for run in runs)):
        if not codec.NAME.fullmatch(name):
            raise UnreadableError(f"Can't read {path}: {name[:40]!r} is not a name of a lab, a run or its data.")


def _read(path: Path) -> Baseline:
    try:
        entry = codec.parse(reading.content(path), Baseline, str(path))
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error
    except UnreadableError as error:
        raise UnreadableError(f"{error}\nSet the baseline again.") from error
    check_names(entry.key, entry.runs, path)
    if entry.format > FORMAT:
        raise UnreadableError(f"Can't read {path}: saved in format {entry.format}; this version reads up to {FORMAT}.")
    return entry
