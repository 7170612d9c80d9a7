"""A store that is listed once: what one program does with it sees the runs of then and those that it saves itself.

A night asks the store again and again which runs there are, and what another process saves meanwhile must not come
between a run and its verdict.
"""

from __future__ import annotations

from pathlib import Path

from labreport.experiments.result import Result
from labreport.report.store.entries import StoredResult
from labreport.report.store.runs import Store


class ListedStore(Store):
    """A store whose runs are those of the first question, and its own from then on.

    Args:
        root: the folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._first: int | None = None
        self._own: list[str] = []

    def save(self, result: Result, *, claimed: bool = False) -> StoredResult:
        """Write a new run and return it as it was stored; it is listed from now on."""
        saved = super().save(result, claimed=claimed)
        self._own.append(result.run_id)
        return saved

    def _seen(self) -> tuple[tuple[object, ...], str]:
        """Return the condition of SQL for the runs of the first question and those saved since, its values first."""
        if self._first is None:
            self._first = self.index.newest()
        return (self._first, *self._own), f"(+id <= ? OR +run IN ({', '.join('?' * len(self._own))}))"
