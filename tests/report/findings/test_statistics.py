"""Tests over seeds: against SciPy, against published examples, and by their own laws."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from labreport.report.findings import statistics
from labreport.report.findings.statistics import (
    corrected_resampled_test,
    holm,
    least_p,
    permutation_tests,
    welch_interval,
)

DARWIN = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)
"""Cross- minus self-fertilised maize of each pair, in eighths of an inch (Fisher 1935, sections 17 and 21)."""

numbers = st.floats(-100, 100).map(lambda value: round(value, 3))


def _difference(first, second, axis):
    return second.mean(axis=axis) - first.mean(axis=axis)


def _scipy_p(first, second, kind="independent"):
    drawn = stats.permutation_test(
        (np.array(first), np.array(second)), _difference, vectorized=True, permutation_type=kind, n_resamples=np.inf
    )
    return drawn.pvalue


def test_the_paired_test_gives_fishers_own_count_for_darwins_maize(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 40_000)
    (test,) = permutation_tests([[0.0] * 15], [DARWIN], paired=True)
    assert test.exact
    assert test.arrangements == 2**15
    assert test.p * 2**15 == pytest.approx(1726)  # 863 arrangements with as great a sum, in either direction


@pytest.mark.parametrize("counts", [(2, 5), (3, 3), (4, 4), (5, 5), (4, 9), (6, 7)])
def test_the_exact_p_is_that_of_scipy(counts):
    generator = np.random.default_rng(sum(counts))
    # One decimal makes ties, which an exact test must count.
    first = generator.normal(size=(3, counts[0])).round(1).tolist()
    second = generator.normal(0.7, size=(3, counts[1])).round(1).tolist()
    for test, a, b in zip(permutation_tests(first, second), first, second, strict=True):
        assert test.p == pytest.approx(_scipy_p(a, b))
        assert test.difference == pytest.approx(np.mean(b) - np.mean(a))
        assert test.arrangements == math.comb(sum(counts), counts[0])


@pytest.mark.parametrize("pairs", [2, 4, 6, 8])
def test_the_exact_paired_p_is_that_of_scipy(pairs):
    generator = np.random.default_rng(pairs)
    first, second = generator.normal(size=(2, 3, pairs)).round(1).tolist()
    for test, a, b in zip(permutation_tests(first, second, paired=True), first, second, strict=True):
        assert test.p == pytest.approx(_scipy_p(a, b, "samples"))
        assert test.method == "paired permutation"


def test_the_smallest_p_depends_on_the_number_of_runs_alone():
    assert least_p(3, 3) == pytest.approx(0.10)
    assert least_p(4, 4) == pytest.approx(0.029, abs=5e-4)
    assert least_p(5, 5) == pytest.approx(0.008, abs=5e-4)
    assert least_p(6, 6, paired=True) == pytest.approx(2 / 64)
    assert least_p(1, 40) == 1
    for count in (3, 4, 5):
        (test,) = permutation_tests([list(range(count))], [[100 + value for value in range(count)]])
        assert test.p == pytest.approx(test.least_p)
        assert test.can_tell == (count > 3)


def test_the_interval_holds_just_the_shifts_that_scipys_test_does_not_reject():
    generator = np.random.default_rng(4)
    for counts in ((4, 4), (5, 5), (4, 7)):
        a, b = generator.normal(size=counts[0]), generator.normal(0.5, size=counts[1])
        (test,) = permutation_tests([a.tolist()], [b.tolist()])
        assert test.interval is not None
        assert test.interval.method == "permutation"
        for edge, outwards in ((test.interval.low, -1), (test.interval.high, 1)):
            assert _scipy_p(a, b - edge - outwards * 1e-6) <= 0.05
            assert _scipy_p(a, b - edge + outwards * 1e-6) > 0.05


def test_the_paired_interval_holds_just_the_shifts_that_scipys_test_does_not_reject():
    generator = np.random.default_rng(5)
    a, b = generator.normal(size=(2, 8))
    (test,) = permutation_tests([a.tolist()], [b.tolist()], paired=True)
    assert test.interval is not None
    for edge, outwards in ((test.interval.low, -1), (test.interval.high, 1)):
        assert _scipy_p(a, b - edge - outwards * 1e-6, "samples") <= 0.05
        assert _scipy_p(a, b - edge + outwards * 1e-6, "samples") > 0.05


def test_with_too_few_runs_for_the_permutation_test_the_interval_is_welchs():
    first, second = [0.881, 0.879, 0.884], [0.871, 0.868, 0.874]
    (test,) = permutation_tests([first], [second])
    expected = stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    assert test.interval is not None
    assert test.interval.method == "welch"
    assert (test.interval.low, test.interval.high) == pytest.approx((expected.low, expected.high))
    assert not test.significant
    assert welch_interval([1.0], [2.0, 3.0]) is None


def test_a_difference_just_as_large_as_said_would_have_been_shown():
    generator = np.random.default_rng(6)
    a, b = generator.normal(size=(2, 6)).tolist()
    (test,) = permutation_tests([a], [b])
    assert test.shown_from is not None
    assert not test.significant
    for way in (1, -1):
        wanted = way * (test.shown_from + 1e-9)
        (moved,) = permutation_tests([a], [[value - test.difference + wanted for value in b]])
        assert moved.difference == pytest.approx(wanted)
        assert moved.significant


def test_holms_correction_gives_the_numbers_of_the_worked_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == ()
    assert holm([0.9, 0.8]) == (1.0, 1.0)


def test_the_correction_is_westfall_and_youngs_step_down_maximum():
    """Against the definition, written out for 4 runs against 4 and three metrics."""
    generator = np.random.default_rng(7)
    data = generator.normal(size=(3, 8))
    data[1, 4:] += 2
    strength = []
    for chosen in combinations(range(8), 4):
        mask = np.isin(np.arange(8), chosen)
        difference = data[:, ~mask].mean(axis=1) - data[:, mask].mean(axis=1)
        strength.append(np.abs(difference) / data.std(axis=1))
    table = np.array(strength)
    real = table[0]  # the first combination is 0 1 2 3, the runs as they are
    order = np.argsort(-real)
    expected, highest = np.empty(3), 0.0
    for rank, metric in enumerate(order):
        greatest = table[:, order[rank:]].max(axis=1)
        highest = max(highest, float((greatest >= real[metric] - 1e-9).mean()))
        expected[metric] = highest
    tests = permutation_tests(data[:, :4].tolist(), data[:, 4:].tolist())
    assert [test.adjusted_p for test in tests] == pytest.approx(
        [max(value, test.p) for value, test in zip(expected, tests, strict=True)]
    )


def test_metrics_that_say_the_same_cost_no_correction():
    first, second = [0.1, 0.4, 0.2, 0.3, 0.5], [0.6, 0.2, 0.9, 0.7, 0.8]
    tests = permutation_tests([first] * 4, [second] * 4)
    assert all(test.adjusted_p == pytest.approx(test.p) for test in tests)


def test_one_changed_metric_among_eight_is_seen_with_five_runs_where_holms_own_correction_is_blind():
    generator = np.random.default_rng(8)
    first, second = generator.normal(size=(2, 8, 5))
    second[0] -= 6
    tests = permutation_tests(first.tolist(), second.tolist())
    assert [test.significant for test in tests] == [True] + [False] * 7
    assert holm([test.p for test in tests])[0] > 0.05


def test_equal_versions_are_found_different_no_more_often_than_the_level_allows():
    generator = np.random.default_rng(9)
    nights = 250
    alarms = 0
    for _ in range(nights):
        common = generator.normal(size=(2, 1, 5))
        runs = 0.7 * common + generator.normal(size=(2, 6, 5))  # metrics of a run go together
        alarms += any(test.significant for test in permutation_tests(runs[0].tolist(), runs[1].tolist()))
    assert alarms / nights <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / nights)


def test_many_runs_are_sampled_and_agree_with_the_t_test():
    generator = np.random.default_rng(10)
    a, b = generator.normal(size=12), generator.normal(0.8, size=14)
    (test,) = permutation_tests([a.tolist()], [b.tolist()])
    assert not test.exact
    assert test.arrangements == statistics.RESAMPLES + 1
    assert test.p == pytest.approx(stats.ttest_ind(a, b).pvalue, abs=0.01)
    assert test.interval is not None
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert (test.interval.low, test.interval.high) == pytest.approx((expected.low, expected.high), abs=0.1)


def test_the_corrected_resampled_test_is_the_usual_t_test_with_a_larger_variance():
    differences = [0.11, 0.25, 0.04, 0.18]
    plain = corrected_resampled_test(differences, train_samples=300, validation_samples=0)
    expected = stats.ttest_1samp(differences, 0)
    assert plain.p == pytest.approx(expected.pvalue)
    assert plain.interval is not None
    assert (plain.interval.low, plain.interval.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    # Four folds of 404 houses: the error grows by the root of (1/4 + 1/3) / (1/4).
    folds = corrected_resampled_test(differences, train_samples=303, validation_samples=101)
    t = expected.statistic / math.sqrt((1 / 4 + 1 / 3) / (1 / 4))
    assert folds.p == pytest.approx(2 * stats.t.sf(t, 3))
    assert folds.p > plain.p
    assert folds.can_tell


def test_folds_that_all_differ_alike_or_not_at_all_need_no_division_by_zero():
    assert corrected_resampled_test([0.0, 0.0, 0.0], train_samples=2, validation_samples=1).p == 1
    assert corrected_resampled_test([0.5, 0.5, 0.5], train_samples=2, validation_samples=1).p == 0
    with pytest.raises(ValueError, match="two folds"):
        corrected_resampled_test([0.5], train_samples=2, validation_samples=1)


def test_an_interval_within_a_margin_lies_wholly_inside():
    interval = statistics.Interval(low=-0.002, high=0.004, method="permutation")
    assert interval.within(0.005)
    assert not interval.within(0.004)
    assert not interval.within(0.001)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([[1.0]], [[1.0, 2.0]], "at least two runs"),
        ([[1.0, math.nan]], [[1.0, 2.0]], "not finite"),
        ([[1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]], "tables"),
    ],
)
def test_what_cant_be_tested_is_refused(first, second, message):
    with pytest.raises(ValueError, match=message):
        permutation_tests(first, second)


def test_a_constant_metric_shows_no_difference():
    (test,) = permutation_tests([[0.936] * 5], [[0.936] * 5])
    assert test.p == 1
    assert test.difference == 0


@given(st.lists(numbers, min_size=4, max_size=6), st.lists(numbers, min_size=4, max_size=6))
@settings(max_examples=40)
def test_swapping_the_versions_turns_the_signs_and_nothing_else(a, b):
    (one,), (other,) = permutation_tests([a], [b]), permutation_tests([b], [a])
    assert other.p == one.p
    assert other.adjusted_p == one.adjusted_p
    assert other.difference == pytest.approx(-one.difference)
    assert one.interval is not None
    assert other.interval is not None
    assert (other.interval.low, other.interval.high) == pytest.approx((-one.interval.high, -one.interval.low), abs=1e-9)


def test_swapping_turns_the_signs_with_sampled_arrangements_too():
    generator = np.random.default_rng(11)
    for counts in ((10, 10), (9, 13)):
        a, b = (generator.normal(size=(2, count)).tolist() for count in counts)
        for one, other in zip(permutation_tests(a, b), permutation_tests(b, a), strict=True):
            assert (other.p, other.adjusted_p) == (one.p, one.adjusted_p)
            assert one.interval is not None
            assert other.interval is not None
            assert other.interval.low == pytest.approx(-one.interval.high)


@given(
    st.lists(numbers, min_size=5, max_size=5),
    st.lists(numbers, min_size=5, max_size=5),
    st.sampled_from([-1000.0, -3.5, 0.25, 64.0]),
    st.sampled_from([0.001, 0.5, 3.0, 1000.0]),
)
@settings(max_examples=40)
def test_a_common_shift_or_another_unit_changes_no_verdict(a, b, shift, factor):
    (plain,) = permutation_tests([a], [b])
    (moved,) = permutation_tests([[factor * v + shift for v in a]], [[factor * v + shift for v in b]])
    assert moved.p == pytest.approx(plain.p)
    assert plain.interval is not None
    assert moved.interval is not None
    assert moved.interval.low == pytest.approx(factor * plain.interval.low, abs=1e-6 * max(1, factor))


@given(st.lists(numbers, min_size=5, max_size=5), st.lists(numbers, min_size=5, max_size=6))
@settings(max_examples=40)
def test_p_and_interval_never_contradict_each_other(a, b):
    assume(len(set(a + b)) > 1)
    (test,) = permutation_tests([a], [b])
    assert 0 < test.p <= 1
    assert test.adjusted_p >= test.p
    assert test.interval is not None
    slack = 1e-9 * max(map(abs, a + b))
    assert test.interval.low - slack <= test.difference <= test.interval.high + slack
    if test.p <= 0.05:
        assert test.interval.low > -slack or test.interval.high < slack
    else:
        assert test.interval.low <= slack
        assert test.interval.high >= -slack


def test_the_runs_as_they_are_are_what_is_judged_whatever_order_scipy_takes():
    for paired, count in product((False, True), (4, 6)):
        a, b = np.arange(count) * 1.0, 100 + np.arange(count) * 3.0
        (test,) = permutation_tests([a.tolist()], [b.tolist()], paired=paired)
        assert test.difference == pytest.approx(b.mean() - a.mean())
        assert test.p == pytest.approx(test.least_p)  # no arrangement is further apart than the runs themselves
