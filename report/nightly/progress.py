"""What a night says to the user while it is at work."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class ProgressReporter(Protocol):
    """Reports the work to the user."""

    def say(self, line: str) -> None:
        """Print a line that the user should know."""

    def advance(self, what: str, done: int, total: int, values: dict[str, float] | None = None) -> None:
        """Show how far one piece of work is."""

    def whole(self, what: str, done: int, total: int, *, alike: bool = True) -> None:
        """Say how far the whole is, of which `advance` names the part at work."""

    def stage(self, what: str) -> None:
        """Name the work that begins, where how much of it there is can't be known; an empty name ends the last one."""

    def bars(self) -> AbstractContextManager[None]:
        """Show progress while the block runs."""
