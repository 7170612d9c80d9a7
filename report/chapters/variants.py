"""Numbers of exercises that differ from student to student, and the answers that are computed from them.

A note draws a number within an exercise, `{% set units = drawn("units", 16, 128, 16) %}`, uses it in task, hint and
solution, and says in the solution what is expected, `{{ answer(units * 10 + 10) }}`. What is drawn follows from the
variant (the course and the student's number), the lab, the exercise and the name: it is the same in every language, on
every machine and however often it is asked for. Without a student the variant is empty, which gives the numbers of the
book.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

from labreport.report import numbers
from labreport.report.chapters.sandbox import Exact
from labreport.report.document import Chapter, Exercise
from labreport.report.findings.analysis import MissingValueError
from labreport.report.rendering.answers import ExpectedAnswer

_MOST = 1_000_000
"""Numbers among which one is drawn."""
UNITS = ("", "%", "B", "KB", "MB", "GB", "KiB", "MiB", "GiB", "ms", "s", "min", "h")
"""Units of answers; a word such as "steps" belongs into the text, where each language has its own."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """An answer as a note writes it."""

    exercise: str
    part: str
    value: float
    tolerance: float
    unit: str
    shown: str


@dataclass
class Variant:
    """What the exercises of one note draw and expect, for one student.

    Args:
        name: course and number of the student; empty for the book.
        lab: whose note it is.
    """

    name: str
    lab: str
    ranges: dict[tuple[str, str], tuple[float, float, float]] = field(default_factory=dict)
    """What was drawn: exercise and name -> first, last, step."""
    expected: list[Expected] = field(default_factory=list)
    kind: str = ""
    """The directive that is being filled: exercise, hint or solution; empty outside."""
    exercise: str = ""

    def drawn(self, name: str, first: float, last: float, step: float) -> int | float:
        """Return one of the numbers from `first` to `last`, `step` apart.

        Raises:
            MissingValueError: outside an exercise, no such range, or the name has another range already.
        """
        if self.kind != "exercise":
            raise MissingValueError(f"drawn({name!r}, …) belongs into an exercise, where its number is used.")
        low, high, apart = (_decimal(value) for value in (first, last, step))
        count = int((high - low) / apart) + 1 if apart > 0 and high >= low else 0
        if not 2 <= count <= _MOST:
            raise MissingValueError(f"drawn({name!r}, {first}, {last}, {step}) must give 2 to {_MOST} numbers.")
        known = self.ranges.setdefault((self.exercise, name), (first, last, step))
        if known != (first, last, step):
            raise MissingValueError(f"drawn({name!r}, …) has another range already in this exercise.")
        digest = sha256("\n".join((self.name, self.lab, self.exercise, name)).encode()).digest()
        found = low + apart * (int.from_bytes(digest[:8], "big") % count)
        whole = all(isinstance(value, int) for value in (first, last, step))
        return int(found) if whole else Exact(found)

    def answer(self, value: float, *, part: str, tolerance: float | None, unit: str, digits: int | None) -> str:
        """Remember an expected answer and return it as it is printed.

        Raises:
            MissingValueError: outside a solution, an unknown unit, or a value that can't be.
        """
        if self.kind != "solution":
            raise MissingValueError("answer(…) belongs into a solution, which students do not see.")
        if unit not in UNITS:
            raise MissingValueError(f"answer(…): there is no unit {unit!r}; there are {', '.join(UNITS[1:])}.")
        if any(known.exercise == self.exercise and known.part == part for known in self.expected):
            raise MissingValueError(f"answer(…): part {part!r} of '{self.exercise}' is there twice.")
        text = numbers.number(value, digits)
        allowed = _tolerance(value, digits) if tolerance is None else float(tolerance)
        if not (abs(value) < float("inf") and 0 <= allowed < float("inf")):
            raise MissingValueError("answer(…) takes a finite number and a tolerance of 0 or more.")
        shown = f"{text}{'' if unit in ('', '%') else numbers.GROUP}{unit}"
        self.expected.append(
            Expected(exercise=self.exercise, part=part, value=float(value), tolerance=allowed, unit=unit, shown=shown)
        )
        return shown


def _decimal(value: float) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 10**12:
        raise MissingValueError("drawn(…) takes a name, and numbers from where to where, and how far apart.")
    return Decimal(repr(value) if isinstance(value, int) else repr(float(value)))


def _tolerance(value: float, digits: int | None) -> float:
    """Return how far off an answer may be that was rounded, or cut off, where the solution is."""
    if isinstance(value, int) and digits is None:
        return 0.0
    return 10.0**-digits if digits is not None else abs(value) * 1e-3


def expected(variant: Variant, chapter: Chapter) -> tuple[ExpectedAnswer, ...]:
    """Return the answers that a note expects, each with the number of its exercise and its share of the points."""
    tasks = {block.id: block for section in chapter.sections for block in section.blocks if isinstance(block, Exercise)}
    named = Counter(answer.exercise for answer in variant.expected)
    found: list[ExpectedAnswer] = []
    for answer in variant.expected:
        task = tasks[f"{chapter.id}-exercise-{answer.exercise}"]
        found.append(
            ExpectedAnswer(
                exercise=task.id,
                number=task.number,
                part=answer.part,
                value=answer.value,
                tolerance=answer.tolerance,
                unit=answer.unit,
                points=task.points / named[answer.exercise],
                shown=answer.shown,
            )
        )
    return tuple(found)
