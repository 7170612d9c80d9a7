"""The key of a course: what each student's own exercises expect, for the instructor and for `labreport grade`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labreport.report.course import tables
from labreport.report.errors import UsageError
from labreport.report.rendering.answers import ExpectedAnswer

COLUMNS = ("number", "name", "exercise", "label", "part", "value", "tolerance", "unit", "points", "shown")


@dataclass(frozen=True, kw_only=True)
class KeyEntry:
    """The answers of one student."""

    number: str
    name: str
    answers: tuple[ExpectedAnswer, ...]

    @property
    def by_label(self) -> Mapping[str, ExpectedAnswer]:
        """Return the answers by label, as `tables.label` writes it."""
        return {tables.label(answer.label): answer for answer in self.answers}


def encode(entries: Sequence[KeyEntry]) -> bytes:
    """Return the key as CSV, in UTF-8 with the mark that spreadsheets want; no cell of it is taken for a formula."""
    rows = [
        (
            entry.number,
            entry.name,
            answer.exercise,
            answer.number,
            answer.part,
            repr(answer.value),
            repr(answer.tolerance),
            answer.unit,
            repr(answer.points),
            answer.shown,
        )
        for entry in entries
        for answer in entry.answers
    ]
    return tables.encode(COLUMNS, rows)


def read(path: Path) -> tuple[KeyEntry, ...]:
    """Return the students of a key in its order.

    Raises:
        UsageError: names file and line: it can't be read, is not a key, or a number in it is none.
    """
    rows = tables.read(path, "key")
    if not rows or tuple(rows[0].cells) != COLUMNS:
        raise UsageError(f"{path} is not a key; it is the file key.csv that `labreport course` writes.")
    names: dict[str, str] = {}
    answers: dict[str, list[ExpectedAnswer]] = {}
    for row in rows[1:]:
        cells = dict(zip(COLUMNS, (tables.plain(cell) for cell in row.cells), strict=False))
        try:
            answer = ExpectedAnswer(
                exercise=cells["exercise"],
                number=cells["label"],
                part=cells["part"],
                value=_number(cells, "value"),
                tolerance=_number(cells, "tolerance", least=0),
                unit=cells["unit"],
                points=_number(cells, "points", least=0),
                shown=cells["shown"],
            )
        except (KeyError, ValueError) as error:
            raise UsageError(f"{path}:{row.line}: the line is not one of a key ({error}).") from error
        names.setdefault(cells["number"], cells["name"])
        answers.setdefault(cells["number"], []).append(answer)
    return tuple(KeyEntry(number=number, name=names[number], answers=tuple(found)) for number, found in answers.items())


def _number(cells: Mapping[str, str], name: str, least: float = -math.inf) -> float:
    value = float(cells[name])
    if not math.isfinite(value) or value < least:
        raise ValueError(f"{name} is {cells[name][:40]}")
    return value
