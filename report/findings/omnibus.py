"""One question to three versions or more: is there any difference at all? And if there is, between which of them?

What goes in are plain numbers, one per run, for each version; what comes out are plain records. NumPy is imported when
a test is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

from labreport.report.findings.statistics import RESAMPLES, holm, least_p, permutation_tests

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DIGITS = 11
"""Decimals of the statistic, in units of the whole spread, beyond which two arrangements count as tied."""
_SEED = 20260101
"""Of the arrangements that are drawn; the same runs always give the same p."""


@dataclass(frozen=True, kw_only=True)
class Omnibus:
    """Whether several versions differ at all."""

    p: float
    arrangements: int
    exact: bool
    """Whether these were all there are."""


@dataclass(frozen=True, kw_only=True)
class PairTest:
    """Two of several versions, by their positions."""

    first: int
    second: int
    difference: float
    """Mean of the second minus mean of the first."""
    p: float
    adjusted_p: float
    """Corrected for the number of pairs."""
    least_p: float
    """The smallest p that this number of runs can give."""


def omnibus(groups: Sequence[Sequence[float]]) -> Omnibus | None:
    """Test whether all groups could be one sample: the permutation test of the one-way layout.

    Args:
        groups: values of each version, all finite.

    Returns:
        The test; None where fewer than three groups have two values or more, or one has fewer.

    Source: the statistic is the sum of squares between the groups, arranged as in Good, "Permutation, Parametric, and
    Bootstrap Tests of Hypotheses", 2005, section 6.3; exact while there are at most `RESAMPLES` arrangements.
    """
    import numpy as np

    if len(groups) < 3 or min(map(len, groups)) < 2:
        return None
    sizes = [len(group) for group in groups]
    pooled = np.concatenate([np.asarray(group, dtype=float) for group in groups])
    pooled = pooled - pooled.mean()
    scale = float(np.sqrt(np.square(pooled).mean()))
    if scale > 0:
        pooled = pooled / scale
    count = math.factorial(len(pooled)) // math.prod(map(math.factorial, sizes))
    exact = count <= RESAMPLES
    if exact:
        arranged = _every_arrangement(tuple(sizes))
    else:
        drawn = np.tile(np.arange(len(pooled)), (RESAMPLES, 1))
        arranged = np.concatenate([drawn[:1], np.random.default_rng(_SEED).permuted(drawn, axis=1)])
    between = _between(pooled[arranged], sizes)
    observed = _between(pooled[np.newaxis, :], sizes)[0]
    return Omnibus(p=float(np.mean(between >= observed)), arrangements=len(arranged), exact=exact)


def pairs(groups: Sequence[Sequence[float]]) -> tuple[PairTest, ...]:
    """Test every pair of groups; p is corrected for their number (Holm, 1979)."""
    chosen = [pair for pair in combinations(range(len(groups)), 2) if min(len(groups[place]) for place in pair) > 1]
    tests = [permutation_tests([groups[a]], [groups[b]])[0] for a, b in chosen]
    adjusted = holm([test.p for test in tests])
    return tuple(
        PairTest(
            first=a,
            second=b,
            difference=test.difference,
            p=test.p,
            adjusted_p=corrected,
            least_p=least_p(len(groups[a]), len(groups[b])),
        )
        for (a, b), test, corrected in zip(chosen, tests, adjusted, strict=True)
    )


def improvement(first: Sequence[float], second: Sequence[float], *, higher: bool) -> float:
    """Return the share of pairs of runs in which that of the second version is better; a tie counts half.

    It estimates the probability that a run of the second version beats one of the first: the Mann-Whitney statistic, as
    in Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", 2021.

    Args:
        first: values of the reference, at least one.
        second: values of the judged version, at least one.
        higher: whether higher values are better.
    """
    won = sum((b > a) - (b < a) for a in first for b in second) / (len(first) * len(second))
    return (1 + (won if higher else -won)) / 2


def _between(arranged: NDArray[Any], sizes: Sequence[int]) -> NDArray[Any]:
    """Return the sum of squares between the groups of each arrangement of centred values, shape (arrangements,)."""
    import numpy as np

    ends = np.cumsum(sizes)
    sums = [arranged[:, end - size : end].sum(axis=1) for size, end in zip(sizes, ends, strict=True)]
    found = sum(np.square(total) / size for total, size in zip(sums, sizes, strict=True))
    rounded: NDArray[Any] = np.round(found, _DIGITS)
    return rounded


@lru_cache(maxsize=8)
def _every_arrangement(sizes: tuple[int, ...]) -> NDArray[Any]:
    """Return every way to deal positions to groups of these sizes, a row for each; metrics of a lab share them."""
    import numpy as np

    return np.asarray(list(_arrangements(tuple(range(sum(sizes))), sizes)))


def _arrangements(left: tuple[int, ...], sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield every way to deal positions to groups of these sizes, the groups one after the other."""
    if len(sizes) == 1:
        yield left
        return
    for chosen in combinations(left, sizes[0]):
        rest = tuple(place for place in left if place not in chosen)
        for others in _arrangements(rest, sizes[1:]):
            yield (*chosen, *others)
