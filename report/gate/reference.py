"""From what the user names as baseline to the runs that a lab is judged against.

A named baseline, several of them (`feature/x,main`: each lab is judged against the first that has it), `last:N` (the
last N runs of an earlier version in the store), `ancestor:REV` (the runs of the newest commit that REV was made from),
or whatever `labreport compare` takes for one run of each lab: a result file, a run's id or folder, a finished report,
another store, `git:REV`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from labreport.experiments.errors import unknown_name
from labreport.experiments.result import Result
from labreport.experiments.running.identity import changed_parts
from labreport.report.comparison import gitstore, inputs
from labreport.report.comparison.comparability import obstacles
from labreport.report.comparison.gitstore import Ancestry
from labreport.report.comparison.record import Reason
from labreport.report.errors import ReportError, UsageError
from labreport.report.findings.training_words import forms
from labreport.report.store.baselines import Baselines, Held, NoBaselineError, key_of
from labreport.report.store.entries import PURPOSE, REJECTED, Stored, load
from labreport.report.store.pooling import keys_of_version, of_version
from labreport.report.store.runs import Store

LAST = "last:"
ANCESTOR = "ancestor:"
VERSIONS = 20
"""Versions that can't be compared and are remembered, so that none of their runs is read again."""
UNKNOWN = "unknown_baseline"
"""Code of the problem of every lab where the baseline itself is not there."""
FIRST = "first_night"
"""Code of the same where the user said that this is the first night."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What one lab is judged against."""

    results: tuple[Result, ...] = ()
    """Runs of equal key, newest first; empty where there is a problem."""
    problem: Reason | None = None
    """Why nothing can be compared."""
    remark: Reason | None = None
    """What should be said although it can."""
    unreadable: tuple[str, ...] = ()
    """Runs that were passed over."""


@dataclass(frozen=True, kw_only=True)
class BaselineSource:
    """Where references come from, read once for all labs."""

    label: str
    """As the user named it, without folders."""
    kind: Literal["named", "last", "ancestor", "file", "unknown", "first"]
    """unknown: there is no such baseline, so that nothing can be compared. first: there is to be none yet."""
    store: Store
    count: int = 0
    """N of last:N."""
    ancestry: Ancestry = field(default_factory=Ancestry)
    """Of ancestor:REV."""
    held: tuple[Held, ...] = ()
    """Of named ones: their entries, those of the first name first."""
    results: Mapping[str, Result] = field(default_factory=dict)
    """Of a path: the run of each lab."""

    @property
    def labs(self) -> tuple[str, ...]:
        """Labs that the baseline has runs of, and that a newer version should therefore have too."""
        named = {one.entry.key.lab for one in self.held}
        return tuple(sorted(named | set(self.results)))

    def of(self, current: Result) -> Reference:
        """Return what a run is judged against."""
        if self.kind == "unknown":
            return Reference(problem=Reason(code=UNKNOWN, values={"name": self.label}))
        if self.kind == "first":
            return Reference(problem=Reason(code=FIRST, values={"name": self.label}))
        if self.kind == "last":
            return _last(self.store, current, self.count)
        if self.kind == "ancestor":
            return _ancestor(self, current)
        if self.kind == "named":
            return _named(self.held, current)
        return _comparable([self.results[current.lab]] if current.lab in self.results else [], current)


def read(name: str, store: Store) -> BaselineSource:
    """Find the baseline that a name or a path means.

    Raises:
        UsageError: `last:` without a number, or `ancestor:` with a revision that git doesn't know.
        NoBaselineError: there is no such baseline and no such file.
        NothingToCompareError: the place is there but holds no complete run.
        UnreadableError: a file that is neither a result nor a report, or is damaged.
    """
    if name.startswith(LAST):
        count = name.removeprefix(LAST)
        if not count.isdecimal() or not int(count):
            raise UsageError(
                f"Can't read the baseline '{name}': write last:N with a whole number from 1, such as last:5."
            )
        return BaselineSource(label=name, kind="last", store=store, count=int(count))
    if name.startswith(ANCESTOR):
        ancestry = gitstore.ancestors(name.removeprefix(ANCESTOR), Path.cwd())
        return BaselineSource(label=name, kind="ancestor", store=store, ancestry=ancestry)
    baselines = Baselines(store.root)
    names = [part.strip() for part in name.split(",")]
    known = [part for part in names if part in baselines.names()]
    if known and not (known != names and Path(name).exists()):
        held = tuple(baselines.held(entry) for part in known for entry in baselines.entries(part))
        return BaselineSource(label=",".join(names), kind="named", store=store, held=held)
    try:
        version = inputs.resolve([name], store)[0]
    except UsageError as error:
        if os.path.lexists(name):
            raise
        raise NoBaselineError(
            f"In {store.root}: {unknown_name('baseline', name, baselines.names())} There is no run and no file of that "
            "name either.\n"
            f"Set one with `labreport baseline set NAME`, or compare with the runs before: --baseline last:1."
        ) from error
    return BaselineSource(label=version.label, kind="file", store=store, results=version.results)


def label_of(name: str) -> str:
    """Return what a baseline that is not there is called: its name, or of a path the last part."""
    return name if all(Baselines.may_be_called(part.strip()) for part in name.split(",")) else Path(name).name


def same_version(a: Result, b: Result) -> bool:
    """Return whether two runs differ in nothing but their seeds."""
    return a.lab == b.lab and not changed_version(a.key_parts, b.key_parts)


