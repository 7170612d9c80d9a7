"""Temporary folders that are gone after a while, whatever ends the program.

One that was killed can't clear what it has made; so the next one does. The name of a folder says whose process made it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = re.compile(r"labreport-([0-9]+)-\w+")


@contextmanager
def folder() -> Iterator[Path]:
    """Make a temporary folder for the block, and clear those that killed programs of this user have left.

    Raises:
        OSError: it can't be made.
    """
    clear()
    with tempfile.TemporaryDirectory(prefix=f"labreport-{os.getpid()}-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def clear() -> None:
    """Delete the temporary folders of processes that are gone; what is not this user's, or is a link, stays."""
    if not hasattr(os, "geteuid"):
        return
    with contextlib.suppress(OSError):
        for found in os.scandir(tempfile.gettempdir()):
            name = _NAME.fullmatch(found.name)
            with contextlib.suppress(OSError):
                ours = name is not None and found.is_dir(follow_symlinks=False)
                if ours and name and found.stat(follow_symlinks=False).st_uid == os.geteuid() and not _alive(name[1]):
                    shutil.rmtree(found.path, ignore_errors=True)


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
