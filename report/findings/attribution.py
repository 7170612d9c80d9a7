"""Which of several changes made the difference: contributions from measured combinations of them, with intervals.

Every combination of changes that was run is a cell: a set of the factors that are switched from A to B. Seeds repeat
the whole design, so each seed gives each contribution once, and chance is judged over seeds.

Up to `MOST_FACTORS` factors every combination is run (a full factorial design), and a factor's contribution is its
Shapley value: the mean change that switching it makes, over all orders of switching (L. S. Shapley, "A value for
n-person games", 1953; A. B. Owen, "Sobol' indices and Shapley value", SIAM/ASA J. Uncertainty Quantification 2, 2014).
The contributions of a seed add up to its whole difference. Interactions of two factors are Shapley interaction indices
(M. Grabisch and M. Roubens, "An axiomatic approach to the concept of interaction", Int. J. Game Theory 28, 1999).
With more factors each is switched alone in A and alone left out of B; the contribution is the mean of both, and what
they leave of the whole difference is due to interactions that were not run.

The level holds for the whole answer: that anything is blamed which makes no difference, a factor or a pair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import msgspec

from labreport.report.findings.distributions import student_p, student_quantile

MOST_FACTORS = 4
"""Factors of which every combination is run: 16 cells; beyond, two cells a factor and the two ends."""
LEVEL = 0.95
LEAST_SEEDS = 3
"""Seeds below which nothing is said to be more than chance."""

Combination = frozenset[str]
"""The factors that have B's value; the others have A's."""
PerSeed = dict[tuple[str, ...], tuple[float, ...]]
"""A contribution of each seed, for each factor or pair of factors."""
Blame = Literal["responsible", "not-shown", "few"]


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What one factor, or two together, add to the difference."""

    factors: tuple[str, ...]
    """One name; two for an interaction."""
    per_seed: tuple[float, ...]
    mean: float
    low: float | None = None
    """Interval of the mean over seeds, from Student's t; None with a single seed."""
    high: float | None = None
    p: float | None = None
    """Two-sided, of no contribution, corrected for all that were tested (Holm, and twofold where interactions are
    tested besides); None with a single seed."""
    verdict: Blame


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """One metric's difference between two versions, taken apart."""

    metric: str
    unit: str
    direction: str
    a: tuple[float, ...]
    """A's value for each seed, all factors as in A."""
    b: tuple[float, ...]
    """B's value for each seed, all factors as in B."""
    contributions: tuple[Contribution, ...]
    """One for each factor, greatest first."""
    interactions: tuple[Contribution, ...]
    """One for each pair of factors; empty where not every combination was run."""
    unexplained: float
    """Of the mean difference: what the contributions leave; 0 but for rounding where every combination was run."""
    level: float = LEVEL

    @property
    def difference(self) -> float:
        """Mean of B minus mean of A."""
        return math.fsum(self.b) / len(self.b) - math.fsum(self.a) / len(self.a)


def cells(factors: Sequence[str]) -> tuple[Combination, ...]:
    """Return the combinations to run, A first, B second; the others from the one with the fewest changes on."""
    everything = frozenset(factors)
    if len(factors) <= MOST_FACTORS:
        inner = [frozenset(some) for size in range(1, len(factors)) for some in combinations(factors, size)]
    else:
        inner = [frozenset({one}) for one in factors] + [everything - {one} for one in factors]
    return tuple(dict.fromkeys((frozenset(), everything, *inner)))


def attributed(
    factors: Sequence[str],
    values: Mapping[Combination, Sequence[float]],
    *,
    metric: str,
    unit: str = "",
    direction: str = "higher",
) -> Attribution:
    """Return the contributions of the factors to the difference of one metric.

    Args:
        factors: names, at least one.
        values: for each of `cells(factors)` one value a seed, in the same order of seeds everywhere.
        metric: its name.
        unit: its unit.
        direction: whether higher or lower values are better.

    Raises:
        ValueError: a cell is missing, or cells have unequal numbers of seeds.
    """
    seeds = {len(of_cell) for of_cell in values.values()}
    if missing := [cell for cell in cells(factors) if cell not in values]:
        raise ValueError(f"Combinations are missing: {[sorted(cell) for cell in missing]}.")
    if len(seeds) != 1 or 0 in seeds:
        raise ValueError(f"Every combination needs one value for each seed, not {sorted(seeds)}.")
    full = len(factors) <= MOST_FACTORS
    contribution = _shapley if full else _at_both_ends
    single: PerSeed = {(one,): contribution(one, factors, values) for one in factors}
    double: PerSeed = {}
    if full:
        double = {pair: _interaction(pair, factors, values) for pair in combinations(factors, 2)}
    of_a, of_b = tuple(values[frozenset()]), tuple(values[frozenset(factors)])
    # Half of the level for the factors and half for their pairs, so that the whole answer has it.
    parts = 2 if double else 1
    contributions = _tested(single, parts)
    left = math.fsum(of_b) / len(of_b) - math.fsum(of_a) / len(of_a) - math.fsum(one.mean for one in contributions)
    return Attribution(
        metric=metric,
        unit=unit,
        direction=direction,
        a=of_a,
        b=of_b,
        contributions=tuple(sorted(contributions, key=lambda one: -abs(one.mean))),
        interactions=_tested(double, parts),
        unexplained=left,
    )


