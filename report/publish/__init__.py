"""From stored runs to files: the whole way.

Nothing is rendered where the key of the report and all its files are as the last rendering left them; otherwise each
document, one for each language, is built and rendered in every format in a process of its own (`document`, `workers`).
What was made is remembered in a manifest beside the files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labreport.report.chapters import notebook_link
from labreport.report.chapters.logo import data_address
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.publish import inputs, roster, workers
from labreport.report.publish.dates import report_moment, stated_moment, tool_version
from labreport.report.publish.document import DocumentJob
from labreport.report.store import files, manifest
from labreport.report.store.entries import StoredResult

__all__ = ["Announce", "Outcome", "prepare", "publish", "report_moment", "tool_version"]

AnnounceDocument = Callable[[str, int, int], None]
"""Called with what was finished (nothing at the beginning), documents done and documents in all."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a rendering made, and what it could not make."""

    outputs: tuple[Path, ...]
    problems: tuple[str, ...]
    fresh: bool
    """Whether everything was there already and nothing was rendered."""


def publish(
    runs: Sequence[StoredResult],
    configuration: Configuration,
    *,
    split: bool = False,
    force: bool = False,
    announce: AnnounceDocument = lambda _what, _done, _total: None,
) -> Outcome:
    """Render stored runs into the output folder.

    Args:
        runs: one for each chapter, in order.
        configuration: languages, formats and folder.
        split: also one page per lab, in a folder for each language.
        force: render even where nothing changed.
        announce: called at the beginning, and when a document is finished.

    Raises:
        UsageError: the configuration can't be, as for `prepare`.
    """
    _check_inputs(configuration)
    if split and "split" not in configuration.to:
        configuration = override(configuration, to=(*configuration.to, "split"))
    moment = report_moment([run.result.provenance.ended for run in runs])
    folder = configuration.output
    key = inputs.key(runs, configuration, moment)
    if not force and (known := _unchanged(folder, key)) is not None:
        return Outcome(outputs=known, problems=(), fresh=True)
    jobs = [
        DocumentJob(language=language, runs=tuple(runs), configuration=configuration, moment=moment)
        for language in configuration.documents
    ]
    outputs: dict[str, tuple[Path, ...]] = {}
    problems: list[str] = []
    announce("", 0, len(jobs))
    for done, (job, (made, wrong)) in enumerate(workers.each(jobs), 1):
        outputs[job.language] = made
        problems += wrong
        announce(job.language, done, len(jobs))
    ordered = tuple(path for job in jobs for path in outputs[job.language])
    try:
        manifest.write(folder, key if not problems else "", ordered)
    except ReportError as error:
        # What was made is there, and is reported; without a manifest it is made again the next time.
        problems.append(str(error))
    return Outcome(outputs=ordered, problems=tuple(problems), fresh=False)


def prepare(configuration: Configuration) -> None:
    """Check what rendering needs besides runs: cheap, so that a mistake is not reported after hours of training.

    Raises:
        UsageError: the logo is not a small picture, `notebooks` is not an address, the notes are not a folder, or
            SOURCE_DATE_EPOCH is not a time.
        OutputError: reports can't be written where they should be.
    """
    _check_inputs(configuration)
    files.check_folder(configuration.output)


def _check_inputs(configuration: Configuration) -> None:
    stated_moment()
    if configuration.logo is not None:
        data_address(configuration.logo)
    if configuration.notebooks:
        notebook_link.address(configuration.notebooks, "lab", "en")
    if configuration.notes is not None and not configuration.notes.is_dir():
        raise UsageError(f"The notes {configuration.notes} are not a folder; correct `notes`, or leave it out.")
    if configuration.roster is not None:
        if "pdf" not in configuration.to or configuration.edition == "instructor":
            raise UsageError("A roster is for PDF files of the student's edition: --to pdf, --edition student.")
        roster.read(configuration.roster)
    if configuration.templates is not None and not configuration.templates.is_dir():
        raise UsageError(f"The folder of templates {configuration.templates} is not a folder; fix `templates`.")


def _unchanged(folder: Path, key: str) -> tuple[Path, ...] | None:
    """Return the files of the last rendering if its inputs and all its files are the same as then."""
    try:
        found = manifest.read(folder)
    except UnreadableError:
        return None
    if found.inputs != key or manifest.differences(folder, found):
        return None
    return tuple(folder / name for name in found.made)
