"""What every lab is given, and where it puts what it finds.

A lab is one file in a fixed order: title, question and source; a frozen dataclass of settings; `build_model`; and
`run(settings, dataset, session) -> Findings`. It gets a `Session`: the seeds, a way to report progress, and a
`Draft` that collects the parts of the findings as they come, so that what was measured before a failure is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from hashlib import sha256
from inspect import getsource
from time import perf_counter
from typing import Any, Literal

import msgspec

from labreport.experiments.checkpoints import Kept
from labreport.experiments.result import (
    DataCard,
    Example,
    Findings,
    Fold,
    Image,
    Listing,
    Measure,
    Model,
    Predictions,
    Score,
    Series,
    Text,
    Training,
)

Profile = Literal["full", "quick"]

Progress = Callable[[str, int, int, dict[str, float]], None]
"""Called with the part being worked on, steps done, steps in all, and values to show (loss, epochs_per_second)."""


def silent(part: str, done: int, total: int, values: dict[str, float]) -> None:
    """A `Progress` that shows nothing."""


@dataclass(kw_only=True)
class Draft:
    """The parts of a lab's findings, in the order in which they were found."""

    data: DataCard | None = None
    trainings: list[Training] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    baselines: list[Score] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    predictions: list[Predictions] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    folds: list[Fold] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    engines: list[str] = field(default_factory=list)
    """Codes of the forms of the training engine that were used and why, as `training.plan` gives them."""

    def measure(self, name: str, value: float | int | bool, *, seed: int | None = None, unit: str = "") -> None:
        """Add one named number."""
        self.measures.append(Measure(name=name, value=value, seed=seed, unit=unit))

    def listing(self, name: str, part: Callable[..., Any]) -> None:
        """Add the source of a function of the lab: the very text that runs."""
        source = getsource(part)
        self.listings.append(Listing(name=name, source=source, sha256=sha256(source.encode()).hexdigest()))

    def findings(self) -> Findings:
        """Return all parts found so far as an immutable record."""
        return self._findings({})

    def lengths(self) -> dict[str, int]:
        """Return how much there is of each part, for `cut`."""
        return {name: len(found) for name, found in self._lists().items()}

    def cut(self, lengths: dict[str, int]) -> Findings:
        """Take out all that was added since there was so much of each part, and return it."""
        added = self._findings(lengths)
        for name, found in self._lists().items():
            del found[lengths[name] :]
        return msgspec.structs.replace(added, data=None)

    def extend(self, findings: Findings) -> None:
        """Add what was cut out, or found by another process."""
        for name, found in self._lists().items():
            found += getattr(findings, name)

    def _lists(self) -> dict[str, list[Any]]:
        """Each part that grows, by the name that it has in the findings."""
        named = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "data"}
        return {"engine": named.pop("engines"), **named}

    def _findings(self, starts: dict[str, int]) -> Findings:
        parts: dict[str, Any] = {name: tuple(found[starts.get(name, 0) :]) for name, found in self._lists().items()}
        return Findings(**{**parts, "data": self.data, "engine": tuple(dict.fromkeys(parts["engine"]))})


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a lab is given besides its settings and data."""

    seeds: tuple[int, ...] = (0,)
    progress: Progress = silent
    profile: Profile = "full"
    draft: Draft = field(default_factory=Draft)
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds of wall time per stage; a stage entered again adds to its time."""
    open_stages: list[str] = field(default_factory=list)
    """Stages not finished, the innermost last; after a failure the last one tells where it happened."""
    take_turns: Callable[[Session], Iterator[int]] | None = None
    """Gives the seeds that this process trains; None: all of them."""
    kept: Kept = field(default_factory=Kept)
    """Keeps what a seed has finished, for the case that the run is stopped before the whole seed is."""

    def each_seed(self) -> Iterator[int]:
        """Return the seeds to be trained, one after the other.

        A lab trains a seed from beginning to end before it takes the next one; what it adds to the draft meanwhile
        belongs to that seed. Seeds that were finished before a run was interrupted, or that another process trains,
        are left out here; after the last one the draft holds the findings of all, in the order of `seeds`.
        """
        return iter(self.seeds) if self.take_turns is None else self.take_turns(self)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of the work, also one that fails."""
        start = perf_counter()
        self.open_stages.append(name)
        try:
            yield
            self.open_stages.pop()
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + perf_counter() - start

    def part(self, name: str, seed: int) -> str:
        """Return the name under which to report progress; the seed is named where there are several."""
        return name if len(self.seeds) == 1 else f"{name}, seed {seed}"
