"""What a user's own code calls: record a run, and read stored ones back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from labreport.experiments.recording.run import Run
from labreport.experiments.result import Result, Score, Setting
from labreport.report.store.runs import Store, Stored, load

__all__ = ["StoredRun", "record", "runs"]

RUNS = Path("runs")
"""Folder of the store where none is given."""


def record(
    name: str, *, settings: Mapping[str, Setting] | None = None, seed: int | None = None, runs_dir: str | Path = RUNS
) -> Run:
    """Return a run to record into; it is stored when its `with` block ends, also where that ends by an error.

    Args:
        name: of the run, as that of a lab: letters, digits, - and _.
        settings: what was chosen, such as {"units": 64}.
        seed: that the program has set; None: none.
        runs_dir: folder of the store.

    Example:
        >>> with record("digits", seed=0) as run:
        ...     run.epoch(loss=0.31, val_loss=0.42)
        ...     run.score("accuracy", 0.97)
    """
    store = Store(Path(runs_dir).absolute())
    return Run(name, settings=settings, seed=seed, save=lambda result: store.save(result).path)


class StoredRun:
    """A stored run; its result is read when it is first asked for."""

    def __init__(self, stored: Stored) -> None:
        """Keep where it lies."""
        self._stored = stored

    def __repr__(self) -> str:
        """Show its name and what it is."""
        return f"<{self.name} {self.run_id}: {self._stored.entry.status}>"

    @property
    def name(self) -> str:
        """Name of the lab or of the recorded run."""
        return self._stored.entry.lab

    @property
    def run_id(self) -> str:
        """Name of this very run."""
        return self._stored.entry.run_id

    @property
    def started(self) -> str:
        """When it began, UTC."""
        return self._stored.entry.started

    @cached_property
    def result(self) -> Result:
        """The whole record."""
        return load(self._stored.path)

    @property
    def history(self) -> dict[str, list[tuple[float, ...]]]:
        """The values of each key, one tuple for each training in the order of the record."""
        found: dict[str, list[tuple[float, ...]]] = {}
        for one in self.result.findings.trainings:
            for key, values in one.history.items():
                found.setdefault(key, []).append(values)
        return found

    @property
    def scores(self) -> tuple[Score, ...]:
        """Every score, for each seed."""
        return self.result.findings.scores


def runs(folder: str | Path = RUNS, *, lab: str | None = None) -> Iterator[StoredRun]:
    """Return the stored runs, newest first.

    Args:
        folder: of the store.
        lab: only those of this name.
    """
    return map(StoredRun, Store(Path(folder)).list(lab).runs)
