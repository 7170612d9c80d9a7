"""A sheet for each student: the exercises whose numbers are drawn, with their name, their numbers and room to answer.

Only these exercises are filled and set for each student; what is the same for all is in the handouts of the course.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

from labreport.experiments.registry import additions
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.own_exercises import OwnExercises, own_exercises
from labreport.report.configuration import Configuration
from labreport.report.course.key import KeyEntry
from labreport.report.course.plan import CoursePlan, identity
from labreport.report.document import (
    Block,
    Chapter,
    Column,
    Cover,
    Exercise,
    Prose,
    Report,
    Section,
    Table,
    Text,
    escape,
    first,
)
from labreport.report.errors import ReportError
from labreport.report.publish import roster
from labreport.report.publish.document import Rendered
from labreport.report.rendering.answers import ExpectedAnswer
from labreport.report.store import files
from labreport.report.store.entries import StoredResult
from labreport.report.store.remarks import Steps, silent
from labreport.report.words import Words


@dataclass(frozen=True, kw_only=True)
class CopiesJob:
    """The sheets of some students; travels to another process."""

    language: str
    plan: CoursePlan
    runs: tuple[StoredResult, ...]
    """One for each lab, in the order of the course."""
    students: tuple[roster.Student, ...]
    asked: Mapping[str, tuple[str, ...]]
    """Exercise -> parts whose answers are numbers, such as "1.9": ("a", "b")."""
    folder: Path
    moment: datetime


class OwnSheets:
    """Makes the exercises of any student of a course, in one language.

    Args:
        plan: of the course.
        runs: one for each lab.
        language: of the sheets.
        solutions: whether solutions are read, as for the key.
    """

    def __init__(
        self, plan: CoursePlan, runs: tuple[StoredResult, ...], language: str, *, solutions: bool = False
    ) -> None:
        asked: Configuration = plan.configuration
        self._plan, self._runs, self._language = plan, runs, language
        self._notes = NotesInUse(folder=asked.notes, languages=asked.lang, paths=asked.paths, solutions=solutions)
        self._numbers = {lab: str(place) for place, lab in enumerate(plan.labs, 1)}

    @cached_property
    def _own(self) -> Mapping[str, additions.Additions]:
        paths = self._plan.configuration.paths
        return {run.result.lab: additions.of(run.result.lab, paths.get(run.result.lab)) for run in self._runs}

    def of(self, student: roster.Student) -> Iterator[OwnExercises]:
        """Yield the exercises of a student, lab by lab.

        Raises:
            NoteError: one can't be made.
        """
        for run in self._runs:
            lab = run.result.lab
            made = own_exercises(
                run.result,
                self._numbers[lab],
                self._language,
                self._notes,
                self._plan.variant(identity(student)),
                self._own[lab],
            )
            if made is not None:
                yield made


def make(job: CopiesJob, progress: Steps = silent) -> Rendered:
    """Write the sheets of some students; return the files and the problems met, which cost no other student's."""
    from labreport.report.rendering import glyphs, pdf

    sheets = OwnSheets(job.plan, job.runs, job.language)
    outputs: list[Path] = []
    problems: list[str] = []
    for place, student in enumerate(job.students):
        progress("sheets", place, len(job.students))
        try:
            report, lacking = glyphs.replaced(sheet(job, sheets, student))
            problems += [f"{student.stem}: {problem}" for problem in lacking]
            content = pdf.pdf(report, source_date=job.moment, look=job.plan.configuration.look)
            path = job.folder / file_name(student)
            files.write(path, content)
            outputs.append(path)
        except ReportError as error:
            problems.append(f"{student.stem}: {error}")
    return tuple(outputs), problems


def file_name(student: roster.Student) -> str:
    """Return the name of a student's sheet."""
    return f"{student.stem}.pdf"


