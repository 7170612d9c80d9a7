"""What a store has to say while it works: that many runs are read first, or that its index can't be used."""

from __future__ import annotations

from collections.abc import Callable

listeners: list[Callable[[str], None]] = []
"""Called with each remark; the command line adds one that prints it."""


def say(text: str) -> None:
    """Pass a remark on."""
    for listener in listeners:
        listener(text)
