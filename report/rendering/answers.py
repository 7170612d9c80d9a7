"""The answers that are computed: what a solution of a note expects, so that it can be marked and asked elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ExpectedAnswer:
    """One number that an exercise asks for."""

    exercise: str
    """Id of the exercise in the report, the same in every language."""
    number: str
    """Of the exercise, such as "3.8"."""
    part: str = ""
    """Which of several numbers of the exercise, such as "a"; empty where there is one."""
    value: float
    """In the unit of the answer: 93.75 where that is percent."""
    tolerance: float
    """How far an answer may be off, in the same unit, 0 or more."""
    unit: str = ""
    """Such as "%" or "KB"; empty for a bare number."""
    points: float
    """What it is worth."""
    shown: str
    """As the solution prints it."""

    @property
    def label(self) -> str:
        """Return how it is named in keys and lists of answers, such as "3.8a"."""
        return f"{self.number}{self.part}"
