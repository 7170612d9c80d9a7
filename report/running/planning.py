"""Which labs must run: each chosen lab as it is prepared, and the stored run that has the same identity.

A script of the configuration (`[record.NAME]`) is planned as a lab is.

Trains nothing and never imports TensorFlow. A lab whose data are missing is still planned: running it fails with the
reason, and its page will say so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from labreport.experiments import registry
from labreport.experiments.errors import LabError, unknown_name
from labreport.experiments.registry import Lab, UnknownLabError
from labreport.experiments.result import Setting
from labreport.experiments.running import identity, preparation
from labreport.experiments.running.preparation import Prepared
from labreport.experiments.settings import SettingError, parse_assignments, resolve, setting_types
from labreport.experiments.system import stdout
from labreport.report.configuration import Configuration, parse_seeds
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.running import orders
from labreport.report.running.orders import Ordered
from labreport.report.store.entries import PURPOSE, StoredResult, load
from labreport.report.store.runs import Store, StoredRuns


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One lab to run or to take from the store."""

    prepared: Prepared | Ordered
    """Lab, settings, data and identity: all that a run uses; or the order to record a script."""
    stored: StoredResult | None
    """The complete run with this identity, if there is one."""
    stale: tuple[str, ...]
    """What differs from the newest complete run; empty where there is none, or nothing differs."""
    remark: str = ""
    """Why it runs although nothing differs."""

    @property
    def lab(self) -> str:
        """Name of the lab, or of the script's table."""
        return self.prepared.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, in order; none for a script that seeds itself."""
        return self.prepared.seeds

    @property
    def profile(self) -> Literal["full", "quick"]:
        """How long to train."""
        return self.prepared.profile

    @property
    def key(self) -> str | None:
        """Identity of the run; None where the data are missing."""
        return None if self.prepared.problem else self.prepared.key

    @property
    def parts(self) -> Mapping[str, str]:
        """The inputs of the run by name."""
        return self.prepared.parts

    @property
    def problem(self) -> str:
        """Why the data are missing; empty where they are not."""
        return str(self.prepared.problem or "")


def make_plans(configuration: Configuration, assignments: Sequence[str], store: Store) -> list[Plan]:
    """Return a plan for each chosen lab, in the order of the book.

    Args:
        configuration: labs, seeds, profile and data to use.
        assignments: `key=value` or `lab.key=value` words of the command line.
        store: where earlier runs lie.

    Raises:
        UnknownLabError: a name that no lab has.
        SettingError: a setting that no chosen lab has, or a value of the wrong type or range.
        UsageError: seeds that can't be read.
    """
    seeds = parse_seeds(configuration.seeds)
    chosen = choose(configuration)
    listing = store.list(whole=False)
    with stdout.kept_for_results():
        labs = {
            name: registry.load(name, configuration.paths.get(name))
            for name in chosen
            if name not in configuration.record
        }
        given = _by_lab(parse_assignments(assignments), configuration, labs)
        prepared = [
            _prepared(labs[name], given[name], seeds, configuration)
            if name in labs
            else orders.prepared(name, configuration, listing)
            for name in chosen
        ]
    return [planned(one, listing) for one in prepared]


def with_data(plan: Plan, store: Store, announce: Callable[[str], None]) -> Plan:
    """Return the plan after trying to download what is missing of its data, with the identity that it has then.

    Args:
        plan: one that is to be run.
        store: where earlier runs lie; one of them may have that identity.
        announce: called with what the user should know about the data.
    """
    if isinstance(plan.prepared, Ordered):
        return plan
    prepared = preparation.with_data(plan.prepared, announce)
    return plan if prepared.key == plan.prepared.key else planned(prepared, store.list(whole=False))


def for_purpose(plan: Plan, store: Store, purpose: str) -> Plan:
    """Return the plan of a run that serves this purpose alone: with an identity that never stands in for another run.

    Args:
        plan: the run.
        store: where earlier runs for the same purpose lie.
        purpose: the gate's confirmation, or an explanation.
    """
    prepared = replace(plan.prepared, parts={**plan.parts, PURPOSE: purpose})
    return replace(plan, prepared=prepared, stored=store.list(whole=False).with_key(plan.lab, prepared.key))


ALL = "all"
"""In place of names of labs: every one that can run."""


def choose(configuration: Configuration, stored: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the chosen labs, each once, in the order of the book.

    Where none is named, these are the six of the book, those of other distributions, and the user's own; the further
    labs that are shipped here are left out, so that the usual command takes no longer than it did. `ALL` chooses all.

    Args:
        configuration: names them.
        stored: further names that may be chosen: those of recorded runs, which no lab can train.

    Raises:
        UnknownLabError: a name that no lab has.
        UsageError: a user's lab has the name of one that is installed.
    """
    known = tuple(dict.fromkeys((*_known(configuration), *sorted(stored))))
    chosen = set(configuration.labs)
    if ALL in chosen - set(known):
        chosen = {*known, *(chosen - {ALL})}
    for name in configuration.labs:
        if name not in known and name != ALL:
            raise UnknownLabError(unknown_name("lab", name, (*known, ALL)))
    return tuple(name for name in known if name in (chosen or known) and (chosen or name not in registry.FURTHER))


