"""Where each page of the site is: under the token of a server, or as a file beside the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from labreport.report.browsing.stock import RunsQuery
from labreport.report.store.entries import Stored
from labreport.report.store.live import LiveRun
from labreport.report.store.verdicts import KeptVerdict


class Turning(Protocol):
    """Leads from a page to the same one in another language."""

    @property
    def served(self) -> bool:
        """Whether a server answers, which can make what is asked for."""

    def same(self, language: str) -> str:
        """Return the address of the page that is shown, in another language."""


class Addresses(Turning, Protocol):
    """The addresses of the pages in one language; an empty one: there is no such page."""

    def runs(self, query: RunsQuery, **changes: object) -> str:
        """Return the address of a page of the listing."""

    def run(self, run: Stored) -> str:
        """Return that of a run."""

    def report(self, run: Stored) -> str:
        """Return that of a run's report by itself."""

    def comparison(self, runs: Sequence[Stored], *, alone: bool = False) -> str:
        """Return that of a comparison; of its page by itself where `alone`."""

    def trend(self, lab: str = "", *, alone: bool = False) -> str:
        """Return that of the trend of a lab, or of all."""

    def gate(self) -> str:
        """Return that of the verdicts of the gate."""

    def verdict(self, verdict: KeptVerdict) -> str:
        """Return that of one verdict with its checks."""

    def live(self, run: LiveRun | None, *, part: bool = False) -> str:
        """Return that of a run that is under way (None: of all); of what changes in it alone where `part`."""


@dataclass(frozen=True, kw_only=True)
class ServedAddresses:
    """Addresses of a server."""

    token: str
    language: str
    here: str = ""
    """The page that is shown: its path behind the language, with its query."""
    served: bool = True

    @property
    def start(self) -> str:
        """Where the pages of the language begin."""
        return f"/{self.token}/{self.language}/"

    def runs(self, query: RunsQuery, **changes: object) -> str:
        """Return the address of a page of the listing."""
        parameters = query.parameters(**changes)
        return self.start + (f"?{urlencode(parameters)}" if parameters else "")

    def run(self, run: Stored) -> str:
        """Return that of a run."""
        return f"{self.start}run/{_named(run)}"

    def report(self, run: Stored) -> str:
        """Return that of a run's report by itself."""
        return f"{self.start}run/{_named(run)}/report"

    def comparison(self, runs: Sequence[Stored], *, alone: bool = False) -> str:
        """Return that of a comparison."""
        chosen = urlencode([("run", f"{run.entry.lab}/{run.entry.run_id}") for run in runs])
        return f"{self.start}compare{'/page' if alone else ''}" + (f"?{chosen}" if chosen else "")

    def trend(self, lab: str = "", *, alone: bool = False) -> str:
        """Return that of the trend of a lab, or of all."""
        return f"{self.start}trend{'/page' if alone else ''}" + (f"?{urlencode({'lab': lab})}" if lab else "")

    def gate(self) -> str:
        """Return that of the verdicts of the gate."""
        return f"{self.start}gate"

    def verdict(self, verdict: KeptVerdict) -> str:
        """Return that of one verdict with its checks."""
        return f"{self.start}gate/{quote(verdict.stem, safe='')}"

    def live(self, run: LiveRun | None, *, part: bool = False) -> str:
        """Return that of a run that is under way, or of all."""
        if run is None:
            return f"{self.start}live{'/part' if part else ''}"
        return f"{self.start}live/{quote(run.lab, safe='')}/{quote(run.key, safe='')}{'/part' if part else ''}"

    def same(self, language: str) -> str:
        """Return that of the page that is shown, in another language."""
        return f"/{self.token}/{language}/{self.here}"


@dataclass(frozen=True, kw_only=True)
class FileAddresses:
    """Addresses of files that lie side by side."""

    language: str
    here: str = ""
    """Name of the file that is shown, without language and ending."""
    has: Callable[[str], bool] = lambda _name: True
    """Whether a file of this name, without language and ending, is written."""
    served: bool = False

    def runs(self, query: RunsQuery, **changes: object) -> str:
        """Return the address of a page of the listing; files know pages, and no other choice."""
        page = changes.get("page", query.page)
        return self._file("runs" if page == 1 else f"runs-{page}")

    def run(self, run: Stored) -> str:
        """Return that of a run."""
        return self._file(f"run-{file_name(run)}")

    def report(self, run: Stored) -> str:
        """Return that of a run's report."""
        return self._file(f"report-{file_name(run)}")

    def comparison(self, runs: Sequence[Stored], *, alone: bool = False) -> str:
        """Return that of a comparison of a run with the one before it."""
        return self._file(f"comparison-{file_name(runs[-1])}") if runs else ""

    def trend(self, lab: str = "", *, alone: bool = False) -> str:
        """Return that of the trend."""
        return self._file("trend")

    def gate(self) -> str:
        """Return that of the verdicts of the gate."""
        return self._file("gate")

    def verdict(self, verdict: KeptVerdict) -> str:
        """Return that of one verdict with its checks."""
        return self._file(f"verdict-{verdict.stem}")

    def live(self, run: LiveRun | None, *, part: bool = False) -> str:
        """Return nothing: a file does not change."""
        return ""

    def same(self, language: str) -> str:
        """Return that of the page that is shown, in another language."""
        return f"{self.here}-{language}.html"

    def _file(self, name: str) -> str:
        return f"{quote(name)}-{self.language}.html" if self.has(name) else ""


def file_name(run: Stored) -> str:
    """Return what the files of a run are called by."""
    return f"{run.entry.lab}-{run.entry.run_id}"


def _named(run: Stored) -> str:
    return f"{quote(run.entry.lab, safe='')}/{quote(run.entry.run_id, safe='')}"
