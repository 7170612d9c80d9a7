"""A store that is listed once: what one program does with it sees the runs of then and those that it saves itself.

A night asks the store again and again which runs there are. Listing a thousand of them takes about a second, and what
another process saves meanwhile must not come between a run and its verdict.
"""

from __future__ import annotations

from pathlib import Path

from labreport.experiments.result import Result
from labreport.report.store.runs import Store, Stored, StoredResult, StoredRuns, newest_first


class ListedStore(Store):
    """A store whose runs are listed at the first question and remembered from then on.

    Args:
        root: the folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._known: StoredRuns | None = None

    def list(self, lab: str | None = None) -> StoredRuns:
        """Return all runs, or those of one lab, newest first; runs that can't be read are named with all labs only."""
        if self._known is None:
            self._known = super().list()
        if lab is None:
            return self._known
        return StoredRuns(runs=tuple(run for run in self._known.runs if run.entry.lab == lab), unreadable=())

    def save(self, result: Result) -> StoredResult:
        """Write a new run and return it as it was stored; it is listed from now on."""
        saved = super().save(result)
        folder = saved.path.parent
        self._replace(Stored(folder=folder, entry=self._entry(folder)))
        return saved

    def note(self, run: Stored, **notes: str | None) -> Stored:
        """Note something in a run's index; it is listed so from now on."""
        noted = super().note(run, **notes)
        self._replace(noted)
        return noted

    def _replace(self, run: Stored) -> None:
        if self._known is not None:
            others = [other for other in self._known.runs if other.folder != run.folder]
            self._known = StoredRuns(runs=newest_first([*others, run]), unreadable=self._known.unreadable)
