"""One run of one lab: from a request to a Result, whatever happens on the way.

A failing lab gives a Result as well, with the status `failed`, the reason, and all that was measured before. Only what
the user must mend before anything can run (an unknown lab, a wrong setting, an impossible seed) is raised.
"""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from experiments import data, identity, provenance, registry
from experiments.errors import LabError
from experiments.lab import Profile, Progress, Session, silent
from experiments.result import DataFile, Failure, Findings, Result, Setting
from experiments.settings import as_record, changed_names, resolve
from experiments.training.backend import DETERMINISTIC

Clock = Callable[[], datetime]
"""Returns the time with its zone."""

Announce = Callable[[str], None]
"""Called with a line for the user, e.g. that sample data are used."""

_GREATEST_SEED = 2**32 - 1
"""Keras and NumPy take no greater one."""

_log = logging.getLogger("labreport")


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
    source: data.Source = "auto"
    data_dir: Path | None = None
    offline: bool = False
    command: tuple[str, ...] = ()
    """The user's command line, program first, for the record."""


class RunInterrupted(KeyboardInterrupt):
    """The user stopped a run; what had been measured is in `result`."""

    def __init__(self, result: Result) -> None:
        """Keep the unfinished result, whose status is `interrupted`."""
        super().__init__()
        self.result = result


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def run_lab(
    request: RunRequest, *, clock: Clock = utc_now, progress: Progress = silent, announce: Announce = print
) -> Result:
    """Run a lab with all its seeds.

    Args:
        request: lab, settings, seeds, data.
        clock: tells the time of start and end.
        progress: told of each epoch.
        announce: told what the user should know about the data.

    Returns:
        The Result; its status is `failed` where the data are missing or the lab raised.

    Raises:
        LabError: the lab is unknown or can't be imported, or a setting or seed is wrong; nothing was run.
        RunInterrupted: the user stopped the run.
    """
    _check_seeds(request.seeds)
    lab = registry.load(request.lab, request.path)
    quick = lab.quick if request.profile == "quick" else None
    settings = resolve(lab.settings, request.overrides, profile_values=quick, lab=lab.name)
    session = Session(seeds=request.seeds, progress=progress, profile=request.profile)
    started, begun = clock(), perf_counter()
    files: tuple[DataFile, ...] | None = None
    status: Literal["complete", "failed", "interrupted"] = "complete"
    failure = None
    interrupted = False
    findings = Findings()
    try:
        dataset = None
        name = registry.dataset_name(lab, settings)
        with session.stage("data"):
            if name is not None:
                dataset = data.load(
                    name,
                    source=request.source,
                    data_dir=request.data_dir,
                    offline=request.offline,
                    announce=announce,
                )
        files = () if dataset is None else dataset.card.files
        findings = lab.run(settings, dataset, session)
    except KeyboardInterrupt:
        status, interrupted, findings = "interrupted", True, session.draft.findings()
    except (Exception, SystemExit) as error:
        _log.debug("The lab %s failed.", lab.name, exc_info=True)
        status, failure, findings = "failed", _failure(error, session), session.draft.findings()
    parts = _key_parts(lab, settings, files, request)
    key = identity.key(parts)
    result = Result(
        run_id=run_id(started, key, secrets.token_hex(3)),
        key=key,
        key_parts=parts,
        lab=lab.name,
        lab_version=lab.version,
        status=status,
        failure=failure,
        profile=request.profile,
        settings=as_record(settings),
        changed_settings=changed_names(settings),
        seeds=request.seeds,
        findings=findings,
        timings={**session.timings, "total": perf_counter() - begun},
        peak_memory_bytes=provenance.peak_memory_bytes(),
        provenance=provenance.provenance(
            command=request.command,
            threads=_threads(),
            deterministic=DETERMINISTIC,
            started=started,
            ended=clock(),
        ),
    )
    if interrupted:
        raise RunInterrupted(result)
    return result


def run_id(started: datetime, key: str, token: str) -> str:
    """Return the name of a run: when it began in UTC, the beginning of its key, and what tells apart equal ones."""
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{key[:8]}-{token}"


def _check_seeds(seeds: tuple[int, ...]) -> None:
    if not seeds:
        raise LabError("A run needs at least one seed.")
    if len(set(seeds)) < len(seeds):
        raise LabError(f"A seed is given twice: {', '.join(map(str, seeds))}.")
    for seed in seeds:
        if not 0 <= seed <= _GREATEST_SEED:
            raise LabError(f"A seed must lie between 0 and {_GREATEST_SEED}, not {seed}.")


def _key_parts(
    lab: registry.Lab, settings: Any, files: tuple[DataFile, ...] | None, request: RunRequest
) -> dict[str, str]:
    parts = identity.key_parts(lab.file, as_record(settings), files or (), request.seeds, profile=request.profile)
    return {**parts, "data": "missing"} if files is None else parts


def _failure(error: BaseException, session: Session) -> Failure:
    """Say in a line what went wrong, without a traceback and without paths of this machine."""
    told = str(error) if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
    stage = session.open_stages[-1] if session.open_stages else "lab"
    return Failure(kind=type(error).__name__, message=provenance.scrub(told.strip(" :")), stage=stage)


def _threads() -> int:
    """Threads of one TensorFlow operation as set by the user; 0 where TensorFlow chooses, or was not needed."""
    tensorflow = sys.modules.get("tensorflow")
    return 0 if tensorflow is None else int(tensorflow.config.threading.get_intra_op_parallelism_threads())
