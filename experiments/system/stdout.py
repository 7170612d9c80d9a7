"""What a lab may do to this process, and what is undone: its output, and its working folder.

A lab is a user's program, and may print what it likes, also through a library or a process of its own. Standard output
is for results: so that `labreport … --json` gives JSON alone, and `labreport run` nothing but paths, the descriptor
itself is redirected while a lab is at work, and not Python's stream only. It may also change the working folder;
afterwards paths mean what they meant before.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_OUTPUT, _ERROR = 1, 2


@contextlib.contextmanager
def kept_for_results() -> Iterator[None]:
    """Send to standard error what is printed while the block runs, and leave the working folder as it was.

    Processes that start in the block inherit the redirection.
    """
    with contextlib.redirect_stdout(sys.stderr), _redirected(), _same_folder():
        yield


@contextlib.contextmanager
def _same_folder() -> Iterator[None]:
    folder = None
    with contextlib.suppress(OSError):  # it has been deleted
        folder = Path.cwd()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if folder is not None:
                os.chdir(folder)


@contextlib.contextmanager
def _redirected() -> Iterator[None]:
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
