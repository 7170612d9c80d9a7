"""Ctrl-C while a lab is at work is never lost.

Python raises KeyboardInterrupt wherever the main thread happens to be. In a library that may be a place where it is
swallowed (a callback, the end of an object's life) or turned into another error, and the run would go on, or be taken
for failed. So the signal is remembered as well, and asked for at the places that are our own.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether Ctrl-C was pressed in a block."""

    def __init__(self) -> None:
        self.pressed = False

    def check(self) -> None:
        """Raise KeyboardInterrupt in the main thread if Ctrl-C was pressed before."""
        if self.pressed and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt


@contextmanager
def remembered() -> Iterator[Interruption]:
    """Remember Ctrl-C while the block runs; KeyboardInterrupt is raised as ever.

    Outside the main thread, and where the program ignores Ctrl-C, nothing changes.
    """
    found = Interruption()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield found
        return

    def handle(number: int, frame: FrameType | None) -> None:
        found.pressed = True
        before(number, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)
