"""The findings of a lab while they are being found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from inspect import getsource
from typing import Any

from msgspec import UNSET

from labreport.experiments.result import (
    DataCard,
    Example,
    Findings,
    Fold,
    Image,
    Listing,
    Measure,
    Model,
    PerSample,
    Predictions,
    Score,
    Series,
    Text,
    Training,
)


@dataclass(kw_only=True)
class Draft:
    """The parts of a lab's findings, in the order in which they were found."""

    data: DataCard | None = None
    trainings: list[Training] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    baselines: list[Score] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    predictions: list[Predictions] = field(default_factory=list)
    per_sample: list[PerSample] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    folds: list[Fold] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    engine: list[str] = field(default_factory=list)
    """Codes of the forms of the training engine that were used and why, as `training.plan` gives them."""

    def measure(self, name: str, value: float | int | bool, *, seed: int | None = None, unit: str = "") -> None:
        """Add one named number."""
        self.measures.append(Measure(name=name, value=value, seed=seed, unit=unit))

    def listing(self, name: str, part: Callable[..., Any], *, ran: bool = True) -> None:
        """Add the source of a function of the lab: the very text that runs, or with `ran=False` one that does not."""
        source, digest = getsource(part), sha256(getsource(part).encode()).hexdigest()
        self.listings.append(Listing(name=name, source=source, sha256=digest, ran=UNSET if ran else False))

    def findings(self) -> Findings:
        """Return all parts found so far as an immutable record."""
        parts: dict[str, Any] = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "data"}
        return _findings(self.data, parts)


def joined(parts: Iterable[Findings]) -> Findings:
    """Return several findings as one: each part one after the other, and the first data card there is."""
    given = tuple(parts)
    names = (part.name for part in fields(Draft) if part.name != "data")
    lists: dict[str, Any] = {name: [item for found in given for item in getattr(found, name) or ()] for name in names}
    return _findings(next((found.data for found in given if found.data is not None), None), lists)


def _findings(data: DataCard | None, lists: Mapping[str, Any]) -> Findings:
    parts: dict[str, Any] = {name: tuple(items) for name, items in lists.items()}
    # Many seeds are trained in one and the same form.
    parts |= {"engine": tuple(dict.fromkeys(parts["engine"])), "per_sample": parts["per_sample"] or UNSET}
    return Findings(**parts, data=data)
