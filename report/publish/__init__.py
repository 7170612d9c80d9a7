"""From stored runs to files: the whole way.

Nothing is rendered where the key of the report and all its files are as the last rendering left them; otherwise each
document, one for each language, is built and rendered in every format in a process of its own (`document`, `workers`).
What was made is remembered in a manifest beside the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labreport.report.chapters import notebook_link
from labreport.report.chapters.logo import data_address
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.publish import inputs, roster, workers
from labreport.report.publish.dates import report_moment, stated_moment, tool_version
from labreport.report.publish.document import DocumentJob, Rendered
from labreport.report.store import files, manifest
from labreport.report.store.entries import StoredResult
from labreport.report.store.remarks import Steps, silent

__all__ = ["Outcome", "prepare", "publish", "report_moment", "tool_version"]


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
    announce: Steps = silent,
    progress: Steps = silent,
) -> Outcome:
    """Render stored runs into the output folder.

    Args:
        runs: one for each chapter, in order.
        configuration: languages, formats and folder.
        split: also one page per lab, in a folder for each language.
        force: render even where nothing changed.
        announce: called at the beginning, and when a document is finished, with documents done and documents in all.
        progress: called with what is at work in a document, how much of it is done, and how much there is.

    Raises:
        UsageError: the configuration can't be, as for `prepare`.
    """
    _check_inputs(configuration)
    if split and "split" not in configuration.to:
        configuration = override(configuration, to=(*configuration.to, "split"))
    (outcome,) = publish_all([(runs, configuration)], force=force, announce=announce, progress=progress)
    return outcome


def publish_all(
    requests: Sequence[tuple[Sequence[StoredResult], Configuration]],
    *,
    force: bool = False,
    announce: Steps = silent,
    progress: Steps = silent,
) -> list[Outcome]:
    """Render several reports, each into a folder of its own; their documents share the processes.

    Args:
        requests: the runs of each report, and its configuration.
        force: render even where nothing changed.
        announce: called at the beginning, and when a document is finished.
        progress: called with what is at work in a document.
    """
    waiting: list[tuple[int, str, list[DocumentJob]]] = []
    outcomes: dict[int, Outcome] = {}
    for place, (runs, configuration) in enumerate(requests):
        moment = report_moment([run.result.provenance.ended for run in runs])
        key = inputs.key(runs, configuration, moment)
        if not force and (known := _unchanged(configuration.output, key)) is not None:
            outcomes[place] = Outcome(outputs=known, problems=(), fresh=True)
            continue
        jobs = [
            DocumentJob(language=language, runs=tuple(runs), configuration=configuration, moment=moment)
            for language in configuration.documents
        ]
        waiting.append((place, key, jobs))
    every = [job for _, _, jobs in waiting for job in jobs]
    made: dict[int, Rendered] = {}
    if every:
        announce("documents", 0, len(every))
    speakers = {id(job): _Speaker(job.language, progress) for job in every}
    for done, (job, rendered) in enumerate(workers.each(every, lambda job, *step: speakers[id(job)].say(*step)), 1):
        made[id(job)] = rendered
        speakers[id(job)].say("", 1, 1)
        announce("documents", done, len(every))
        # At once, so that what is finished is not made again where the work is interrupted.
        for place, key, jobs in [item for item in waiting if all(id(job) in made for job in item[2])]:
            if place not in outcomes:
                outcomes[place] = _finished(requests[place][1].output, key, [made[id(job)] for job in jobs])
    return [outcomes[place] for place in range(len(requests))]


class _Speaker:
    """Says how far a document is; what was at work before ends where something else begins, or nothing more.

    Args:
        name: of the document.
        steps: called with it, and with what is at work.
    """

    def __init__(self, name: str, steps: Steps) -> None:
        self._name = name
        self._steps = steps
        self._before = ""

    def say(self, what: str, done: int, total: int) -> None:
        """Pass a step on; an empty name ends the last one."""
        if self._before not in ("", what):
            self._steps(f"{self._name}, {self._before}", 1, 1)
        if what:
            self._steps(f"{self._name}, {what}", done, total)
        self._before = what


def _finished(folder: Path, key: str, rendered: Sequence[Rendered]) -> Outcome:
    """Return what a rendering made, and remember it in the manifest of its folder."""
    ordered = tuple(path for outputs, _ in rendered for path in outputs)
    problems = [problem for _, wrong in rendered for problem in wrong]
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
