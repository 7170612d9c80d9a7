"""Other processes that train some of the seeds of a run: any `concurrent.futures.Executor` would do.

Each has its own TensorFlow, imports the lab once, and returns one record a seed. The processes are started afresh
(spawned), because TensorFlow can't be forked; each is an executor of its own, so that one that is killed takes no
other with it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

from labreport.experiments import registry
from labreport.experiments.data import sets
from labreport.experiments.lab import Profile, Progress, Session
from labreport.experiments.result import Setting
from labreport.experiments.running import processes
from labreport.experiments.running.checkpoints import Checkpoints, decode, encode
from labreport.experiments.running.task import Part, perform


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """What a process needs to train any seed of a run."""

    lab: str
    path: Path | None
    settings: dict[str, Setting]
    data: sets.Location | None
    seeds: tuple[int, ...]
    profile: Profile
    saved: Checkpoints
    threads: int
    """Threads that TensorFlow may use there."""


class Worker:
    """A process that trains seeds, one after the other.

    Args:
        job: what to train.
        progress: called after each epoch, in a thread of its own.
    """

    def __init__(self, job: TrainingJob, progress: Progress) -> None:
        receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
        with processes.quietly_starting():  # a helper of its own starts with it
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(job, sender),
            )
        before = set(multiprocessing.active_children())
        with processes.quietly_starting():
            self._ready = self._executor.submit(_ready)
        self._processes = set(multiprocessing.active_children()) - before
        sender.close()
        self._thread: Thread | None = None
        self._listener = Thread(target=_listen, args=(receiver, progress), daemon=True)
        self._listener.start()

    def work(self, take: Callable[[], int | None], give: Callable[[int, Part | None], None]) -> None:
        """Train seeds in the background until there are no more, or the process is lost.

        Args:
            take: gives the next seed, or None.
            give: takes what was found for a seed; None where the process could not train it.
        """

        def loop() -> None:
            # Whatever is raised: the process was killed, or can't open the lab. Then others do its work.
            with suppress(BaseException):
                self._ready.result()
                train()

        def train() -> None:
            while (seed := take()) is not None:
                part = None
                try:
                    part = decode(self._executor.submit(_train, seed).result(), Part)
                finally:
                    give(seed, part)

        self._thread = Thread(target=loop, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the process at once."""
        for process in self._processes:
            process.terminate()
        self._executor.shutdown(cancel_futures=True)
        for thread in (self._thread, self._listener):
            if thread is not None:
                thread.join()


def _listen(receiver: Connection, progress: Progress) -> None:
    with receiver, suppress(EOFError, OSError):
        while True:
            progress(*receiver.recv())


_begun: tuple[TrainingJob, Connection]
"""In another process: what it is to train, and where its progress goes."""


def _begin(job: TrainingJob, sender: Connection) -> None:
    global _begun
    processes.follow_parent()
    _begun = job, sender


@cache
def _opened() -> tuple[registry.Lab, Any, sets.Dataset | None, Session]:
    """Import the lab and read its data, once in this process."""
    from labreport.experiments.training.backend import limit_threads

    job, sender = _begun
    limit_threads(job.threads)
    lab = registry.load(job.lab, job.path)
    dataset = None if job.data is None else sets.read(job.data)
    session = Session(seeds=job.seeds, progress=lambda *found: sender.send(found), profile=job.profile, saved=job.saved)
    return lab, lab.settings(**job.settings), dataset, session


def _ready() -> None:
    """Open the lab, before a seed is given out for which another process has to wait."""
    _opened()


def _train(seed: int) -> bytes:
    lab, settings, dataset, session = _opened()
    part = perform(lab, settings, dataset, session.for_seed(seed))
    if part.interrupted:
        raise KeyboardInterrupt
    return encode(part)
