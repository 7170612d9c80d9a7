"""Which stored runs may go, and their going.

A rule keeps either the newest N complete runs of each line (lab, profile, data and changed settings; runs that only
confirm a suspicion of the gate are a line of their own), or everything younger than a number of days; a run stays if
any rule keeps it. Whatever the rules say, these stay: the runs of every baseline, the newest complete run of each line
(which `build` and `render` use), a run that did not finish but is younger than the oldest kept of its line, and what
can't be read, because what it is is not known.

A run goes by losing its result first: from then on it is not a run for any other process, also if this one is killed
before the rest is gone. Such rests, and those of killed writers, are cleared as well once they are a day old.

Only what the store itself writes is deleted, file by file, and no link is followed: a link, and what others have put
into the store, is passed over and named.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from labreport.experiments.running.checkpoints import SAVED
from labreport.experiments.system.stale import is_there
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store.baselines import FOLDER as BASELINES
from labreport.report.store.entries import INDEX_OF_01, NOTED, RESULT, Stored, load
from labreport.report.store.files import OutputError
from labreport.report.store.index import FOLDER as INDEX
from labreport.report.store.runs import KEPT
from labreport.report.store.sources import FOLDER as SOURCES

REST_SECONDS = 86_400
"""Age from which on a folder without a result is a rest, and not a run that is just being written."""
KEPT_SECONDS = 30 * 86_400
"""Age from which on the finished seeds of a run that was stopped are a rest."""
OURS = (RESULT, NOTED, INDEX_OF_01)
"""Files of a run."""
_RULE = re.compile(r"([0-9]{1,6})(d?)")
_SOURCE = re.compile(r"[0-9a-f]{64}\.txt")
"""Name of a source of a lab that is kept."""
_KEY = re.compile(r"[0-9a-f]{64}")
"""Name of the folder of a run's finished seeds."""

Ground = Literal["baseline", "newest", "count", "days", "younger", "damaged", "link"]
"""Why a run stays. baseline: some baseline names it. newest: the newest complete one of its line. count, days: a rule
keeps it. younger: it did not finish, and is younger than a kept run. damaged: it can't be read. link: a link leads to
it, so it may lie outside the store."""
_WORDS: dict[Ground, str] = {
    "baseline": "of a baseline",
    "newest": "the newest of its line",
    "count": "one of the newest {number}",
    "days": "not older than {number} days",
    "younger": "younger than a kept run",
    "damaged": "can't be read",
    "link": "reached by a link",
}


@dataclass(frozen=True, kw_only=True)
class RetentionRule:
    """One way to be kept; exactly one part is set."""

    newest: int | None = None
    days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """What lies in a store besides its runs."""

    ours: tuple[Path, ...]
    """Written by programs that were killed, and at least a day old: may be cleared."""
    foreign: tuple[Path, ...]
    """Links, and what the store does not write: passed over."""


@dataclass(frozen=True, kw_only=True)
class Fate:
    """A run, and why it stays; it goes where there is none."""

    run: Stored
    ground: Ground | None = None
    """None where the run is to be deleted."""
    number: int = 0
    """Of the rule that keeps it."""

    @property
    def goes(self) -> bool:
        """Whether the run is to be deleted."""
        return self.ground is None

    @property
    def reason(self) -> str:
        """Why the run stays, in words; empty where it goes."""
        return "" if self.ground is None else _WORDS[self.ground].format(number=self.number)


def parse_rule(text: str) -> RetentionRule:
    """Return the rule that "20" (runs) or "90d" (days) means.

    Raises:
        UsageError: neither of the two, or zero runs.
    """
    match = _RULE.fullmatch(text.strip().lower())
    if not match or not int(match.group(1)):
        raise UsageError(
            f"Can't read --keep '{text}': write 20 for the newest 20 runs of each line, or 90d for 90 days."
        )
    count = int(match.group(1))
    return RetentionRule(days=count) if match.group(2) else RetentionRule(newest=count)


