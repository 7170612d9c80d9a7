"""One run of one lab: from what was prepared to a Result, whatever happens on the way.

A failing lab gives a Result as well, with the status `failed`, the reason, and all that was measured before. What the
user must fix before anything can run (an unknown lab, a wrong setting, an impossible seed) was raised by `prepare`.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import perf_counter

from labreport.experiments.data import sets
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Progress, Session, joined, silent
from labreport.experiments.result import Failure, Findings, Provenance, Result, Status
from labreport.experiments.running import interruption, provenance
from labreport.experiments.running.checkpoints import Checkpoints
from labreport.experiments.running.interruption import Interruption
from labreport.experiments.running.preparation import Prepared, with_data
from labreport.experiments.running.schedule import Hire, Schedule
from labreport.experiments.running.task import failure_of
from labreport.experiments.running.workers import TrainingJob, Worker
from labreport.experiments.settings import as_record, changed_names
from labreport.experiments.training.backend import DETERMINISTIC, limit_threads

Clock = Callable[[], datetime]
"""Returns the time with its zone."""


class RunInterrupted(KeyboardInterrupt):
    """The user stopped a run; what had been measured is in `result`."""

    def __init__(self, result: Result) -> None:
        """Store the result: its status is `interrupted`, or `complete` where the lab had come to its end."""
        super().__init__()
        self.result = result


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def run_lab(
    prepared: Prepared,
    *,
    jobs: int = 1,
    saved: Path | None = None,
    command: Sequence[str] = (),
    clock: Clock = utc_now,
    progress: Progress = silent,
    announce: Announce = print,
) -> Result:
    """Run a lab with all its seeds.

    Args:
        prepared: lab, settings, seeds, data; what is missing of the data is downloaded.
        jobs: processes that train the seeds, this one included. It changes no number.
        saved: folder in which finished seeds are saved until the run is complete, one folder for each key; None:
            nowhere.
        command: the user's command line, program first, for the record.
        clock: gives the times of start and end.
        progress: called after each epoch.
        announce: called with what the user should know about the data.

    Returns:
        The Result; its status is `failed` where the data are missing or the lab raised.

    Raises:
        LabError: there is not one process.
        RunInterrupted: the user stopped the run.
    """
    if jobs < 1:
        raise LabError(f"A run needs at least one process, not {jobs}.")
    with interruption.remembered() as ctrl_c:
        return _run(prepared, jobs, saved, command, clock, _one_at_a_time(progress, ctrl_c), announce, ctrl_c)


def begun(prepared: Prepared, command: Sequence[str] = ()) -> Result:
    """Return a run that has just begun, as it is stored if its process is ended from within; git is not asked."""
    started = utc_now()
    origin = provenance.provenance(
        command=command, threads=0, deterministic=DETERMINISTIC, started=started, ended=started, git=False
    )
    return _result(prepared, started, "failed", None, Findings(), {}, origin)


def _result(
    prepared: Prepared,
    started: datetime,
    status: Status,
    failure: Failure | None,
    findings: Findings,
    timings: dict[str, float],
    origin: Provenance,
    peak: int = 0,
) -> Result:
    return Result(
        run_id=run_id(started, prepared.key, secrets.token_hex(3)),
        key=prepared.key,
        key_parts=dict(prepared.parts),
        lab=prepared.lab.name,
        lab_version=prepared.lab.version,
        status=status,
        failure=failure if status == "failed" else None,
        profile=prepared.profile,
        settings=as_record(prepared.settings),
        changed_settings=changed_names(prepared.settings),
        seeds=prepared.seeds,
        findings=findings,
        timings=timings,
        peak_memory_bytes=peak,
        provenance=origin,
    )


def _run(
    prepared: Prepared,
    jobs: int,
    saved: Path | None,
    command: Sequence[str],
    clock: Clock,
    progress: Progress,
    announce: Announce,
    ctrl_c: Interruption,
) -> Result:
    started, beginning = clock(), perf_counter()
    opening = Session()
    schedule: Schedule | None = None
    failure: Failure | None = None
    interrupted = False
    try:
        with opening.stage("data"):
            prepared = with_data(prepared, announce)
            if prepared.problem is not None:
                raise prepared.problem
            dataset = None if prepared.data is None else sets.read(prepared.data)
        checkpoints = Checkpoints(None if saved is None else saved / prepared.key)
        schedule = Schedule(
            prepared.lab,
            prepared.settings,
            dataset,
            Session(seeds=prepared.seeds, progress=progress, profile=prepared.profile, saved=checkpoints),
            saved=checkpoints,
            announce=announce,
            hire=_hire(prepared, jobs, checkpoints, progress),
            stopped=lambda: ctrl_c.pressed,
        )
        schedule.run()
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        failure = failure_of(error, opening.open_stages, "train")
    finally:
        if schedule is not None:
            schedule.close()
    parts = () if schedule is None else schedule.parts
    complete = schedule is not None and schedule.is_complete
    failure = next((part.failure for part in parts if part.failure is not None), failure)
    interrupted = ctrl_c.pressed or interrupted or any(part.interrupted for part in parts)
    status: Status = "complete" if complete else "interrupted" if interrupted else "failed"
    timings = dict(opening.timings)
    for part in parts:
        for stage, spent in part.timings.items():
            timings[stage] = timings.get(stage, 0.0) + spent
    timings["total"] = perf_counter() - beginning
    peak = max([provenance.peak_memory_bytes(), *(part.peak_memory_bytes for part in parts)])
    origin = provenance.provenance(
        command=command, threads=_threads(), deterministic=DETERMINISTIC, started=started, ended=clock()
    )
    findings = joined(part.findings for part in parts)
    result = _result(prepared, started, status, failure, findings, timings, origin, peak)
    if interrupted:
        raise RunInterrupted(result)
    return result


def run_id(started: datetime, key: str, token: str) -> str:
    """Return the name of a run: when it began in UTC, the beginning of its key, and a token that no other has."""
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{key[:8]}-{token}"


def _hire(prepared: Prepared, jobs: int, saved: Checkpoints, progress: Progress) -> Hire:
    """Return what starts the other processes of a run, once the lab has introduced itself."""
    # More processes than this only take memory from each other, at half a gigabyte each.
    jobs = min(jobs, len(prepared.seeds), 4 * provenance.logical_processors())
    # Each process gets its share of the processors: measured, two with one thread each do nearly twice the work of
    # one with two. How many threads there are changes no bit of a result.
    threads = max(1, provenance.logical_processors() // jobs)
    limit_threads(threads if jobs > 1 else None)
    job = TrainingJob(
        lab=prepared.lab.name,
        path=prepared.lab.path,
        settings=as_record(prepared.settings),
        data=prepared.data,
        seeds=prepared.seeds,
        profile=prepared.profile,
        saved=saved,
        threads=threads,
    )
    return lambda seeds: [Worker(job, progress) for _ in range(min(jobs, seeds) - 1)]


def _one_at_a_time(progress: Progress, ctrl_c: Interruption) -> Progress:
    """Let no two threads report their progress at once: other processes are heard in a thread of their own."""
    lock = Lock()

    def reported(part: str, done: int, total: int, values: dict[str, float]) -> None:
        ctrl_c.check()
        with lock:
            progress(part, done, total, values)

    return reported


def _threads() -> int:
    """Threads of one TensorFlow operation as set by the user; 0 where TensorFlow chooses, or was not needed."""
    tensorflow = sys.modules.get("tensorflow")
    return 0 if tensorflow is None else int(tensorflow.config.threading.get_intra_op_parallelism_threads())
