"""What long work has to say of itself: that many runs are read first, how far it is, or that an index can't be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Steps = Callable[[str, int, int], None]
"""Called with what is at work, how much of it is done, and how much there is; 1 where that can't be known."""

listeners: list[Callable[[str], None]] = []
"""Called with each remark; the command line adds one that prints it."""
watchers: list[Steps] = []
"""Called while a store reads many runs; the command line adds one that shows it."""


def silent(what: str, done: int, total: int) -> None:
    """`Steps` that no one is shown."""


def say(text: str) -> None:
    """Pass a remark on."""
    for listener in listeners:
        listener(text)


def counted(what: str, total: int, step: int) -> Iterator[int]:
    """Yield where each step of some work begins, and let those who watch know; at its end also where it fails."""
    try:
        for start in range(0, total, step):
            _advance(what, start, total)
            yield start
    finally:
        _advance(what, total, total)


def _advance(what: str, done: int, total: int) -> None:
    for watcher in watchers:
        watcher(what, done, total)