def _known(configuration: Configuration) -> tuple[str, ...]:
    installed = registry.names()
    for name in configuration.paths:
        if name in installed:
            raise UsageError(f"paths: {name!r} is the name of a lab that is installed; give yours another one.")
    return (*installed, *configuration.paths, *orders.tables(configuration))


def _by_lab(
    assignments: Mapping[str, str], configuration: Configuration, labs: Mapping[str, Lab]
) -> dict[str, dict[str, Setting]]:
    """Sort the settings by lab; one without a lab's name goes to every chosen lab that has it."""
    chosen = tuple(labs)
    _check_others(configuration, chosen)
    given: dict[str, dict[str, Setting]] = {lab: dict(configuration.settings.get(lab, {})) for lab in chosen}
    types = {name: setting_types(lab.settings) for name, lab in labs.items()}
    for name, value in assignments.items():
        lab, separator, key = name.partition(".")
        if separator:
            if lab in _known(configuration) and lab not in given:
                raise SettingError(f"{name}: the lab {lab} is not among those chosen ({', '.join(chosen)}).")
            if lab not in given:
                raise SettingError(unknown_name("lab", lab, chosen))
            given[lab][key] = value
            continue
        having = [lab for lab in chosen if name in types[lab]]
        if not having:
            if not chosen:
                raise SettingError(f"{name}: a script of [record] has no settings; its arguments stand in its command.")
            where = chosen[0] if len(chosen) == 1 else "these labs"
            raise SettingError(
                unknown_name(f"setting of {where}", name, sorted({key for lab in chosen for key in types[lab]}))
            )
        for lab in having:
            given[lab][name] = value
    return given


def _check_others(configuration: Configuration, chosen: Sequence[str]) -> None:
    """Check what the configuration says of labs that are not chosen: a typo there is a typo all the same.

    Raises:
        UsageError: a name that no lab has.
        SettingError: a setting that its lab doesn't have, or a value of the wrong type or range.
    """
    known = _known(configuration)
    for name, values in configuration.settings.items():
        if name not in known:
            raise UsageError(f"settings: {unknown_name('lab', name, known)}")
        if name in configuration.record:
            raise SettingError(f"settings.{name}: a script of [record] has none; its arguments stand in its command.")
        if name in chosen:
            continue
        try:
            lab = registry.load(name, configuration.paths.get(name))
        except LabError:
            continue  # it can't be imported, and need not
        resolve(lab.settings, values, lab=name)


def _prepared(
    lab: Lab, overrides: Mapping[str, Setting], seeds: tuple[int, ...], configuration: Configuration
) -> Prepared:
    return preparation.prepare(
        lab,
        overrides=overrides,
        seeds=seeds,
        profile=configuration.profile,
        source=configuration.data,
        data_dir=configuration.data_dir,
        offline=configuration.offline,
    )


def planned(prepared: Prepared | Ordered, listing: StoredRuns) -> Plan:
    """Return the plan of what is ready to run, with the stored run of that identity.

    Args:
        prepared: a lab or a script, ready to run.
        listing: of the store.
    """
    if isinstance(prepared, Ordered):
        with contextlib.chdir(prepared.folder):
            stored, remark = orders.unchanged(prepared.order, listing)
        stale = () if stored or remark else _stale(listing, prepared.name, prepared.parts)
        return Plan(prepared=prepared, stored=stored, stale=stale, remark=remark)
    if prepared.problem is not None:
        return Plan(prepared=prepared, stored=None, stale=())
    lab = prepared.lab.name
    stored = listing.with_key(lab, prepared.key)
    return Plan(prepared=prepared, stored=stored, stale=() if stored else _stale(listing, lab, prepared.parts))


def _stale(listing: StoredRuns, lab: str, parts: Mapping[str, str]) -> tuple[str, ...]:
    """Name what differs from the newest complete run of the lab."""
    for run in listing.of(lab):
        if run.entry.status == "complete":
            try:
                return identity.changed_parts(load(run.path).key_parts, parts)
            except UnreadableError:
                continue  # `list` names it; an older run still shows what changed
    return ()
