"""The exercises of a report as questions for learning platforms: computed answers where there are some, else an essay.

A question holds the answers, so only the instructor's edition gives any. An exercise with numbers that are drawn
becomes several questions, one for each version of its numbers; which one a student meets is drawn by the platform.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from labreport.report.document import Chapter, Exercise, Report, Text, said
from labreport.report.errors import UsageError
from labreport.report.rendering.answers import ExpectedAnswer
from labreport.report.rendering.typesetter import on_screen
from labreport.report.words import Words

_LINK = re.compile(r"\[([^\[\]]*)\]\(#[A-Za-z0-9:_-]+\)")
_MARK = re.compile(r"[ ]?\[[✓◐]\]\(#[A-Za-z0-9:_-]+\)")


@dataclass(frozen=True, kw_only=True)
class QuestionPart:
    """One number that a question asks for."""

    label: str
    """The words before its field."""
    answer: ExpectedAnswer


@dataclass(frozen=True, kw_only=True)
class PlatformQuestion:
    """An exercise as a platform asks it, texts in HTML with MathML."""

    id: str
    """Of letters, digits and strokes; no two are alike."""
    title: str
    group: str
    """Id of the exercise; versions of one are in one group."""
    group_title: str
    chapter: str
    task: str
    solution: str
    points: float
    parts: tuple[QuestionPart, ...] = ()
    """Empty: an essay, which a person marks by the solution."""
    lines: int = 0
    """Of an essay: how many it may take."""


Alternative = tuple[Exercise, tuple[ExpectedAnswer, ...]]
"""Another version of an exercise, and what it expects."""


def questions(
    report: Report, answers: Sequence[ExpectedAnswer], alternatives: Sequence[Alternative], edition: str
) -> list[PlatformQuestion]:
    """Return the questions of a report in its order.

    Args:
        report: in one language.
        answers: what its solutions expect.
        alternatives: further versions of its drawn exercises.
        edition: of the report.

    Raises:
        UsageError: it is a student's edition, which must not hold answers, or is in several languages.
    """
    if edition != "instructor":
        raise UsageError("questions hold their answers: ask for them with --edition instructor")
    if report.others:
        raise UsageError("a file of questions is in one language; ask for it with --lang zh,en")
    found: list[PlatformQuestion] = []
    for chapter in report.chapters:
        for section in chapter.sections:
            for block in section.blocks:
                if isinstance(block, Exercise):
                    versions = [(block, tuple(answer for answer in answers if answer.exercise == block.id))]
                    versions += [(task, known) for task, known in alternatives if task.id == block.id]
                    found += [
                        _question(report, chapter, task, expected, place, len(versions))
                        for place, (task, expected) in enumerate(versions, 1)
                    ]
    return found


def _question(
    report: Report, chapter: Chapter, task: Exercise, answers: Sequence[ExpectedAnswer], place: int, of: int
) -> PlatformQuestion:
    words = Words(report.language)
    title = words("page.exercise", number=task.number)
    return PlatformQuestion(
        id=f"{task.id}-{place}",
        title=f"{title} ({words('course.version', number=place)})" if of > 1 else title,
        group=task.id,
        group_title=title,
        chapter=f"{chapter.number} {said(chapter.title, report.language)}".strip(),
        task=_html(task.task, report.language),
        solution=_html(task.solution or "", report.language),
        points=task.points,
        parts=tuple(QuestionPart(label=_label(answer, words), answer=answer) for answer in answers),
        lines=task.answer_lines or max(5, 2 * task.points),
    )


def _label(answer: ExpectedAnswer, words: Words) -> str:
    key = "part" if answer.part else "answer"
    return words(f"course.{key}_in" if answer.unit else f"course.{key}", part=answer.part, unit=answer.unit)


def _html(text: Text, language: str) -> str:
    """Return paragraphs as HTML; a link into the report, which is not there, is the words where to look."""
    plain = _LINK.sub(r"\1", _MARK.sub("", said(text, language)))
    return str(on_screen(language).prose(plain)) if plain else ""
