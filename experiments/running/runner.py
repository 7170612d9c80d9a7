"""One run of one lab: from a request to a Result, whatever happens on the way.

A failing lab gives a Result as well, with the status `failed`, the reason, and all that was measured before. Only what
the user must mend before anything can run (an unknown lab, a wrong setting, an impossible seed) is raised.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from time import perf_counter
from typing import Any, Literal

from labreport.experiments import stdout
from labreport.experiments.checkpoints import Kept
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Progress, Session, silent
from labreport.experiments.registry import Lab
from labreport.experiments.result import GREATEST_SECONDS, Failure, Findings, Result
from labreport.experiments.running import identity, interruption, provenance
from labreport.experiments.running.interruption import Interruption
from labreport.experiments.running.request import Announce, RunRequest, failure_of, load_data, opened
from labreport.experiments.running.seed_schedule import Hire, Turns
from labreport.experiments.running.validation import checked
from labreport.experiments.running.workers import Job, Workers
from labreport.experiments.settings import as_record, changed_names
from labreport.experiments.training.backend import DETERMINISTIC, limit_threads

__all__ = ["Announce", "Clock", "RunInterrupted", "RunRequest", "run_id", "run_lab", "utc_now"]

Clock = Callable[[], datetime]
"""Returns the time with its zone."""

_GREATEST_SEED = 2**32 - 1
"""Keras and NumPy take no greater one."""

_log = logging.getLogger("labreport")


class RunInterrupted(KeyboardInterrupt):
    """The user stopped a run; what had been measured is in `result`."""

    def __init__(self, result: Result) -> None:
        """Keep the result: its status is `interrupted`, or `complete` where the lab had come to its end."""
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
    _check(request)
    with stdout.kept_for_results():
        lab, settings = opened(request)
    # Before anything runs: whoever edits the lab while it trains gets a run of the text that ran, and a stale one.
    inputs = identity.key_parts(lab.file, as_record(settings), (), request.seeds, profile=request.profile)
    with interruption.remembered() as ctrl_c:
        return _run(request, lab, settings, inputs, clock, _one_at_a_time(progress, ctrl_c), announce, ctrl_c)


def _run(
    request: RunRequest,
    lab: Lab,
    settings: Any,
    inputs: dict[str, str],
    clock: Clock,
    progress: Progress,
    announce: Announce,
    ctrl_c: Interruption,
) -> Result:
    kept = Kept()
    turns = Turns(request.seeds, announce, kept, _hire(request, progress))
    session = Session(seeds=request.seeds, progress=progress, profile=request.profile, take_turns=turns.take, kept=kept)
    started, begun = clock(), perf_counter()
    parts = {**inputs, "data": f"missing:{request.source}"}
    status: Literal["complete", "failed", "interrupted"] = "complete"
    failure = None
    findings = Findings()
    try:
        with session.stage("data"):
            dataset = load_data(lab, settings, request, announce)
        parts = {**inputs, "data": identity.data_part(() if dataset is None else dataset.card.files)}
        if request.kept is not None:
            kept.folder = request.kept / identity.key(parts)
        with stdout.kept_for_results():
            findings = checked(lab.run(settings, dataset, session))
    except BaseException as error:
        _log.debug("The lab %s failed.", lab.name, exc_info=True)
        if ctrl_c.pressed or isinstance(error, KeyboardInterrupt):
            turns.interrupted(session)
            status, findings = "interrupted", _storable(session)
        else:
            status = "failed"
            failure, findings = _failed(error, turns, session)
    finally:
        peak = max(provenance.peak_memory_bytes(), turns.close())
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
        timings={**_seconds(session), "total": perf_counter() - begun},
        peak_memory_bytes=peak,
        provenance=provenance.provenance(
            command=request.command,
            threads=_threads(),
            deterministic=DETERMINISTIC,
            started=started,
            ended=clock(),
        ),
    )
    if ctrl_c.pressed or status == "interrupted":
        raise RunInterrupted(result)
    return result


def run_id(started: datetime, key: str, token: str) -> str:
    """Return the name of a run: when it began in UTC, the beginning of its key, and what tells apart equal ones."""
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{key[:8]}-{token}"


def _hire(request: RunRequest, progress: Progress) -> Hire | None:
    """Return what starts the other processes of a run; None where there is nothing to share."""
    # More processes than this only take memory from each other, at half a gigabyte each.
    jobs = min(request.jobs, len(request.seeds), 4 * provenance.logical_processors())
    if jobs < 2:
        limit_threads(None)
        return None
    # Each process gets its share of the processors: measured, two with one thread each do nearly twice the work of
    # one with two. How many threads there are changes no bit of a result.
    threads = max(1, provenance.logical_processors() // jobs)
    limit_threads(threads)

    def hire(seeds: tuple[int, ...], kept: Kept) -> Workers:
        job = Job(request=request, kept=kept, threads=threads)
        return Workers(job, min(jobs, len(seeds)) - 1, seeds, progress)

    return hire


def _one_at_a_time(progress: Progress, ctrl_c: Interruption) -> Progress:
    """Let no two threads tell of their progress at once: other processes are heard in a thread of their own."""
    lock = Lock()

    def told(part: str, done: int, total: int, values: dict[str, float]) -> None:
        ctrl_c.check()
        with lock:
            progress(part, done, total, values)

    return told


def _failed(error: BaseException, turns: Turns, session: Session) -> tuple[Failure, Findings]:
    """Return why a lab failed, and what it had found."""
    failure = failure_of(error, session)
    # The lab may have put anything into the draft; its first error is what counts.
    with contextlib.suppress(Exception):
        failure = turns.failed(session, failure)
    return failure, _storable(session)


def _storable(session: Session) -> Findings:
    """Return what a lab has found so far, or nothing where that can't be stored."""
    try:
        return checked(session.draft.findings())
    except Exception:
        return Findings()


def _seconds(session: Session) -> dict[str, float]:
    """Return the times of the stages, without what a lab may have put among them that is no time."""
    return {
        str(name): value
        for name, value in session.timings.items()
        if isinstance(value, int | float) and 0 <= value <= GREATEST_SECONDS
    }


def _check(request: RunRequest) -> None:
    seeds = request.seeds
    if request.jobs < 1:
        raise LabError(f"A run needs at least one process, not {request.jobs}.")
    if not seeds:
        raise LabError("A run needs at least one seed.")
    if len(set(seeds)) < len(seeds):
        raise LabError(f"A seed is given twice: {', '.join(map(str, seeds))}.")
    for seed in seeds:
        if not 0 <= seed <= _GREATEST_SEED:
            raise LabError(f"A seed must lie between 0 and {_GREATEST_SEED}, not {seed}.")


def _threads() -> int:
    """Threads of one TensorFlow operation as set by the user; 0 where TensorFlow chooses, or was not needed."""
    tensorflow = sys.modules.get("tensorflow")
    return 0 if tensorflow is None else int(tensorflow.config.threading.get_intra_op_parallelism_threads())
