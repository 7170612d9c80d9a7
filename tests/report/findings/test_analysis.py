"""Conclusions from a run: worked examples with a tie, a gap, one epoch, several seeds."""

from __future__ import annotations

import pytest
from helpers.hand_parts import training
from helpers.hand_results import hand_result

from labreport.experiments.result import Result
from labreport.report.findings import analysis
from labreport.report.findings.analysis import MissingValueError


def _with(*curves: tuple[float, ...]) -> Result:
    fits = tuple(training("selection", seed, {"val_loss": curve}, (10, 5), 2) for seed, curve in enumerate(curves))
    return hand_result("imdb", trainings=fits)


def test_the_overfitting_epoch_is_the_minimum_counted_from_one():
    found = analysis.turn(_with((0.5, 0.3, 0.4)))
    assert (found.best_epoch, found.best, found.last, found.overfits) == (2, 0.3, 0.4, True)


def test_the_earliest_epoch_wins_a_tie():
    assert analysis.turn(_with((0.5, 0.3, 0.3))).best_epoch == 2


def test_no_overfitting_is_seen_when_the_minimum_is_the_last_epoch():
    assert not analysis.turn(_with((0.5, 0.4, 0.3))).overfits
    assert not analysis.turn(_with((0.5,))).overfits


def test_not_a_number_is_passed_over():
    assert analysis.turn(_with((0.5, float("nan"), 0.4))).best_epoch == 3


def test_several_seeds_are_averaged_and_their_spread_is_kept():
    found = analysis.turn(_with((0.5, 0.1, 0.5), (0.5, 0.5, 0.3)))
    assert found.best_epoch == 2
    assert found.per_seed == (2, 3)


def test_curves_average_the_folds_of_each_seed():
    fits = tuple(
        training("fold", 0, {"val_mae": (float(fold), 2.0 * fold)}, (10, 5), 1, fold=fold) for fold in (1, 2, 3)
    )
    assert analysis.curves(hand_result("boston", trainings=fits), "fold", "val_mae") == ((2.0, 4.0),)


def test_the_smoothed_minimum_counts_the_dropped_epochs():
    result = hand_result("boston")
    dropped, curve = analysis.smoothed_curve(result)
    found = analysis.smoothed_turn(result)
    assert dropped == 10
    assert curve[found.best_epoch - dropped - 1] == min(curve) == found.best


def test_what_a_run_lacks_is_an_error_that_lists_what_it_has():
    result = hand_result("imdb")
    with pytest.raises(MissingValueError, match=r"no training 'nothing'; it has .*selection"):
        analysis.trainings(result, "nothing")
    with pytest.raises(MissingValueError, match=r"no score 'f1'; it has .*test_accuracy"):
        analysis.score(result, "f1")
    with pytest.raises(MissingValueError, match=r"no history 'acc'; it has .*accuracy"):
        analysis.mean_curve(result, "selection", "acc")
    for look in (analysis.measure, analysis.baseline, analysis.series, analysis.model):
        with pytest.raises(MissingValueError, match="nothing"):
            look(result, "nothing")


def test_one_seed_alone_keeps_what_needs_no_seed():
    result = hand_result("imdb", seeds=(0, 1, 2))
    alone = analysis.only_seed(result, 1)
    assert alone.seeds == (1,)
    assert {fit.seed for fit in alone.findings.trainings} == {1}
    assert {item.name for item in alone.findings.baselines} == {item.name for item in result.findings.baselines}
    assert len(analysis.score(alone, "test_accuracy").values) == 1
    assert len(analysis.score(result, "test_accuracy").values) == 3
