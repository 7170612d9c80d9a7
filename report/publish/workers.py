"""One process for each document: documents share nothing, and a report in two languages is ready in half the time."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.queues import SimpleQueue
from time import monotonic
from typing import Any, Protocol, TypeVar

from labreport.experiments.running import processes
from labreport.experiments.system.memory import collect_seldom
from labreport.report.publish.document import DocumentJob, Rendered, render_language
from labreport.report.store.remarks import Steps

_LOOK = 0.2
"""Seconds between two looks at what the processes have said."""
_SAID = 0.1
"""Seconds between two words of a process about the same work."""


class LanguageJob(Protocol):
    """Work for one process, which is known by its language."""

    @property
    def language(self) -> str:
        """Return what an error calls it."""
        ...


Job = TypeVar("Job", bound=LanguageJob)
Work = Callable[[Job, Steps], Rendered]
"""A function of a module, which makes the files of a job and says how far it is."""
Heard = Callable[[Job, str, int, int], None]
"""Called with a job, what is at work in it, how much of that is done, and how much there is."""


def _ignored(_job: object, _what: str, _done: int, _total: int) -> None:
    """`Heard` that no one is shown."""


def available() -> int:
    """Return how many processors this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def each(jobs: Sequence[DocumentJob], heard: Heard[DocumentJob] = _ignored) -> Iterator[tuple[DocumentJob, Rendered]]:
    """Render documents, each in a process of its own where there is more than one; yield them as they are done."""
    yield from spread(jobs, render_language, heard)


def spread(jobs: Sequence[Job], work: Work[Job], heard: Heard[Job] = _ignored) -> Iterator[tuple[Job, Rendered]]:
    """Do jobs, each in a process of its own where there is more than one; yield them as they are done.

    Args:
        jobs: what is to be done; travels to another process.
        work: makes the files of a job.
        heard: called while a job is at work.
    """
    if len(jobs) <= 1 or available() == 1:
        for job in jobs:
            yield job, work(job, partial(heard, job))
        return
    lost: list[Job] = []
    for job, future in _finished(jobs, work, heard):
        if isinstance(future.exception(), BrokenProcessPool):
            lost.append(job)
        else:
            yield job, future.result()
    # Where one process ends, perhaps for want of memory, the pool ends the others: each is tried again alone.
    for job in lost:
        for _, future in _finished([job], work, heard):
            if isinstance(future.exception(), BrokenProcessPool):
                problem = f"{job.language}: the process that renders it was ended, perhaps for want of memory."
                yield job, ((), [problem])
            else:
                yield job, future.result()


def _finished(jobs: Sequence[Job], work: Work[Job], heard: Heard[Job]) -> Iterator[tuple[Job, Future[Rendered]]]:
    """Do each job in a process of its own; yield them as they are done, and pass on what is heard of them meanwhile."""
    with _at_work(jobs, work) as (futures, said):
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
            while not said.empty():
                place, *step = said.get()
                heard(jobs[place], *step)
            for future in done:
                yield futures[future], future


_said: SimpleQueue[tuple[int, str, int, int]] | None = None
"""In a process that works for another: what leads there."""
_last: tuple[str, float] = ("", 0.0)
"""Of what it was heard there last, and when."""


def _begin(said: SimpleQueue[tuple[int, str, int, int]]) -> None:
    global _said
    _said = said
    processes.follow_parent()
    collect_seldom()


def _made(work: Work[Job], job: Job, place: int) -> Rendered:
    return work(job, partial(_say, place))


def _say(place: int, what: str, done: int, total: int) -> None:
    """Let the first process hear of a step, but not of each of many."""
    global _last
    assert _said is not None
    before, when = _last
    if what != before or done >= total or monotonic() - when >= _SAID:
        _said.put((place, what, done, total))
        _last = what, monotonic()


@contextmanager
def _at_work(jobs: Sequence[Job], work: Work[Job]) -> Iterator[tuple[dict[Future[Rendered], Job], Any]]:
    """Do each job in a process of its own; whatever ends the block early, such as Ctrl-C, ends them at once."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    workers = min(len(jobs), available())
    with processes.quietly_starting():  # a helper of its own starts with it
        said = context.SimpleQueue()
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(said,))
    with pool:
        try:
            with processes.quietly_starting():
                futures = {pool.submit(_made, work, job, place): job for place, job in enumerate(jobs)}
            yield futures, said
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.kill()  # a lab of the user, which is imported there, may have it ignore a request
            raise
