"""Tests and intervals over seeds: is a difference between two versions more than chance?

What goes in are plain numbers, one per run, for each of several metrics; what comes out are plain records. Every
difference is second minus first. NumPy and SciPy are imported when a test is made, so that commands which only read
stored runs start at once.

Seeds are the independent repetitions. The test is Fisher's permutation test of the difference of means (exact while
there are at most `RESAMPLES` arrangements, sampled beyond), because with three to ten runs nothing can be said about
the shape of their distribution. The interval is that same test turned round, so the two never contradict each other.
Folds of one cross-validation share their training samples and are not independent; for them there is
`corrected_resampled_test`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from labreport.report.findings.distributions import student_p, student_quantile

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Array = NDArray[numpy.float64]

LEVEL = 0.95
"""Confidence of every interval; 1 - LEVEL is the level of every test."""
RESAMPLES = 19_999
"""Up to this many arrangements of the runs are all gone through; of more, this many are drawn at random."""
_DIGITS = 11
"""Decimals of a statistic, in units of the data's range, beyond which two arrangements count as tied."""

TestMethod = Literal["permutation", "paired permutation", "corrected t"]
IntervalMethod = Literal["permutation", "welch", "corrected t"]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Where the true difference may lie."""

    low: float
    high: float
    method: IntervalMethod
    """How it was found: the permutation test turned round, Welch's t, or the corrected resampled t."""
    level: float = LEVEL

    def within(self, margin: float) -> bool:
        """Return whether the whole interval lies closer to zero than `margin`.

        Source: the two one-sided tests of Schuirmann, "A comparison of the two one-sided tests procedure and the power
        approach for assessing the equivalence of average bioavailability", 1987; here with the wider interval that
        is also printed, so that the verdict can be checked by eye.
        """
        return -margin < self.low and self.high < margin


@dataclass(frozen=True, kw_only=True)
class Test:
    """What a test says of one metric."""

    __test__ = False  # the name does not invite pytest

    difference: float
    """Mean of the second runs minus mean of the first."""
    interval: Interval | None
    """None where there are too few runs even for a t interval."""
    p: float
    """Two-sided: twice the smaller tail, at most 1."""
    adjusted_p: float
    """Corrected for the number of metrics tested together; not below `p`."""
    least_p: float
    """The smallest p that this number of runs can give, whatever they measure."""
    method: TestMethod
    arrangements: int
    """Arrangements gone through; 0 for a t test."""
    exact: bool = True
    """Whether these were all there are."""

    @property
    def can_tell(self) -> bool:
        """Whether this number of runs could have shown any difference at all."""
        return self.least_p <= 1 - LEVEL + 1e-12

    @property
    def significant(self) -> bool:
        """Whether a difference is shown, after the correction for the number of metrics."""
        return self.can_tell and self.adjusted_p <= 1 - LEVEL + 1e-12

    @property
    def shown_from(self) -> float | None:
        """The smallest difference of the means that runs with this spread would have shown; None without interval.

        Moving all second runs by s moves the interval by s, so a difference d becomes visible when its own edge of the
        interval passes zero. The larger of the two directions is given. This is not the difference that would be
        found with some wished probability; that one is larger.
        """
        if self.interval is None:
            return None
        return max(self.difference - self.interval.low, self.interval.high - self.difference)


def least_p(first: int, second: int, *, paired: bool = False) -> float:
    """Return the smallest two-sided p of the permutation test for these numbers of runs.

    3 against 3 give 0.10, 4 against 4 give 0.029, 5 against 5 give 0.008; n pairs give 2 / 2ⁿ. A single run on one
    side says nothing about its own spread: 1.
    """
    if min(first, second) < 2:
        return 1.0
    arrangements = 2**first if paired else math.comb(first + second, first)
    return min(1.0, 2 / min(arrangements, RESAMPLES + 1))


def pairs_suffice(pairs: int) -> bool:
    """Return whether the paired test should be taken with this number of pairs: from eight on.

    Six pairs are the fewest that could show anything (p = 0.03), but then only if all of them agree, while six runs
    against six can go down to 0.002. With fewer than eight (p = 0.008), runs with equal seeds are tested as if they
    were independent. What equal seeds share makes the difference of their means vary less, not more, so that test is
    then cautious, not wrong. The number alone decides, never what was measured.
    """
    return least_p(pairs, pairs, paired=True) <= 0.01


