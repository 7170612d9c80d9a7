"""Where tasks are done: each is an executor of `concurrent.futures`, with the few things besides that tasks need.

In this process, or in processes of this machine. Those are the standard library's: a pool of several is broken by the
first process that is killed, and takes the work of the others with it (so is one of loky), so each process is a pool
of one. They are spawned, as TensorFlow can't be forked.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import traceback
from abc import abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

from labreport.experiments.errors import LabError, message_of
from labreport.experiments.running import processes, provenance, work
from labreport.experiments.running.work import Tell


class EngineError(LabError):
    """There is nothing that could do the work, or it was lost."""


class Engine(Executor):
    """An executor of tasks; `submit` takes `work.carry_out` and an encoded task."""

    here = False
    """Whether tasks are done in this process."""
    tries = 3
    """How often a task is given out that ends its process."""
    versions: Mapping[str, str] = {}
    """Versions that are asked for; empty: they can't be others."""
    mixed = False
    """Whether other versions are allowed."""
    name = ""
    """As the user gave it."""
    on_event: Tell = staticmethod(lambda event: None)
    """Takes what is said of tasks at work; set before the first is given out."""

    @abstractmethod
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give out a task; the function is given as well what takes its words."""

    @abstractmethod
    def room(self) -> int:
        """Return how many tasks can be at work at a time; 0: there is no process just now."""

    def provide(self, driver: str, where: str, contents: Mapping[str, bytes]) -> None:
        """Send to a process what it lacks.

        Args:
            driver: for whose tasks.
            where: as the process has named itself.
            contents: by hash.
        """

    def ended(self, error: BaseException) -> bool:
        """Return whether an error means that the process ended while it was at work."""
        return isinstance(error, BrokenExecutor)

    def lost(self, error: BaseException) -> EngineError:
        """Return the error to show where the engine itself can't go on."""
        return EngineError(f"The task could not be done: {type(error).__name__}: {message_of(error)}")

    def refused(self, others: Mapping[str, Mapping[str, str]]) -> EngineError:
        """Return the error to show where processes have other versions.

        Args:
            others: the versions of each process, by its name.
        """
        return EngineError(f"{len(others)} processes have other versions.")

    def finish(self, driver: str) -> None:
        """Let processes go on without what was kept for the tasks of a driver.

        Args:
            driver: its name, as tasks have it.
        """

    def abandon(self, future: Future[bytes]) -> None:
        """Let go of a task at work whose answer is not needed any more."""
        future.cancel()


def chosen(jobs: int, on: str = "", *, mixed: bool = False) -> Engine:
    """Return the engine that a user has asked for.

    Args:
        jobs: processes of this machine; 1: this one.
        on: address of a Dask scheduler, or its file; it does the work then. Empty: this machine.
        mixed: whether workers there may have other versions.

    Raises:
        EngineError: it can't be had.
        ModuleNotFoundError: it needs a package that is not installed.
    """
    if on:
        from labreport.experiments.running.cluster import Cluster

        return Cluster(on, mixed=mixed)
    return Here() if jobs == 1 else Processes(jobs)


class Here(Engine):
    """Does each task as it is given out, in this process."""

    here = True
    tries = 1

    def room(self) -> int:
        """One at a time."""
        return 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do a task, and return a future that is done."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, self.on_event, **kwargs))
        return future

    def provide(self, driver: str, where: str, contents: Mapping[str, bytes]) -> None:
        """Keep what is needed in this process."""
        work.receive(driver, contents)

    def finish(self, driver: str) -> None:
        """Keep nothing of it."""
        work.forget(driver)


class Processes(Engine):
    """Processes of this machine, each started when there is work for it.

    Args:
        number: how many at a time.
    """

    def __init__(self, number: int) -> None:
        if number < 1:
            raise EngineError(f"A run needs at least one process, not {number}.")
        # More than this only take memory from each other, at half a gigabyte each.
        self._number = min(number, 4 * provenance.logical_processors())
        # Each has as many threads as this process would have: fewer change the last bit of some losses.
        self._folder = tempfile.TemporaryDirectory(prefix="labreport-", ignore_cleanup_errors=True)
        self._free: list[_LocalProcess] = []
        self._busy: dict[Future[Any], _LocalProcess] = {}

    def room(self) -> int:
        """As many as were asked for."""
        return self._number

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a task to a free process, or to a new one."""
        for done in [future for future in list(self._busy) if future.done()]:
            self._returned(done)  # its answer may have come here before the thread that brought it has said so
        process = self._free.pop() if self._free else _LocalProcess(Path(self._folder.name), self.on_event)
        future = process.submit(fn, *args, **kwargs)
        self._busy[future] = process
        future.add_done_callback(self._returned)
        return future

    def _returned(self, future: Future[Any]) -> None:
        process = self._busy.pop(future, None)
        if process is not None and not future.cancelled() and not isinstance(future.exception(), BrokenExecutor):
            self._free.append(process)

    def provide(self, driver: str, where: str, contents: Mapping[str, bytes]) -> None:
        """Put what is lacking where all processes look for it."""
        for digest, content in contents.items():
            Path(self._folder.name, digest).write_bytes(content)

    def abandon(self, future: Future[Any]) -> None:
        """End the process at once."""
        if process := self._busy.pop(future, None):
            process.close()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes at once."""
        for process in (*self._free, *self._busy.values()):
            process.close()
        self._free.clear()
        self._busy.clear()
        self._folder.cleanup()


class _LocalProcess:
    """One process, and what it says."""

    def __init__(self, folder: Path, tell: Tell) -> None:
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        self._before = set(multiprocessing.active_children())
        self._own: set[Any] = set()
        with processes.quietly_starting():  # a helper of its own starts with it
            self._pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(sender, folder))
        self._sender: Connection | None = sender
        self._listener = Thread(target=_listen, args=(receiver, tell), daemon=True)
        self._listener.start()

    def submit(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        """Let it do something; it starts with the first time."""
        with processes.quietly_starting():
            future = self._pool.submit(_with_tell, fn, *args, **kwargs)
        if self._sender is not None:
            self._own = set(multiprocessing.active_children()) - self._before
            self._sender.close()  # so that the listener hears when the process is gone
            self._sender = None
        return future

    def close(self) -> None:
        """End it at once, whatever it does."""
        for process in self._own:
            process.kill()  # a lab may have it ignore a request
        self._pool.shutdown(cancel_futures=True)
        self._listener.join()


def _listen(receiver: Connection, tell: Tell) -> None:
    """Pass on what a process says until it ends. Words that can't be shown must not end the work they speak of."""
    failed = False
    with receiver, suppress(EOFError, OSError):
        while True:
            event = receiver.recv_bytes()
            try:
                tell(event)
            except Exception:
                with suppress(OSError):  # the terminal is gone
                    if not failed:
                        traceback.print_exc()
                failed = True


_sender: Connection
"""In another process: where goes what is said of its task."""


def _begin(sender: Connection, folder: Path) -> None:
    global _sender
    processes.follow_parent()
    _sender = sender
    work.share(folder)


def _with_tell(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return fn(*args, _sender.send_bytes, **kwargs)
