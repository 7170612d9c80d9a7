"""Runs of labs: from what was prepared to a Result for each, whatever happens on the way.

A failing lab gives a Result as well, with the status `failed`, the reason, and all that was measured before. What the
user must fix before anything can run (an unknown lab, a wrong setting, an impossible seed) was raised by `prepare`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import msgspec

from labreport.experiments.data import sets
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Progress, Session, joined, silent
from labreport.experiments.result import Failure, Findings, Machine, Provenance, Result, Status, Worker
from labreport.experiments.running import engines, identity, interruption, provenance, work
from labreport.experiments.running.checkpoints import Checkpoints
from labreport.experiments.running.driver import Driver, Underway
from labreport.experiments.running.engines import Engine
from labreport.experiments.running.preparation import Prepared, with_data
from labreport.experiments.running.schedule import Schedule
from labreport.experiments.running.task import Part, failure_of
from labreport.experiments.running.work import DataSource, LabSource, RunInputs
from labreport.experiments.settings import as_record, changed_names
from labreport.experiments.system import reading
from labreport.experiments.training.backend import DETERMINISTIC

Clock = Callable[[], datetime]
"""Returns the time with its zone."""


class RunInterrupted(KeyboardInterrupt):
    """The user stopped a run; what had been measured is in `result`."""

    def __init__(self, result: Result) -> None:
        """Store the result: its status is `interrupted`, or `complete` where the lab had come to its end."""
        super().__init__()
        self.result = result


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A run that is to be made."""

    prepared: Prepared
    """What is missing of its data is downloaded."""
    saved: Path | None = None
    """Folder in which finished seeds are saved until the run is complete, one folder for each key; None: nowhere."""
    watched: Progress = silent
    """Called after each epoch of this run."""
    run_id: str | None = None
    """The name that its result is given, where it has one already: that of `begun`."""


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def run_lab(
    prepared: Prepared,
    *,
    jobs: int = 1,
    engine: Engine | None = None,
    saved: Path | None = None,
    command: Sequence[str] = (),
    clock: Clock = utc_now,
    progress: Progress = silent,
    announce: Announce = print,
) -> Result:
    """Run a lab with all its seeds.

    Args:
        prepared: lab, settings, seeds, data; what is missing of the data is downloaded.
        jobs: processes that train the seeds; 1: this one. It changes no number.
        engine: does the work in place of those processes.
        saved: folder in which finished seeds are saved until the run is complete; None: nowhere.
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
    found: list[Result] = []
    asked = [Asked(prepared=prepared, saved=saved)]
    with engine or engines.chosen(jobs) as does:
        run_labs(
            asked,
            does,
            command=command,
            clock=clock,
            progress=progress,
            announce=announce,
            finished=lambda _, result: found.append(result),
        )
    return found[0]


def run_labs(
    asked: Iterable[Asked],
    engine: Engine,
    *,
    command: Sequence[str] = (),
    clock: Clock = utc_now,
    progress: Progress = silent,
    announce: Announce = print,
    finished: Callable[[Asked, Result], None],
) -> None:
    """Run labs, side by side where the engine does several tasks at a time.

    Args:
        asked: gives the runs one by one, each when it is to be begun.
        engine: does the tasks.
        command: the user's command line, program first, for the record.
        clock: gives the times of start and end.
        progress: called after each epoch.
        announce: called with what the user should know.
        finished: takes each Result as soon as it is there; after an interruption also those of what was under way.

    Raises:
        RunInterrupted: the user stopped it; the result is the last one given to `finished`.
    """
    under: dict[int, _Run] = {}
    last: list[Result] = []

    def give(run: _Run, *, interrupted: bool = False) -> None:
        last[:] = [run.result(command, interrupted=interrupted)]
        finished(run.asked, last[0])

    with interruption.remembered() as ctrl_c:
        driver = Driver(engine, progress, announce, ctrl_c)

        def coming() -> Iterator[Underway]:
            for one in asked:
                run = _Run(one, clock)
                try:
                    run.begin(engine, announce)
                except BaseException as error:
                    run.failed(error)
                    give(run, interrupted=ctrl_c.pressed or isinstance(error, KeyboardInterrupt))
                    if isinstance(error, KeyboardInterrupt):
                        raise RunInterrupted(last[0]) from error
                    continue
                assert run.underway is not None
                under[id(run.underway)] = run
                yield run.underway

        def settled(underway: Underway) -> None:
            run = under.pop(id(underway))
            if driver.lost is not None:
                run.failed(driver.lost)
            stopped = ctrl_c.pressed or any(part.interrupted for part in underway.schedule.parts)
            give(run, interrupted=stopped)
            if stopped:
                raise RunInterrupted(last[0])

        try:
            driver.drive(coming(), settled)
        except KeyboardInterrupt as stopped:
            for underway in driver.unsettled():
                give(under.pop(id(underway)), interrupted=True)
            raise stopped if isinstance(stopped, RunInterrupted) or not last else RunInterrupted(last[0]) from stopped


def begun(prepared: Prepared, command: Sequence[str] = ()) -> Result:
    """Return a run that has just begun, as it is stored if its process is ended from within; git is not asked."""
    started = utc_now()
    origin = provenance.provenance(
        command=command, threads=0, deterministic=DETERMINISTIC, started=started, ended=started, git=False
    )
    return _result(prepared, _new_id(prepared, started), "failed", None, Findings(), {}, origin)


def _result(
    prepared: Prepared,
    name: str,
    status: Status,
    failure: Failure | None,
    findings: Findings,
    timings: dict[str, float],
    origin: Provenance,
    peak: int = 0,
) -> Result:
    return Result(
        run_id=name,
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


class _Run:
    """One run, from its beginning to its Result."""

    def __init__(self, asked: Asked, clock: Clock) -> None:
        self.asked, self._clock = asked, clock
        self.underway: Underway | None = None
        self._prepared = asked.prepared
        self._started, self._beginning = clock(), perf_counter()
        self._opening = Session()
        self._failure: Failure | None = None

    def begin(self, engine: Engine, announce: Announce) -> None:
        """Bring the data, and see which seeds are finished already."""
        with self._opening.stage("data"):
            self._prepared = prepared = with_data(self.asked.prepared, announce)
            if prepared.problem is not None:
                raise prepared.problem
        lab = prepared.lab
        saved = Checkpoints(None if self.asked.saved is None else self.asked.saved / prepared.key)
        source, contents = (None, {}) if engine.here else _contents(prepared)
        schedule = Schedule(lab, prepared.seeds, saved, announce)
        closing = ExitStack()
        if engine.here:
            closing.enter_context(work.at_hand(prepared.key, lab, prepared.settings, prepared.data))
        inputs = msgspec.msgpack.encode(
            RunInputs(
                lab=lab.name,
                lab_part=prepared.parts["lab"],
                source=source,
                settings=as_record(prepared.settings),
                data=None if prepared.data is None else _data_source(prepared.data),
                seeds=prepared.seeds,
                profile=prepared.profile,
            )
        )
        digest = sha256(inputs).hexdigest()
        self.underway = Underway(
            key=prepared.key,
            inputs=digest,
            schedule=schedule,
            saved=saved,
            contents={**contents, digest: partial(bytes, inputs)},
            label=lab.name,
            watched=self.asked.watched,
            closing=closing,
        )

    def failed(self, error: BaseException) -> None:
        """Note why the run can't go on."""
        self._failure = failure_of(error, self._opening.open_stages, "train")

    def result(self, command: Sequence[str], *, interrupted: bool) -> Result:
        """Return what was measured, and what became of the run."""
        schedule = None if self.underway is None else self.underway.schedule
        parts = () if schedule is None else schedule.parts
        failure = next((part.failure for part in parts if part.failure is not None), self._failure)
        complete = schedule is not None and schedule.is_complete
        status: Status = "complete" if complete else "interrupted" if interrupted else "failed"
        timings = dict(self._opening.timings)
        for part in parts:
            for stage, spent in part.timings.items():
                timings[stage] = timings.get(stage, 0.0) + spent
        timings["total"] = perf_counter() - self._beginning
        peak = max([provenance.peak_memory_bytes(), *(part.peak_memory_bytes for part in parts)])
        origin = provenance.provenance(
            command=command, threads=0, deterministic=DETERMINISTIC, started=self._started, ended=self._clock()
        )
        findings = joined(part.findings for part in parts)
        origin = _with_places(origin, parts)
        name = self.asked.run_id or _new_id(self._prepared, self._started)
        return _result(self._prepared, name, status, failure, findings, timings, origin, peak)


