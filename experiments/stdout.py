"""Standard output is for results: what a lab prints goes to standard error.

A lab is a user's program, and may print what it likes, also through a library or a process of its own. So that
`labreport … --json` gives JSON alone, and `labreport run` nothing but paths, the descriptor itself is turned round
while a lab is at work, and not Python's stream only.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

_OUTPUT, _ERROR = 1, 2


@contextlib.contextmanager
def kept_for_results() -> Iterator[None]:
    """Send to standard error what is printed while the block runs; processes that start in it inherit that."""
    with contextlib.redirect_stdout(sys.stderr), _turned_round():
        yield


@contextlib.contextmanager
def _turned_round() -> Iterator[None]:
    before = None
    with contextlib.suppress(OSError):  # one of them is closed: then nothing can be mixed up
        before = os.dup(_OUTPUT)
        os.dup2(_ERROR, _OUTPUT)
    try:
        yield
    finally:
        if before is not None:
            os.dup2(before, _OUTPUT)
            os.close(before)
