"""Stored runs as `labreport list --json` gives them: the line of the listing, and what is concluded, in short.

Only the small index files are read; `labreport show --json` has the rest.
"""

from __future__ import annotations

import msgspec

from labreport.experiments.result import Direction
from labreport.report.store.entries import Entry
from labreport.report.store.lines import TrainingLine


class ScoreInShort(msgspec.Struct, frozen=True, kw_only=True):
    """One score over the seeds of a run, as `list --json` gives it."""

    name: str
    mean: float | None
    sd: float | None
    n: int
    """Seeds."""
    unit: str
    direction: Direction


class ConclusionsInShort(msgspec.Struct, frozen=True, kw_only=True):
    """What is concluded from a run, as far as its index knows."""

    trainings: tuple[TrainingLine, ...]
    scores: tuple[ScoreInShort, ...]


class ListedRun(Entry, frozen=True, kw_only=True):
    """A run as `list --json` gives it: its line in the listing, and its conclusions in short."""

    conclusions: ConclusionsInShort


def listed(entry: Entry) -> ListedRun:
    """Return a run's line in a listing with its conclusions in short, under the names of `findings.conclusions`."""
    scores = tuple(
        ScoreInShort(
            name=line.name, mean=line.mean, sd=line.deviation, n=line.seeds, unit=line.unit, direction=line.direction
        )
        for line in entry.scores
    )
    conclusions = ConclusionsInShort(trainings=entry.trainings, scores=scores)
    return ListedRun(**msgspec.structs.asdict(entry), conclusions=conclusions)
