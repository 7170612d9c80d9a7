"""Whether one model is better than another beyond chance: the one home of every comparison inside a run.

Two chances enter a difference of scores. Which samples were drawn for the test: with one seed that is all that a run
can judge, sample by sample where both models' answers are on record. And how the networks were initialised and shown
their batches: that takes several seeds. With several seeds a difference counts only if it exceeds both (an
intersection-union test: Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET

from labreport.experiments.result import PerSample, Result
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.distributions import normal_quantile, student_p, student_quantile
from labreport.report.findings.scores import Measured
from labreport.report.findings.statistics import LEVEL
from labreport.report.numbers import difference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIGNIFICANT = 1 - LEVEL
"""Two-sided p up to which a difference counts."""
_FLIPS = 9_999
_BATCH = 500
"""Drawings of signs that are held in memory at once."""

BOUND = "p_at_most"
"""What a claim calls a p that is no more than a bound, as the answers to each sample are not on record."""
ChanceTest = Literal["mcnemar", "at_most", "signs", "proportions", "normal", "seeds"]


class NoAnswersError(MissingValueError):
    """A record does not hold how the models did on each sample, as those of format 1 do not."""


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """A difference of two scores, and whether it is more than chance."""

    difference: float
    """Mean of the first minus mean of the second, or turned round where less is better: above 0, the first is ahead."""
    p: float
    """Two-sided: how often chance alone gives a difference at least as large."""
    test: ChanceTest
    votes: tuple[bool, ...]
    """For each seed whether the first is ahead."""
    alone: tuple[int, int] | None = None
    """Of one seed: samples that the first alone gets right, and those that the second alone does."""

    @property
    def ahead(self) -> bool | None:
        """Whether the first is ahead beyond chance; False: the second is; None: it is not known."""
        return self.difference > 0 if self.p <= SIGNIFICANT and self.difference else None


def compared(result: Result, first: Measured, second: Measured) -> Beyond:
    """Compare two models by scores of one metric, measured on the same samples.

    Args:
        result: the run.
        first: score of a trained network.
        second: score of another one, or a baseline.

    Raises:
        NoAnswersError: with one seed, the run does not hold how each model did on each sample, and from the scores
            alone nothing follows.
        MissingValueError: a score is not a finite number.
    """
    if not all(map(math.isfinite, (*first.values, *second.values))):
        raise MissingValueError(f"A score of {first.first.name} or {second.first.name} is not a finite number.")
    sign = 1 if first.first.direction == "higher" else -1
    pairs = _pairs(first, second)
    ahead = [sign * difference(one, other) for one, other in pairs]
    if not all(map(math.isfinite, ahead)):
        raise MissingValueError(f"A value of {first.first.name} or {second.first.name} is not a finite number.")
    mean = ahead[0] if len(ahead) == 1 else math.fsum(ahead) / len(ahead)
    votes = tuple(one > 0 for one in ahead)
    if len(ahead) > 1:
        p = seeds_p(ahead)
        sampled = _samples_p(result, first, second)
        return Beyond(difference=mean, p=max(p, 0.0 if sampled is None else sampled), test="seeds", votes=votes)
    rows = _rows(result, first, second)
    if rows and all(one.correct for one in rows[0]):
        one, other = rows[0]
        right, rival = _flags(one), _flags(other)
        alone = int((right & ~rival).sum()), int((rival & ~right).sum())
        exact = (alone[0] - alone[1]) / len(right)
        return Beyond(difference=exact, p=mcnemar_p(*alone), test="mcnemar", votes=votes, alone=alone)
    if rows:
        return Beyond(difference=mean, p=signs_p(_closer(*rows[0])), test="signs", votes=votes)
    samples = _samples_of(result, first)
    if first.unit != "share" or samples is None:
        models = f"{first.first.model} and {second.first.model}"
        raise NoAnswersError(f"The run of {result.lab} does not hold how {models} did on each sample.")
    return _at_most(pairs[0], samples, votes)


def compared_by_class(
    result: Result, first: Measured, second: Measured, classes: Sequence[int], *, roles: tuple[str, str]
) -> Beyond:
    """Compare two classifiers by the mean recall of the classes, in which a sample of a rare class weighs more.

    Args:
        result: the run.
        first: mean recall of a network.
        second: that of another one.
        classes: true class of each test sample.
        roles: of the two networks.

    Returns:
        With one seed the test by drawn signs over the samples, each difference weighted as in the mean; with several
        that of their mean over the seeds, and the one over the seeds.

    Raises:
        MissingValueError: the run does not hold how each model did on each sample.
    """
    import numpy as np

    pairs = _pairs(first, second)
    ahead = [difference(one, other) for one, other in pairs]
    known = () if result.findings.per_sample is UNSET else result.findings.per_sample
    by_model = {(one.model, one.seed): one for one in known}
    rows = [tuple(by_model.get((role, seed)) for role in roles) for seed in first.seeds]
    if not all(one is not None and _complete(one) == len(classes) for row in rows for one in row):
        raise MissingValueError(f"The run of {result.lab} does not hold how each model did on each sample.")
    labels = np.asarray(classes)
    sizes = np.bincount(labels)
    weights = 1 / (sizes[labels] * np.count_nonzero(sizes))
    each = [weights * _closer(one, other) for one, other in rows if one is not None and other is not None]
    differences = np.mean(each, axis=0)
    p = signs_p(differences[differences != 0]) if differences.any() else 1.0
    votes = tuple(one > 0 for one in ahead)
    mean = math.fsum(ahead) / len(ahead)
    if len(ahead) > 1:
        return Beyond(difference=mean, p=max(p, seeds_p(ahead)), test="seeds", votes=votes)
    return Beyond(difference=mean, p=p, test="signs", votes=votes)


def shared(result: Result, first: Measured, second: Measured) -> tuple[float, float, float, float]:
    """Return how many test samples both models get right, the first alone, the second alone, and neither.

    Args:
        result: the run.
        first: score of a trained network.
        second: score of another one.

    Returns:
        Means over the seeds.

    Raises:
        MissingValueError: the run does not hold which samples each of them gets right.
    """
    rows = [row for row in _rows(result, first, second) if row[0].correct]
    if not rows:
        raise MissingValueError(f"The run of {result.lab} does not hold which samples each network gets right.")
    counts = []
    for row in rows:
        one, other = map(_flags, row)
        counts.append([int(each.sum()) for each in (one & other, one & ~other, other & ~one, ~one & ~other)])
    both, alone, rival, neither = (statistics.fmean(column) for column in zip(*counts, strict=True))
    return both, alone, rival, neither


def reach(result: Result, first: Measured, second: Measured) -> float | None:
    """Return half the width of the interval around the difference of two scores of one metric, at the common level.

    It is the wider one of two: Student's t interval of the paired differences over the seeds, and the normal interval
    of the paired differences over the test samples. Where it leaves zero out, `compared` says that chance does not
    explain the difference, but for the exactness of McNemar's test with one seed.

    Args:
        result: the run.
        first: score of a trained network.
        second: score of another one.

    Returns:
        In the unit of the scores; None where neither seeds nor samples say anything.
    """
    import numpy as np

    widths = []
    ahead = [difference(one, other) for one, other in _pairs(first, second)]
    if len(ahead) > 1:
        error = statistics.stdev(ahead) / math.sqrt(len(ahead))
        widths.append(error * student_quantile((1 + LEVEL) / 2, len(ahead) - 1))
    rows = _rows(result, first, second)
    if rows and len(rows) >= len(first.seeds):
        mean = np.mean([_closer(*row) for row in rows], axis=0)
        error = float(mean.std(ddof=1)) / math.sqrt(len(mean))
        widths.append(error * normal_quantile((1 + LEVEL) / 2))
    return max(widths, default=None)


def apart(first: Sequence[float], second: Sequence[float], samples: tuple[int, int]) -> Beyond:
    """Compare two shares of right answers on different samples, such as training and validation accuracy.

    Args:
        first: shares, one for each seed.
        second: as many.
        samples: how many samples the first and the second were measured on.

    Returns:
        With one seed the test of two proportions with a pooled standard error (Fleiss, Levin and Paik, "Statistical
        Methods for Rates and Proportions", 2003, section 3.1); with several also that over the seeds.

    Raises:
        MissingValueError: a share is not a finite number.
    """
    if not all(map(math.isfinite, (*first, *second))):
        raise MissingValueError("A share is not a finite number.")
    ahead = [difference(one, other) for one, other in zip(first, second, strict=True)]
    mean = ahead[0] if len(ahead) == 1 else math.fsum(ahead) / len(ahead)
    shares = statistics.fmean(first), statistics.fmean(second)
    pooled = sum(share * count for share, count in zip(shares, samples, strict=True)) / sum(samples)
    error = math.sqrt(pooled * (1 - pooled) * sum(1 / count for count in samples))
    p = normal_p(mean, error)
    votes = tuple(one > 0 for one in ahead)
    if len(ahead) > 1:
        return Beyond(difference=mean, p=max(p, seeds_p(ahead)), test="seeds", votes=votes)
    return Beyond(difference=mean, p=p, test="proportions", votes=votes)


def with_errors(differences: Sequence[float], errors: Sequence[float]) -> Beyond:
    """Judge a mean over many test samples whose standard error was measured with it.

    Args:
        differences: the mean, one for each seed; above 0 where what is asked holds.
        errors: its standard error over the samples, one for each seed.

    Returns:
        With one seed the test of a normal mean; with several also that over the seeds, which share their samples, so
        that their mean has no smaller error over these than each of them.

    Raises:
        MissingValueError: a value is not a finite number.
    """
    if not all(map(math.isfinite, (*differences, *errors))):
        raise MissingValueError("A difference or its error is not a finite number.")
    mean = math.fsum(differences) / len(differences)
    p = normal_p(mean, math.fsum(errors) / len(errors))
    votes = tuple(one > 0 for one in differences)
    if len(differences) > 1:
        return Beyond(difference=mean, p=max(p, seeds_p(differences)), test="seeds", votes=votes)
    return Beyond(difference=mean, p=p, test="normal", votes=votes)


def mcnemar_p(first: int, second: int) -> float:
    """Return the exact two-sided p of McNemar's test.

    Args:
        first: samples that the first model alone gets right.
        second: samples that the second model alone gets right.

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947; for classifiers Dietterich, "Approximate statistical tests for comparing supervised
    classification learning algorithms", Neural Computation 10, 1998.
    """
    count, fewer = first + second, min(first, second)
    if first == second:
        return 1.0
    # In whole numbers: binomial coefficients of a few thousand are beyond any float.
    tail, term = 0, 1
    for successes in range(fewer + 1):
        tail += term
        term = term * (count - successes) // (successes + 1)
    return min(1.0, 2 * tail / (1 << count))


def signs_p(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p of a mean difference over pairs, by drawing the sign of each pair at random.

    Source: Fisher, "The Design of Experiments", 1935, section 21. It needs no normal errors, so one outlier does not
    decide it. The signs are drawn from a fixed seed: the same record always gives the same p.
    """
    import numpy as np

    observed = abs(differences.sum())
    drawn = np.random.default_rng(0)
    extreme, left = 1, _FLIPS
    while left:
        count = min(_BATCH, left)
        signs = drawn.integers(0, 2, size=(count, len(differences)), dtype=np.int8) * 2 - 1
        extreme += int((np.abs(signs @ differences) >= observed * (1 - 1e-12)).sum())
        left -= count
    return float(extreme / (_FLIPS + 1))


def seeds_p(differences: Sequence[float]) -> float:
    """Return the two-sided p of Student's paired t test over the seeds ("The probable error of a mean", 1908)."""
    mean, deviation = statistics.fmean(differences), statistics.stdev(differences)
    if deviation <= 1e-12 * max(abs(one) for one in differences):
        return 1.0 if mean == 0 else 0.0
    return student_p(mean / deviation * math.sqrt(len(differences)), len(differences) - 1)


def normal_p(value: float, error: float) -> float:
    """Return the two-sided p of a value with this standard error, taken as normal."""
    if error <= 0 or not math.isfinite(error):
        return 1.0 if value == 0 else 0.0
    return math.erfc(abs(value) / error / math.sqrt(2))


def _pairs(first: Measured, second: Measured) -> list[tuple[float, float]]:
    """Return both scores of each seed; a baseline that no seed enters stands beside each of them."""
    if not second.seeded:
        return [(value, second.mean) for value in first.values]
    found = dict(zip(second.seeds, second.values, strict=True))
    common = [(value, found[seed]) for seed, value in zip(first.seeds, first.values, strict=True) if seed in found]
    if not common:
        raise MissingValueError(f"{first.first.name} and {second.first.name} have no seed in common.")
    return common


def _at_most(pair: tuple[float, float], samples: int, votes: tuple[bool, ...]) -> Beyond:
    """Return the greatest p of McNemar's test that two shares allow, whichever samples the answers were right on."""
    right, rival = (round(share * samples) for share in pair)
    second_alone = min(samples - right, rival)
    first_alone = right - rival + second_alone
    p = mcnemar_p(first_alone, second_alone)
    return Beyond(difference=difference(*pair), p=p, test="at_most", votes=votes)


def _rows(result: Result, first: Measured, second: Measured) -> list[tuple[PerSample, PerSample]]:
    """Return how both models did on each sample, for each seed of which both are on record."""
    known = () if result.findings.per_sample is UNSET else result.findings.per_sample
    by_model = {(one.model, one.seed): one for one in known}
    found = []
    for seed in first.seeds:
        one = by_model.get((first.first.model, seed))
        other = by_model.get((second.first.model, seed)) or by_model.get((second.first.model, None))
        if one and other and _complete(one) == _complete(other) != 0 and first.first.split == "test":
            found.append((one, other))
    return found


def _complete(row: PerSample) -> int:
    """Return how many samples a row really holds: positive for a classifier, negative for a regression, 0: unusable."""
    if row.correct:
        return row.samples if len(row.correct) == -(-row.samples // 8) else 0
    usable = row.errors and len(row.errors) == row.samples and all(map(math.isfinite, row.errors))
    return -row.samples if usable else 0


def _samples_p(result: Result, first: Measured, second: Measured) -> float | None:
    """Return the p over the test samples of the difference averaged over seeds; None where it isn't on record."""
    import numpy as np

    rows = _rows(result, first, second)
    if not rows or len(rows) < len(first.seeds):
        return None
    mean = np.mean([_closer(*row) for row in rows], axis=0)
    if not rows[0][0].correct:
        return signs_p(mean)
    return normal_p(float(mean.mean()), float(mean.std(ddof=1)) / math.sqrt(len(mean)))


def _closer(one: PerSample, other: PerSample) -> NDArray[np.float64]:
    """Return for each sample by how much the first model did better."""
    import numpy as np

    if one.correct:
        return np.asarray(_flags(one).astype(np.float64) - _flags(other))
    return np.asarray(np.subtract(other.errors, one.errors))


def _flags(row: PerSample) -> NDArray[np.bool_]:
    import numpy as np

    return np.unpackbits(np.frombuffer(row.correct, dtype=np.uint8), count=row.samples).astype(bool)


def _samples_of(result: Result, judged: Measured) -> int | None:
    """Return on how many samples a score was measured."""
    if judged.first.split == "test":
        return result.findings.data.test_samples if result.findings.data else None
    found = [fit for fit in result.findings.trainings if fit.role == judged.first.model and fit.validation_samples]
    return found[0].validation_samples if found and judged.first.split == "validation" else None
