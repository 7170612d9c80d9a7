"""A Dask cluster of real processes on loopback, whose workers can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from distributed import Client

from helpers.waiting import until

TRIES = 2
"""How often the scheduler gives out a task that ends its worker, the first time included."""


class LoopbackCluster:
    """One scheduler and some workers, each a process of its own."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file)
        )
        self.add_workers(workers)
        until(self.file.is_file)
        self.client = Client(scheduler_file=str(self.file), set_as_default=False, timeout=30)
        self.address: str = self.client.scheduler.address
        self.client.wait_for_workers(workers, timeout=60)

    def add_workers(self, number: int, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start workers, each watched by a process that starts it again."""
        command = ("worker", "--host", "127.0.0.1", "--nthreads", "1", "--nworkers", str(number), "--no-dashboard")
        memory = () if "--memory-limit" in options else ("--memory-limit", "0")
        place = ("--scheduler-file", str(self.file), "--local-directory", str(self.folder))
        return self._start(*command, *place, *memory, *options, **environment)

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                cwd=self.folder,
                env={
                    **os.environ,
                    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(TRIES - 1),
                    "HOME": str(self.folder),
                    **environment,
                },
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def end_workers(self) -> None:
        """Kill all workers, and what would start them again."""
        processes = self.processes()
        for watching in self._processes[1:]:
            watching.kill()
        for number in processes:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def processes(self) -> list[int]:
        """Return the processes of the workers."""
        return list(self.client.run(os.getpid).values())

    def stop(self) -> None:
        """End everything at once; workers end with the process that watches them."""
        with suppress(TimeoutError):
            self.client.close(timeout=1)
        for process in self._processes:
            process.kill()
            process.wait()
