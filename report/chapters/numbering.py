"""Ids and numbers of what is numbered in a chapter: tables, figures, listings, exercises."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Numbering:
    """Counts each kind of thing within one chapter."""

    chapter: str
    """Id of the chapter; begins the ids of what is in it."""
    number: str
    counts: dict[str, int] = field(default_factory=dict)

    def next(self, kind: str, name: str) -> tuple[str, str]:
        """Return id and number of the next thing of its kind."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{self.chapter}-{name}", f"{self.number}.{self.counts[kind]}"