def permutation_tests(
    first: Sequence[Sequence[float]], second: Sequence[Sequence[float]], *, paired: bool = False
) -> tuple[Test, ...]:
    """Test the difference of means of several metrics over the same runs.

    Args:
        first: values of the first version, shape (metrics, runs), all finite; at least two runs.
        second: the same metrics of the second version, with as many runs where paired.
        paired: the i-th runs belong together (same seed, same initial weights, same order of samples).

    Returns:
        One Test per metric. Its p is Fisher's (The Design of Experiments, 1935, section 21), with the arrangements of
        `scipy.stats.permutation_test`.

        Its adjusted p is that of Westfall and Young (Resampling-Based Multiple Testing, 1993; step-down maxT as in Ge,
        Dudoit and Speed, "Resampling-based multiple testing for microarray data analysis", 2003): Holm's procedure
        with the dependence between the metrics taken from the arrangements. Unlike Holm's own it never asks for more
        runs than the test itself: with five against five p can't go below 0.008, and eight times that would hide any
        difference of one metric among eight.

        Its interval holds every shift that the uncorrected test does not reject (Garthwaite, "Confidence intervals
        from randomization tests", 1996); where no shift can be rejected, it is Welch's t interval instead.

    Raises:
        ValueError: fewer than two runs, values that are not finite, or shapes that do not fit.
    """
    import numpy as np

    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b) or min(a.shape[1], b.shape[1]) < 2:
        raise ValueError(f"Two tables (metrics, runs) of at least two runs were expected, not {a.shape} and {b.shape}.")
    if paired and a.shape != b.shape:
        raise ValueError(f"Pairs were expected, not {a.shape[1]} and {b.shape[1]} runs.")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("Values that are not finite can't be tested.")
    if not len(a):
        return ()
    # Centred and scaled by a spread that arranging leaves as it is: ties are recognised whatever the unit, and metrics
    # can be set side by side, because a difference of means so scaled grows with its t statistic.
    pooled = np.concatenate([a, b], axis=1)
    centre = pooled.mean(axis=1, keepdims=True)
    spread = b - a if paired else pooled - centre
    scale = np.sqrt(np.square(spread).mean(axis=1, keepdims=True))
    scale[scale <= 1e-12 * np.abs(centre)] = 1.0
    null, moved, exact = _arrangements((a - centre) / scale, (b - centre) / scale, paired=paired)
    tied = np.round(null, _DIGITS)
    p_values = [_two_sided(column) for column in tied.T]
    adjusted = _step_down(np.abs(tied))
    tests = []
    for metric in range(len(a)):
        size = float(scale[metric, 0])
        interval = _inverted(null[:, metric], moved, size) or welch_interval(first[metric], second[metric])
        tests.append(
            Test(
                difference=math.fsum(second[metric]) / b.shape[1] - math.fsum(first[metric]) / a.shape[1],
                interval=interval,
                p=p_values[metric],
                adjusted_p=max(float(adjusted[metric]), p_values[metric]),
                least_p=least_p(a.shape[1], b.shape[1], paired=paired),
                method="paired permutation" if paired else "permutation",
                arrangements=len(null),
                exact=exact,
            )
        )
    return tuple(tests)


def corrected_resampled_test(differences: Sequence[float], *, train_samples: int, validation_samples: int) -> Test:
    """Test the mean difference over the folds of one cross-validation.

    Args:
        differences: second minus first for each fold, on the same folds; at least two.
        train_samples: of one fold.
        validation_samples: of one fold.

    Returns:
        A t test with J - 1 degrees of freedom for J folds, whose variance is s² (1 / J + validation / train): folds
        share most of their training samples, so s² / J would be far too small.

    Raises:
        ValueError: fewer than two folds.

    Source: Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.
    """
    count = len(differences)
    if count < 2:
        raise ValueError(f"At least two folds were expected, not {count}.")
    mean = math.fsum(differences) / count
    variance = math.fsum((value - mean) ** 2 for value in differences) / (count - 1)
    error = math.sqrt(variance * (1 / count + validation_samples / train_samples))
    if error <= 1e-12 * max(abs(value) for value in differences):
        p, reach = (1.0 if mean == 0 else 0.0), 0.0
    else:
        p = student_p(mean / error, count - 1)
        reach = student_quantile((1 + LEVEL) / 2, count - 1) * error
    interval = Interval(low=mean - reach, high=mean + reach, method="corrected t")
    return Test(
        difference=mean, interval=interval, p=p, adjusted_p=p, least_p=0.0, method="corrected t", arrangements=0
    )