def judge(
    runs: Iterable[Stored],
    rules: Sequence[RetentionRule],
    protected: frozenset[tuple[str, str]],
    now: datetime,
    *,
    readable: Callable[[Stored], bool] = lambda _run: True,
    linked: Callable[[Stored], bool] = lambda _run: False,
) -> tuple[Fate, ...]:
    """Return what becomes of each run, newest first.

    Args:
        runs: of the store.
        rules: at least one.
        protected: lab and id of the runs that baselines name.
        now: the time, with its zone.
        readable: whether the result of a run can be read; asked of the newest runs only.
        linked: whether a run is reached by a link; such a run stays, and stands for no other.
    """
    lines: dict[tuple[object, ...], list[Stored]] = {}
    fates: list[Fate] = []
    for run in sorted(runs, key=_moment, reverse=True):
        if linked(run):
            fates.append(Fate(run=run, ground="link"))
            continue
        entry = run.entry
        settings = tuple(sorted((name, str(value)) for name, value in entry.changed_settings.items()))
        lines.setdefault((entry.lab, entry.profile, entry.source, settings, entry.confirms), []).append(run)
    fates += [fate for line in lines.values() for fate in _line(line, rules, protected, now, readable)]
    return tuple(sorted(fates, key=lambda fate: _moment(fate.run), reverse=True))


def _line(
    runs: Sequence[Stored],
    rules: Sequence[RetentionRule],
    protected: frozenset[tuple[str, str]],
    now: datetime,
    readable: Callable[[Stored], bool],
) -> Iterable[Fate]:
    # Where nothing was ever finished, what there is counts.
    complete = [run for run in runs if run.entry.status == "complete"] or list(runs)
    # The newest run that is kept must be one that can be read, or it would be kept in place of a good one.
    damaged: list[Stored] = []
    while len(damaged) < len(complete) and not readable(complete[len(damaged)]):
        damaged.append(complete[len(damaged)])
    complete = complete[len(damaged) :]
    # By identity: a hundred thousand paths take seconds to be hashed.
    kept = {id(run): _fate(run, place, rules, protected, now) for place, run in enumerate(complete)}
    oldest = min((_moment(run) for run in complete if not kept[id(run)].goes), default=("", ""))
    for run in runs:
        if run in damaged:
            yield Fate(run=run, ground="damaged")
        elif id(run) in kept:
            yield kept[id(run)]
        elif _moment(run) >= oldest:
            yield Fate(run=run, ground="younger")
        else:
            yield _fate(run, None, rules, protected, now)


def can_be_read(run: Stored) -> bool:
    """Return whether the result of a run can be read."""
    try:
        load(run.path)
    except UnreadableError:
        return False
    return True


def _fate(
    run: Stored, place: int | None, rules: Sequence[RetentionRule], protected: frozenset[tuple[str, str]], now: datetime
) -> Fate:
    """Return what becomes of a run; `place` is that among the complete runs of its line, the newest first."""
    if (run.entry.lab, run.entry.run_id) in protected:
        return Fate(run=run, ground="baseline")
    if place == 0:
        return Fate(run=run, ground="newest")
    for rule in rules:
        if rule.newest is not None and place is not None and place < rule.newest:
            return Fate(run=run, ground="count", number=rule.newest)
        if rule.days is not None and _age(run, now) <= timedelta(days=rule.days):
            return Fate(run=run, ground="days", number=rule.days)
    return Fate(run=run)


def is_linked(run: Stored) -> bool:
    """Return whether a run is reached by a link, so that deleting it would delete outside the store."""
    return run.folder.is_symlink() or run.folder.parent.is_symlink()


def linked_in(root: Path) -> Callable[[Stored], bool]:
    """Return what `is_linked` says of the runs of a store, from one look through its folders."""
    links: set[tuple[str, ...]] = set()
    for lab in _entries(root):
        if lab.is_symlink():
            links.add((lab.name,))
        else:
            links |= {(lab.name, run.name) for run in _entries(lab.path) if run.is_symlink()}
    return lambda run: run.folder.parts[-2:] in links or run.folder.parts[-2:-1] in links


def delete(run: Stored) -> None:
    """Delete a run: its result first, so that half of it is never read; files that are not ours stay.

    Raises:
        OutputError: the folder can't be written.
    """
    if is_linked(run):
        raise OutputError(f"Can't delete {run.folder}: it is a link that leads out of the store.")
    _remove(run.path)
    clear(run.folder)


def leftovers(root: Path, *, clock: Callable[[], float] = time.time) -> Leftovers:
    """Return what killed programs left behind, at least a day old, and what is not the store's.

    Args:
        root: of the store; it may be a link itself.
        clock: the time, in seconds since 1970.
    """
    ours: list[Path] = []
    foreign: list[Path] = []
    for lab in _inside(root):
        if lab.is_symlink():
            foreign.append(lab)
        elif lab.is_dir() and lab.name not in (BASELINES, INDEX):
            # Nearly all folders hold a whole run; they are known by one look, without a path for each file.
            odd = [entry.name for entry in _entries(lab) if not _is_whole(entry)]
            for folder in (lab / name for name in sorted(odd)):
                if lab.name == SOURCES and _SOURCE.fullmatch(folder.name) and folder.is_file():
                    continue  # small, kept once for all runs
                if lab.name == SOURCES and _is_part(folder):
                    ours += [folder] if _old(folder, clock) else []
                elif folder.name == KEPT and not folder.is_symlink():
                    _sort_kept(folder, clock, ours, foreign)
                else:
                    _sort_run(folder, clock, ours, foreign)
    return Leftovers(ours=tuple(ours), foreign=tuple(foreign))


