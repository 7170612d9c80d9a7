"""A roster: the CSV file that names those who get a copy, and the cover of each one's copy.

The first line names the columns. One of them says who it is (`name`, `student`, `姓名`, `学生`), one may be a number
(`id`, `学号`); every column is a fact of the cover. Values are printed as they stand: nothing in them is read as
Markdown, as a formula or as a path.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from labreport.experiments.system import reading
from labreport.report.document import Chapter, LanguageTexts, Report, Text, by_language, escape
from labreport.report.errors import UsageError
from labreport.report.words import Words

_NAMES = ("name", "student", "student name", "full name", "姓名", "学生", "学生姓名", "姓 名", "學生")
NUMBERS = ("id", "no", "no.", "number", "student id", "student number", "学号", "學號", "学 号")
_MOST = 2000
"""Students of a roster."""
_LONGEST = 50
"""Characters of a file's name, which may have 255 bytes, four for each, and gets an ending."""


@dataclass(frozen=True, kw_only=True)
class Student:
    """One line of a roster."""

    name: str
    number: str = ""
    """Keeps students of one name apart; empty where the roster has no such column."""
    facts: tuple[tuple[str, str], ...]
    """Name and value of each column."""
    naming: str = ""
    """Name of the column with the name."""
    numbering: str = ""
    """Name of the column with the number; empty where there is none."""
    stem: str
    """How the names of this student's files begin; no two are alike."""


def read(path: Path) -> tuple[Student, ...]:
    """Return the students of a roster, in its order; empty lines are passed over.

    The file is UTF-8, UTF-16 with its mark, or GB 18030 (GBK), parted by commas, semicolons or tabs.

    Raises:
        UsageError: names file and line: it can't be read, has no column for the name, a line without a name or with
            more cells than the first one, two with the same number, or no line at all.
    """
    lines_found = [(number, [cell.strip() for cell in row]) for number, row in rows(path) if any(map(str.strip, row))]
    if not lines_found:
        raise UsageError(f"The roster {path} is empty; its first line names the columns, such as 姓名,学号.")
    first, heads = lines_found[0]
    naming = _column(heads, _NAMES)
    if naming is None:
        raise UsageError(
            f"{path}:{first}: no column says who a student is; call one 'name' or '姓名'. "
            f"The columns are: {', '.join(heads)[:200]}."
        )
    numbering = _column(heads, NUMBERS)
    if len(lines_found) == 1 or len(lines_found) > _MOST + 1:
        raise UsageError(f"The roster {path} has {len(lines_found) - 1} students; 1 to {_MOST} are possible.")
    students: list[Student] = []
    lines: dict[str, int] = {}
    stems: set[str] = set()
    for line, cells in lines_found[1:]:
        if any(cells[len(heads) :]):
            raise UsageError(f"{path}:{line}: the line has {len(cells)} cells, the first one {len(heads)}.")
        cells += [""] * (len(heads) - len(cells))
        number = cells[numbering] if numbering is not None else ""
        if not cells[naming]:
            raise UsageError(f"{path}:{line}: the cell '{heads[naming]}' is empty.")
        if number and lines.setdefault(number, line) != line:
            raise UsageError(
                f"{path}:{line}: {heads[numbering or 0]} {number!r} stands in line {lines[number]} already."
            )
        stem = _stem(number, cells[naming], len(students) + 1, stems)
        stems.add(stem.casefold())
        facts = tuple((head, cell) for head, cell in zip(heads, cells, strict=False) if head)
        columns = {"naming": heads[naming], "numbering": heads[numbering] if numbering is not None else ""}
        students.append(Student(name=cells[naming], number=number, facts=facts, stem=stem, **columns))
    return tuple(students)


def covered(report: Report, student: Student) -> Report:
    """Return a report of nothing but a cover: that of a report, with the facts of a student.

    A fact of the cover that has the name of a column is filled in its place; the other columns stand before all.
    """
    values = {escape(name): escape(value) for name, value in student.facts}
    facts: list[tuple[Text, Text]] = []
    for name, value in report.cover.facts:
        column = next((text for text in by_language(name, report.language).values() if text in values), None)
        facts.append((name, values.pop(column)) if column is not None else (name, value))
    spoken = report.languages
    own = [(label(student, name, spoken), values[escape(name)]) for name, _ in student.facts if escape(name) in values]
    return msgspec.structs.replace(
        report,
        cover=msgspec.structs.replace(report.cover, facts=(*own, *facts)),
        summary=Chapter(id="summary", number="", title=report.cover.title),
        chapters=(),
        provenance=Chapter(id="provenance", number="", title=report.cover.title),
    )


def blank(students: Sequence[Student]) -> Student:
    """Return a student of whom nothing is known, for the copy with lines to write on."""
    one = students[0]
    facts = tuple((name, "") for name, _ in one.facts)
    return Student(name="", facts=facts, naming=one.naming, numbering=one.numbering, stem="")


def label(student: Student, column: str, languages: Sequence[str]) -> Text:
    """Return what is printed before a fact: of name and number the word of each language, of others the column's name.

    A roster whose columns are called `name` and `id` serves a Chinese handout as well.
    """
    key = {student.naming: "page.student_name", student.numbering: "page.student_number"}.get(column)
    if key is None:
        return escape(column)
    texts = {language: Words(language)(key) for language in languages}
    return LanguageTexts(by_language=texts) if len(texts) > 1 else texts[languages[0]]


def rows(path: Path, what: str = "roster") -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV file that a person has filled in, each with the line on which it ends.

    Args:
        path: UTF-8, UTF-16 with its mark, or GB 18030; parted by commas, semicolons or tabs.
        what: it is, for the error.

    Raises:
        UsageError: it can't be read.
    """
    try:
        text = _decoded(reading.content(path))
    except OSError as error:
        raise UsageError(f"Can't read the {what} {path}: {error.strerror or error}.") from error
    except UnicodeError as error:
        raise UsageError(f"The {what} {path} is neither UTF-8 nor GBK; save it as CSV in UTF-8.") from error
    head = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        # A cell may hold line ends: what counts is the line on which a row ends.
        found += ((reader.line_num, row) for row in reader)
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: {error}.") from error
    return found


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _column(heads: Sequence[str], known: Sequence[str]) -> int | None:
    plain = [" ".join(head.casefold().replace("_", " ").split()) for head in heads]
    return next((plain.index(name) for name in known if name in plain), None)


def _stem(number: str, name: str, place: int, taken: set[str]) -> str:
    """Return a name for files that any system can keep; what it may not hold, a path among it, becomes a stroke."""
    safe = unicodedata.normalize("NFC", f"{number}-{name}" if number else name)
    safe = re.sub(r"[^\w.-]+", "-", safe)
    safe = re.sub(r"[.-]{2,}", "-", safe).strip("-._")[:_LONGEST].strip("-._") or f"student-{place}"
    return safe if safe.casefold() not in taken else f"{safe}-{place}"
