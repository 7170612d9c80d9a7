"""From stored runs to files: build the report in each language, render each form, write, and remember what was made.

A manifest beside the files holds the hash of everything that went in and of every file that came out; where both still
match, nothing is rendered again. Languages are rendered in processes of their own, since they share nothing.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from labreport.experiments.result import Result
from labreport.experiments.running import processes
from labreport.experiments.running.identity import package_version
from labreport.report import languages
from labreport.report.chapters.logo import data_address
from labreport.report.configuration import LOCALISED, Configuration
from labreport.report.document import Report
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.look import THEMES
from labreport.report.store import embedded, files, manifest, printed
from labreport.report.store.runs import StoredResult

_PACKAGES = (
    "weasyprint",
    "jinja2",
    "matplotlib",
    "markdown-it-py",
    "pygments",
    "fonttools",
    "ziamath",
    "latex2mathml",
    "nbformat",
)

Rendered = tuple[tuple[Path, ...], list[str]]
"""The files written, and the problems met."""
Announce = Callable[[str, int, int], None]
"""Called with what was finished, steps done and steps in all."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a rendering made, and what it could not make."""

    outputs: tuple[Path, ...]
    problems: tuple[str, ...]
    fresh: bool
    """Whether everything was there already and nothing was rendered."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One document to render; travels to another process."""

    language: str
    runs: tuple[StoredResult, ...]
    configuration: Configuration
    split: bool
    moment: datetime


def publish(
    runs: Sequence[StoredResult],
    configuration: Configuration,
    *,
    split: bool = False,
    force: bool = False,
    announce: Announce = lambda _what, _done, _total: None,
) -> Outcome:
    """Render stored runs into the output folder.

    Args:
        runs: one for each chapter, in order.
        configuration: languages, forms and folder.
        split: also one page per lab, in a folder for each language.
        force: render even where nothing changed.
        announce: told when a language is finished.

    Raises:
        UsageError: the configuration can't be, as for `prepare`.
    """
    _check_inputs(configuration)
    moment = report_moment([run.result.provenance.ended for run in runs])
    folder = configuration.output
    inputs = _inputs(runs, configuration, split, moment)
    if not force and (known := _unchanged(folder, inputs)) is not None:
        return Outcome(outputs=known, problems=(), fresh=True)
    jobs = [
        Job(language=language, runs=tuple(runs), configuration=configuration, split=split, moment=moment)
        for language in configuration.documents
    ]
    outputs: dict[str, tuple[Path, ...]] = {}
    problems: list[str] = []
    for done, (job, made, wrong) in enumerate(_run(jobs), 1):
        outputs[job.language] = made
        problems += wrong
        announce(job.language, done, len(jobs))
    ordered = tuple(path for job in jobs for path in outputs[job.language])
    try:
        manifest.write(folder, inputs if not problems else "", ordered)
    except ReportError as error:
        # What was made is there, and is to be told; without a manifest it is made again the next time.
        problems.append(str(error))
    return Outcome(outputs=ordered, problems=tuple(problems), fresh=False)


def prepare(configuration: Configuration) -> None:
    """Check what rendering needs besides runs: cheap, so that nobody hears of a slip after hours of training.

    Raises:
        UsageError: the logo is no small picture, the folder of notes is none, or SOURCE_DATE_EPOCH is no time.
        OutputError: reports can't be written where they should be.
    """
    _check_inputs(configuration)
    files.check_folder(configuration.output)


def _check_inputs(configuration: Configuration) -> None:
    _stated_moment()
    if configuration.logo is not None:
        data_address(configuration.logo)
    if configuration.notes is not None and not configuration.notes.is_dir():
        raise UsageError(f"The folder of notes {configuration.notes} is no folder; mend `notes`, or leave it out.")
    if configuration.templates is not None and not configuration.templates.is_dir():
        raise UsageError(f"The folder of templates {configuration.templates} is not a folder; fix `templates`.")


def report_moment(ended: Sequence[str]) -> datetime:
    """Return the date of a report: SOURCE_DATE_EPOCH where set, otherwise the end of its newest run.

    So the same runs give the same bytes on any day.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number of seconds.
    """
    return _stated_moment() or max(datetime.fromisoformat(text).astimezone(UTC) for text in ended)


def _stated_moment() -> datetime | None:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH must be whole seconds since 1970, not {epoch[:40]!r}.") from error


def tool_version() -> str:
    """Return the version of the installed labreport."""
    try:
        return version("labreport")
    except PackageNotFoundError:
        return "0+unknown"


def _run(jobs: Sequence[Job]) -> Iterator[tuple[Job, tuple[Path, ...], list[str]]]:
    if len(jobs) == 1 or (os.cpu_count() or 1) == 1:
        for job in jobs:
            yield job, *render_language(job)
        return
    lost: list[Job] = []
    with _at_work(jobs) as futures:
        for future in as_completed(futures):
            job = futures[future]
            if isinstance(future.exception(), BrokenProcessPool):
                lost.append(job)
            else:
                yield job, *future.result()
    # Where one process ends, perhaps for want of memory, the pool ends the others: each is tried again alone.
    for job in lost:
        with _at_work([job]) as futures:
            (future,) = futures
            if isinstance(future.exception(), BrokenProcessPool):
                yield job, (), [f"{job.language}: the process that renders it was ended, perhaps for want of memory."]
            else:
                yield job, *future.result()