def _sort_run(folder: Path, clock: Callable[[], float], ours: list[Path], foreign: list[Path]) -> None:
    """Put what is left in the folder of a run, or the folder itself where it holds no result, to its kind."""
    if folder.is_symlink() or not folder.is_dir():
        foreign.append(folder)
        return
    parts, others = [], []
    for path in _inside(folder):
        if _is_part(path):
            parts.append(path)
        elif path.is_symlink() or not path.is_file() or path.name not in OURS:
            others.append(path)
    foreign += others
    if is_there(folder / RESULT) or others:
        ours += [part for part in parts if _old(part, clock)]
    elif _old(folder, clock):
        ours.append(folder)


def _sort_kept(kept: Path, clock: Callable[[], float], ours: list[Path], foreign: list[Path]) -> None:
    """Put each folder of finished seeds to its kind; of a run that was not continued, younger ones may save hours."""
    for folder in _inside(kept):
        if folder.is_symlink() or not folder.is_dir() or not _KEY.fullmatch(folder.name):
            foreign.append(folder)
        elif _old(folder, clock, KEPT_SECONDS):
            foreign += [path for path in _inside(folder) if not _is_ours(path)]
            ours.append(folder)


def clear(rest: Path) -> None:
    """Delete what a killed program left behind: a file, or what is ours in a folder, and the folder if that is all.

    A result is never deleted here: a disk that could not show it a moment ago may do so now.

    Raises:
        OutputError: it can't be deleted.
    """
    if rest.is_symlink() or not rest.is_dir():
        _remove(rest)
        return
    if is_there(rest / RESULT):
        return
    for path in _inside(rest):
        if _is_ours(path):
            _remove(path)
    try:
        rest.rmdir()
    except FileNotFoundError:
        pass  # another process has done it
    except OSError as error:
        if next(_inside(rest), None) is None:
            raise OutputError(f"Can't delete {rest}: {error.strerror or error}.") from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"Can't delete {path}: {error.strerror or error}.") from error


def _inside(folder: Path) -> Iterator[Path]:
    """Return what lies in a folder, by name; nothing of one that is gone, or may not be read."""
    with contextlib.suppress(OSError):
        yield from sorted(folder.iterdir())


def _is_part(path: Path) -> bool:
    """Return whether a file is one that was being written when its program was killed."""
    return path.name.startswith(".") and path.suffix == ".part" and not path.is_symlink() and path.is_file()


def _is_ours(path: Path) -> bool:
    """Return whether the store writes files of this name."""
    named = path.name in OURS or path.suffix == SAVED
    return _is_part(path) or (named and (path.is_symlink() or path.is_file()))


def size_of(folder: Path) -> int:
    """Return how many bytes a file has, or those files of a folder that are ours."""
    if not folder.is_dir():
        with contextlib.suppress(OSError):  # another process has just deleted it
            return folder.lstat().st_size if _is_ours(folder) else 0
        return 0
    total = 0
    for entry in _entries(folder):
        with contextlib.suppress(OSError):
            if entry.name in OURS or _is_ours(Path(entry.path)):
                total += entry.stat(follow_symlinks=False).st_size
    return total


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """Return what lies in a folder as the system lists it; nothing of one that is gone, or may not be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _is_whole(folder: os.DirEntry[str]) -> bool:
    """Return whether a folder holds a result, and nothing but files that the store writes."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = {entry.name if entry.is_file(follow_symlinks=False) else "" for entry in _entries(folder.path)}
    return RESULT in names and names.issubset(OURS)


def _old(path: Path, clock: Callable[[], float], seconds: float = REST_SECONDS) -> bool:
    try:
        return clock() - path.lstat().st_mtime > seconds
    except FileNotFoundError:
        return False


def _age(run: Stored, now: datetime) -> timedelta:
    began = datetime.fromisoformat(run.entry.started)
    return now - (began if began.tzinfo else began.replace(tzinfo=UTC))


def _moment(run: Stored) -> tuple[str, str]:
    return (run.entry.started, run.entry.run_id)
