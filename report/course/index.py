"""The first page of a course: every lab with its date and files, in each language, for students or for instructors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labreport.report.look import Look
from labreport.report.rendering.sealed import sealed
from labreport.report.words import Words

_RULES = ".gate time,.gate td a{white-space:nowrap}\n.gate .scroll+p{margin-top:.8em}\n"


@dataclass(frozen=True, kw_only=True)
class CourseFileLink:
    """A file of a course."""

    address: str
    """Relative to the page."""
    text: str


@dataclass(frozen=True, kw_only=True)
class CourseRow:
    """A lab of a course, in one language."""

    number: str
    title: str
    due: str
    cells: tuple[tuple[CourseFileLink, ...], ...]
    """The files of each column."""


@dataclass(frozen=True, kw_only=True)
class CourseTable:
    """A table of labs and files, for students or for instructors."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[CourseRow, ...]
    notes: tuple[tuple[str, tuple[CourseFileLink, ...]], ...] = ()
    """Sentences below the table, each with files."""


@dataclass(frozen=True, kw_only=True)
class CoursePart:
    """The page in one language."""

    language: str
    tag: str
    tongue: str
    title: str
    words: Words
    tables: tuple[CourseTable, ...]


def part(language: str, title: str, tables: Sequence[CourseTable]) -> CoursePart:
    """Return the page in one language."""
    words = Words(language)
    return CoursePart(
        language=language,
        tag=words.record.tag,
        tongue=words.record.name,
        title=title,
        words=words,
        tables=tuple(tables),
    )


def page(parts: Sequence[CoursePart], look: Look) -> bytes:
    """Return the page: one file that loads nothing and runs nothing."""
    text = sealed(
        "course.html.j2",
        look=look,
        languages=[part.language for part in parts],
        sheets=("content", "gate"),
        rules=_RULES,
        parts=parts,
    )
    return text.encode()
