"""What is asked of a run, and opening it: the lab, its settings, its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.experiments import registry
from labreport.experiments.data import sets
from labreport.experiments.errors import plain, told
from labreport.experiments.lab import Profile, Session
from labreport.experiments.result import Failure, Setting
from labreport.experiments.running import provenance
from labreport.experiments.settings import resolve

Announce = Callable[[str], None]
"""Called with a line for the user, e.g. that sample data are used."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What to run."""

    lab: str
    path: Path | None = None
    """The user's file, for a lab that is not installed."""
    overrides: Mapping[str, Setting] = field(default_factory=dict)
    """Settings by name; text is given the type of its setting."""
    seeds: tuple[int, ...] = (0,)
    profile: Profile = "full"
    source: sets.Source = "auto"
    data_dir: Path | None = None
    offline: bool = False
    command: tuple[str, ...] = ()
    """The user's command line, program first, for the record."""
    jobs: int = 1
    """Processes that train the seeds, this one included. It changes no number."""
    kept: Path | None = None
    """Folder in which finished seeds are kept until the run is complete, one folder for each key; None: nowhere."""


def opened(request: RunRequest) -> tuple[registry.Lab, Any]:
    """Import a lab and return it with its settings.

    Raises:
        LabError: the lab is unknown or can't be imported, or a setting is wrong.
    """
    lab = registry.load(request.lab, request.path)
    quick = lab.quick if request.profile == "quick" else None
    return lab, resolve(lab.settings, request.overrides, profile_values=quick, lab=lab.name)


def load_data(lab: registry.Lab, settings: Any, request: RunRequest, announce: Announce) -> sets.Dataset | None:
    """Return the data set of a lab; None for one that needs none.

    Raises:
        DataError: it is missing or not the known one.
    """
    name = registry.dataset_name(lab, settings)
    if name is None:
        return None
    return sets.load(name, source=request.source, data_dir=request.data_dir, offline=request.offline, announce=announce)


def failure_of(error: BaseException, session: Session) -> Failure:
    """Say in a line what went wrong, without a traceback and without paths of this machine."""
    stage = str(session.open_stages[-1]) if session.open_stages else "lab"
    message = provenance.scrub(told(error)) or "(without a message)"
    return Failure(kind=plain(type(error).__name__), message=message, stage=plain(stage))
