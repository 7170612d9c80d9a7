"""One document, in one language or in both: build the report, render it in every format, write the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from labreport.experiments import registry
from labreport.report.configuration import Configuration
from labreport.report.document import Exercise, Report, first
from labreport.report.errors import ReportError
from labreport.report.publish import roster
from labreport.report.publish.dates import tool_version
from labreport.report.store import files, thinned
from labreport.report.store.entries import StoredResult
from labreport.report.store.remarks import Steps, silent

if TYPE_CHECKING:
    from labreport.report.rendering.questions import Alternative

Rendered = tuple[tuple[Path, ...], list[str]]
"""The files written, and the problems met."""


@dataclass(frozen=True, kw_only=True)
class DocumentJob:
    """One document to render; travels to another process."""

    language: str
    runs: tuple[StoredResult, ...]
    configuration: Configuration
    moment: datetime

    @property
    def stem(self) -> str:
        """How the names of its files begin."""
        asked = self.configuration
        form = "" if asked.form == "book" else f"-{asked.form}"
        solved = "-instructor" if asked.edition == "instructor" and asked.form != "solutions" else ""
        return f"labreport-{self.language}{form}{solved}"


def render_language(job: DocumentJob, progress: Steps = silent) -> Rendered:
    """Render one document in every format; return the files written and the problems met.

    What can't be built or written in one format costs no other.

    Args:
        job: the document.
        progress: called with what is at work, how much of it is done, and how much there is.
    """
    outputs: list[Path] = []
    problems: list[str] = []
    for name, made in in_memory(job, problems, progress):
        written, unwritten = files.write_all(job.configuration.output, made.items())
        outputs += written
        if unwritten:
            others = f"\nNor could {len(unwritten) - 1} more files of {job.language} {name}." if unwritten[1:] else ""
            problems.append(unwritten[0] + others)
    return tuple(outputs), problems


def in_memory(
    job: DocumentJob, problems: list[str], progress: Steps = silent
) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    """Render one document; yield each format with its files by name, and add what goes wrong to `problems`."""
    from labreport.report.chapters import build
    from labreport.report.rendering import formats, glyphs

    results = [run.result for run in job.runs]
    try:
        built = build.document(
            results,
            job.language,
            job.configuration,
            moment=job.moment,
            version=tool_version(),
            reuse=True,
            progress=progress,
        )
    except ReportError as error:
        problems.append(f"{job.language}: {error}")
        return
    problems += [f"{job.language}: {problem}" for problem in built.problems]
    context = formats.RenderContext(
        stem=job.stem,
        moment=job.moment,
        look=job.configuration.look,
        edition=job.configuration.edition,
        results=results,
        carried={run.result.lab: thinned.carried(run.result, run.content) for run in job.runs},
        answers=built.answers,
        alternatives=_alternatives(job, problems),
        notebook_outputs=job.configuration.notebook_outputs,
        failed=problems.append,
        reuse=True,
    )
    for name in job.configuration.to:
        progress(name, 0, 1)
        context = replace(context, progress=partial(_within, progress, name))
        try:
            form, report = formats.chosen(name), built.report
            if form.needs_glyphs:
                report, lacking = glyphs.replaced(report, screen=form.screen)
                said = [f"{job.language}: {problem}" for problem in lacking]
                problems += [problem for problem in said if problem not in problems]
            made = formats.rendered(name, report, context)
            if name == "pdf" and job.configuration.roster is not None:
                made |= _copies(report, made[f"{job.stem}.pdf"], job, problems, progress)
        except ReportError as error:
            problems.append(f"{job.language} {name}: {error}")
            continue
        yield name, made


def _within(progress: Steps, name: str, what: str, done: int, total: int) -> None:
    progress(f"{name}: {what}", done, total)


def _alternatives(job: DocumentJob, problems: list[str]) -> list[Alternative]:
    """Return further versions of the exercises whose numbers are drawn, where a format asks questions."""
    from labreport.report.chapters import forms
    from labreport.report.chapters.notes_in_use import NotesInUse
    from labreport.report.chapters.own_exercises import own_exercises
    from labreport.report.rendering import formats

    asked = job.configuration
    if asked.edition != "instructor" or not any(formats.chosen(name).asks for name in asked.to):
        return []
    notes = NotesInUse.of(asked)
    results = [run.result for run in job.runs if run.result.status == "complete"]
    numbers = forms.numbers([result.lab for result in results], asked.chapters or registry.BOOK)
    found: list[Alternative] = []
    try:
        for place in range(1, asked.question_variants + 1):
            for result in results:
                variant = f"{asked.variant}/bank-{place}"
                own = notes.own(result.lab)
                made = own_exercises(result, numbers[result.lab], job.language, notes, variant, own)
                for block in made.chapter.sections[0].blocks if made else ():
                    assert made is not None
                    assert isinstance(block, Exercise)
                    found.append((block, tuple(one for one in made.answers if one.exercise == block.id)))
    except ReportError as error:
        problems.append(f"{job.language}: {error}")
    return found


def _copies(report: Report, content: bytes, job: DocumentJob, problems: list[str], progress: Steps) -> dict[str, bytes]:
    """Return a copy of the PDF for each student of the roster, by file name; all share the pages behind the cover."""
    from labreport.report.rendering import glyphs, pdf
    from labreport.report.rendering.weasyprint.covers import Copies

    assert job.configuration.roster is not None
    look, title = job.configuration.look, str(first(report.cover.title))
    students = roster.read(job.configuration.roster)
    plain = roster.covered(report, roster.blank(students))
    copies = Copies(content, pdf.pdf(plain, source_date=job.moment, look=look))
    made: dict[str, bytes] = {}
    for place, student in enumerate(students):
        progress("pdf: copies for students", place, len(students))
        cover, lacking = glyphs.replaced(roster.covered(report, student))
        problems += [f"{job.language}: {student.stem}: {problem}" for problem in lacking]
        try:
            front = pdf.pdf(cover, source_date=job.moment, look=look)
            name = f"{job.stem}-students/{student.stem}.pdf"
            made[name] = copies.copy(front, f"{title} · {student.name}")
        except ReportError as error:
            problems.append(f"{job.language}: {student.stem}: {error}")
    return made
