"""Memory: an end to what reading a foreign file may take, and how often it is looked through for what is left over.

The explicit limits of a reader say what is refused; this is the wall behind them, for what a library does with a file
before it answers. Where the system knows no such limit, the explicit ones are all there is.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOR_A_FILE = 200 * 1024 * 1024
"""Bytes that reading one foreign file may take beside what the process has already."""

_NEW_OBJECTS = 50_000
"""Objects that are made between two looks of the garbage collector, in place of 700."""
_OPEN_FOR_LONG = (5_000, 10, 10)
"""The same for a process that runs for a day, and how many of its looks make one at older objects."""


def collect_seldom() -> None:
    """Let this process, whose life is short, look seldom for objects that only refer to each other.

    A rendering makes a million objects of which nearly all stay to its end: an eighth of its time went into looking.
    """
    gc.set_threshold(_NEW_OBJECTS, 20, 100)


@contextmanager
def collected_regularly() -> Iterator[None]:
    """Let objects that only refer to each other go while the block runs, which may be a day, in spite of the above.

    Python looks at the oldest objects only when a quarter as many have become old since; so what is there already, and
    stays, is taken out of the count. Else each note that is saved would leave a tenth of a megabyte for hundreds more.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_OPEN_FOR_LONG)
    gc.collect()
    gc.freeze()
    gc.collect()  # counts what is old by now: nothing
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@contextmanager
def bounded(more: int = FOR_A_FILE) -> Iterator[None]:
    """Let the block take no more memory than this; MemoryError is raised where it wants to.

    Args:
        more: bytes beside those that the process has.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (ImportError, OSError, ValueError):  # not Linux
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + more
    if soft != resource.RLIM_INFINITY:
        wanted = min(wanted, soft)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
