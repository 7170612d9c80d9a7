"""The runs of a store as the pages ask for them: listed once, looked at again when the store changes, a page at a time.

A store may grow, shrink and be written while it is looked at. What changed is seen by the times of its folders, so that
ten thousand runs are not read again for each page.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from threading import Lock

from labreport.report.store.runs import Entry, Store, Stored, StoredRuns, newest_first

PAGE = 100
"""Runs on a page."""
SECONDS = 1.0
"""Between two looks at the folders of the store."""
SORTS: Mapping[str, tuple[Callable[[Entry], object], bool]] = {
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

    def parameters(self, **changes: object) -> dict[str, str]:
        """Return what an address says of this query, with changes; what is as usual is left out."""
        changed = replace(self, **changes)  # type: ignore[arg-type]  # each by its name
        usual = RunsQuery()
        return {
            item.name: str(value)
            for item in fields(self)
            if (value := getattr(changed, item.name)) != getattr(usual, item.name)
        }

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves runs out."""
        return bool(self.lab or self.status or self.profile or self.data or self.outcome or self.text)


@dataclass(frozen=True, kw_only=True)
class RunsPage:
    """One page of a listing."""

    runs: tuple[Stored, ...]
    query: RunsQuery
    """With the page that is shown: the last one where the one asked for is beyond it."""
    found: int
    """Runs that the query lets through."""

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.found // PAGE))


class Stock:
    """The runs of one store.

    Args:
        root: folder of the store; it need not exist yet.
        clock: gives seconds that only grow.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.root = root
        self._clock = clock
        self._lock = Lock()
        self._looked: float | None = None
        self._seen: dict[str, dict[str, int]] = {}
        self._listings: dict[str, StoredRuns] = {}
        self._all = StoredRuns(runs=(), unreadable=())
        self._texts: dict[Path, tuple[Entry, str]] = {}

    def listing(self) -> StoredRuns:
        """Return all runs, newest first, as they were a second ago or later."""
        with self._lock:
            if self._looked is None or self._clock() - self._looked >= SECONDS:
                self._look()
                self._looked = self._clock()
            return self._all

    def find(self, lab: str, run_id: str) -> Stored | None:
        """Return a run by the names of its lab and its own; None where there is no such run."""
        of_lab = self.listing() and self._listings.get(lab)
        return next((run for run in of_lab.runs if run.entry.run_id == run_id), None) if of_lab else None

    def page(self, query: RunsQuery) -> RunsPage:
        """Return the runs of a page."""
        found = [run for run in self.listing().runs if self._takes(run, query)]
        key, descending = SORTS[query.sort]
        if query.sort != "newest":
            found.sort(key=lambda run: key(run.entry), reverse=descending)  # type: ignore[arg-type, return-value]
        page = min(query.page, max(1, -(-len(found) // PAGE)))
        shown = found[(page - 1) * PAGE : page * PAGE]
        return RunsPage(runs=tuple(shown), query=replace(query, page=page), found=len(found))

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Return the values that may be asked for, by the part of the query."""
        entries = [run.entry for run in self.listing().runs]
        return {
            "lab": tuple(sorted({entry.lab for entry in entries})),
            "status": tuple(sorted({entry.status for entry in entries})),
            "profile": tuple(sorted({entry.profile for entry in entries})),
            "data": tuple(sorted({entry.source or "none" for entry in entries})),
            "outcome": tuple(sorted({entry.outcome for entry in entries if entry.outcome})),
        }

    def before(self, run: Stored) -> Stored | None:
        """Return the newest complete run of the same lab before a run."""
        runs = self._listings.get(run.entry.lab, self._all).runs
        older = (other for other in runs if (other.entry.started, other.entry.run_id) < _moment(run))
        return next((other for other in older if other.entry.status == "complete"), None)

    def _takes(self, run: Stored, query: RunsQuery) -> bool:
        entry = run.entry
        asked = (
            (query.lab, entry.lab),
            (query.status, entry.status),
            (query.profile, entry.profile),
            (query.data, entry.source or "none"),
            (query.outcome, entry.outcome),
        )
        if not all(not wanted or wanted == value for wanted, value in asked):
            return False
        return not query.text or all(word in self._text(run) for word in query.text.lower().split())

    def _text(self, run: Stored) -> str:
        """Return all that is known of a run in small letters, for the search."""
        known = self._texts.get(run.folder)
        if known is None or known[0] is not run.entry:
            entry = run.entry
            settings = " ".join(f"{name}={value}" for name, value in entry.changed_settings.items())
            parts = (entry.run_id, entry.lab, entry.status, entry.profile, entry.source, entry.data, entry.commit)
            text = " ".join(part for part in (*parts, entry.machine, entry.outcome, settings) if part).lower()
            self._texts[run.folder] = known = (entry, text)
        return known[1]

    def _look(self) -> None:
        """List the labs again whose folders have changed."""
        now = {name: dict(_folders(self.root / name)) for name, _ in _folders(self.root)}
        changed = [name for name, folders in now.items() if folders != self._seen.get(name)]
        gone = [name for name in self._listings if name not in now]
        if not changed and not gone:
            return
        if not self._seen:
            whole = Store(self.root).list()
            self._listings = {
                name: StoredRuns(
                    runs=tuple(run for run in whole.runs if run.folder.parent.name == name),
                    unreadable=tuple(one for one in whole.unreadable if f"{os.sep}{name}{os.sep}" in one),
                )
                for name in now
            }
            # Making an index that was missing has changed its folder.
            now = {name: dict(_folders(self.root / name)) for name, _ in _folders(self.root)}
        else:
            for name in changed:
                self._listings[name] = _of_lab(self.root, name)
                now[name] = dict(_folders(self.root / name))
            for name in gone:
                del self._listings[name]
        self._seen = now
        listings = self._listings.values()
        self._all = StoredRuns(
            runs=newest_first(run for one in listings for run in one.runs),
            unreadable=tuple(problem for one in listings for problem in one.unreadable),
        )
        folders = {run.folder for run in self._all.runs}
        self._texts = {folder: text for folder, text in self._texts.items() if folder in folders}


def _of_lab(root: Path, name: str) -> StoredRuns:
    from labreport.report.store.codec import NAME

    return Store(root).list(name) if NAME.fullmatch(name) else StoredRuns(runs=(), unreadable=())


def _folders(place: Path) -> Iterator[tuple[str, int]]:
    """Yield the name and the time of each folder in a folder; nothing where it is gone, or may not be read."""
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                try:
                    if entry.is_dir() and not entry.name.startswith("."):
                        yield entry.name, entry.stat().st_mtime_ns
                except OSError:
                    continue
    except OSError:
        return


def _moment(run: Stored) -> tuple[str, str]:
    return run.entry.started, run.entry.run_id