@contextmanager
def _at_work(jobs: Sequence[Job]) -> Iterator[dict[Future[Rendered], Job]]:
    """Render each job in a process of its own; whatever ends the block early, such as Ctrl-C, ends them at once."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    workers = min(len(jobs), os.cpu_count() or 1)
    with processes.quietly_starting():  # a helper of its own starts with it
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=processes.follow_parent)
    with pool:
        try:
            with processes.quietly_starting():
                futures = {pool.submit(render_language, job): job for job in jobs}
            yield futures
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise


def render_language(job: Job) -> Rendered:
    """Render one language in every form; return the files written and the problems met."""
    from labreport.report.chapters import build
    from labreport.report.rendering import glyphs

    results = [run.result for run in job.runs]
    carried_here = {run.result.lab: run.content for run in job.runs}
    try:
        built = build.document(results, job.language, job.configuration, moment=job.moment, version=tool_version())
    except ReportError as error:
        return (), [f"{job.language}: {error}"]
    problems = [f"{job.language}: {problem}" for problem in built.problems]
    outputs: list[Path] = []
    forms = (*job.configuration.to, *(["split"] if job.split else []))
    printed = built.report
    if not {"md", "ipynb"}.issuperset(forms):
        printed, lacking = glyphs.replaced(built.report)
        problems += [f"{job.language}: {problem}" for problem in lacking]
    for form in forms:
        try:
            made = (
                _notebooks(built.report, results, job, problems)
                if form == "ipynb"
                else _render(form, built.report if form == "md" else printed, job, carried_here)
            )
        except ReportError as error:
            problems.append(f"{job.language} {form}: {error}")
            continue
        unwritten: list[str] = []
        for name, content in made.items():
            path = job.configuration.output / name
            try:
                files.write(path, content)
            except ReportError as error:
                unwritten.append(str(error))
                continue
            outputs.append(path)
        if unwritten:
            others = f"\nNor could {len(unwritten) - 1} more files of {job.language} {form}." if unwritten[1:] else ""
            problems.append(unwritten[0] + others)
    return tuple(outputs), problems


def _name(job: Job) -> str:
    return f"labreport-{job.language}{'-instructor' if job.configuration.edition == 'instructor' else ''}"


def _notebooks(report: Report, results: Sequence[Result], job: Job, problems: list[str]) -> dict[str, bytes]:
    """Write the notebooks; one that can't be made is a problem, and the others are kept."""
    from labreport.report.rendering.notebook import notebooks

    if report.others:
        raise UsageError("a notebook is in one language; ask for it with --lang zh,en")
    given = job.configuration
    made = notebooks(report, results, edition=given.edition, theme=given.theme, failed=problems.append)
    return {f"{_name(job)}-notebooks/{file}": content for file, content in made.items()}


def _render(form: str, report: Report, job: Job, results: Mapping[str, bytes]) -> dict[str, bytes]:
    name, look = _name(job), job.configuration.look
    if form == "html":
        from labreport.report.rendering import html

        data = embedded.elements(results, printed.printed(report, results))
        return {f"{name}.html": html.html(report, data, look=look).encode()}
    if form == "split":
        from labreport.report.rendering import html

        return {f"{name}/{file}": page.encode() for file, page in html.split(report, look=look).items()}
    if form == "md":
        from labreport.report.rendering import markdown

        folder = f"{name}-figures"
        text, figures = markdown.markdown(report, folder, look=look)
        pictures = {file: svg.encode() for file, svg in figures.items()} | markdown.pictures(report)
        return {f"{name}.md": text.encode()} | {f"{folder}/{file}": content for file, content in pictures.items()}
    from labreport.report.rendering import pdf

    attached = embedded.attachments(results, printed.printed(report, results))
    content = pdf.pdf(report, source_date=job.moment, attached=attached, look=look)
    return {f"{name}.pdf": content}


def _inputs(runs: Sequence[StoredResult], configuration: Configuration, split: bool, moment: datetime) -> str:
    """Hash of everything that decides the bytes of a report."""
    digest = sha256()
    for run in runs:
        digest.update(sha256(run.content).digest())
    for package in ("labreport.report", "labreport.templates"):
        folder = Path(str(resources.files(package)))
        for path in sorted(_files_of(folder)):
            name = path.relative_to(folder).as_posix()
            digest.update(f"{package}/{name}\0".encode() + sha256(path.read_bytes()).digest())
    words = [
        configuration.documents,
        configuration.to,
        [dict(getattr(configuration, name)) for name in LOCALISED],
        data_address(configuration.logo) if configuration.logo else None,
        configuration.date,
        configuration.edition,
        configuration.theme,
        _own_theme(configuration.theme),
        _own_files(configuration.notes, "*/*.md"),
        _own_files(configuration.templates, "**/*"),
        [languages.fingerprint(part) for which in configuration.documents for part in languages.parts(which)],
        split,
        moment.isoformat(),
        [package_version(package) for package in _PACKAGES],
        tool_version(),
    ]
    digest.update(json.dumps(words, sort_keys=True).encode())
    return digest.hexdigest()


def _own_theme(name: str) -> list[str]:
    """Return the name and the hash of each file of a theme, which another distribution may have brought."""
    found = sorted((file.name, file) for file in resources.files(THEMES.get(name)).iterdir() if file.is_file())
    return [f"{title} {sha256(file.read_bytes()).hexdigest()}" for title, file in found]


def _own_files(folder: Path | None, pattern: str) -> list[str]:
    """Return the name inside the folder and the hash of each file of the user."""
    if folder is None:
        return []
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    return [f"{path.relative_to(folder).as_posix()} {sha256(path.read_bytes()).hexdigest()}" for path in found]


def _files_of(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _unchanged(folder: Path, inputs: str) -> tuple[Path, ...] | None:
    """Return the files of the last rendering if its inputs and all its files are the same as then."""
    try:
        found = manifest.read(folder)
    except UnreadableError:
        return None
    if found.inputs != inputs or manifest.differences(folder, found):
        return None
    return tuple(folder / name for name in found.made)