def _subsets(names: Sequence[str]) -> list[Combination]:
    return [frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)]


def _shapley(one: str, factors: Sequence[str], values: Mapping[Combination, Sequence[float]]) -> tuple[float, ...]:
    number = len(factors)
    terms = [
        (math.factorial(len(rest)) * math.factorial(number - len(rest) - 1) / math.factorial(number), rest)
        for rest in _subsets([name for name in factors if name != one])
    ]
    return tuple(
        math.fsum(weight * (values[rest | {one}][seed] - values[rest][seed]) for weight, rest in terms)
        for seed in range(len(values[frozenset()]))
    )


def _at_both_ends(one: str, factors: Sequence[str], values: Mapping[Combination, Sequence[float]]) -> tuple[float, ...]:
    nothing, everything = frozenset[str](), frozenset(factors)
    return tuple(
        (values[frozenset({one})][seed] - values[nothing][seed]) / 2
        + (values[everything][seed] - values[everything - {one}][seed]) / 2
        for seed in range(len(values[nothing]))
    )


def _interaction(
    pair: tuple[str, str], factors: Sequence[str], values: Mapping[Combination, Sequence[float]]
) -> tuple[float, ...]:
    first, second = pair
    number = len(factors)
    terms = [
        (math.factorial(len(rest)) * math.factorial(number - len(rest) - 2) / math.factorial(number - 1), rest)
        for rest in _subsets([name for name in factors if name not in pair])
    ]
    return tuple(
        math.fsum(
            weight
            * (
                values[rest | {first, second}][seed]
                - values[rest | {first}][seed]
                - values[rest | {second}][seed]
                + values[rest][seed]
            )
            for weight, rest in terms
        )
        for seed in range(len(values[frozenset()]))
    )


def _tested(found: PerSeed, parts: int) -> tuple[Contribution, ...]:
    """Test each against no contribution over the seeds, and correct for their number as Holm does.

    Args:
        found: what is tested together.
        parts: such sets of tests, which share the level.
    """
    raw = {name: _p_value(per_seed) for name, per_seed in found.items()}
    ordered = sorted((name for name in raw if raw[name] is not None), key=lambda name: raw[name] or 0.0)
    adjusted: dict[tuple[str, ...], float] = {}
    greatest = 0.0
    for place, name in enumerate(ordered):
        greatest = max(greatest, min(1.0, parts * (len(ordered) - place) * (raw[name] or 0.0)))
        adjusted[name] = greatest
    made = []
    for name, per_seed in found.items():
        mean, p = math.fsum(per_seed) / len(per_seed), adjusted.get(name)
        low, high = _interval(per_seed)
        verdict: Blame = "few" if p is None or len(per_seed) < LEAST_SEEDS else "not-shown"
        if verdict == "not-shown" and p is not None and p <= 1 - LEVEL:
            verdict = "responsible"
        made.append(Contribution(factors=name, per_seed=per_seed, mean=mean, low=low, high=high, p=p, verdict=verdict))
    return tuple(made)


def _spread(per_seed: Sequence[float]) -> float:
    """Return the standard error of the mean; 0 where values differ by no more than rounding."""
    number = len(per_seed)
    mean = math.fsum(per_seed) / number
    error = math.sqrt(math.fsum((one - mean) ** 2 for one in per_seed) / (number - 1) / number)
    return error if error > 1e-12 * max(map(abs, per_seed)) else 0.0


def _p_value(per_seed: Sequence[float]) -> float | None:
    if len(per_seed) < 2 or not all(map(math.isfinite, per_seed)):
        return None
    mean, error = math.fsum(per_seed) / len(per_seed), _spread(per_seed)
    if error == 0:
        # No chance is in it: the seeds agree, on nothing or on the same change.
        return 1.0 if abs(mean) <= 1e-12 else 0.0
    return student_p(mean / error, len(per_seed) - 1)


def _interval(per_seed: Sequence[float]) -> tuple[float | None, float | None]:
    if len(per_seed) < 2 or not all(map(math.isfinite, per_seed)):
        return None, None
    mean = math.fsum(per_seed) / len(per_seed)
    half = student_quantile((1 + LEVEL) / 2, len(per_seed) - 1) * _spread(per_seed)
    return mean - half, mean + half
