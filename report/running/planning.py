"""Which labs must run: each chosen lab with its settings, its identity, and the stored run that has the same.

Trains nothing and never imports TensorFlow. A lab whose data are missing is still planned: running it fails with the
reason, and its page will say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from labreport.experiments import registry, stdout
from labreport.experiments.data import sets
from labreport.experiments.errors import DataError, LabError
from labreport.experiments.registry import UnknownLabError
from labreport.experiments.result import Setting
from labreport.experiments.running import identity
from labreport.experiments.settings import SettingError, as_record, parse_assignments, resolve, setting_types
from labreport.experiments.suggestion import unknown_name
from labreport.report.configuration import Configuration, parse_seeds
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.store.runs import Listing, Store, StoredResult, load


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One lab to run or to take from the store."""

    lab: str
    path: Path | None
    """The user's file, for a lab that is not of this package."""
    overrides: Mapping[str, Setting]
    seeds: tuple[int, ...]
    profile: Literal["full", "quick"]
    key: str | None
    """Identity of the run; None where the data are missing."""
    parts: Mapping[str, str]
    stored: StoredResult | None
    """The complete run with this identity, if there is one."""
    stale: tuple[str, ...]
    """What differs from the newest complete run; empty where there is none, or nothing differs."""
    problem: str = ""
    """Why the identity can't be told."""


def make_plans(configuration: Configuration, assignments: Sequence[str], store: Store) -> list[Plan]:
    """Return a plan for each chosen lab, in the order of the book.

    Args:
        configuration: labs, seeds, profile and data to use.
        assignments: `key=value` or `lab.key=value` words of the command line.
        store: where earlier runs lie.

    Raises:
        UnknownLabError: a lab that nobody knows.
        SettingError: a setting that no chosen lab has, or a value of the wrong type or range.
        UsageError: seeds that can't be read.
    """
    seeds = parse_seeds(configuration.seeds)
    chosen = choose(configuration)
    listing = store.list()
    with stdout.kept_for_results():
        given = _by_lab(parse_assignments(assignments), configuration, chosen)
        return [_plan(lab, given[lab], seeds, configuration, listing) for lab in chosen]


def choose(configuration: Configuration) -> tuple[str, ...]:
    """Return the chosen labs, each once, in the order of the book; all where none is named.

    Raises:
        UnknownLabError: a name that no lab has.
        UsageError: a lab of the user's own has the name of one that is installed.
    """
    known = _known(configuration)
    for name in configuration.labs:
        if name not in known:
            raise UnknownLabError(unknown_name("lab", name, known))
    return tuple(name for name in known if name in configuration.labs or not configuration.labs)


def _known(configuration: Configuration) -> tuple[str, ...]:
    installed = registry.names()
    for name in configuration.paths:
        if name in installed:
            raise UsageError(f"paths: {name!r} is the name of a lab that is installed; give yours another one.")
    return (*installed, *configuration.paths)


def _by_lab(
    assignments: Mapping[str, str], configuration: Configuration, chosen: Sequence[str]
) -> dict[str, dict[str, Setting]]:
    """Sort the settings by lab; one without a lab's name goes to every chosen lab that has it."""
    _check_others(configuration, chosen)
    given: dict[str, dict[str, Setting]] = {lab: dict(configuration.settings.get(lab, {})) for lab in chosen}
    types = {lab: setting_types(registry.load(lab, configuration.paths.get(lab)).settings) for lab in chosen}
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
            where = chosen[0] if len(chosen) == 1 else "these labs"
            raise SettingError(
                unknown_name(f"setting of {where}", name, sorted({key for lab in chosen for key in types[lab]}))
            )
        for lab in having:
            given[lab][name] = value
    return given


def _check_others(configuration: Configuration, chosen: Sequence[str]) -> None:
    """Check what the configuration says of labs that are not chosen: a slip of the pen is none the less one.

    Raises:
        UsageError: a lab that nobody knows.
        SettingError: a setting that its lab has not, or a value of the wrong type or range.
    """
    known = _known(configuration)
    for name, values in configuration.settings.items():
        if name not in known:
            raise UsageError(f"settings: {unknown_name('lab', name, known)}")
        if name in chosen:
            continue
        try:
            lab = registry.load(name, configuration.paths.get(name))
        except LabError:
            continue  # it can't be imported, and need not
        resolve(lab.settings, values, lab=name)


def _plan(
    name: str, overrides: Mapping[str, Setting], seeds: tuple[int, ...], configuration: Configuration, listing: Listing
) -> Plan:
    path = configuration.paths.get(name)
    lab = registry.load(name, path)
    quick = configuration.profile == "quick"
    settings = resolve(lab.settings, overrides, profile_values=lab.quick if quick else None, lab=name)
    common: dict[str, Any] = {
        "lab": name,
        "path": path,
        "overrides": overrides,
        "seeds": seeds,
        "profile": configuration.profile,
    }
    try:
        files = _data_files(lab, settings, configuration)
    except DataError as error:
        return Plan(**common, key=None, parts={}, stored=None, stale=(), problem=str(error))
    parts = identity.key_parts(lab.file, as_record(settings), files, seeds, profile=configuration.profile)
    key = identity.key(parts)
    stored = listing.with_key(name, key)
    return Plan(**common, key=key, parts=parts, stored=stored, stale=() if stored else _stale(listing, name, parts))


def _data_files(lab: registry.Lab, settings: Any, configuration: Configuration) -> tuple[Any, ...]:
    dataset = registry.dataset_name(lab, settings)
    if dataset is None:
        return ()
    return sets.locate(
        dataset, source=configuration.data, data_dir=configuration.data_dir, offline=configuration.offline
    ).files


def _stale(listing: Listing, lab: str, parts: Mapping[str, str]) -> tuple[str, ...]:
    """Name what differs from the newest complete run of the lab."""
    for run in listing.of(lab):
        if run.entry.status == "complete":
            try:
                return identity.changed_parts(load(run.path).key_parts, parts)
            except UnreadableError:
                continue  # `list` names it; an older run still tells what changed
    return ()
