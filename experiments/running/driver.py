"""Giving out the tasks of runs to an engine, and taking what comes back: the only part that knows all of them.

A process that is free stays with the run it has worked for, whose data and graphs it has; where that has no task to
give, another run is begun, and when all are begun, it helps with one of another process. What is lost with its process
is done once more; what a process lacks is sent to it. Nothing of that changes a result.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock

import msgspec

from labreport.experiments.data.sources import Announce
from labreport.experiments.lab import Progress, silent
from labreport.experiments.result import Failure, Findings
from labreport.experiments.running import work
from labreport.experiments.running.checkpoints import Checkpoints, decode
from labreport.experiments.running.engines import Engine, EngineError
from labreport.experiments.running.interruption import Interruption
from labreport.experiments.running.schedule import Schedule, Step
from labreport.experiments.running.task import LOST, Part, not_begun
from labreport.experiments.running.work import LabTask, TaskAnswer, TaskEvent

_TICK = 0.5
"""Seconds between two looks at what the engine has, while nothing comes back."""
TRIES = 3
"""How often a step is done that found too little memory, or not what was sent for it."""
NOT_KEPT = "What was sent to a worker is not there: it has too little memory, or was started again and again."
_ROUNDS = 3
"""How often a process asks for something for a step at most: what all steps have in common, the lab, the data."""
_PATIENCE = 3.0
"""Seconds without any process after which a line says so."""


@dataclass(kw_only=True)
class Underway:
    """A run that was begun, as far as its tasks are concerned."""

    key: str
    """Of the run."""
    inputs: str
    """Hash of its encoded inputs, which stand in `contents`."""
    schedule: Schedule
    saved: Checkpoints
    contents: Mapping[str, Callable[[], bytes]]
    """What a process may lack, by hash."""
    label: str
    """Stands before the names of its parts where several runs are under way."""
    watched: Progress = silent
    """Called after each epoch of this run, besides what is called after those of all."""
    closing: ExitStack = field(default_factory=ExitStack)
    """Closed when the run is settled."""
    tries: dict[Step, int] = field(default_factory=dict)
    """How often a step has come back unfinished."""
    asked: dict[Step, int] = field(default_factory=dict)
    """How often something was asked for, for a step."""


class Driver:
    """Carries out runs.

    Args:
        engine: does the tasks.
        progress: called after each epoch.
        announce: called with what the user should know.
        ctrl_c: whether the user wants it to stop.
    """

    def __init__(self, engine: Engine, progress: Progress, announce: Announce, ctrl_c: Interruption) -> None:
        self._engine, self._progress, self._announce, self._ctrl_c = engine, progress, announce, ctrl_c
        self._name = secrets.token_hex(8)
        self._runs: list[Underway] = []
        self._at_work: dict[Future[bytes], tuple[Underway, Step]] = {}
        self._latest: Underway | None = None
        self._lost: EngineError | None = None
        self._one_at_a_time = Lock()
        self._sent: set[tuple[str, str]] = set()
        self._without = 0.0
        engine.on_event = self._hear

    def drive(self, waiting: Iterable[Underway], settled: Callable[[Underway], None]) -> None:
        """Carry out all runs.

        Args:
            waiting: gives them one by one, each when it is to be begun.
            settled: takes each run when nothing of it is left to do.

        Raises:
            KeyboardInterrupt: the user has stopped it; what is under way stays in `unsettled`.
        """
        try:
            self._drive(iter(waiting), settled)
        finally:
            self._engine.finish(self._name)

    def _drive(self, coming: Iterator[Underway], settled: Callable[[Underway], None]) -> None:
        more = True
        while more or self._runs:
            self._ctrl_c.check()
            more = self._fill(coming) and more
            for run in [run for run in self._runs if self._lost or run.schedule.is_settled]:
                self._runs.remove(run)
                self._let_go(run)
                settled(run)
            if self._at_work:
                done, _ = wait(self._at_work, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    self._take(future)
                self._watch(idle=not done)

    @property
    def lost(self) -> EngineError | None:
        """Why the engine can't go on."""
        return self._lost

    def unsettled(self) -> list[Underway]:
        """Return the runs that were under way when the user stopped, and let go of their tasks."""
        runs, self._runs = self._runs, []
        for run in runs:
            self._let_go(run)
        return runs

    def _let_go(self, run: Underway) -> None:
        for future in [future for future, (of, _) in self._at_work.items() if of is run]:
            del self._at_work[future]
            self._engine.abandon(future)
        run.closing.close()

    def _fill(self, coming: Iterator[Underway]) -> bool:
        """Give out tasks while there is room; return whether there may be more runs."""
        more = True
        while len(self._at_work) < self._room() and self._lost is None:
            given = _first([run for run in self._runs if run is self._latest])
            if given is None and more and not (self._runs and self._engine.here):
                run = next(coming, None)
                more = run is not None
                if run is not None:
                    self._runs.append(run)
                    self._latest = run
                continue
            given = given or _first(self._runs)
            if given is None:
                return more
            self._give_out(*given)
        if self._lost is not None:
            self._runs += coming
            return False
        return more

    def _room(self) -> int:
        # Also without a process a task is given out: it waits for one.
        return max(1, self._engine.room())

    def _give_out(self, run: Underway, step: Step) -> None:
        task = LabTask(
            key=run.key,
            inputs=run.inputs,
            function=step.function,
            seed=step.seed,
            driver=self._name,
            saved={} if step.seed is None else run.saved.folds(step.name),
            versions=dict(self._engine.versions),
            mixed=self._engine.mixed,
        )
        try:
            future = self._engine.submit(work.carry_out, msgspec.msgpack.encode(task))
        except EngineError as error:
            self._lost = error
        else:
            self._at_work[future] = (run, step)

    def _take(self, future: Future[bytes]) -> None:
        """Take what came back of a task."""
        run, step = self._at_work.pop(future)
        self._latest = run
        try:
            answer = msgspec.msgpack.decode(future.result(), type=TaskAnswer)
        except (Exception, CancelledError) as error:
            if self._engine.ended(error):
                self._again(run, step, _given_up(step, self._engine.tries), self._engine.tries)
            else:
                self._lost = self._engine.lost(error)
            return
        if answer.refused:
            self._lost = self._engine.refused({answer.where: answer.refused})
        elif answer.needed:
            self._send(run, step, answer)
        else:
            part = decode(answer.part, Part)
            if not self._engine.here and part.failure is not None and part.failure.kind == MemoryError.__name__:
                self._again(run, step, part, TRIES)
            else:
                run.schedule.give(step, part, answer.part)

    def _again(self, run: Underway, step: Step, part: Part, tries: int) -> None:
        """Let a step be done once more, or take it as it is after some tries."""
        run.tries[step] = run.tries.get(step, 0) + 1
        if run.tries[step] < tries:
            run.schedule.put_back(step)
        else:
            run.schedule.give(step, part)

    def _send(self, run: Underway, step: Step, answer: TaskAnswer) -> None:
        """Send a process what it lacks, and let the step be done again."""
        again = any((answer.where, digest) in self._sent for digest in answer.needed)
        run.asked[step] = run.asked.get(step, 0) + 1
        # A process that is started again has another name.
        too_often = run.asked[step] > _ROUNDS * TRIES * self._room()
        try:
            self._engine.provide(self._name, answer.where, {digest: run.contents[digest]() for digest in answer.needed})
        except (EngineError, KeyError, OSError) as error:
            problem = error if isinstance(error, EngineError) else EngineError(_NOT_SENT.format(run.label))
            run.schedule.give(step, not_begun(step.seed, problem))
            return
        self._sent.update((answer.where, digest) for digest in answer.needed)
        if again or too_often:  # it was sent, and is lost again: a process that has no room for it
            tries = 1 if too_often else TRIES
            self._again(run, step, not_begun(step.seed, EngineError(NOT_KEPT)), tries)
        else:
            run.schedule.put_back(step)

    def _watch(self, *, idle: bool) -> None:
        """Say it where no process is left to do anything."""
        if not idle or self._engine.room() > 0:
            self._without = 0.0
        elif not self._without:
            self._without = time.monotonic()
        elif 0 < self._without < time.monotonic() - _PATIENCE:
            self._without = float("inf")
            self._announce(
                f"There is no worker at {self._engine.name}: waiting for one. Ctrl-C stops; what is finished is saved."
            )

    def _hear(self, content: bytes) -> None:
        """Take what a task says while it is at work."""
        event = msgspec.msgpack.decode(content, type=TaskEvent)
        run = next((run for run in self._runs if run.key == event.key), None)
        if event.driver != self._name or run is None:
            return
        if event.saved:
            run.saved.put(event.name, event.saved)
        if event.progress is not None:
            part, done, total, values = event.progress
            self._ctrl_c.check()
            with self._one_at_a_time:
                run.watched(part, done, total, values)
                self._progress(f"{run.label}: {part}", done, total, values)


def _first(runs: Iterable[Underway]) -> tuple[Underway, Step] | None:
    """Return the next step of the first run that has one to give."""
    return next(((run, step) for run in runs if (step := run.schedule.take()) is not None), None)


_NOT_SENT = "The files of {} have changed since the run was planned, or lie outside of its folder: they can't be sent."


def _given_up(step: Step, tries: int) -> Part:
    words = f"Given up: {step} ended each process that did it ({tries} tries), perhaps for lack of memory."
    return Part(
        seed=step.seed,
        findings=Findings(),
        timings={},
        failure=Failure(kind=LOST, message=words, stage=step.function),
    )
