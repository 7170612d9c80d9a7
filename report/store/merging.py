"""Stores of several machines joined to one: the shards of a night.

Every run is copied byte for byte; a run that several stores hold is one. Runs of one version with different seeds that
lie in one store each, as the shards of a lab do, become one run of all seeds instead. The stores that are read never
change, every file is written beside its place and renamed, and what is there already is left as it is; so a merge that
was stopped is finished by asking for it again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from labreport.experiments.system import reading
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store import codec, files, promotions
from labreport.report.store import sources as sources_kept
from labreport.report.store.baselines import FOLDER as BASELINES
from labreport.report.store.baselines import Baseline, Baselines
from labreport.report.store.entries import NOTED, RESULT, Noted, load, noted, read
from labreport.report.store.pooling import poolable, pooled, version_of
from labreport.report.store.promotions import Promotion
from labreport.report.store.remarks import Steps, silent
from labreport.report.store.runs import Store

Name = tuple[str, str]
"""A run by its lab and its id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Copy:
    """A run in one of the stores, as far as it has to be known of all at a time: a store may hold 100 000 runs."""

    source: Path
    path: Path
    digest: str
    """SHA-256 of its file."""
    seeds: tuple[int, ...]
    version: str | None
    """The identity that it shares with the parts of its version; None where it can't be joined with any."""

    @property
    def name(self) -> Name:
        return self.path.parts[-3], self.path.parts[-2]


@dataclass(kw_only=True)
class Merged:
    """What became of a merge."""

    copied: list[str] = field(default_factory=list)
    """Runs that are new, as lab/run."""
    known: list[str] = field(default_factory=list)
    """Runs that were there already."""
    joined: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Run of all seeds, as lab/run -> the runs of which it is made."""
    baselines: list[str] = field(default_factory=list)
    """Files of baselines that are new."""
    problems: list[str] = field(default_factory=list)
    """What the stores contradict each other in, and what can't be read; nothing of it was taken."""


def merge(
    sources: Sequence[Path],
    target: Store,
    *,
    baseline: str | None = None,
    announce: Steps = silent,
) -> Merged:
    """Bring the runs and baselines of stores into another one.

    Args:
        sources: folders of stores.
        target: made as needed; it may be one of them.
        baseline: only this baseline and the runs that it names; None: everything.
        announce: called with what is at work, how much of it is done, and how much there is.

    Raises:
        UsageError: a folder is not there, or none holds a run or a baseline.
        NoBaselineError: a folder has no baseline of that name.
        OutputError: the target can't be written.
    """
    done = Merged()
    found: dict[Name, list[_Copy]] = {}
    folders = list(dict.fromkeys(source.resolve() for source in sources))
    for source in folders:
        if not source.is_dir():
            raise UsageError(f"There is no folder {source}.")
    empty = [source for source in folders if not _holds_something(source)]
    if len(empty) == len(folders):
        raise UsageError(f"The folder {empty[0]} holds no run; name the folder of a store, such as runs.")
    # A shard that was killed before its first run was stored costs its own runs alone.
    done.problems += [f"The folder {source} holds no run; the others were taken." for source in empty]
    for place, source in enumerate(folders):
        announce("merge, stores read", place, len(folders))
        wanted = None if baseline is None else _named(source, baseline)
        for copy in _copies(source, wanted, done):
            found.setdefault(copy.name, []).append(copy)
    target.prepare()
    whole = {name: copies[0] for name, copies in found.items() if _alike(copies, done)}
    alone = [whole[name] for name, copies in found.items() if name in whole and len(copies) == 1]
    parts = _join(alone, target, done) if len({copy.source for copy in alone}) > 1 else set()
    for count, (name, copy) in enumerate(whole.items()):
        announce("merge, runs", count, len(whole))
        if name not in parts:
            _take(copy, target, done)
    for source in folders:
        places = [source / BASELINES] if baseline is None else [Baselines(source).place(baseline)]
        for kept in places:
            _take_files(kept, source, target.root, done)
        _take_sources(source, target.root)
    return done


def _holds_something(source: Path) -> bool:
    return (source / BASELINES).is_dir() or next(source.glob(f"*/*/{RESULT}"), None) is not None


def _copies(source: Path, wanted: set[Name] | None, done: Merged) -> Iterator[_Copy]:
    for path in sorted(source.glob(f"*/*/{RESULT}")):
        if wanted is not None and path.parts[-3:-1] not in wanted:
            continue
        try:
            stored = read(path)
        except UnreadableError as error:
            done.problems.append(str(error).partition("\n")[0])
            continue
        result = stored.result
        if (result.lab, result.run_id) == path.parts[-3:-1]:
            version = version_of(result.key_parts) if poolable(result) else None
            digest = sha256(stored.content).hexdigest()
            yield _Copy(source=source, path=path, digest=digest, seeds=result.seeds, version=version)
        else:
            done.problems.append(f"{path} is not where a run of {result.lab} belongs.")