def sheet(job: CopiesJob, sheets: OwnSheets, student: roster.Student) -> Report:
    """Return the report that holds a student's own exercises and nothing else."""
    words = Words(job.language)
    asked = job.plan.configuration
    course = escape(asked.course.get(job.language, "") or job.plan.name)
    chapters = [made.chapter for made in sheets.of(student)]
    sections = [_section(chapter, job.plan, words) for chapter in chapters]
    points = {block.number: block.points for section in sections for block in section.blocks if _is_task(block)}
    title = words("course.own_title", course=course)
    facts: list[tuple[Text, Text]] = [
        (roster.label(student, name, (job.language,)), escape(value)) for name, value in student.facts
    ]
    facts.append((words("course.own_points"), words("course.own_total", points=sum(points.values()))))
    # The only line to write on; who it belongs to is printed.
    facts.append((words("page.student_date"), ""))
    # On each page, should the pages be parted.
    whose = escape(" ".join(filter(None, (student.name, student.number))))
    whole = Chapter(
        id="own",
        number="",
        title=f"{words('course.own_exercises')} · {whose}",
        opening=tuple(_opening(job, words)),
        sections=(*sections, *_answers(job.asked, points, words)),
    )
    return Report(
        language=job.language,
        form="exercises",
        date=job.moment.date().isoformat(),
        cover=Cover(title=f"{title} · {escape(student.name)}", subtitle="", facts=tuple(facts), head=course),
        summary=Chapter(id="summary", number="", title=title),
        chapters=(whole,),
        provenance=Chapter(id="provenance", number="", title=title),
    )


def _section(chapter: Chapter, plan: CoursePlan, words: Words) -> Section:
    """Return the exercises of a lab under its number, its title and the day on which they are due."""
    due = plan.dates.get(chapter.id)
    parts = [f"{chapter.number} {first(chapter.title)}", *([words("course.due_on", date=due)] if due else [])]
    return Section(id=chapter.id, title=" · ".join(parts), blocks=chapter.sections[0].blocks)


def _is_task(block: Block) -> TypeGuard[Exercise]:
    return isinstance(block, Exercise)


def _opening(job: CopiesJob, words: Words) -> Iterator[Prose]:
    """Yield what a student is to do with the sheet."""
    if job.asked:
        yield Prose(markdown=words("course.own_numbers"))
    if text := job.plan.hand_in.get(job.language):
        yield Prose(markdown=words("course.hand_in", text=escape(text)))


def _answers(asked: Mapping[str, tuple[str, ...]], points: Mapping[str, int], words: Words) -> Iterator[Section]:
    """Yield the list into which the answers are written: what `labreport grade` reads, and where points are noted."""
    if not asked:
        return
    parts = tuple(dict.fromkeys(part for found in asked.values() for part in found))
    heads = [words("course.own_part", part=part) if part else words("course.own_result") for part in parts]
    rows = [
        (number, *("" if part in asked[number] else "–" for part in parts), f"/ {points[number]}")
        for number in asked
        if number in points
    ]
    table = Table(
        id="own-answers",
        number="",
        caption=words("course.own_rows"),
        columns=(
            Column(title=words("course.own_exercise")),
            *(Column(title=head) for head in heads),
            Column(title=words("course.own_points"), align="right"),
        ),
        rows=(*rows, (words("course.own_sum"), *("" for _ in parts), f"/ {sum(points.values())}")),
    )
    yield Section(id="own-list", title=words("course.own_answers"), blocks=(table,))


def asked(answers: Iterable[ExpectedAnswer]) -> dict[str, tuple[str, ...]]:
    """Return the parts of each exercise of which a key expects an answer."""
    found: dict[str, tuple[str, ...]] = {}
    for answer in answers:
        found[answer.number] = (*found.get(answer.number, ()), answer.part)
    return found


def key(plan: CoursePlan, runs: tuple[StoredResult, ...]) -> tuple[KeyEntry, ...]:
    """Return what the sheets of all students expect.

    Raises:
        NoteError: a solution can't be made.
    """
    sheets = OwnSheets(plan, runs, plan.configuration.lang[0], solutions=True)
    return tuple(
        KeyEntry(
            number=identity(student),
            name=student.name,
            answers=tuple(answer for made in sheets.of(student) for answer in made.answers),
        )
        for student in plan.students
    )
