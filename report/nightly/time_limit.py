"""An end to whatever takes too long: after so many seconds the block is stopped as if the user had pressed Ctrl-C.

What is stopped so ends as every interrupted run does: what was measured is stored and marked as interrupted.
"""

from __future__ import annotations

import _thread
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class TimeSpentError(Exception):
    """The time of a block was over before the block was."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Stop the block after so many seconds; to be used in the main thread.

    Raises:
        TimeSpentError: the time was over. The block may just have come to its end all the same.
    """
    if math.isinf(seconds):
        yield
        return
    fired = threading.Event()
    over = threading.Event()
    lock = threading.Lock()
    main = threading.main_thread().ident or 0

    def fire() -> None:
        with lock:
            if not over.is_set():
                fired.set()
                if hasattr(signal, "pthread_kill"):
                    # A real signal also ends a wait inside the system.
                    signal.pthread_kill(main, signal.SIGINT)
                else:
                    _thread.interrupt_main()

    # A job in the background of a shell ignores Ctrl-C, and then the thread could not stop anything.
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(max(seconds, 0.0), fire)
    timer.daemon = True
    timer.start()
    try:
        try:
            yield
        finally:
            timer.cancel()
            with lock:
                over.set()
            if fired.is_set():
                time.sleep(0.01)  # an interrupt on its way arrives here at the latest
    except KeyboardInterrupt as stopped:
        if not fired.is_set():
            raise
        raise TimeSpentError from stopped
    finally:
        if not callable(before) and before is not None:
            signal.signal(signal.SIGINT, before)
