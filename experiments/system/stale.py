"""A disk of the network may forget a file that another machine has just replaced, and say so once (ESTALE).

The name leads to the new file at the next question; so the question is asked once more.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def asked_again(question: Callable[[], T]) -> T:
    """Return what a call of the system answers; one that was stale is asked once more.

    Raises:
        OSError: it answers so again, or with another error.
    """
    try:
        return question()
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
        return question()


def is_there(path: Path) -> bool:
    """Return whether something has a name, a link that leads nowhere too.

    Where the system can't say so, that is not taken for no: what can't be asked about is read, and reading says why.
    """
    try:
        asked_again(lambda: os.lstat(path))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        return error.errno not in (errno.ENAMETOOLONG, errno.EINVAL)
    return True
