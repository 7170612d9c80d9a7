"""A Dask cluster as the engine: a scheduler, found by its address or its file, and any number of workers.

Whatever has Dask's protocol underneath will do. Workers need labreport and its packages, and no shared disk. The
scheduler gives a task to another worker when the first one is lost; how often, and TLS, are settings of Dask.
"""

from __future__ import annotations

import logging
import random
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from labreport.experiments.running import work
from labreport.experiments.running.engines import Engine, EngineError

PACKAGE = "distributed"
"""The package that is needed here; the extra `cluster` brings it."""
_TOPIC = "labreport"
"""Under which workers report what is said of tasks."""
_CONNECTING = 10
"""Seconds that the scheduler has to answer."""
_ANSWERING = 120
"""Seconds that workers have to answer a question: a new one imports labreport for the first."""
_FORGETTING = 3
"""Seconds that workers have at the end: the scheduler would ask one that was just lost for half a minute."""
_NEWS = 0.5
"""Seconds after which the number of workers is asked for again."""
_QUIET = 0.2
"""Seconds between two reports of progress of one worker, but for the last of a part."""


class Cluster(Engine):
    """The workers of a Dask cluster.

    Args:
        on: address of the scheduler, or its file.
        mixed: whether workers may have other versions than this process.

    Raises:
        EngineError: there is no scheduler, or a worker has other versions.
        ModuleNotFoundError: the package is not installed.
    """

    tries = 1  # the scheduler has tried it several times before it gives up

    def __init__(self, on: str, *, mixed: bool = False) -> None:
        distributed: Any = import_module(PACKAGE)
        logging.getLogger(PACKAGE).setLevel(logging.CRITICAL)  # what is to be said is said here, in a line
        place = {"scheduler_file": on} if Path(on).is_file() else {"address": on}
        self.name = on
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about versions: those that count are compared below
                self._client = distributed.Client(**place, timeout=_CONNECTING, set_as_default=False, name="labreport")
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise EngineError(f"There is no Dask scheduler at {on}: {type(error).__name__}: {error}") from error
        self._killed = distributed.scheduler.KilledWorker
        self._executor = self._client.get_executor(pure=False)
        self._workers, self._asked = 0, 0.0
        self._gone = False
        self.versions = work.versions()
        self.mixed = mixed
        self._client.subscribe_topic(_TOPIC, lambda event: self.on_event(event[1]))
        try:
            self._compare()
        except BaseException:
            self.shutdown()
            raise

    def _compare(self) -> None:
        """Refuse workers with other versions before anything is begun; one that joins later refuses its task itself."""
        try:
            found = self._ask(work.versions, on_error="return")
        except TimeoutError:
            raise EngineError(f"A worker at {self.name} has not answered for {_ANSWERING} s.") from None
        others = {
            where: {"labreport": "not installed"} if isinstance(versions, BaseException) else versions
            for where, versions in found.items()
            if versions != self.versions
        }
        missing = [where for where, versions in others.items() if len(versions) == 1]
        if missing or (others and not self.mixed):
            raise self.refused(others)

    def _ask(self, fn: Callable[..., Any], *args: Any, seconds: float | None = None, **kwargs: Any) -> Any:
        """Call a function on workers; `Client.run` would wait for ever for one that hangs.

        Raises:
            TimeoutError: a worker has not answered.
        """
        return self._client.sync(self._client._run, fn, *args, callback_timeout=seconds or _ANSWERING, **kwargs)

    def room(self) -> int:
        """As many tasks as there are workers: each does one at a time, with all of its threads."""
        if time.monotonic() - self._asked > _NEWS:
            self._asked = time.monotonic()
            with suppress(Exception):  # the connection is lost: the tasks at work say so
                self._workers = len(self._client.nthreads()) if self._client.status == "running" else 0
        return self._workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a task to the scheduler."""
        try:
            future: Future[Any] = self._executor.submit(_on_worker, fn, *args, **kwargs)
        except (OSError, RuntimeError) as error:
            raise self.lost(error) from error
        return future

    def provide(self, driver: str, where: str, contents: Mapping[str, bytes]) -> None:
        """Send a worker what it lacks, once, by the scheduler."""
        with suppress(OSError, ValueError, KeyError):  # the worker has gone: its task comes back by itself
            self._ask(work.receive, driver, dict(contents), workers=[where])

    def ended(self, error: BaseException) -> bool:
        """Return whether the scheduler has given a task up because it ended its workers."""
        return isinstance(error, self._killed)

    def lost(self, error: BaseException) -> EngineError:
        """Say that the scheduler is gone, or what else went wrong."""
        if isinstance(error, CancelledError | OSError | RuntimeError):
            self._gone = True
            return EngineError(
                f"The Dask scheduler at {self.name} is lost. What is finished is saved; the same command resumes there."
            )
        return super().lost(error)

    def refused(self, others: Mapping[str, Mapping[str, str]]) -> EngineError:
        """Show a table: the versions here, and those of each worker where they differ."""
        rows = [("", *self.versions), ("here", *self.versions.values())]
        for where, versions in sorted(others.items()):
            rows.append((where, *(_differing(versions.get(name, "–"), own) for name, own in self.versions.items())))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
        table = "\n".join(line.rstrip() for line in lines)
        return EngineError(
            f"Workers at {self.name} have other versions, so their numbers may be others "
            f"(--mixed allows it, and the record says so):\n{table}"
        )

    def finish(self, driver: str) -> None:
        """Let the workers forget what was kept for a driver, and end what is at work for it."""
        if not self._gone:
            with suppress(Exception):
                self._ask(work.forget, driver, on_error="ignore", seconds=_FORGETTING)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; it runs on."""
        with suppress(Exception):
            if not self._gone:
                self._executor.shutdown(wait=False)
            self._client.close(timeout=0 if self._gone else 2)


_BESIDE = (PACKAGE, "dask", "tornado")
"""Packages that are at work in a worker beside its task."""


def _differing(version: str, own: str) -> str:
    return "=" if version == own else version


def _on_worker(fn: Callable[..., Any], content: bytes) -> bytes:
    """Do a task on a worker."""
    _draw_elsewhere()
    worker = import_module(PACKAGE).get_worker()
    reported = 0.0

    def tell(event: bytes) -> None:
        nonlocal reported
        if time.monotonic() - reported > _QUIET or work.is_needed(event):
            reported = time.monotonic()
            worker.log_event(_TOPIC, event)

    done: bytes = fn(content, tell, worker.address, threads=worker.state.nthreads)
    return done


@cache
def _draw_elsewhere() -> None:
    """Let what Dask does beside a task, in other threads, draw random numbers of its own.

    Keras takes the seeds of new layers from those of Python. Were one of them drawn between the seed of a lab and its
    last layer, the weights would be others.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _BESIDE and vars(module).get("random") is random:
            vars(module)["random"] = random.Random()
