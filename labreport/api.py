"""What a user's own code calls: record a run, read stored ones back, report and compare them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from html import escape
from pathlib import Path

from labreport.experiments.recording.run import Run
from labreport.experiments.result import Result, Score, Setting
from labreport.report.chapters.notes_in_use import SHIPPED
from labreport.report.configuration import Configuration, check_names, override
from labreport.report.findings.claims import Claim
from labreport.report.findings.groups import groups
from labreport.report.languages import TERMINAL
from labreport.report.publish.dates import report_moment, tool_version
from labreport.report.store import files
from labreport.report.store.entries import Stored, load, read
from labreport.report.store.runs import Store

__all__ = ["Page", "StoredRun", "compare", "record", "report", "runs"]

RUNS = Path("runs")
"""Folder of the store where none is given."""


def record(
    name: str, *, settings: Mapping[str, Setting] | None = None, seed: int | None = None, runs_dir: str | Path = RUNS
) -> Run:
    """Return a run to record into; it is stored when its `with` block ends, also where that ends by an error.

    Args:
        name: of the run, as that of a lab: letters, digits, - and _.
        settings: what was chosen, such as {"units": 64}.
        seed: that the program has set; None: none.
        runs_dir: folder of the store.

    Example:
        >>> with record("digits", seed=0) as run:
        ...     run.epoch(loss=0.31, val_loss=0.42)
        ...     run.score("accuracy", 0.97)
    """
    store = Store(Path(runs_dir).absolute())
    return Run(name, settings=settings, seed=seed, save=lambda result: store.save(result).path)


class StoredRun:
    """A stored run; its result is read when it is first asked for."""

    def __init__(self, stored: Stored) -> None:
        """Keep where it lies."""
        self._stored = stored

    def __repr__(self) -> str:
        """Show its name and what it is."""
        return f"<{self.name} {self.run_id}: {self._stored.entry.status}>"

    @property
    def name(self) -> str:
        """Name of the lab or of the user's own run."""
        return self._stored.entry.lab

    @property
    def run_id(self) -> str:
        """Name of this very run."""
        return self._stored.entry.run_id

    @property
    def path(self) -> Path:
        """The file of its result."""
        return self._stored.path

    @property
    def started(self) -> str:
        """When it began, UTC."""
        return self._stored.entry.started

    @cached_property
    def result(self) -> Result:
        """The whole record."""
        return load(self._stored.path)

    @property
    def history(self) -> dict[str, list[tuple[float, ...]]]:
        """The values of each key, one tuple for each training in the order of the record."""
        found: dict[str, list[tuple[float, ...]]] = {}
        for one in self.result.findings.trainings:
            for key, values in one.history.items():
                found.setdefault(key, []).append(values)
        return found

    @property
    def overfitting_epoch(self) -> int | None:
        """The best epoch of the first group of trainings, beyond which the network overfits; None where none is seen.

        Of several trainings it is that of their mean curve; where they differ in length they have no common one.
        """
        found = groups(self.result)
        best = found[0].best() if found else None
        return best.epoch if best is not None and best.worse_after else None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Every sentence of its chapter that was checked, with its verdict and numbers."""
        return tuple(SHIPPED.stated(self.result))

    def _repr_html_(self) -> str:
        """Show its report in a notebook."""
        return report(self)._repr_html_()

    @property
    def scores(self) -> tuple[Score, ...]:
        """Every score, for each seed."""
        return self.result.findings.scores


def runs(
    folder: str | Path = RUNS,
    *,
    lab: str | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
    tag: str | None = None,
) -> Iterator[StoredRun]:
    """Return the stored runs, newest first.

    Args:
        folder: of the store.
        lab: only those of this name.
        since: only those that began on this day (UTC) or later, such as "2026-01-31"; or at this moment or later.
        until: only those that began on this day or earlier.
        tag: only those with this among their settings, as `name=value`, or with a setting of this name.

    Raises:
        ValueError: not a day or a moment.
    """
    first, last = (None if moment is None else _day(moment) for moment in (since, until))
    for stored in Store(Path(folder)).list(lab).runs:
        began = stored.entry.started
        if (first and began < first) or (last and began[: len(last)] > last):
            continue
        run = StoredRun(stored)
        if tag is None or _tagged(run, tag):
            yield run


def _day(moment: str | date) -> str:
    """Return a day, or a moment in UTC, as it stands at the beginning of a time."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if not isinstance(found, datetime):
        return found.isoformat()
    if isinstance(moment, str) and len(moment) <= len("2026-01-31"):
        return found.date().isoformat()
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if found.tzinfo else found.strftime("%Y-%m-%dT%H:%M:%S")


