"""The history of a baseline: each time it was set, promoted or taken back, with who, when, why and what it changed.

    runs/baselines/NAME/%history/<time>-<hash>.json

A file for each time, so that two jobs never write the same one. The runs that a baseline had before its newest change
stay in the store, so that this change can be undone.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

import msgspec

from labreport.experiments.result import Result
from labreport.experiments.system import reading
from labreport.report.errors import UnreadableError
from labreport.report.findings.scores import mean, of_judged_model
from labreport.report.findings.stand_ins import judged_scores
from labreport.report.store import codec, files
from labreport.report.store.baselines import HISTORY, Baseline, Baselines, HashedRun, Key, NoBaselineError, check_names

FOLDER = HISTORY
FORMAT = 1
_ACCOUNTS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
"""Variables in which a CI service names the account that began a job."""

Act = Literal["set", "promote", "undo"]


class MovedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a baseline, before and after."""

    key: Key
    before: tuple[HashedRun, ...] = ()
    """Empty: there was none."""
    after: tuple[HashedRun, ...] = ()
    """Empty: it was taken away."""
    commits: tuple[str, ...] = ()
    """Git commits that the runs after were made from."""
    scores: dict[str, tuple[float | None, float | None]] = {}
    """Test scores of the final model, mean over all seeds: before and after; null where there is none."""


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a baseline."""

    format: int = FORMAT
    name: str
    act: Act
    when: str
    """UTC, ISO 8601."""
    who: str = ""
    """Account of the CI service, or the name that git knows; empty where neither says it."""
    reason: str = ""
    entries: tuple[MovedEntry, ...]


def author(environ: Mapping[str, str] | None = None) -> str:
    """Return who changes a baseline: the account that a CI service names, or the name in git's configuration."""
    known = os.environ if environ is None else environ
    for name in _ACCOUNTS:
        if known.get(name):
            return known[name]
    try:
        done = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, check=False, timeout=10, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def move(
    baselines: Baselines, act: Act, entries: Sequence[Baseline], *, reason: str = "", now: datetime | None = None
) -> Promotion:
    """Make entries those of their baseline, write the change into its history, and return it.

    Args:
        baselines: of the store.
        act: what is done.
        entries: at least one, all of one name; an entry without runs is taken away.
        reason: why.
        now: the time with its zone; None: now.

    Raises:
        OutputError: the folder can't be written.
        UnreadableError: what the baseline was before can't be read.
    """
    name = entries[0].name
    before = {entry.key: entry for entry in baselines.entries(name)} if name in baselines.names() else {}
    moved = [_moved(baselines, before.get(entry.key), entry) for entry in entries]
    baselines.write([entry for entry in entries if entry.runs])
    for entry in entries:
        if not entry.runs:
            baselines.remove(name, entry.key)
    return _remember(baselines, name, act, moved, who=author(), reason=reason.strip(), now=now or datetime.now(UTC))


def _moved(baselines: Baselines, old: Baseline | None, new: Baseline) -> MovedEntry:
    results = baselines.held(new).results
    before, after = _means(baselines.held(old).results) if old else {}, _means(results)
    return MovedEntry(
        key=new.key,
        before=old.runs if old else (),
        after=new.runs,
        commits=tuple(dict.fromkeys(one.provenance.git_commit for one in results if one.provenance.git_commit)),
        scores={name: (before.get(name), after.get(name)) for name in {**before, **after}},
    )


def _means(results: Sequence[Result]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for result in results:
        for name, one in judged_scores(result).items():
            tested = one.kind == "score" and one.first.split == "test" and of_judged_model(one.first)
            if tested or one.kind == "stand-in":
                found.setdefault(name, []).extend(one.values)
    return {name: mean(values) for name, values in found.items()}


def _remember(
    baselines: Baselines, name: str, act: Act, entries: Sequence[MovedEntry], *, who: str, reason: str, now: datetime
) -> Promotion:
    one = Promotion(
        name=name, act=act, when=now.isoformat(timespec="milliseconds"), who=who, reason=reason, entries=tuple(entries)
    )
    content = codec.encode(one)
    stamp = f"{now:%Y%m%dT%H%M%S.%f}"
    files.write(baselines.place(name) / FOLDER / f"{stamp}-{sha256(content).hexdigest()[:8]}.json", content)
    return one


def history(baselines: Baselines, name: str) -> tuple[Promotion, ...]:
    """Return every change of a baseline, the newest first; none where it was made before they were written down.

    Raises:
        UnreadableError: one is damaged or newer than this version.
    """
    found = []
    for path in sorted((baselines.place(name) / FOLDER).glob("*.json"), reverse=True):
        try:
            one = codec.parse(reading.content(path), Promotion, str(path))
        except OSError as error:
            raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error
        if one.format > FORMAT:
            raise UnreadableError(f"Can't read {path}: format {one.format}; this version reads up to {FORMAT}.")
        if not codec.is_time(one.when):
            raise UnreadableError(f"Can't read {path}: {one.when[:40]!r} is not a time with its zone.")
        for entry in one.entries:
            check_names(entry.key, (*entry.before, *entry.after), path)
        found.append(one)
    return tuple(found)


def to_undo(baselines: Baselines, name: str) -> Promotion:
    """Return the newest change that was not taken back yet.

    Raises:
        NoBaselineError: there is none.
        UnreadableError: the history can't be read.
    """
    skipped = 0
    for one in history(baselines, name):
        if one.act == "undo":
            skipped += 1
        elif skipped:
            skipped -= 1
        else:
            return one
    raise NoBaselineError(f"The baseline '{name}' in {baselines.root} has no change that could be undone.")


def kept_runs(baselines: Baselines) -> frozenset[tuple[str, str]]:
    """Return lab and run id of every run that a baseline has, or had before its newest change.

    Raises:
        UnreadableError: a baseline can't be read, so that what it names is not known.
    """
    before = {
        (entry.key.lab, run.run_id)
        for name in baselines.names()
        for one in history(baselines, name)[:1]
        for entry in one.entries
        for run in entry.before
    }
    return baselines.kept_runs() | before
