"""The rules that choose an epoch, on curves worked out by hand."""

from __future__ import annotations

from math import inf, nan

import pytest

from labreport.experiments.selection import NoValidationError, best_epoch, best_smoothed_epoch, mean_curve, smooth


def test_best_epoch_counts_from_one():
    assert best_epoch([0.5, 0.3, 0.4]) == 2
    assert best_epoch([0.7]) == 1


def test_best_epoch_is_the_last_where_the_curve_still_falls():
    assert best_epoch([3, 2, 1]) == 3


def test_best_epoch_is_the_earliest_on_a_tie():
    assert best_epoch([2, 1, 1, 1]) == 2


def test_best_epoch_passes_over_what_is_not_finite():
    assert best_epoch([nan, -inf, 2, inf, 1, nan]) == 5


@pytest.mark.parametrize("values", [[], [nan, inf]])
def test_without_a_finite_value_no_epoch_is_chosen(values):
    with pytest.raises(NoValidationError, match=f"none of the {len(values)} validation values"):
        best_epoch(values)


def test_smooth_drops_epochs_and_averages_with_the_past():
    assert smooth([100, 100, 4, 2, 2], dropped=2, factor=0.5) == (4, 3, 2.5)
    assert smooth([3, 1], dropped=0, factor=0) == (3, 1)
    assert smooth([3, 1], dropped=2, factor=0.9) == ()


@pytest.mark.parametrize(("dropped", "factor"), [(-1, 0.5), (0, 1), (0, -0.1)])
def test_smooth_refuses_impossible_arguments(dropped, factor):
    with pytest.raises(ValueError, match="must be"):
        smooth([1, 2], dropped=dropped, factor=factor)


def test_mean_curve_is_the_mean_of_each_epoch():
    assert mean_curve([[1, 2], [3, 6]]) == (2, 4)
    with pytest.raises(NoValidationError):
        mean_curve([])
    with pytest.raises(ValueError, match="different lengths"):
        mean_curve([[1, 2], [1]])


def test_best_smoothed_epoch_counts_the_dropped_epochs():
    # The mean is 0, 9, 4, 2, 4; without the first two epochs 4, 3, 3.5.
    assert best_smoothed_epoch([[0, 8, 4, 2, 4], [0, 10, 4, 2, 4]], dropped=2, factor=0.5) == 4
    with pytest.raises(NoValidationError):
        best_smoothed_epoch([[1, 2]], dropped=2, factor=0.5)
