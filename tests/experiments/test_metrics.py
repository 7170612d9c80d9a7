"""The lab on measures: its definitions against hand-made numbers and another library, and the lab on tiny texts."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import Catcher, executed, texts
from helpers.small_models import without_graphs
from sklearn import metrics as reference

from labreport.experiments import metrics
from labreport.experiments.result import Findings
from labreport.experiments.selection import best_epoch

SETTINGS = metrics.Settings(
    words=100, units=4, epochs=3, batch_size=20, validation_samples=60, learning_rate=0.01, target_recall=0.9, bins=5
)
LABELS = np.random.default_rng(0).integers(0, 2, 300)
# Rounded, so that some probabilities occur several times.
SAID = np.random.default_rng(1).beta(2, 2, 300).round(2) * 0.7 + 0.3 * LABELS * 0.8


@pytest.fixture(scope="module")
def findings() -> Findings:
    with without_graphs():
        return measured(metrics, SETTINGS, texts("imdb", 2, train=60, test=30, full=180))


def test_decisions_are_counted_and_measured_as_by_another_library():
    answers = SAID > 0.4
    tp, fp, fn, tn = metrics.confusion_counts(SAID, LABELS, 0.4)
    assert [[tn, fp], [fn, tp]] == reference.confusion_matrix(LABELS, answers).tolist()
    parts = reference.precision_score, reference.recall_score, reference.f1_score
    expected = [part(LABELS, answers) for part in parts]
    assert metrics.precision_recall_f1(tp, fp, fn) == pytest.approx(expected)
    assert np.isnan(metrics.precision_recall_f1(0, 0, 3)[0])


def test_curves_and_areas_agree_with_another_library_where_probabilities_are_tied():
    hits, alarms = metrics.ranked_counts(SAID, LABELS)
    assert len(hits) == len(set(SAID)) < len(SAID)
    assert metrics.roc_auc(hits, alarms) == pytest.approx(reference.roc_auc_score(LABELS, SAID))
    assert metrics.average_precision(hits, alarms) == pytest.approx(reference.average_precision_score(LABELS, SAID))
    assert metrics.brier_score(SAID, LABELS) == pytest.approx(reference.brier_score_loss(LABELS, SAID))
    assert metrics.log_losses(SAID, LABELS).mean() == pytest.approx(reference.log_loss(LABELS, SAID))


def test_the_exercises_are_worked_out_rightly():
    said, labels = np.array([0.9, 0.8, 0.7, 0.4, 0.3, 0.1]), np.array([1, 0, 1, 1, 0, 0])
    hits, alarms = metrics.ranked_counts(said, labels)
    assert metrics.roc_auc(hits, alarms) == pytest.approx(7 / 9)
    assert metrics.average_precision(hits, alarms) == pytest.approx(0.806, abs=5e-4)
    assert metrics.brier_score(said, labels) == pytest.approx(0.2)
    assert [int(((part > 0.5) == labels).sum()) for part in (said, said**2)] == [4, 3]
    said, labels = np.array([0.9] * 10 + [0.2] * 10), np.array([1] * 7 + [0] * 3 + [1] * 2 + [0] * 8)
    assert metrics.calibration_error(*metrics.reliability(said, labels, 10)) == pytest.approx(0.1)
    assert metrics.brier_score(said, labels) == pytest.approx(0.205)
    constant = np.full(20, 0.45)
    assert metrics.calibration_error(*metrics.reliability(constant, labels, 10)) == pytest.approx(0)
    assert metrics.brier_score(constant, labels) == pytest.approx(0.2475)


def test_probabilities_from_zero_to_one_fall_into_the_bins():
    samples, said, happened = metrics.reliability(np.array([0.0, 0.05, 0.5, 1.0]), np.array([0, 1, 1, 1]), 10)
    assert samples.tolist() == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert (said[0], happened[0], said[9]) == (0.025, 0.5, 1.0)


def test_a_temperature_keeps_the_order_and_undoes_what_made_a_network_too_sure():
    labels = (np.random.default_rng(2).random(20_000) < 0.5).astype(int)
    evidence = np.random.default_rng(3).normal(np.where(labels == 1, 1.0, -1.0), 1.0)
    true = 1 / (1 + np.exp(-2 * evidence))  # what Bayes' rule gives for these two normal distributions
    sure = metrics.with_temperature(true, 1 / 3)
    assert metrics.best_temperature(sure, labels) == pytest.approx(3, rel=0.1)
    assert metrics.best_temperature(true, labels) == pytest.approx(1, rel=0.1)
    inside = (sure > 1e-6) & (sure < 1 - 1e-6)  # what is nearer to zero or one is cut off
    assert metrics.with_temperature(sure, 3)[inside] == pytest.approx(true[inside], abs=1e-9)
    assert np.array_equal(np.argsort(true[:100]), np.argsort(metrics.with_temperature(true[:100], 2)))


def test_the_threshold_is_the_highest_one_that_reaches_the_recall():
    said, labels = np.array([0.95, 0.6, 0.4, 0.3, 0.9]), np.array([1, 1, 1, 1, 0])
    assert metrics.threshold_for_recall(said, labels, 0.75) == 0.39
    assert metrics.threshold_for_recall(said, labels, 1.0) == 0.29
    assert metrics.threshold_for_recall(np.array([0.0]), np.array([1]), 0.5) == 0.0


def test_the_network_that_is_tested_never_learns_from_the_reviews_that_choose(findings):
    roles = {fit.role: fit for fit in findings.trainings}
    assert list(roles) == ["selection", "final"]
    assert roles["final"].epochs == best_epoch(roles["selection"].history["val_loss"])
    assert (roles["final"].train_samples, roles["final"].validation_samples) == (40, 0)
    assert (roles["selection"].train_samples, roles["selection"].validation_samples) == (40, 20)


def test_counts_shares_and_curves_of_the_first_seed_belong_together(findings):
    series = {one.name: one.values for one in findings.series}
    scores = {one.name: one.value for one in findings.scores}
    for role, ending in (("final", ""), ("threshold", "_threshold")):
        tp, fp, fn, tn = series[f"counts_{role}"]
        assert tp + fp + fn + tn == 30
        assert scores[f"test_recall{ending}"] == pytest.approx(tp / (tp + fn))
        assert scores[f"test_accuracy{ending}"] == pytest.approx((tp + tn) / 30)
    for name in ("final", "overtrained", "scaled"):
        assert sum(series[f"reliability_{name}_samples"]) == 30
        assert len(series[f"reliability_{name}_said"]) == SETTINGS.bins
    assert (series["roc_true_rate"][0], series["roc_true_rate"][-1]) == (0, 1)
    assert series["ranked_recall"][-1] == 1
    assert {one.model for one in findings.per_sample} == {"final", "overtrained"}


def test_the_printed_training_holds_the_first_reviews_out(findings):
    catcher = Catcher()
    executed(findings, "fit")(catcher, np.zeros((60, 2)), np.zeros(60), 20, SETTINGS)
    assert [len(part) for part in catcher.arrays] == [40, 40]
    assert [len(part) for part in catcher.options["validation_data"]] == [20, 20]
