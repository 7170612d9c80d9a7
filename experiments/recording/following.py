"""A watched process, followed while it runs: each epoch that it writes down is passed on as progress."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labreport.experiments.lab import Progress
from labreport.experiments.recording.watching.events import EVENTS

SECONDS = 0.5
"""Between two looks at what the process has written."""
_MOST = 1 << 20
"""Characters that are read at one look."""


@contextmanager
def followed(folder: Path, name: str, progress: Progress) -> Iterator[None]:
    """Report the epochs of a process until the block ends; what can't be read is left out.

    Args:
        folder: in which the process writes its events.
        name: of the process, before that of each fit; may be empty.
        progress: called after each epoch, in a thread of its own.
    """
    over = threading.Event()
    thread = threading.Thread(target=_follow, args=(folder / EVENTS, name, progress, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(path: Path, name: str, progress: Progress, over: threading.Event) -> None:
    planned: dict[int, int] = {}
    place, rest = 0, ""
    while not over.wait(SECONDS):
        with contextlib.suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
            file.seek(place)
            text = file.read(_MOST)
            place = file.tell()
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                _report(line, name, planned, progress)


def _report(line: str, name: str, planned: dict[int, int], progress: Progress) -> None:
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        event: dict[str, Any] = json.loads(line)
        if event["kind"] == "fit":
            planned[int(event["fit"])] = int(event["epochs"] or 0)
        elif event["kind"] == "epoch":
            fit, epoch = int(event["fit"]), int(event["epoch"])
            values = {key: float(value) for key, value in event["logs"].items() if isinstance(value, (int, float))}
            part = f"{name}, fit {fit}" if name else f"fit {fit}"
            progress(part, epoch, max(epoch, planned.get(fit, 0)), values)
