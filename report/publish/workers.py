"""One process for each document: documents share nothing, and a report in two languages is ready in half the time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol, TypeVar

from labreport.experiments.running import processes
from labreport.experiments.system.memory import collect_seldom
from labreport.report.publish.document import DocumentJob, Rendered, render_language


class LanguageJob(Protocol):
    """Work for one process, which is known by its language."""

    @property
    def language(self) -> str:
        """Return what an error calls it."""
        ...


Job = TypeVar("Job", bound=LanguageJob)


def each(jobs: Sequence[DocumentJob]) -> Iterator[tuple[DocumentJob, Rendered]]:
    """Render documents, each in a process of its own where there is more than one; yield them as they are done."""
    yield from spread(jobs, render_language)


def spread(jobs: Sequence[Job], work: Callable[[Job], Rendered]) -> Iterator[tuple[Job, Rendered]]:
    """Do jobs, each in a process of its own where there is more than one; yield them as they are done.

    Args:
        jobs: what is to be done; travels to another process.
        work: a function of a module, which makes the files of a job.
    """
    if len(jobs) <= 1 or (os.cpu_count() or 1) == 1:
        for job in jobs:
            yield job, work(job)
        return
    lost: list[Job] = []
    with _at_work(jobs, work) as futures:
        for future in as_completed(futures):
            job = futures[future]
            if isinstance(future.exception(), BrokenProcessPool):
                lost.append(job)
            else:
                yield job, future.result()
    # Where one process ends, perhaps for want of memory, the pool ends the others: each is tried again alone.
    for job in lost:
        with _at_work([job], work) as futures:
            (future,) = futures
            if isinstance(future.exception(), BrokenProcessPool):
                problem = f"{job.language}: the process that renders it was ended, perhaps for want of memory."
                yield job, ((), [problem])
            else:
                yield job, future.result()


def _begin() -> None:
    processes.follow_parent()
    collect_seldom()


@contextmanager
def _at_work(jobs: Sequence[Job], work: Callable[[Job], Rendered]) -> Iterator[dict[Future[Rendered], Job]]:
    """Render each job in a process of its own; whatever ends the block early, such as Ctrl-C, ends them at once."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    workers = min(len(jobs), os.cpu_count() or 1)
    with processes.quietly_starting():  # a helper of its own starts with it
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    with pool:
        try:
            with processes.quietly_starting():
                futures = {pool.submit(work, job): job for job in jobs}
            yield futures
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.kill()  # a lab of the user, which is imported there, may have it ignore a request
            raise