def _with_places(origin: Provenance, parts: Sequence[Part]) -> Provenance:
    """Return the circumstances with the machines that did the work, and versions that were others there."""
    places: dict[tuple[str, str, int, tuple[tuple[str, str], ...]], Machine] = {}
    for part in parts:
        if (one := part.machine) is not None:
            name = (one.system, one.processor, one.logical_processors, tuple(part.packages.items()))
            # Threads are known once TensorFlow was needed.
            places[name] = max(places.get(name, one), one, key=lambda machine: machine.threads)
    if not places:
        return origin
    machines = list(places.items())
    origin = msgspec.structs.replace(origin, machine=machines[0][1])
    if len(machines) == 1 and not machines[0][0][-1]:
        return origin
    workers = tuple(Worker(machine=machine, packages=dict(name[-1])) for name, machine in machines)
    return msgspec.structs.replace(origin, workers=workers)


def _data_source(location: sets.Location) -> DataSource:
    return DataSource(name=location.name, form=location.source, files=location.files)


def _contents(prepared: Prepared) -> tuple[LabSource | None, Mapping[str, Callable[[], bytes]]]:
    """Return the source of a user's lab, and everything that a process may lack, by hash.

    Raises:
        LabError: the lab's source is not what it was when the run was planned.
    """
    contents: dict[str, Callable[[], bytes]] = {}
    location, lab = prepared.data, prepared.lab
    if location is not None:
        for file, content in zip(location.files, location.contents or (), strict=True):
            contents[file.sha256] = partial(bytes, content)
    if lab.path is None:
        return None, contents
    if identity.lab_part(lab) != prepared.parts["lab"]:
        raise LabError(f"The source of {lab.name} has changed since the run was planned; give the command again.")
    root, files = lab.home.root, {}
    for path in dict.fromkeys((lab.file, *identity.used_files(lab)[0], *lab.data.values())):
        name = Path(os.path.relpath(path, root)).as_posix()
        digest = reading.digest(path)
        files[name] = digest
        if not name.startswith(".."):
            contents[digest] = partial(_unchanged, path, digest)
    return LabSource(root=str(root), entry=lab.file.relative_to(root).as_posix(), files=files), contents


def _unchanged(path: Path, digest: str) -> bytes:
    content = reading.content(path, reading.LARGEST_DATA)
    if sha256(content).hexdigest() != digest:
        raise KeyError(digest)
    return content


def _new_id(prepared: Prepared, started: datetime) -> str:
    return run_id(started, prepared.key, secrets.token_hex(3))


def run_id(started: datetime, key: str, token: str) -> str:
    """Return the name of a run: when it began in UTC, the beginning of its key, and a token that no other has."""
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{key[:8]}-{token}"
