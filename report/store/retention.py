"""Which stored runs may go, and their going.

A rule keeps either the newest N complete runs of each line (lab, profile, data and changed settings; runs that only
confirm a suspicion of the gate are a line of their own), or everything younger than a number of days; a run stays if
any rule keeps it. Whatever the rules say, these stay: the runs of every baseline, the newest complete run of each line
(which `build` and `render` use), a run that did not finish but is younger than the oldest kept of its line, and what
can't be read, because what it is is not known.

A run goes by losing its result first: from then on it is not a run for any other process, also if this one is killed
before the rest is gone. Such rests, and those of killed writers, are cleared as well once they are a day old.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store.baselines import FOLDER as BASELINES
from labreport.report.store.files import OutputError
from labreport.report.store.runs import INDEX, KEPT, RESULT, Stored, load

REST_SECONDS = 86_400
"""Age from which on a folder without a result is a rest, and not a run that is just being written."""
KEPT_SECONDS = 30 * 86_400
"""Age from which on the finished seeds of a run that was stopped are a rest."""
_RULE = re.compile(r"([0-9]{1,6})(d?)")


Ground = Literal["baseline", "newest", "count", "days", "younger", "damaged"]
"""Why a run stays. baseline: some baseline names it. newest: the newest complete one of its line. count, days: a rule
keeps it. younger: it did not finish, and is younger than a kept run. damaged: it can't be read."""
_WORDS: dict[Ground, str] = {
    "baseline": "of a baseline",
    "newest": "the newest of its line",
    "count": "one of the newest {number}",
    "days": "not older than {number} days",
    "younger": "younger than a kept run",
    "damaged": "can't be read",
}


@dataclass(frozen=True, kw_only=True)
class RetentionRule:
    """One way to be kept; exactly one part is set."""

    newest: int | None = None
    days: int | None = None


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
) -> tuple[Fate, ...]:
    """Return what becomes of each run, newest first.

    Args:
        runs: of the store.
        rules: at least one.
        protected: lab and id of the runs that baselines name.
        now: the time, with its zone.
        readable: whether the result of a run can be read; asked of the newest runs only.
    """
    lines: dict[tuple[object, ...], list[Stored]] = {}
    for run in sorted(runs, key=_moment, reverse=True):
        entry = run.entry
        settings = tuple(sorted((name, str(value)) for name, value in entry.changed_settings.items()))
        lines.setdefault((entry.lab, entry.profile, entry.source, settings, entry.confirms), []).append(run)
    fates = [fate for line in lines.values() for fate in _line(line, rules, protected, now, readable)]
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
    kept = {run.folder: _fate(run, place, rules, protected, now) for place, run in enumerate(complete)}
    oldest = min((_moment(run) for run in complete if not kept[run.folder].goes), default=("", ""))
    for run in runs:
        if run in damaged:
            yield Fate(run=run, ground="damaged")
        elif run.folder in kept:
            yield kept[run.folder]
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


def delete(run: Stored) -> None:
    """Delete a run: its result first, so that half of it is never read.

    Raises:
        OutputError: the folder can't be written.
    """
    if run.folder.is_symlink() or run.folder.parent.is_symlink():
        raise OutputError(f"Can't delete {run.folder}: it is a link that leads out of the store.")
    try:
        with contextlib.suppress(FileNotFoundError):
            run.path.unlink()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(run.folder)
    except OSError as error:
        raise OutputError(f"Can't delete {run.folder}: {error.strerror or error}.") from error


def rests(root: Path, *, clock: Callable[[], float] = time.time) -> tuple[Path, ...]:
    """Return folders and files that killed programs left behind, at least a day old.

    A folder with anything in it that we don't write ourselves is none of them.
    """
    found: list[Path] = []
    for folder in sorted(path for path in root.glob("*/*") if path.is_dir() and path.parent.name != BASELINES):
        parts = [path for path in folder.iterdir() if path.name.startswith(".") and path.suffix == ".part"]
        if (folder / RESULT).exists():
            found += [part for part in parts if _old(part, clock)]
        elif all(path in parts or path.name == INDEX for path in folder.iterdir()) and _old(folder, clock):
            found.append(folder)
    # Seeds whose run was not continued: younger ones may still save hours.
    found += [path for path in sorted(root.glob(f"*/{KEPT}/*")) if _old(path, clock, KEPT_SECONDS)]
    return tuple(found)


def clear(rest: Path) -> None:
    """Delete what a killed program left behind.

    Raises:
        OutputError: it can't be deleted.
    """
    try:
        if rest.is_dir():
            shutil.rmtree(rest)
        else:
            rest.unlink(missing_ok=True)
    except FileNotFoundError:
        pass  # another process has done it
    except OSError as error:
        raise OutputError(f"Can't delete {rest}: {error.strerror or error}.") from error


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder hold, or a file."""
    if folder.is_file():
        return folder.stat().st_size
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _old(path: Path, clock: Callable[[], float], seconds: float = REST_SECONDS) -> bool:
    try:
        return clock() - path.stat().st_mtime > seconds
    except FileNotFoundError:
        return False


def _age(run: Stored, now: datetime) -> timedelta:
    began = datetime.fromisoformat(run.entry.started)
    return now - (began if began.tzinfo else began.replace(tzinfo=UTC))


def _moment(run: Stored) -> tuple[str, str]:
    return (run.entry.started, run.entry.run_id)
