"""An end to the memory that reading a foreign file may take.

The explicit limits of a reader say what is refused; this is the wall behind them, for what a library does with a file
before it answers. Where the system knows no such limit, the explicit ones are all there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOR_A_FILE = 200 * 1024 * 1024
"""Bytes that reading one foreign file may take beside what the process has already."""


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
