"""What a run needs, found once: the lab, its settings, its data and its identity.

Everything after this uses what stands here: nothing is imported, resolved, located or hashed a second time, so what is
planned, what runs and what is stored have one key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labreport.experiments.data import sets
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import DataError, LabError
from labreport.experiments.lab import Profile
from labreport.experiments.registry import Lab, dataset_name
from labreport.experiments.result import DataFile, Setting
from labreport.experiments.running import identity
from labreport.experiments.settings import as_record, resolve

MISSING = "missing"
"""Begins the part `data` of the identity of a run without its data; the source that was asked for follows."""

_GREATEST_SEED = 2**32 - 1
"""Keras and NumPy take no greater one."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A run that can be begun."""

    lab: Lab
    settings: Any
    """The lab's dataclass."""
    seeds: tuple[int, ...]
    profile: Profile
    data: sets.Location | None
    """Where the data set is; None for a lab without one, or where it is missing."""
    source: sets.Source
    """Which form of the data set was asked for."""
    own_files: tuple[DataFile, ...]
    """The lab's own data files."""
    problem: DataError | None
    """Why the data are missing."""
    parts: Mapping[str, str]
    """The inputs of the run by name, as `identity.key_parts` gives them."""

    @property
    def name(self) -> str:
        """Name of the lab."""
        return self.lab.name

    @property
    def key(self) -> str:
        """The identity of the run."""
        return identity.key(self.parts)


def prepare(
    lab: Lab,
    *,
    overrides: Mapping[str, Setting] | None = None,
    seeds: tuple[int, ...] = (0,),
    profile: Profile = "full",
    source: sets.Source = "auto",
    data_dir: Path | None = None,
    offline: bool = False,
) -> Prepared:
    """Return a run of a lab, ready to begin; nothing is downloaded yet.

    Args:
        lab: as `registry.load` gives it.
        overrides: settings of the user by name; text is given the type of its setting.
        seeds: at least one, each once, from 0 to 2**32 - 1.
        profile: `quick` puts the lab's quick settings under those of the user.
        source: full, sample, or auto: the full data set where it can be had.
        data_dir: folder with the full data sets.
        offline: never download.

    Raises:
        LabError: a setting or a seed is wrong. Missing data are not raised, but stand in `problem`.
    """
    _check(seeds)
    with lab.home.entered():
        settings = resolve(
            lab.settings, overrides or {}, profile_values=lab.quick if profile == "quick" else None, lab=lab.name
        )
    name = dataset_name(lab, settings)
    location, problem = None, None
    try:
        if name is not None:
            location = sets.locate(name, source=source, data_dir=data_dir, offline=offline)
        own = lab.data.recorded()
    except DataError as error:
        own, problem = (), error
    files = (*(location.files if location else ()), *own)
    parts = identity.key_parts(lab, as_record(settings), files, seeds, profile=profile)
    return Prepared(
        lab=lab,
        settings=settings,
        seeds=seeds,
        profile=profile,
        data=None if problem else location,
        source=source,
        own_files=own,
        problem=problem,
        parts={**parts, "data": f"{MISSING}:{source}"} if problem else parts,
    )


def with_data(prepared: Prepared, announce: Announce) -> Prepared:
    """Return the run after trying to download what is missing, with the identity that it has then.

    Args:
        prepared: as `prepare` gives it; unchanged where all of its data are here.
        announce: called with one line for everything the user should know.
    """
    if prepared.data is None:
        return prepared
    try:
        location = sets.obtained(prepared.data, announce)
    except DataError as error:
        parts = {**prepared.parts, "data": f"{MISSING}:{prepared.source}"}
        return replace(prepared, data=None, problem=error, parts=parts)
    data = identity.data_part((*location.files, *prepared.own_files))
    return replace(prepared, data=location, parts={**prepared.parts, "data": data})


def _check(seeds: tuple[int, ...]) -> None:
    if not seeds:
        raise LabError("A run needs at least one seed.")
    if len(set(seeds)) < len(seeds):
        raise LabError(f"A seed is given twice: {', '.join(map(str, seeds))}.")
    for seed in seeds:
        if not 0 <= seed <= _GREATEST_SEED:
            raise LabError(f"A seed must lie between 0 and {_GREATEST_SEED}, not {seed}.")
