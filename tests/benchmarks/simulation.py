"""How often the gate is wrong, by simulation.

Nights are drawn from what seeds really do, and judged by the default rules. A night is a newer run and a baseline of
each lab whose scores depend on chance. Values are drawn, with replacement, from the seeds of stored runs; where a lab
has too few of them, from a normal distribution with the mean and standard deviation that are stated for it. Tests and
correction are the gate's own; only the drawing is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from labreport.experiments.result import Result, Score
from labreport.report.findings import statistics
from labreport.report.findings.scores import measured
from labreport.report.gate.judgement import corrected
from labreport.report.gate.metrics import exceeds, least_p, loss_of, one_sided
from labreport.report.gate.rules import LEVEL, Way, fallback_margin, metric_rule

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Array = NDArray[numpy.float64]

ENOUGH = 8
"""Seeds from which a lab's own values are drawn; fewer say too little of the tails."""
_BATCH = 100
"""Nights tested in one call: the arrangements of all of them are in memory together."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What chance does to one score."""

    lab: str
    metric: str
    way: Way
    mean: float
    deviation: float
    unit: str
    test_samples: int
    values: tuple[float, ...] = ()
    """Measured, one for each seed; empty where only mean and deviation are stated."""

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        return f"{len(self.values)} seeds, measured" if self.values else "stated"

    def draw(self, rng: numpy.random.Generator, nights: int, seeds: int) -> Array:
        """Return values of shape (nights, seeds)."""
        if self.values:
            return rng.choice(self.values, size=(nights, seeds))
        return rng.normal(self.mean, self.deviation, size=(nights, seeds))


STATED = (
    Spread(
        lab="mnist",
        metric="test_accuracy",
        way="higher",
        mean=0.980,
        deviation=0.001,
        unit="share",
        test_samples=10_000,
    ),
    Spread(
        lab="imdb", metric="test_accuracy", way="higher", mean=0.880, deviation=0.004, unit="share", test_samples=25_000
    ),
    Spread(
        lab="reuters",
        metric="test_accuracy",
        way="higher",
        mean=0.7945,
        deviation=0.004,
        unit="share",
        test_samples=2_246,
    ),
    Spread(
        lab="boston",
        metric="test_mae",
        way="lower",
        mean=2.8,
        deviation=0.13,
        unit="thousand dollars",
        test_samples=102,
    ),
)
"""The labs on the full sets, over 8 to 15 seeds of plain Keras. The other two labs draw nothing at random."""


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How often the gate spoke, as shares of nights."""

    nights: int
    any: float
    """Some lab failed."""
    by_lab: Mapping[str, float]
    confirmed: float
    """Some lab failed and fresh seeds agreed."""
    confirmed_by_lab: Mapping[str, float]
    tested: float
    """Share of labs that were tested at all, not only held against the coarse margin."""


def spreads(results: Sequence[Result]) -> tuple[Spread, ...]:
    """Return the spread of each lab's deciding score: measured where enough seeds are stored, otherwise as stated.

    Args:
        results: complete full runs on the full sets, newest first; several of one lab are put together seed by seed.
    """
    return tuple(_measured(stated, results) or stated for stated in STATED)


def rates(
    labs: Sequence[Spread],
    *,
    seeds: int,
    baseline: int,
    nights: int,
    losses: Mapping[str, float] | None = None,
    level: float = LEVEL,
    random_seed: int = 0,
) -> Rates:
    """Return how often the default rules fail a night.

    Args:
        labs: what chance does in each lab.
        seeds: of the newer run.
        baseline: seeds of the baseline.
        nights: to draw.
        losses: by how much a lab has really become worse, in its unit; none: the versions are equal.
        level: of the whole night.
        random_seed: for the same nights again.
    """
    import numpy as np

    rng = np.random.default_rng(random_seed)
    failed = np.zeros((nights, len(labs)), dtype=bool)
    agreed = np.zeros((nights, len(labs)), dtype=bool)
    p = np.ones((nights, len(labs)))
    drawn = []
    least = least_p(seeds, baseline, labs[0].way)
    for place, lab in enumerate(labs):
        before, now, fresh = (lab.draw(rng, nights, count) for count in (baseline, seeds, max(3, seeds)))
        loss = (losses or {}).get(lab.lab, 0.0) * (-1 if lab.way == "higher" else 1)
        drawn.append((before, now + loss, fresh + loss))
        if least < 1:
            p[:, place] = p_values(before, now + loss, lab.way)
    tested = 0
    for night in range(nights):
        for place, adjusted in enumerate(corrected(p[night].tolist(), [least] * len(labs), level)):
            before, now, _ = (values[night] for values in drawn[place])
            tested += adjusted is not None
            failed[night, place] = _fails(labs[place], before, now, adjusted, level)
    for place, lab in enumerate(labs):
        before, _, fresh = drawn[place]
        agreed[:, place] = _agree(lab, before, fresh, failed[:, place], level)
    return Rates(
        nights=nights,
        any=float(failed.any(axis=1).mean()),
        by_lab={lab.lab: float(failed[:, place].mean()) for place, lab in enumerate(labs)},
        confirmed=float(agreed.any(axis=1).mean()),
        confirmed_by_lab={lab.lab: float(agreed[:, place].mean()) for place, lab in enumerate(labs)},
        tested=tested / (nights * len(labs)),
    )


def p_values(before: Any, now: Any, way: Way) -> Array:
    """Return the gate's p of many nights at once; arrays of shape (nights, seeds), at least two seeds each."""
    import numpy as np

    found: list[float] = []
    for start in range(0, len(now), _BATCH):
        first, second = before[start : start + _BATCH], now[start : start + _BATCH]
        tests = statistics.permutation_tests(first.tolist(), second.tolist())
        losses = [loss_of(b.tolist(), a.tolist(), way) for a, b in zip(first, second, strict=True)]
        found += [one_sided(test, loss, way) for test, loss in zip(tests, losses, strict=True)]
    return np.array(found)


