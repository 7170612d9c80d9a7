"""The site as plain files: the same pages, side by side in one folder, for an artifact or a web server.

Files answer no questions: the list of runs stands in pages by time, and each run of those that have a report is
compared with the one before it. Every page holds all that it shows, so the folder works from the disk as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labreport.report.browsing import gate_pages
from labreport.report.browsing.addresses import FileAddresses, file_name
from labreport.report.browsing.documents import Documents, drawn
from labreport.report.browsing.pages import Site
from labreport.report.browsing.stock import RunsQuery, Stock
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.configuration import Configuration
from labreport.report.errors import ReportError
from labreport.report.store import files, verdicts
from labreport.report.store.entries import Stored
from labreport.report.store.remarks import Steps, silent
from labreport.report.store.verdicts import KeptVerdict

INDEX = "index.html"
PAGE = 1000
"""Runs on a page of the list: its script searches and orders those of a page, so that a page holds many."""

Make = Callable[[FileAddresses], bytes]
"""Makes a page for the addresses of its language."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A site as files."""

    index: Path
    files: int
    problems: tuple[str, ...]
    """What could not be made, a line each; all else is there."""


def write(
    configuration: Configuration,
    folder: Path,
    *,
    reports: int,
    announce: Steps = silent,
) -> Exported:
    """Write the site of a store.

    Args:
        configuration: names the store, the languages, theme and templates.
        folder: made as needed; files of an earlier export are overwritten.
        reports: how many of the newest runs get their report and comparison.
        announce: called after each page.

    Raises:
        OutputError: the folder can't be written.
    """
    return _Export(configuration, folder, reports, announce).written()


class _Export:
    """Writes the pages one after the other, those first that others lead to."""

    def __init__(self, configuration: Configuration, folder: Path, reports: int, announce: Steps) -> None:
        self.stock = Stock(
            configuration.runs_dir, clock=lambda: 0.0, size=PAGE
        )  # looked at once: the pages fit each other
        self.site = Site(self.stock, configuration.look, configuration.lang)
        self.documents = Documents(configuration)
        self.notes = NotesInUse.of(configuration)
        self.tongues = configuration.lang
        self.folder = folder
        self.announce = announce
        self.listing = self.stock.listing()
        self.chosen = self.listing.runs[:reports] if reports else ()
        self.pages = self.stock.page(RunsQuery()).pages
        self.verdicts = verdicts.read(self.stock.root)
        self.made: set[str] = set()
        self.problems: list[str] = []
        self.done = 0

    def written(self) -> Exported:
        files.check_folder(self.folder)
        for language in self.tongues:
            self.made = {name for name, _ in self._site_pages()}
            for name, make in (*self._documents(), *self._site_pages()):
                self._write(name, language, make)
        return Exported(index=self.folder / INDEX, files=self.done + 1, problems=tuple(self.problems))

    def _documents(self) -> Iterator[tuple[str, Make]]:
        """Yield the pages that stand by themselves."""
        for run in self.chosen:
            yield f"report-{file_name(run)}", partial(self._report, run)
            before = self.stock.before(run) if run.entry.status == "complete" else None
            if before:
                yield f"comparison-{file_name(run)}", partial(self._comparison, before, run)
        if drawn(self.listing, ""):
            yield "trend", lambda at: self.documents.trend(self.listing, "", at.language, at)

    def _site_pages(self) -> Iterator[tuple[str, Make]]:
        for run in self.chosen:
            yield f"run-{file_name(run)}", partial(self._run, run)
        for verdict in self.verdicts:
            yield f"verdict-{verdict.stem}", partial(self._verdict, verdict)
        yield "gate", lambda at: gate_pages.history(self.site, at.language, at).encode()
        for number in range(1, self.pages + 1):
            yield "runs" if number == 1 else f"runs-{number}", partial(self._runs, number)

    def _report(self, run: Stored, at: FileAddresses) -> bytes:
        return self.documents.report(run, at.language)

    def _comparison(self, before: Stored, run: Stored, at: FileAddresses) -> bytes:
        return self.documents.comparison([before, run], at.language)

    def _run(self, run: Stored, at: FileAddresses) -> bytes:
        return self.site.run(at.language, at, run, self.notes).encode()

    def _verdict(self, verdict: KeptVerdict, at: FileAddresses) -> bytes:
        return gate_pages.verdict(self.site, at.language, at, verdict).encode()

    def _runs(self, number: int, at: FileAddresses) -> bytes:
        return self.site.runs(at.language, at, RunsQuery(page=number)).encode()

    def _write(self, name: str, language: str, make: Make) -> None:
        at = FileAddresses(language=language, here=name, has=self.made.__contains__)
        file = f"{name}-{language}.html"
        try:
            content = make(at)
        except ReportError as error:
            self.problems.append(f"{file}: {error}".replace(f"{self.stock.root}{os.sep}", ""))
            return
        files.write(self.folder / file, content)
        if name == "runs" and language == self.tongues[0]:
            files.write(self.folder / INDEX, content)
        self.made.add(name)
        self.done += 1
        total = len(self.tongues) * (4 * len(self.chosen) + self.pages + len(self.verdicts) + 2)
        self.announce("export", min(self.done, total), total)
