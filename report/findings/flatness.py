"""How sharply a best epoch is determined: which epochs around it are as good, as far as chance lets one tell."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

FINEST = 3
"""Values that a curve needs before its jitter can be estimated from its second differences."""


@dataclass(frozen=True, kw_only=True)
class Flatness:
    """How far the best epoch is determined: the epochs around it that chance may have made the best ones."""

    first: int
    last: int
    source: Literal["runs", "jitter"]
    """Judged by the differences between the trainings, or by the jitter of the one curve."""

    @property
    def sharp(self) -> bool:
        """Whether the best epoch stands alone."""
        return self.first == self.last


def flatness(
    at: Sequence[int], curves: Sequence[Sequence[float]], best: int, *, folds: bool = False
) -> Flatness | None:
    """Return which epochs are as good as the best one, as far as can be decided; None where nothing can be.

    With the folds of a cross-validation, an epoch counts as good where its mean lies at most one standard error over
    the folds from that of the best one (the one-standard-error rule of Breiman, Friedman, Olshen and Stone,
    "Classification and Regression Trees", 1984, section 3.4.3). Seeds are measured on the same samples, so for them it
    is the standard error of the distance itself. With a single curve, where the distance is at most one standard
    deviation of a difference of two values, their noise estimated by `jitter`. Only epochs without a worse one between
    them and the best are counted.

    Args:
        at: the epochs, in order.
        curves: one for each training (seed or fold), all measured at these epochs, all values finite.
        best: the best epoch of their mean.
        folds: whether the curves are those of folds.
    """
    return _found(tuple(at), tuple(map(tuple, curves)), best, folds)


@lru_cache(maxsize=256)
def _found(at: tuple[int, ...], curves: tuple[tuple[float, ...], ...], best: int, folds: bool) -> Flatness | None:
    """Return what `flatness` returns: a chapter asks a dozen times for the same curves, and each time costs 0.1 s."""
    position = at.index(best)
    if len(curves) > 1:
        distances = [_distance(curves, index, position) for index in range(len(at))]
        if folds:
            error = statistics.stdev(curve[position] for curve in curves) / math.sqrt(len(curves))
            distances = [(distance, error) for distance, _ in distances]
        return _flat(at, position, distances, "runs")
    noise = jitter(curves[0])
    if noise is None:
        return None
    distances = [(abs(value - curves[0][position]), math.sqrt(2) * noise) for value in curves[0]]
    return _flat(at, position, distances, "jitter")


def jitter(values: Sequence[float]) -> float | None:
    """Return the standard deviation of the noise of a curve, from its second differences; None for a short one.

    Source: Gasser, Sroka and Jennen-Steinmetz, "Residual variance and residual pattern in nonlinear regression",
    Biometrika 73 (1986), equation 3 for equal distances.
    """
    if len(values) < FINEST:
        return None
    parts = [(a + c) / 2 - b for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return math.sqrt(math.fsum(part * part for part in parts) / (1.5 * len(parts)))


def _distance(curves: Sequence[Sequence[float]], index: int, best: int) -> tuple[float, float]:
    """Return the mean distance of an epoch from the best one, and the standard error of that distance."""
    distances = [curve[index] - curve[best] for curve in curves]
    return abs(statistics.fmean(distances)), statistics.stdev(distances) / math.sqrt(len(distances))


def _flat(
    at: Sequence[int], best: int, distances: Sequence[tuple[float, float]], source: Literal["runs", "jitter"]
) -> Flatness:
    first = last = best
    while first > 0 and _near(distances[first - 1]):
        first -= 1
    while last < len(at) - 1 and _near(distances[last + 1]):
        last += 1
    return Flatness(first=at[first], last=at[last], source=source)


def _near(distance: tuple[float, float]) -> bool:
    return distance[0] <= distance[1]
