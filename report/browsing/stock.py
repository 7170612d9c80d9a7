"""The runs of a store as the pages ask for them: from its index, a page at a time.

A store may grow, shrink and be written while it is looked at; the index is held against it once a second at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from threading import Lock
from typing import Any, get_args

from labreport.report.gate.verdict import GateOutcome
from labreport.report.store.entries import Entry, Stored
from labreport.report.store.query import STATUSES
from labreport.report.store.runs import Chosen, Store, StoredRuns

PAGE = 100
"""Runs on a page, where a server turns pages and searches all of them."""
SECONDS = 1.0
"""Between two looks at the folders of the store."""
SORTS: Mapping[str, tuple[Callable[[Entry], Any], bool]] = {
    "newest": (lambda entry: (entry.started, entry.run_id), True),
    "oldest": (lambda entry: (entry.started, entry.run_id), False),
    "lab": (lambda entry: entry.lab, False),
    "highest": (lambda entry: entry.score[1] if entry.score else float("-inf"), True),
    "lowest": (lambda entry: entry.score[1] if entry.score else float("inf"), False),
    "longest": (lambda entry: entry.seconds or 0.0, True),
}
"""Orders of a listing: what is compared, and whether the greatest comes first."""
_LONGEST = 200
"""Characters of a search."""


@dataclass(frozen=True, kw_only=True)
class RunsQuery:
    """Which runs a page lists, in which order; an empty part lets all through."""

    lab: str = ""
    status: str = ""
    profile: str = ""
    data: str = ""
    outcome: str = ""
    """What the gate said."""
    tag: str = ""
    text: str = ""
    """Words that all stand somewhere in what is known of a run."""
    sort: str = "newest"
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, str]) -> RunsQuery:
        """Return the query of an address; what can't be understood is left out."""
        texts = {item.name: given.get(item.name, "")[:_LONGEST] for item in fields(cls) if item.name != "page"}
        if texts["sort"] not in SORTS:
            texts["sort"] = "newest"
        number = given.get("page", "")
        return cls(**texts, page=max(1, int(number)) if number.isdecimal() and len(number) < 8 else 1)

    def parameters(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of this query, with changes; what is as usual is left out."""
        changed = replace(self, **changes)
        usual = RunsQuery()
        return {
            item.name: str(value)
            for item in fields(self)
            if (value := getattr(changed, item.name)) != getattr(usual, item.name)
        }

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves runs out."""
        return bool(self.lab or self.status or self.profile or self.data or self.outcome or self.tag or self.text)


@dataclass(frozen=True, kw_only=True)
class RunsPage:
    """One page of a listing."""

    runs: tuple[Stored, ...]
    query: RunsQuery
    """With the page that is shown: the last one where the one asked for is beyond it."""
    found: int
    """Runs that the query lets through."""
    size: int = PAGE
    """Runs on a page."""

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.found // self.size))


class Stock:
    """The runs of one store.

    Args:
        root: folder of the store; it need not exist yet.
        clock: gives seconds that only grow.
        size: runs on a page.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic, size: int = PAGE) -> None:
        self.root = root
        self.size = size
        self._clock = clock
        self._lock = Lock()
        self._looked: float | None = None
        self._store = Store(root)
        self._known = self._store.list()

    def listing(self) -> StoredRuns:
        """Return all runs, newest first, as they were a second ago or later."""
        with self._lock:
            if self._looked is None or self._clock() - self._looked >= SECONDS:
                self._known = self._store.list()
                self._looked = self._clock()
            return self._known

    def find(self, lab: str, run_id: str) -> Stored | None:
        """Return a run by the names of its lab and its own; None where there is no such run."""
        return next(iter(self.listing().named(lab, run_id)), None)

    def page(self, query: RunsQuery) -> RunsPage:
        """Return the runs of a page."""
        chosen = _answering(self.listing().runs, query)
        found = len(chosen)
        page = min(query.page, max(1, -(-found // self.size)))
        ordered: Sequence[Stored] = chosen
        if query.sort != "newest":
            key, descending = SORTS[query.sort]
            ordered = sorted(chosen, key=lambda run: key(run.entry), reverse=descending)
        shown = tuple(ordered[(page - 1) * self.size : page * self.size])
        return RunsPage(runs=shown, query=replace(query, page=page), found=found, size=self.size)

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Return the values that may be asked for, by the part of the query."""
        return {
            "lab": self.listing().labs,
            "status": STATUSES,
            "profile": ("full", "quick"),
            "data": ("full", "sample", "none"),
            "outcome": get_args(GateOutcome),
            "tag": self.listing().tags,
        }

    def before(self, run: Stored) -> Stored | None:
        """Return the newest complete run of the same lab before a run."""
        older = self.listing().runs.complete.that("lab = ?", run.entry.lab)
        older = older.that("(started, run) < (?, ?)", run.entry.started, run.entry.run_id)
        return next(iter(older), None)


def _answering(runs: Chosen, query: RunsQuery) -> Chosen:
    """Return the runs that a query lets through."""
    noted = "json_extract(CAST(entry AS TEXT), '$.outcome')"
    columns = {"lab": query.lab, "status": query.status, "profile": query.profile, noted: query.outcome}
    for column, wanted in columns.items():
        if wanted:
            runs = runs.that(f"{column} = ?", wanted)
    if query.data:
        runs = runs.that("source IS NULL") if query.data == "none" else runs.that("source = ?", query.data)
    if query.tag:
        runs = runs.that("instr(tags, ?) > 0", f" {query.tag} ")
    for word in query.text.casefold().split():
        runs = runs.that("instr(words, ?) > 0", word)
    return runs
