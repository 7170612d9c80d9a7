"""What was seen, as JSON lines, each written when it happens: a crash, a kill or Ctrl-C leaves what was measured.

A fault of the watcher is never one of the script: the first one is a warning on standard error, all are noted.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from labreport.experiments.errors import message_of

EVENTS = "events.jsonl"
PRINTED = "printed.txt"

CURRENT: list[Events] = []
"""That of the script which this process watches; empty where none is watched."""

Parameters = ParamSpec("Parameters")
Answered = TypeVar("Answered")


class Events:
    """Writes events into a folder; a process that the script forks off writes nothing.

    Args:
        folder: exists already; the file is made here.
        place: where the script lies, or the package that is run; modules below it are the user's own.
    """

    def __init__(self, folder: Path, place: Path) -> None:
        """Open the file of events for appending."""
        self.folder = folder
        self.place = place
        self._file = (folder / EVENTS).open("a", encoding="utf-8")
        CURRENT[:] = [self]
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._warned = False

    @property
    def listening(self) -> bool:
        """Whether this is the process that is watched, and not one that it forked."""
        return os.getpid() == self._process

    def write(self, kind: str, **facts: Any) -> None:
        """Note an event; where that can't be done (a full disk) the script goes on."""
        if not self.listening:
            return
        line = json.dumps({"kind": kind, **facts}, default=str)
        try:
            with self._lock:
                self._file.write(f"{line}\n")
                self._file.flush()
        except OSError as error:
            self._warn(error)

    def guarded(self, function: Callable[Parameters, Answered]) -> Callable[Parameters, Answered | None]:
        """Return the function so that whatever it raises is a warning; it then answers None."""

        @functools.wraps(function)
        def guarded(*arguments: Parameters.args, **named: Parameters.kwargs) -> Answered | None:
            if not self.listening:
                return None
            try:
                return function(*arguments, **named)
            except Exception as error:
                self._warn(error)
                self.write("fault", error=f"{type(error).__name__}: {message_of(error)[:500]}")
                return None

        return guarded

    def _warn(self, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        said = f"{type(error).__name__}: {message_of(error)[:200]}"
        try:
            sys.stderr.write(f"labreport: the watcher failed ({said}); the script goes on.\n")
        except Exception:
            self._warned = True  # no standard error, no one to be warned


def numbers(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """Return what is a number of a table of metrics; a callback may put anything there."""
    found = {}
    for name, value in (logs or {}).items():
        try:
            found[str(name)] = float(value)
        except (TypeError, ValueError):
            continue
    return found
