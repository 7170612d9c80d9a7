"""Programs that begin with a limit of the system, or with a signal as a terminal gives it.

A program sets it itself, and then becomes the one that is meant: `preexec_fn` would run Python in a fork of the tests,
whose other threads may have held a lock that the fork then waits for, for ever.
"""

from __future__ import annotations

import sys

_LIMITED = "import os, resource, sys; n = int(sys.argv[2]); resource.setrlimit(int(sys.argv[1]), (n, n)); "
_INTERRUPTIBLE = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "


def limited(limit: int, most: int, words: list[str]) -> list[str]:
    """Return the words that start a program with a limit.

    Args:
        limit: one of `resource`, such as `RLIMIT_AS`.
        most: its value.
        words: program and arguments.
    """
    return [
        sys.executable,
        "-IS",
        "-c",
        f"{_LIMITED}os.execv(sys.argv[3], sys.argv[3:])",
        str(limit),
        str(most),
        *words,
    ]


def interruptible(words: list[str]) -> list[str]:
    """Return the words that start a program which Ctrl-C reaches; the background job of a shell inherits it ignored.

    Args:
        words: program and arguments.
    """
    return [sys.executable, "-IS", "-c", f"{_INTERRUPTIBLE}os.execv(sys.argv[1], sys.argv[1:])", *words]
