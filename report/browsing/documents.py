"""The pages that stand by themselves: the report of a run, a comparison, the trend. Made when they are asked for.

Drawing is not made for several threads, so one document is made at a time; the last few are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from labreport.report.browsing.addresses import Addresses
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.configuration import Configuration, override
from labreport.report.errors import NothingMeasuredError, RenderingError, UsageError
from labreport.report.publish.dates import report_moment, tool_version
from labreport.report.publish.document import DocumentJob, in_memory
from labreport.report.store.entries import Stored, read
from labreport.report.store.runs import Store, StoredRuns

KEPT = 12
"""Documents that are kept."""
MOST_COMPARED = 8
"""Runs that are compared at once."""
MOST_DRAWN = 400
"""Runs of a trend that are drawn: the newest."""

DocumentKey = tuple[object, ...]


class Documents:
    """Makes documents of one store.

    Args:
        configuration: theme, templates, notes and texts of the reports.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._store = Store(configuration.runs_dir)
        self._making = Lock()
        self._kept: OrderedDict[DocumentKey, bytes] = OrderedDict()

    def report(self, run: Stored, language: str, form: str = "html") -> bytes:
        """Return the report of a run.

        Args:
            run: which.
            language: of the report.
            form: html or pdf.

        Raises:
            UnreadableError: the result is gone, cut off or damaged.
            RenderingError: the report can't be made.
        """
        return self._made(
            ("report", *_states([run]), language, form),
            lambda: report(run, language, self.configuration, form),
        )

    def comparison(self, runs: Sequence[Stored], language: str) -> bytes:
        """Return the comparison of the first of some runs with the others.

        Raises:
            UsageError: they are too few or too many.
            ReportError: they can't be compared, or a result can't be read.
        """
        return self._made(("comparison", *_states(runs), language), lambda: self._comparison(runs, language))

    def trend(self, listing: StoredRuns, lab: str, language: str, addresses: Addresses) -> bytes:
        """Return the trend of a lab, or of all.

        Raises:
            NothingMeasuredError: there is no run to draw.
        """
        runs = drawn(listing, lab)
        return self._made(
            ("trend", *_states(runs), language), lambda: self._trend(listing, runs, lab, language, addresses)
        )

    def _made(self, key: DocumentKey, make: Callable[[], bytes]) -> bytes:
        with self._making:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            made = make()
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return made

    def _comparison(self, runs: Sequence[Stored], language: str) -> bytes:
        from labreport.report.comparison import inputs, outputs
        from labreport.report.comparison.compare import Terms, compare_all

        if not 2 <= len(runs) <= MOST_COMPARED:
            raise UsageError(f"A comparison takes 2 to {MOST_COMPARED} runs.")
        found = inputs.resolve([str(run.folder) for run in runs], self._store)
        terms = Terms(languages=(language,), notes=NotesInUse.of(self.configuration))
        compared = compare_all(found[0], found[1:], terms, tool_version=tool_version())
        problems: list[str] = []
        made = outputs.in_memory(
            compared,
            found,
            languages=(language,),
            forms=("html",),
            moment=report_moment([result.provenance.ended for one in found for result in one.results.values()]),
            look=self.configuration.look,
            problems=problems,
        )
        return _page(dict(made), problems)

    def _trend(
        self, listing: StoredRuns, runs: Sequence[Stored], lab: str, language: str, addresses: Addresses
    ) -> bytes:
        from labreport.report.trend import page
        from labreport.report.trend.history import Choice, history

        root = self.configuration.runs_dir
        newest = listing.runs.that("started >= ?", runs[-1].entry.started if runs else "")
        found = history(root, replace(listing, runs=newest), Choice(labs=(lab,) if lab else ()))
        if not found.groups:
            raise NothingMeasuredError("There is no run to draw yet.")
        look = self.configuration.look
        return page.html(found, language, folder=root, look=look, link=addresses.report).encode()


def report(run: Stored, language: str, configuration: Configuration, form: str = "html") -> bytes:
    """Return the report of a run. Arguments and errors as `Documents.report`."""
    stored = read(run.path)
    job = DocumentJob(
        language=language,
        runs=(stored,),
        configuration=override(configuration, to=(form,), lang=(language,), roster=None),
        moment=report_moment([stored.result.provenance.ended]),
    )
    problems: list[str] = []
    made = {name: content for _, files in in_memory(job, problems) for name, content in files.items()}
    return _page(made, problems)


def drawn(listing: StoredRuns, lab: str) -> tuple[Stored, ...]:
    """Return the runs that a trend draws: the newest of a lab, or of all."""
    return tuple(listing.measurements.of_labs([lab] if lab else [])[:MOST_DRAWN])


def _states(runs: Sequence[Stored]) -> DocumentKey:
    """Return what is different as soon as one of some runs, or its result, is another."""
    return tuple((run.folder, *_stamp(run.path)) for run in runs)


def _stamp(path: Path) -> tuple[int, int]:
    """Return size and time of a file; zeros where it is gone."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _page(made: dict[str, bytes], problems: Sequence[str]) -> bytes:
    for content in made.values():
        return content
    raise RenderingError("\n".join(problems) or "Nothing was made.")
