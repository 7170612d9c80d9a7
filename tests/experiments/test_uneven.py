"""The lab on uneven classes: its definitions against hand-made numbers and another library, and on tiny texts."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import Catcher, executed, texts
from helpers.small_models import without_graphs
from sklearn import metrics as reference

from labreport.experiments import uneven
from labreport.experiments.result import Findings
from labreport.experiments.training import seed_everything

SETTINGS = uneven.Settings(
    words=100, units=4, epochs=2, batch_size=20, validation_samples=60, learning_rate=0.01, large_topics=10
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    with without_graphs():
        return measured(uneven, SETTINGS, texts("reuters", 46, train=100, test=50, full=300))


def test_classes_are_measured_as_by_another_library():
    numbers = np.random.default_rng(0)
    true, given = numbers.integers(0, 5, 200), numbers.integers(0, 4, 200)  # the last class is never answered
    table = reference.confusion_matrix(true, given)
    expected = reference.precision_recall_fscore_support(true, given, zero_division=0)
    for mine, other in zip(uneven.class_scores(table), expected, strict=False):
        assert mine == pytest.approx(other)
    assert uneven.macro_average(uneven.class_scores(table)[2], table) == pytest.approx(
        reference.f1_score(true, given, average="macro")
    )


def test_the_exercise_by_hand_is_worked_out_rightly():
    table = np.array([[80, 5, 5], [4, 3, 1], [1, 0, 1]])
    precision, recall, f1 = uneven.class_scores(table)
    assert precision == pytest.approx([0.941, 0.375, 0.143], abs=5e-4)
    assert recall == pytest.approx([0.889, 0.375, 0.5], abs=5e-4)
    assert f1 == pytest.approx([0.914, 0.375, 0.222], abs=5e-4)
    assert uneven.macro_average(recall, table) == pytest.approx(0.588, abs=5e-4)
    assert uneven.macro_average(f1, table) == pytest.approx(0.504, abs=5e-4)


def test_a_class_that_does_not_occur_has_no_vote():
    table = np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]])
    assert uneven.macro_average(uneven.class_scores(table)[1], table) == pytest.approx((0.75 + 1) / 2)


def test_weights_follow_the_size_of_the_class_and_have_the_mean_one():
    labels = np.repeat([0, 1, 2], [64, 16, 4])
    for power in (0.0, 0.5, 1.0):
        weights = uneven.class_weights(labels, 4, power)
        assert np.mean([weights[label] for label in labels]) == pytest.approx(1)
        assert weights[2] / weights[0] == pytest.approx(16**power)


def test_both_networks_go_through_both_stages_and_every_topic_is_counted(findings):
    assert [fit.role for fit in findings.trainings] == ["selection", "final", "weighted-selection", "weighted"]
    assert [said.model for said in findings.predictions] == ["final", "weighted"]
    scores = {one.name: one.value for one in (*findings.scores, *findings.baselines)}
    for said, ending in zip(findings.predictions, ("", "_weighted"), strict=True):
        table = np.array(said.confusion)
        assert np.trace(table) / 50 == pytest.approx(scores[f"test_accuracy{ending}"])
        assert uneven.macro_average(uneven.class_scores(table)[1], table) == scores[f"test_macro_recall{ending}"]
    measures = {one.name: one.value for one in findings.measures}
    assert measures["right_large"] + measures["right_small"] == round(50 * scores["test_accuracy"])
    assert measures["samples_large"] + measures["samples_small"] == 50
    assert scores["majority_macro_recall"] == pytest.approx(1 / measures["topics_tested"])


def test_a_weight_in_the_label_is_the_weight_of_the_class_in_keras(findings):
    weights = uneven.class_weights(np.arange(100) % 46, 46, 0.5)
    vectors = np.random.default_rng(0).integers(0, 2, (40, 100)).astype("float32")
    labels = np.random.default_rng(1).integers(0, 46, 40)
    one_hot = np.eye(46, dtype="float32")[labels]
    losses = []
    for targets, given in ((one_hot, weights), (one_hot * np.array(list(weights.values()), "float32"), None)):
        seed_everything(0)
        model = uneven.build_model(SETTINGS)
        model.run_eagerly = True  # it makes no graphs, which take longer than four steps
        fit = model.fit(vectors, targets, epochs=2, batch_size=20, shuffle=False, class_weight=given, verbose=0)
        losses.append(fit.history["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_the_printed_training_gives_its_weights_to_keras(findings):
    catcher = Catcher()
    executed(findings, "fit")(catcher, np.zeros((60, 2)), np.zeros(60, int), 20, SETTINGS, {0: 2.0})
    assert catcher.options["class_weight"] == {0: 2.0}
    assert [len(part) for part in catcher.options["validation_data"]] == [20, 20]
