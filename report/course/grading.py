"""Marking the answers of a class against the key: one line for each answer, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labreport.report.course import tables
from labreport.report.course.key import KeyEntry
from labreport.report.course.marking import Judgement, mark
from labreport.report.course.tables import CsvRow
from labreport.report.errors import UsageError
from labreport.report.numbers import exact
from labreport.report.publish import roster

COLUMNS = ("number", "name", "label", "given", "expected", "points", "of", "judgement", "why")
_EXERCISES = ("exercise", "label", "question", "题号", "习题")
_PARTS = ("part", "小题")
_ANSWERS = ("answer", "response", "答案", "回答")


@dataclass(frozen=True, kw_only=True)
class MarkedAnswer:
    """One answer of one student with its mark."""

    number: str
    name: str
    label: str
    given: str
    expected: str
    points: float
    of: float
    """The most that there is for it."""
    judgement: Judgement
    why: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Return it as a line of a table, in the order of `COLUMNS`."""
        points = (exact(self.points), exact(self.of))
        return (self.number, self.name, self.label, self.given, self.expected, *points, self.judgement, self.why)


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What marking a file gave."""

    answers: tuple[MarkedAnswer, ...]
    problems: tuple[str, ...]
    """Lines that could not be used, each with its number and why."""
    missing: tuple[str, ...]
    """Numbers of students of the key for whom the file has no line."""
    ignored: tuple[str, ...]
    """Columns that are not answers."""


@dataclass
class _Given:
    """What a file says, student by student."""

    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    asked: set[str] = field(default_factory=set)
    """Labels that the file has for anybody: an exercise that is not due yet counts for no student."""


def grade(path: Path, key: Sequence[KeyEntry]) -> Marks:
    """Return the marks of all answers in a file.

    The file has a column for the student's number and either one column for each answer, named by its label ("3.8a"),
    or the columns `exercise` (and `part`) and `answer`, with a line for each answer.

    Raises:
        UsageError: it can't be read, or has no column for the number or for an answer.
    """
    entries = {entry.number: entry for entry in key}
    rows = tables.read(path, "answers")
    if len(rows) < 2:
        raise UsageError(f"{path} holds no answers; its first line names the columns, such as number,3.8a,3.8b.")
    heads = [" ".join(head.casefold().split()) for head in rows[0].cells]
    numbering = next((heads.index(name) for name in roster.NUMBERS if name in heads), None)
    if numbering is None:
        shown = ", ".join(rows[0].cells)[:200]
        raise UsageError(f"{path}:{rows[0].line}: no column holds the student's number; the columns are: {shown}.")
    labels = {label for entry in key for label in entry.by_label}
    answering = next((heads.index(name) for name in _ANSWERS if name in heads), None)
    naming = next((heads.index(name) for name in _EXERCISES if name in heads), None)
    if answering is not None and naming is not None:
        parting = next((heads.index(name) for name in _PARTS if name in heads), None)
        given = _long(path, rows, (numbering, naming, parting, answering), entries)
    else:
        given = _wide(path, rows, numbering, labels, entries)
    marked = tuple(
        answer
        for number, entry in entries.items()
        if number in given.answers
        for answer in _marked(entry, given.answers[number], given.asked)
    )
    missing = tuple(number for number in entries if number not in given.answers)
    return Marks(answers=marked, problems=tuple(given.problems), missing=missing, ignored=given.ignored)


def _marked(entry: KeyEntry, given: dict[str, str], asked: set[str]) -> Iterator[MarkedAnswer]:
    for label, expected in entry.by_label.items():
        if label not in asked:
            continue
        said = given.get(label, "")
        found = mark(expected, said)
        yield MarkedAnswer(
            number=entry.number,
            name=entry.name,
            label=expected.label,
            given=said,
            expected=expected.shown,
            points=found.points,
            of=expected.points,
            judgement=found.judgement,
            why=found.why,
        )


def _wide(path: Path, rows: Sequence[CsvRow], numbering: int, labels: set[str], entries: dict[str, KeyEntry]) -> _Given:
    """Read one line for each student, one column for each answer."""
    heads = [tables.label(head) for head in rows[0].cells]
    columns = {place: head for place, head in enumerate(heads) if head in labels}
    if not columns:
        known = ", ".join(sorted(labels)[:6])
        raise UsageError(f"{path}:{rows[0].line}: no column is named as an answer of the key, such as {known}.")
    if twice := sorted({head for head in columns.values() if heads.count(head) > 1}):
        raise UsageError(f"{path}:{rows[0].line}: the answer {twice[0]} has two columns.")
    plain = enumerate(rows[0].cells)
    found = _Given(ignored=tuple(head for place, head in plain if head and place not in columns and place != numbering))
    found.asked = set(columns.values())
    lines: dict[str, int] = {}
    for row in rows[1:]:
        number = _number(row, numbering, entries, path, found)
        if number is None:
            continue
        if lines.setdefault(number, row.line) != row.line:
            found.problems.append(
                f"{path}:{row.line}: student {number!r} stands in line {lines[number]} already; that line counts."
            )
            continue
        found.answers[number] = {
            label: tables.plain(row.cells[place]) if place < len(row.cells) else "" for place, label in columns.items()
        }
    return found


def _long(
    path: Path,
    rows: Sequence[CsvRow],
    places: tuple[int, int, int | None, int],
    entries: dict[str, KeyEntry],
) -> _Given:
    """Read one line for each answer."""
    numbering, naming, parting, answering = places
    found = _Given()
    for row in rows[1:]:
        number = _number(row, numbering, entries, path, found)
        if number is None:
            continue
        cells = (*row.cells, *[""] * (max(filter(None, places)) + 1 - len(row.cells)))
        named = tables.label(cells[naming] + (cells[parting] if parting is not None else ""))
        known = entries[number].by_label
        label = next(
            (label for label, answer in known.items() if named in (label, _by_id(answer.exercise, answer.part))), None
        )
        if label is None:
            found.problems.append(f"{path}:{row.line}: the key has no answer {cells[naming][:40]!r}.")
        elif label in found.answers.setdefault(number, {}):
            found.problems.append(
                f"{path}:{row.line}: {label} of {number!r} is answered in an earlier line; that counts."
            )
        else:
            found.answers[number][label] = tables.plain(cells[answering])
            found.asked.add(label)
    return found


def _by_id(exercise: str, part: str) -> str:
    return tables.label(exercise + part)


def _number(row: CsvRow, place: int, entries: dict[str, KeyEntry], path: Path, found: _Given) -> str | None:
    """Return the number of a line's student; None, and a problem named, where the key has none."""
    said = tables.plain(row.cells[place]) if place < len(row.cells) else ""
    # A spreadsheet makes 2023001.0 or '2023001 of a number that it takes for one.
    for number in (said, re.sub(r"\.0+$", "", said), said.lstrip("'")):
        if number in entries:
            return number
    found.problems.append(f"{path}:{row.line}: no student {said[:40]!r} is in the key.")
    return None
