"""One process for each document: documents share nothing, and a report in two languages is ready in half the time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from labreport.experiments.running import processes
from labreport.experiments.system.memory import collect_seldom
from labreport.report.publish.document import DocumentJob, Rendered, render_language


def each(jobs: Sequence[DocumentJob]) -> Iterator[tuple[DocumentJob, Rendered]]:
    """Render documents, each in a process of its own where there is more than one; yield them as they are done."""
    if len(jobs) == 1 or (os.cpu_count() or 1) == 1:
        for job in jobs:
            yield job, render_language(job)
        return
    lost: list[DocumentJob] = []
    with _at_work(jobs) as futures:
        for future in as_completed(futures):
            job = futures[future]
            if isinstance(future.exception(), BrokenProcessPool):
                lost.append(job)
            else:
                yield job, future.result()
    # Where one process ends, perhaps for want of memory, the pool ends the others: each is tried again alone.
    for job in lost:
        with _at_work([job]) as futures:
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
def _at_work(jobs: Sequence[DocumentJob]) -> Iterator[dict[Future[Rendered], DocumentJob]]:
    """Render each job in a process of its own; whatever ends the block early, such as Ctrl-C, ends them at once."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    workers = min(len(jobs), os.cpu_count() or 1)
    with processes.quietly_starting():  # a helper of its own starts with it
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    with pool:
        try:
            with processes.quietly_starting():
                futures = {pool.submit(render_language, job): job for job in jobs}
            yield futures
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise
