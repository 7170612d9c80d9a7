"""An end to whatever takes too long: after a number of seconds the block is stopped as if the user had pressed Ctrl-C.

What is stopped so ends as every interrupted run does: what was measured is stored and marked as interrupted. It needs
the timer of POSIX; where there is none (Windows), a block that has begun is left to its end.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeSpentError(Exception):
    """The time of a block was over before the block was."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Stop the block after a number of seconds; to be used in the main thread.

    Raises:
        TimeSpentError: the time was over. The block may just have come to its end all the same.
    """
    if math.isinf(seconds) or not hasattr(signal, "setitimer"):
        yield
        return
    fired = over = False

    def fire(number: int, frame: FrameType | None) -> None:
        nonlocal fired
        if not over:
            fired = True
            signal.raise_signal(signal.SIGINT)  # code that remembers Ctrl-C remembers this too

    # A job in the background of a shell ignores Ctrl-C, and then nothing could stop the block.
    interrupt = signal.getsignal(signal.SIGINT)
    if not callable(interrupt):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    alarm = signal.signal(signal.SIGALRM, fire)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))  # zero would mean never
    try:
        try:
            yield
        finally:
            over = True
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt as stopped:
        if not fired:
            raise
        raise TimeSpentError from stopped
    finally:
        signal.signal(signal.SIGALRM, alarm)
        if not callable(interrupt) and interrupt is not None:
            signal.signal(signal.SIGINT, interrupt)
