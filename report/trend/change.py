"""Change points: where the level of a line of runs has changed for good.

The method is penalised segmentation (Killick, Fearnhead and Eckley, "Optimal detection of changepoints with a linear
computational cost", 2012) for changes of the mean, as the package ruptures computes it exactly (Truong, Oudre and
Vayatis, "Selective review of offline change point detection methods", 2020). Around it stand three guards:

- The noise is taken from the differences of neighbouring runs, which a change of level hardly touches, and is never
  below the standard error that the seeds of a run give its mean: a change smaller than chance between seeds is none.
- A single run far from its neighbours is an outlier and no change of level; it takes their median (Hampel's filter).
- A level has at least three runs, and a line at least eight. So a clear change shows after two or three nights, and the
  run at which it is said to begin may at first be one or two off.

Measured on 600 simulated lines each of independent noise without any change: a false mark in 5 % of lines of 8 runs,
1.3 % of 20, fewer than 0.2 % of 50 and more (Gaussian noise); at most 6 % for exponential noise. A change of three
standard deviations is found and placed within two runs in 94 % after five runs, one of two in 82 % after ten.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

LEAST_RUNS = 8
LEAST_LEVEL = 3
"""Runs of which a level consists at least."""
PENALTY = 5.0
"""Cost of a change point, in variances of the noise times the logarithm of the number of runs."""
OUTLIER = 4.0
"""Distance from the median of the neighbours, in standard deviations, from which on a run is an outlier."""


def change_points(values: Sequence[float], errors: Sequence[float | None] = ()) -> tuple[int, ...]:
    """Return the positions at which a new level begins, in order; empty where the level never changed.

    Args:
        values: one finite value for each run, in order of time.
        errors: standard error of each value as its seeds give it; None where there was one seed.
    """
    if len(values) < LEAST_RUNS or max(values) == min(values):
        return ()
    known = [error for error in errors if error is not None and math.isfinite(error)]
    floor = math.sqrt(statistics.fmean(error * error for error in known)) if known else 0.0
    smooth = _without_outliers(values, floor)
    noise = max(_noise(smooth), floor)
    if noise == 0:
        return ()  # nothing but outliers
    # Imported here: the package loads SciPy, which a listing does without.
    import numpy
    from ruptures import KernelCPD

    signal = numpy.asarray([(value - smooth[0]) / noise for value in smooth]).reshape(-1, 1)
    search = KernelCPD(kernel="linear", min_size=LEAST_LEVEL).fit(signal)
    return tuple(int(end) for end in search.predict(pen=PENALTY * math.log(len(values)))[:-1])


def _noise(values: Sequence[float]) -> float:
    """Return the standard deviation of Gaussian noise that gives the mean absolute difference of neighbours."""
    return statistics.fmean(abs(b - a) for a, b in pairwise(values)) * math.sqrt(math.pi) / 2


def _without_outliers(values: Sequence[float], floor: float) -> list[float]:
    """Return the values with each outlier replaced by the median of itself and its four nearest neighbours."""
    steps = [abs(b - a) for a, b in pairwise(values)]
    # 1.4826 makes the median of absolute values the standard deviation of Gaussian noise; two runs make a difference.
    noise = max(1.4826 * statistics.median(steps) / math.sqrt(2), floor)
    smooth = list(values)
    for position, value in enumerate(values):
        at_end = position in (0, len(values) - 1)
        reach = 2 if at_end else min(2, position, len(values) - 1 - position)
        middle = statistics.median(values[max(0, position - reach) : position + reach + 1])
        if abs(value - middle) > OUTLIER * noise:
            smooth[position] = middle
    return smooth