def _alike(copies: Sequence[_Copy], done: Merged) -> bool:
    if len({copy.digest for copy in copies}) == 1:
        return True
    places = " and ".join(str(copy.source) for copy in copies)
    done.problems.append(f"{'/'.join(copies[0].name)} is not the same in {places}; none was taken.")
    return False


def _join(alone: Sequence[_Copy], target: Store, done: Merged) -> set[Name]:
    """Store a run of all seeds for each version that several stores have a part of; return the parts."""
    versions: dict[tuple[str, str], list[_Copy]] = {}
    for copy in alone:
        if copy.version is not None:
            versions.setdefault((copy.name[0], copy.version), []).append(copy)
    parts: set[Name] = set()
    for group in versions.values():
        if len({copy.source for copy in group}) < 2:
            continue
        try:
            result = pooled([load(copy.path) for copy in sorted(group, key=_order)])
        except UnreadableError as error:  # also a contradiction
            done.problems.append(f"{error} The runs stay apart.")
            continue
        name = f"{result.lab}/{result.run_id}"
        if (target.root / name / RESULT).exists():
            done.known.append(name)
        else:
            files.write(target.root / name / RESULT, codec.encode(result))
        done.joined[name] = tuple(copy.name[1] for copy in group)
        parts |= {copy.name for copy in group}
    return parts


def _order(copy: _Copy) -> tuple[tuple[int, ...], str]:
    return copy.seeds, copy.name[1]


def _take(copy: _Copy, target: Store, done: Merged) -> None:
    """Copy a run with the notes in its index: the result last, because with it the run begins to be there."""
    name = "/".join(copy.name)
    place = target.root / name
    if (place / RESULT).exists():
        if reading.digest(place / RESULT) == copy.digest:
            done.known.append(name)
            _take_tags(copy.path.parent, place)
        else:
            done.problems.append(f"{name} is not the same in {copy.source} and in {target.root}; not taken.")
        return
    try:
        content = reading.content(copy.path)
    except OSError as error:
        done.problems.append(f"Can't read {copy.path}: {error.strerror or error}.")
        return
    if sha256(content).hexdigest() != copy.digest:
        done.problems.append(f"{copy.path} was changed meanwhile; not taken.")
        return
    if (notes := noted(copy.path.parent)) != Noted():
        files.write(place / NOTED, codec.encode(notes))
    files.write(place / RESULT, content)
    done.copied.append(name)


def _take_tags(source: Path, place: Path) -> None:
    """Add the tags that a run has elsewhere; what the gate said of it stays as it is here."""
    known, other = noted(place), noted(source)
    if set(other.tags) - set(known.tags):
        tags = tuple(sorted({*known.tags, *other.tags}))
        files.write(place / NOTED, codec.encode(msgspec.structs.replace(known, tags=tags)))


def _named(source: Path, baseline: str) -> set[Name]:
    return {(entry.key.lab, run.run_id) for entry in Baselines(source).entries(baseline) for run in entry.runs}


def _take_files(folder: Path, source: Path, root: Path, done: Merged) -> None:
    """Copy baselines with their history; one that is there already with another content is named and stays."""
    for path in sorted(path for path in folder.rglob("*.json") if path.is_file()):
        name = path.relative_to(source)
        kind = Promotion if promotions.FOLDER in name.parts else Baseline
        try:
            content = reading.content(path, reading.LARGEST_TEXT)
            codec.parse(content, kind, str(path))
        except (OSError, UnreadableError) as error:
            done.problems.append(str(error).partition("\n")[0])
            continue
        if not (root / name).exists():
            files.write(root / name, content)
            done.baselines.append(name.as_posix())
        elif reading.digest(root / name) != sha256(content).hexdigest():
            done.problems.append(f"{name.as_posix()} is not the same in {source} and in {root}; not taken.")


def _take_sources(source: Path, root: Path) -> None:
    """Copy the sources of labs whose content is what their name says."""
    for path in sorted((source / sources_kept.FOLDER).glob("*.txt")):
        place = sources_kept.place(root, path.stem)
        with contextlib.suppress(OSError):
            content = reading.content(path, reading.LARGEST_TEXT)
            if sha256(content).hexdigest() == path.stem and not place.exists():
                files.write(place, content)
