"""Other processes that train some of the seeds of a run.

Each runs the lab as a whole, with its own data and its own TensorFlow, and asks this process for a seed whenever it is
free. All that it finds for a seed comes back in one piece. The processes are started afresh (spawned), because
TensorFlow can't be forked.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from labreport.experiments.checkpoints import Kept, decode, encode
from labreport.experiments.lab import Progress, Session
from labreport.experiments.result import Failure, Findings
from labreport.experiments.running import processes
from labreport.experiments.running import seed_results as finished_seeds
from labreport.experiments.running.provenance import peak_memory_bytes
from labreport.experiments.running.request import RunRequest, failure_of, load_data, opened
from labreport.experiments.running.seed_results import Finished, Mark
from labreport.experiments.running.validation import checked


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a process is told when it starts."""

    request: RunRequest
    kept: Kept
    threads: int
    """Threads that TensorFlow may use there."""


class Workers:
    """Processes at work on the seeds of one run.

    Args:
        job: what to run.
        count: how many processes to start, at least 1.
        seeds: the seeds to be given out, in order.
        progress: told of each epoch; it may be called from another thread.
    """

    def __init__(self, job: Job, count: int, seeds: tuple[int, ...], progress: Progress) -> None:
        self._seeds = seeds
        self._progress = progress
        self._given = 0
        self._changed = threading.Condition()
        self._finished: dict[int, Finished] = {}
        self.failed: dict[int, tuple[Failure, Findings]] = {}
        """Why a seed failed, and what had been found until then."""
        self._peak = 0
        self._at: dict[BaseProcess, int] = {}
        """The seed that each process is training."""
        self._listeners: dict[BaseProcess, threading.Thread] = {}
        for _ in range(count):
            connection, process = _started(job)
            thread = threading.Thread(target=self._listen, args=(connection, process), daemon=True)
            self._listeners[process] = thread
            thread.start()

    def take(self) -> Iterator[int]:
        """Give out seeds to the process that holds this object, until there are no more."""
        while (seed := self._next()) is not None:
            yield seed

    def wait(self, before: int | None = None) -> dict[int, Finished]:
        """Give out no more seeds, and return what was found once the seeds in work are finished.

        Args:
            before: a seed; only those before it are waited for. None: all.
        """
        late = len(self._seeds) if before is None else self._seeds.index(before)
        with self._changed:
            self._given = len(self._seeds)
            self._changed.wait_for(lambda: all(self._seeds.index(seed) >= late for seed in self._at.values()))
            return dict(self._finished)

    def stop(self) -> dict[int, Finished]:
        """End all processes at once and return what was found."""
        self.close()
        return dict(self._finished)

    def close(self) -> int:
        """End what is still at work, and return the greatest memory of a process, in bytes."""
        for process in self._listeners:
            process.terminate()
        for process, listener in self._listeners.items():
            process.join()
            listener.join()
        return self._peak

    def _next(self) -> int | None:
        with self._changed:
            if self._given >= len(self._seeds):
                return None
            self._given += 1
            return self._seeds[self._given - 1]

    def _listen(self, connection: Connection, process: BaseProcess) -> None:
        """Answer a process until it has ended, or was killed; runs in a thread."""
        with connection, contextlib.suppress(EOFError, OSError):
            while True:
                kind, *content = connection.recv()
                if kind == "progress":
                    self._progress(*content)
                elif kind == "next":
                    connection.send(self._given_to(process))
                elif kind == "failing":
                    self._give_no_more()
                else:
                    self._heard(process, kind, content)
        with self._changed:
            self._at.pop(process, None)
            self._changed.notify_all()

    def _given_to(self, process: BaseProcess) -> int | None:
        with self._changed:
            seed = self._next()
            if seed is not None:
                self._at[process] = seed
            return seed

    def _give_no_more(self) -> None:
        """A seed fails, and a single process would stop here as well."""
        with self._changed:
            self._given = len(self._seeds)

    def _heard(self, process: BaseProcess, kind: str, content: list[Any]) -> None:
        with self._changed:
            seed = self._at.pop(process, None)
            if kind == "finished":
                finished = decode(content[0], Finished)
                self._finished[finished.seed] = finished
                self._peak = max(self._peak, content[1])
            elif kind == "failed" and seed is not None:
                self.failed[seed] = content[0], decode(content[1], Finished).findings
            self._changed.notify_all()


def _started(job: Job) -> tuple[Connection, BaseProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(job, theirs), daemon=True)
    with processes.quietly_starting():
        process.start()
    theirs.close()
    return ours, process


def work(job: Job, connection: Connection) -> None:
    """Run a lab in this process for the seeds that the other side gives out."""
    processes.follow_parent()
    from labreport.experiments.training.backend import limit_threads

    limit_threads(job.threads)
    asking = _Asking(job.kept, connection)
    session = Session(
        seeds=job.request.seeds,
        progress=lambda *told: connection.send(("progress", *told)),
        profile=job.request.profile,
        take_turns=asking.take,
        kept=job.kept,
    )
    try:
        lab, settings = opened(job.request)
        lab.run(settings, load_data(lab, settings, job.request, announce=lambda line: None), session)
    except BaseException as error:
        # Outside a seed, the run goes on without this process.
        if asking.seed is not None and asking.mark is not None:
            with contextlib.suppress(OSError):
                connection.send(("failing",))  # at once, before another seed is given out
                found = _found(asking.seed, asking.mark, session)
                connection.send(("failed", failure_of(error, session), encode(found)))


def _found(seed: int, mark: Mark, session: Session) -> Finished:
    """Return what a seed that failed had found, or nothing where that can't be stored."""
    try:
        finished = mark.cut(seed, session)
        checked(finished.findings)
        return finished
    except Exception:
        return Finished(seed=seed, findings=Findings(), timings={})


class _Asking:
    """The seeds of one process, as the other side gives them out."""

    def __init__(self, kept: Kept, connection: Connection) -> None:
        self._kept = kept
        self._connection = connection
        self.seed: int | None = None
        self.mark: Mark | None = None

    def take(self, session: Session) -> Iterator[int]:
        while (seed := self._asked()) is not None:
            self.seed, self.mark = seed, (mark := Mark(session))
            yield seed
            finished = mark.cut(seed, session)
            checked(finished.findings)
            self.seed = None
            finished_seeds.save(self._kept, finished)
            self._connection.send(("finished", encode(finished), peak_memory_bytes()))

    def _asked(self) -> int | None:
        self._connection.send(("next",))
        seed: int | None = self._connection.recv()
        return seed