def _tagged(run: StoredRun, tag: str) -> bool:
    name, equals, value = tag.partition("=")
    settings = run.result.settings
    return name in settings and (not equals or str(settings[name]) == value)


class Page:
    """Finished files, and how a notebook shows them: the HTML page, sealed in a frame of its own."""

    def __init__(self, files: Mapping[str, bytes], problems: Sequence[str]) -> None:
        """Keep what was made."""
        self.files = dict(files)
        """Content by file name."""
        self.problems = tuple(problems)
        """What could not be made, a sentence each."""

    def __repr__(self) -> str:
        """Name its files."""
        return f"<{', '.join(self.files) or 'nothing'}>"

    @property
    def html(self) -> str:
        """The page of the first language, or an empty text where HTML was not asked for."""
        return next((content.decode() for name, content in self.files.items() if name.endswith(".html")), "")

    def save(self, folder: str | Path = ".") -> tuple[Path, ...]:
        """Write the files into a folder and return their paths.

        Raises:
            OutputError: a file can't be written.
        """
        paths = tuple(Path(folder) / name for name in self.files)
        for path, content in zip(paths, self.files.values(), strict=True):
            files.write(path, content)
        return paths

    def _repr_html_(self) -> str:
        """Show the page in a frame that runs nothing and reaches nothing outside."""
        if not self.html:
            return escape(repr(self))
        name = escape(next(name for name in self.files if name.endswith(".html")))
        look = "width:100%;height:40em;border:0"
        return f'<iframe sandbox srcdoc="{escape(self.html)}" style="{look}" title="{name}"></iframe>'


def report(
    runs: StoredRun | Iterable[StoredRun], *, to: str | Sequence[str] = "html", lang: str | Sequence[str] = TERMINAL
) -> Page:
    """Return the report of one or several runs. It is also `labreport.report(...)`.

    Args:
        runs: one for each chapter; of several runs of one lab the first counts.
        to: formats, such as "html" or ("html", "md").
        lang: languages, such as "en" or ("zh", "en").

    Raises:
        UsageError: an unknown format or language.
        UnreadableError: a run can't be read.
    """
    from labreport.report.publish.document import DocumentJob, in_memory

    given = [runs] if isinstance(runs, StoredRun) else list(runs)
    chosen = tuple({run.name: read(run.path) for run in reversed(given)}.values())[::-1]
    configuration = override(Configuration(), to=_names("to", to), lang=_names("lang", lang))
    moment = report_moment([run.result.provenance.ended for run in chosen])
    made: dict[str, bytes] = {}
    problems: list[str] = []
    for language in configuration.documents if chosen else ():
        job = DocumentJob(language=language, runs=chosen, configuration=configuration, moment=moment)
        for _, content in in_memory(job, problems):
            made.update(content)
    return Page(made, problems)


def compare(a: StoredRun, b: StoredRun, *, lang: str = TERMINAL) -> Page:
    """Return the comparison of two runs as a page, with its record as JSON beside it.

    Args:
        a: the first version.
        b: the other one.
        lang: language of the page.

    Raises:
        UsageError: the runs are of different labs.
        UnreadableError: a run can't be read.
    """
    from labreport.report.comparison.compare import Terms, compare_all
    from labreport.report.comparison.outputs import in_memory
    from labreport.report.comparison.version import Version

    versions = [Version(label=run.run_id, kind="run", results={run.name: run.result}) for run in (a, b)]
    found = compare_all(versions[0], versions[1:], Terms(languages=(lang,)), tool_version=tool_version())
    moment = report_moment([run.result.provenance.ended for run in (a, b)])
    problems: list[str] = []
    made = in_memory(found, versions, languages=(lang,), forms=("html", "json"), moment=moment, problems=problems)
    return Page(dict(made), problems)


def _names(option: str, given: str | Sequence[str]) -> tuple[str, ...]:
    return check_names(option, (given,) if isinstance(given, str) else tuple(given), option)
