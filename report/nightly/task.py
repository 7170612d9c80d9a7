"""What a night is to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from labreport.report.configuration import Configuration
from labreport.report.nightly.progress import ProgressReporter
from labreport.report.nightly.record import LabNight, Night, NightStep
from labreport.report.publish import Outcome
from labreport.report.store.entries import StoredResult
from labreport.report.store.runs import Store

Render = Callable[[Sequence[StoredResult], Configuration], Outcome]
"""Renders results with what a configuration says, and reports it to the user."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a night is to do, and with what."""

    configuration: Configuration
    """Labs, data, rules and languages."""
    store: Store
    reporter: ProgressReporter
    render: Render
    target: Path
    """The folder of the night."""
    begun: float
    """When it began, by `perf_counter`."""
    budget: float | None = None
    """Seconds for everything; None for no end."""
    assignments: tuple[str, ...] = ()
    """Settings given on the command line."""
    baseline: str | None = None
    first_night: bool = False
    """Whether there is no baseline yet, and the runs of the night are to become it."""
    pool: bool = False
    """Whether a run is judged together with the other seeds that its version was run with."""
    whole: bool = False
    """Whether all labs of the configuration take part; a shard leaves out the others on purpose."""
    check: bool = True
    """Whether the gate judges the night."""
    confirm: bool = False
    inconclusive_fails: bool = False
    url: str = ""
    """Where the folder will be published, for the links of the feed."""

    @property
    def end(self) -> float:
        """When the budget is spent, by `perf_counter`."""
        return math.inf if self.budget is None else self.begun + self.budget


def night_of(task: Task, labs: Sequence[LabNight], steps: Sequence[NightStep]) -> Night:
    """Return a night as it is now."""
    seconds = perf_counter() - task.begun
    return Night(labs=tuple(labs), steps=tuple(steps), budget=task.budget, seconds=seconds)
