"""Starting processes of our own, and ending them: what training and rendering in several processes share.

Ctrl-C reaches every process of a terminal at once. Only the first one is to answer it, with one line; the others don't
hear it from the moment they start, and end with the one that started them, however that went.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker

_SAFE_PATH = "PYTHONSAFEPATH"


@contextlib.contextmanager
def quietly_starting() -> Iterator[None]:
    """Let processes that start in the block not hear Ctrl-C, and never import from the current folder.

    Ctrl-C that is pressed meanwhile is answered at the end of the block.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    resource_tracker.ensure_running()  # it starts with the first process, and would let Ctrl-C through again
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def follow_parent() -> None:
    """Let this process ignore Ctrl-C, and end when the one that started it is gone; called first in a new process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