def welch_interval(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """Return the t interval of the difference of means without assuming equal variances; None for a single run.

    Source: Welch, "The generalization of 'Student's' problem when several different population variances are
    involved", 1947.
    """
    if min(len(first), len(second)) < 2:
        return None
    from scipy import stats

    with warnings.catch_warnings():
        # Runs that agree to the last digit have no spread to speak of: SciPy warns, and the interval is a point.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = stats.ttest_ind(second, first, equal_var=False).confidence_interval(LEVEL)
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        difference = math.fsum(second) / len(second) - math.fsum(first) / len(first)
        return Interval(low=difference, high=difference, method="welch")
    return Interval(low=float(found.low), high=float(found.high), method="welch")


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p values corrected for their number, in the order given.

    For tests that don't share their runs, of which nothing is known but their p.

    Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def corrected_together(tests: Sequence[Test]) -> tuple[Test, ...]:
    """Return tests that don't share their runs with their p corrected by `holm`."""
    adjusted = holm([test.p for test in tests])
    return tuple(replace(test, adjusted_p=p) for test, p in zip(tests, adjusted, strict=True))


def _arrangements(a: Array, b: Array, *, paired: bool) -> tuple[Array, Array, bool]:
    """Return the difference of means under each arrangement of the runs.

    Returns:
        The differences, shape (arrangements, metrics), the runs as they really are in row 0; for each arrangement how
        much of a shift of all second runs it takes away, 0 (nothing moved) to 2 (all exchanged); whether these are all.
    """
    import numpy as np
    from scipy import stats

    count_a, count_b = a.shape[1], b.shape[1]
    possible = 2**count_a if paired else math.comb(count_a + count_b, count_a)
    exact = possible <= RESAMPLES
    # Drawn arrangements depend on the order of the versions; a fixed order makes A against B the mirror of B against A.
    mirrored = not exact and (count_a, a.tolist()) > (count_b, b.tolist())
    if mirrored:
        a, b = b, a
    # A metric that is 0 in the first runs and 1 in the second shows how many runs an arrangement exchanged: SciPy
    # arranges all rows alike.
    marked = [np.vstack([a, np.zeros(a.shape[1])]), np.vstack([b, np.ones(b.shape[1])])]
    drawn: Any = stats.permutation_test(
        marked,
        _difference_of_means,
        permutation_type="samples" if paired else "independent",
        vectorized=True,
        n_resamples=np.inf if exact else RESAMPLES,
        axis=-1,
        rng=np.random.default_rng(0),
    )
    rows = np.asarray(drawn.null_distribution, dtype=float)
    if not exact:
        rows = np.vstack([np.asarray(drawn.statistic, dtype=float)[None, :], rows])
    if exact:
        rows = np.roll(rows, -int(np.argmax(rows[:, -1])), axis=0)
    null, moved = rows[:, :-1], 1 - rows[:, -1]
    return (-null if mirrored else null), moved, exact


def _difference_of_means(first: Array, second: Array, axis: int) -> Array:
    difference: Array = second.mean(axis=axis) - first.mean(axis=axis)
    return difference


def _two_sided(null: Array) -> float:
    """Return twice the smaller tail of the real arrangement, row 0, at most 1."""
    below, above = (null <= null[0]).mean(), (null >= null[0]).mean()
    return min(1.0, 2 * float(min(below, above)))


def _step_down(strength: Array) -> Array:
    """Return Westfall and Young's adjusted p of each metric (step-down maxT).

    Args:
        strength: how striking each metric is under each arrangement, in a unit common to all; row 0 is the real one.
    """
    import numpy as np

    order = np.argsort(-strength[0], kind="stable")
    # The most striking of the metrics that are really no more striking than each, under every arrangement.
    greatest = np.maximum.accumulate(strength[:, order[::-1]], axis=1)[:, ::-1]
    raw: Array = (greatest >= strength[0, order]).mean(axis=0)
    adjusted: Array = np.empty_like(raw)
    adjusted[order] = np.maximum.accumulate(raw)
    return adjusted


def _inverted(null: Array, moved: Array, scale: float) -> Interval | None:
    """Return every shift of the second runs that the test does not reject, or None where so few runs reject none.

    Take s off all second runs: the real difference falls by s, that of an arrangement which exchanges the share m by
    (1 - m) s. The two are equal at s = (real - arranged) / m; below it the arrangement is the less, above it the more
    extreme. So the limits are order statistics of these crossings.
    """
    import numpy as np

    still = moved < 1e-9
    crossing = np.sort((null[0] - null[~still]) / moved[~still])
    # p > level of the test: more than `tail` arrangements as extreme, of which those that move nothing count always.
    tail = round((1 - LEVEL) / 2 * len(null), 9)
    needed = math.floor(tail) - int(still.sum()) + 1
    if needed <= 0:
        return None
    return Interval(
        low=float(crossing[needed - 1]) * scale, high=float(crossing[-needed]) * scale, method="permutation"
    )
