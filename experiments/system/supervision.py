"""A process that is watched, so that its exit code can be believed whatever ends it.

A lab, a plugin or a library can end the process it runs in: by `os._exit(0)`, by a fault in its C code, by taking all
memory. The shell would then be given the code 0, or one that means something else. So the work is done in a child,
forked before anything is imported, and the parent does nothing but wait: it passes signals on, and answers with the
code that the child has written down at its end. Where there is none, the parent says what ended the child, and what the
child was at work on is not lost.

The two share a page of memory instead of a pipe: a lab that closes all descriptors does not close it.
"""

from __future__ import annotations

import atexit
import contextlib
import mmap
import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

ROOM = 1 << 20
"""Bytes that what is at work may take."""
_HEAD = struct.Struct("<Bi")
"""Whether the child has come to its end, and its exit code."""
WHICH = _HEAD.size
"""Place of the byte that says which of the two rooms holds what it is at work on."""
_LENGTH = struct.Struct("<I")
ROOMS = tuple(WHICH + 1 + number * (_LENGTH.size + ROOM) for number in range(2))
"""Where the rooms begin: the other one is filled, and named when it is full, so that none is ever read half."""
SIZE = ROOMS[1] + _LENGTH.size + ROOM
"""Bytes of the shared page."""
_DEATH_OF_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""
_SAME_PRESS = 0.5
"""Seconds within which two equal signals are one: a terminal sends Ctrl-C to both processes, and one passes it on."""

_page: mmap.mmap | None = None
"""The shared memory, in a process that is watched."""


@dataclass(frozen=True, kw_only=True)
class ProcessEnd:
    """How a watched process ended."""

    code: int | None
    """The exit code that it has written down; None where something else ended it."""
    signals: tuple[int, ...]
    """Signals that the user, or a CI system, has sent."""
    status: int = 0
    """The exit code as the system reports it; negative: the signal that ended it."""
    at_work: bytes = b""
    """What it was at work on, as given to `at_work`."""

    @property
    def words(self) -> str:
        """What ended it, as part of a sentence."""
        if self.status >= 0:
            return f"exit code {self.status}"
        name = signal.Signals(-self.status).name
        return f"{name}, perhaps for lack of memory" if name == "SIGKILL" else name


def watched() -> bool:
    """Return whether this process is watched."""
    return _page is not None


def at_work(what: bytes = b"") -> None:
    """Note what would be lost if this process ended now; nothing where it is not watched.

    Args:
        what: for the parent, `ROOM` bytes at most; empty: there is nothing any more.

    Raises:
        ValueError: it is larger.
    """
    if _page is not None:
        if len(what) > ROOM:
            raise ValueError(f"{len(what)} bytes are more than {ROOM}")
        other = 1 - _page[WHICH]
        begin = ROOMS[other]
        _page[begin : begin + _LENGTH.size] = _LENGTH.pack(len(what))
        _page[begin + _LENGTH.size : begin + _LENGTH.size + len(what)] = what
        _page[WHICH] = other


def kept(page: mmap.mmap) -> bytes:
    """Return what a process was at work on."""
    begin = ROOMS[page[WHICH]]
    (length,) = _LENGTH.unpack(page[begin : begin + _LENGTH.size])
    return page[begin + _LENGTH.size : begin + _LENGTH.size + length]


def supervised(work: Callable[[], int], explained: Callable[[ProcessEnd], int]) -> int:
    """Do the work in a process that is watched.

    Args:
        work: returns an exit code, and raises nothing.
        explained: says in the parent how the work ended where that is to be said; returns the exit code.

    Returns:
        The exit code; where a process can't be forked, that of the work done here.
    """
    global _page
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return work()
    received: list[int] = []
    child = 0

    def pass_on(number: int, frame: FrameType | None) -> None:
        received.append(number)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    numbers = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
    page = mmap.mmap(-1, SIZE)
    parent = os.getpid()
    # A signal that comes now is answered when there is someone to answer it.
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    child = os.fork()
    if child == 0:
        _page = page
        _end_with(parent)
        _listen(numbers)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
        _leave(work())
    for number in numbers:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    _, status = os.waitpid(child, 0)
    ended, code = _HEAD.unpack(page[: _HEAD.size])
    return explained(
        ProcessEnd(
            code=code if ended else None,
            signals=tuple(received),
            status=os.waitstatus_to_exitcode(status),
            at_work=kept(page),
        )
    )


def _listen(numbers: Sequence[int]) -> None:
    """Take a second signal for the first where it comes at once; after that SIGTERM ends the process."""
    last: dict[int, float] = {}

    def interrupt(number: int, frame: FrameType | None) -> None:
        before, last[number] = last.get(number), time.monotonic()
        if before is not None and last[number] - before < _SAME_PRESS:
            return
        if number == signal.SIGTERM and before is not None:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        if number == signal.SIGINT or not callable(handler := signal.getsignal(signal.SIGINT)):
            raise KeyboardInterrupt  # a job in the background ignores Ctrl-C
        handler(signal.SIGINT, frame)  # code that remembers Ctrl-C remembers this too

    for number in numbers:
        signal.signal(number, interrupt)


def _end_with(parent: int) -> None:
    """End this process when the one that watches it is gone."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DEATH_OF_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        return

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _leave(code: int) -> None:
    """Write down the exit code, and end this process, also where a thread of a lab would go on for ever."""
    assert _page is not None
    _page[: _HEAD.size] = _HEAD.pack(1, code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