def changed_version(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """Return the parts of two identities that differ and make another version: all but the seeds and the purpose."""
    return tuple(part for part in changed_parts(old, new) if part not in ("seeds", PURPOSE))


def differences(current: Result, reference: Result) -> Reason | None:
    """Return why two runs can't be compared, or None: data, profile, lab version, engine, settings of the user's."""
    for found in obstacles(reference, current):
        unfinished = reference.status != "complete"
        return Reason(code=f"baseline_{found.code}" if unfinished else found.code, values=dict(found.values))
    trained, before = forms(current.findings.engine), forms(reference.findings.engine)
    if trained != before:
        return Reason(code="engine", values={"a": before, "b": trained})
    # A changed default is a new version, which is what the gate judges; a setting the user changed is another
    # experiment.
    for name in sorted({*current.changed_settings, *reference.changed_settings}):
        a, b = reference.settings.get(name), current.settings.get(name)
        if a != b:
            return Reason(code="setting", values={"name": name, "a": str(a), "b": str(b)})
    return None


def _named(held: Sequence[Held], current: Result) -> Reference:
    of_lab = [one for one in held if one.entry.key.lab == current.lab]
    # Of several baselines the first that has the lab at all: one whose runs are gone is not passed over in silence.
    of_lab = [one for one in of_lab if one.entry.name == of_lab[0].entry.name]
    fitting = [one for one in of_lab if one.entry.key == key_of(current)]
    if not of_lab:
        return Reference(problem=Reason(code="no_baseline"))
    if not fitting:
        nearest = [result for one in of_lab for result in one.results]
        return _comparable(nearest, current) if nearest else Reference(problem=_gone(of_lab))
    if not fitting[0].results:
        return Reference(problem=_gone(fitting))
    found = _comparable(sorted(fitting[0].results, key=_age, reverse=True), current)
    if found.problem is None and fitting[0].lost:
        return Reference(results=found.results, remark=_gone(fitting))
    return found


def _gone(held: Sequence[Held]) -> Reason:
    lost = [run for one in held for run in one.lost]
    return Reason(code="gone", values={"runs": ", ".join(lost), "count": str(len(lost))})


def _comparable(candidates: Sequence[Result], current: Result) -> Reference:
    """Keep what can be compared; where nothing can, say what stands against the newest."""
    if not candidates:
        return Reference(problem=Reason(code="no_baseline"))
    kept = tuple(result for result in candidates if differences(current, result) is None)
    return Reference(results=kept) if kept else Reference(problem=differences(current, candidates[0]))


def _last(store: Store, current: Result, count: int) -> Reference:
    """Return the newest runs of an earlier version.

    Runs that differ from the judged one in nothing but their seeds are the same version: judged against them, a loss
    would be forgotten after one night. They count only where there is nothing else.
    """
    listing = store.list(current.lab, whole=False)
    older = listing.measurements.complete.before(current.provenance.started, current.run_id)
    same = keys_of_version(listing, current.lab, current.key_parts)
    found = _comparable_of(older.without_keys(same), current, count)
    if found.results:
        return found
    own = _comparable_of(older.with_keys(same), current, count)
    unreadable = (*found.unreadable, *own.unreadable)
    if own.results:
        return replace(own, unreadable=unreadable)
    return Reference(problem=found.problem or own.problem or Reason(code="no_baseline"), unreadable=unreadable)


def _comparable_of(runs: Iterable[Stored], current: Result, count: int) -> Reference:
    """Return the first runs that can be compared; a version that can't be is read once."""
    kept: list[Result] = []
    unreadable: list[str] = []
    hindrance: Reason | None = None
    barred: list[Mapping[str, str]] = []
    for stored in runs:
        if any(of_version(stored.entry, parts) for parts in barred):
            continue
        try:
            result = load(stored.path)
        except ReportError as error:
            unreadable.append(str(error))
            continue
        found = differences(current, result)
        if found is None:
            kept.append(result)
        else:
            hindrance = hindrance or found
            # What an engine did to train a version differs between machines.
            barred = barred if found.code == "engine" else [*barred, result.key_parts][-VERSIONS:]
        if len(kept) == count:
            break
    return Reference(results=tuple(kept), problem=None if kept else hindrance, unreadable=tuple(unreadable))


def _ancestor(source: BaselineSource, current: Result) -> Reference:
    """Return the runs of the newest ancestor that has any: all of its version, whose seeds count together.

    A run made from changed files belongs to no commit, and one that the gate rejected is passed over. Where the work
    that is checked out is an ancestor itself (a night on main), the judged run is not judged against its own commit;
    on a branch, a lab that the branch did not touch is equal to its ancestor, and may be the same run.
    """
    place = {commit: number for number, commit in enumerate(source.ancestry.commits)}
    listed = [
        run
        for run in source.store.list(current.lab, whole=False).measured_at(place).complete
        if not run.entry.dirty
        and run.entry.outcome not in REJECTED
        and (source.ancestry.head not in place or run.entry.commit != current.provenance.git_commit)
    ]
    kept: list[Result] = []
    unreadable: list[str] = []
    hindrance: Reason | None = None
    for run in sorted(listed, key=lambda run: place[run.entry.commit or ""]):
        if kept and not of_version(run.entry, kept[0].key_parts):
            continue
        try:
            result = load(run.path)
        except ReportError as error:
            unreadable.append(str(error))
            continue
        found = None if kept else differences(current, result)
        if found is None:
            kept.append(result)
        hindrance = hindrance or found
    problem = None
    if not kept:
        values = {"revision": source.label.removeprefix(ANCESTOR), "commits": str(len(place))}
        code = "no_ancestor_shallow" if source.ancestry.shallow else "no_ancestor"
        problem = hindrance or Reason(code=code, values=values)
    return Reference(results=tuple(kept), problem=problem, unreadable=tuple(unreadable))


def _age(result: Result) -> tuple[str, str]:
    return result.provenance.started, result.run_id
