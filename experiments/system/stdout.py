"""What a lab may do to this process, and what is undone: its output, its streams, its working folder, its copies.

A lab is a user's program, and may print what it likes, also through a library or a process of its own. Standard output
is for results: so that `labreport … --json` gives JSON alone, and `labreport run` nothing but paths, the descriptor
itself is redirected while a lab is at work, and not Python's stream only. It may also change the working folder, or
close the streams; afterwards paths and streams mean what they meant before. Where it has copied the process and returns
in the copy as well, the copy ends there: what follows is done once.
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
    with _same_process(), _same_streams(), contextlib.redirect_stdout(sys.stderr), _redirected(), _same_folder():
        yield


@contextlib.contextmanager
def _same_process() -> Iterator[None]:
    own = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != own:
            os._exit(0)


@contextlib.contextmanager
def _same_streams() -> Iterator[None]:
    """Open standard streams again that are closed in the block, and put those back that are replaced."""
    before = sys.stdout, sys.stderr
    kept: dict[int, int] = {}
    for descriptor in (_OUTPUT, _ERROR):
        with contextlib.suppress(OSError):  # it was closed before
            kept[descriptor] = os.dup(descriptor)
    try:
        yield
    finally:
        for descriptor, copy in kept.items():
            with contextlib.suppress(OSError):  # the lab has closed all there are
                os.dup2(copy, descriptor)
                os.close(copy)
        sys.stdout, sys.stderr = (
            os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", closefd=False) if stream.closed else stream
            for descriptor, stream in zip((_OUTPUT, _ERROR), before, strict=True)
        )


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