def _fails(lab: Spread, before: Any, now: Any, adjusted: float | None, level: float) -> bool:
    if adjusted is not None:
        return adjusted <= level + 1e-12
    spare = fallback_margin(_score(lab), float(before.mean()), lab.test_samples)
    return exceeds(loss_of(now.tolist(), before.tolist(), lab.way), spare)


def _agree(lab: Spread, before: Any, fresh: Any, asked: Any, level: float) -> Any:
    """Return for each night whether the lab failed and its fresh seeds, tested alone at the full level, agree."""
    import numpy as np

    nights = np.flatnonzero(asked)
    agreed = np.zeros(len(asked), dtype=bool)
    if not len(nights):
        return agreed
    if least_p(fresh.shape[1], before.shape[1], lab.way) > level + 1e-12:
        agreed[nights] = [_fails(lab, before[night], fresh[night], None, level) for night in nights]
    else:
        agreed[nights] = p_values(before[nights], fresh[nights], lab.way) <= level + 1e-12
    return agreed


def _measured(stated: Spread, results: Sequence[Result]) -> Spread | None:
    found: dict[int | None, float] = {}
    samples = stated.test_samples
    for result in results:
        card = result.findings.data
        if result.lab != stated.lab or result.status != "complete" or result.profile != "full":
            continue
        if card is None or card.source != "full" or result.changed_settings:
            continue
        one = measured(result).get(stated.metric)
        if one is not None and metric_rule(one.first, one.kind) is not None:
            samples = card.test_samples
            for seed, value in zip(one.seeds, one.values, strict=True):
                found.setdefault(seed, value)
    if len(found) < ENOUGH:
        return None
    values = tuple(found.values())
    return Spread(
        lab=stated.lab,
        metric=stated.metric,
        way=stated.way,
        mean=fmean(values),
        deviation=stdev(values),
        unit=stated.unit,
        test_samples=samples,
        values=values,
    )


def _score(lab: Spread) -> Score:
    return Score(
        name=lab.metric,
        model="final",
        metric="mae" if lab.metric.endswith("mae") else "accuracy",
        split="test",
        value=lab.mean,
        unit=lab.unit,
        direction="lower" if lab.way == "lower" else "higher",
    )
