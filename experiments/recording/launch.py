"""Starting the user's program, waiting for it, and ending it when its time is over.

Standard streams are the user's own. Where there is a terminal the program stays in its foreground, and Ctrl-C reaches
it there; elsewhere it has a process group of its own, so that what it started ends with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

from labreport.experiments.recording import watching
from labreport.experiments.recording.watching.events import PRINTED

ProgramKind = Literal["script", "module", "program"]

TIMED_OUT = 124
"""Exit code where the time was over, as `timeout` has it."""

INTERRUPTED = 130

_GRACE = 5.0
"""Seconds between asking a process to end and ending it."""

_KEPT = 4_000_000
"""Bytes kept of what a program prints."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended."""

    code: int
    """Its exit code; negative: the signal that ended it."""
    timed_out: bool = False
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """What this command answers: the program's own code, as a shell reports it."""
        if self.timed_out:
            return TIMED_OUT
        if self.interrupted:
            return INTERRUPTED
        return 128 - self.code if self.code < 0 else self.code


class Launcher:
    """Starts programs, and passes Ctrl-C and a polite request to end on to those that run."""

    def __init__(self, *, unattended: bool = False, place: Path | None = None) -> None:
        """Know no process yet.

        Args:
            unattended: programs have no keyboard, and are never in the foreground of a terminal.
            place: the folder in which they run, where no one reads what they print; None: the current one.
        """
        self._running: list[subprocess.Popen[bytes]] = []
        self._unattended = unattended
        self._place = place
        self.signal = 0
        """The signal that asked for the end; 0: none did."""

    @property
    def interrupted(self) -> bool:
        """Whether the end was asked for."""
        return self.signal != 0

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Let signals go to the programs while the block runs: they answer, and what they measured is kept."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self, number: int, frame: FrameType | None = None) -> None:
        """Ask the programs to end, as by a signal."""
        self.signal = number
        for process in self._running:
            if number != signal.SIGINT or os.getpgid(process.pid) != os.getpgid(0):
                self._signal(process, number)

    def run(
        self,
        kind: ProgramKind,
        program: str,
        arguments: Sequence[str],
        *,
        folder: Path,
        seed: int | None,
        timeout: float | None,
    ) -> Ended:
        """Run a program to its end.

        Args:
            kind: a Python script, a module, or any other program.
            program: path, package.module, or what the system finds by this name.
            arguments: its own.
            folder: where events are written.
            seed: for its generators of random numbers; None: it seeds as it likes.
            timeout: seconds until it is ended.

        Raises:
            OSError: the program can't be started.
        """
        command = [program, *arguments]
        environment = {**os.environ, "LABREPORT_SEED": str(seed)} if seed is not None else None
        if kind != "program":
            boot = str(Path(watching.__file__).with_name("boot.py"))
            command = [sys.executable, boot, str(folder), "-" if seed is None else str(seed), kind, *command]
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=self._place,
            stdin=subprocess.DEVNULL if self._unattended else None,
            stdout=subprocess.PIPE if kind == "program" else subprocess.DEVNULL if self._place else None,
            stderr=subprocess.DEVNULL if self._place else None,
            process_group=None if self._in_foreground() else 0,
        )
        self._running.append(process)
        reader = threading.Thread(target=_passed_through, args=(process, folder / PRINTED), daemon=True)
        if kind == "program":
            reader.start()
        try:
            timed_out = not self._waited(process, timeout)
            if kind == "program":
                reader.join(_GRACE)
        finally:
            self._running.remove(process)
        return Ended(code=process.returncode, timed_out=timed_out, interrupted=self.interrupted and not timed_out)

    def _in_foreground(self) -> bool:
        """Return whether programs share the terminal's foreground with us, where Ctrl-C reaches them by itself."""
        return not self._unattended and _has_terminal()

    def _waited(self, process: subprocess.Popen[bytes], timeout: float | None) -> bool:
        """Wait for a process; return False where it had to be ended as its time was over."""
        try:
            process.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            self._signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        self._signal(process, signal.SIGKILL)
        process.wait()
        return False

    def _signal(self, process: subprocess.Popen[bytes], number: int) -> None:
        """Send a signal to a process, and to all of its group where that is its own."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._in_foreground():
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)


def _has_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


def _passed_through(process: subprocess.Popen[bytes], path: Path) -> None:
    """Write what a program prints to our own output, and keep it up to a bound."""
    assert process.stdout is not None
    left = _KEPT
    with path.open("wb") as kept:
        while chunk := os.read(process.stdout.fileno(), 65536):
            kept.write(chunk[: max(0, left)])
            left -= len(chunk)
            with contextlib.suppress(OSError, ValueError):
                os.write(sys.stdout.fileno(), chunk)
