"""The lab on newswires, on made-up texts of 46 topics."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import Catcher, executed, texts
from helpers.small_models import LONGER, PATIENCE, assert_same_training, fit_by_hand, short_trainings

from labreport.experiments import reuters
from labreport.experiments.data.encoding import limit_words, multi_hot
from labreport.experiments.procedure import confusion, majority_baseline, random_baseline
from labreport.experiments.result import Findings
from labreport.experiments.selection import best_epoch
from labreport.experiments.training import seed_everything

SETTINGS = reuters.Settings(
    words=100,
    units=8,
    epochs=3,
    batch_size=16,
    validation_samples=60,
    bottleneck_units=2,
    comparison_epochs=2,
    learning_rate=0.01,
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    with short_trainings():
        return measured(reuters, SETTINGS, texts("reuters", 46, train=100, test=50, full=300))


def test_both_stages_and_both_comparisons_are_on_record(findings):
    roles = {fit.role: fit for fit in findings.trainings}
    assert list(roles) == ["selection", "final", "overtrained", "sparse", "bottleneck", "linear-selection", "linear"]
    measures = {item.name: item.value for item in findings.measures}
    assert measures["chosen_epochs"] == best_epoch(roles["selection"].history["val_loss"]) == roles["final"].epochs
    assert (roles["sparse"].epochs, roles["overtrained"].epochs) == (2, 3)
    narrow = roles["bottleneck"]
    assert narrow.epochs - best_epoch(narrow.history["val_loss"]) >= PATIENCE or narrow.epochs == 3 * LONGER
    assert roles["sparse"].validation_samples == roles["bottleneck"].validation_samples == 20
    assert measures.keys() >= {"shortest_newswire", "median_newswire", "longest_newswire"}


def test_integer_and_one_hot_labels_give_the_same_training(findings):
    roles = {fit.role: fit for fit in findings.trainings}
    measures = {item.name: item.value for item in findings.measures}
    differences = [
        abs(one - other)
        for key in ("loss", "val_loss")
        for one, other in zip(roles["selection"].history[key], roles["sparse"].history[key], strict=False)
    ]
    assert len(differences) == 4
    assert measures["encodings_largest_difference"] == max(differences) < 1e-5


def test_the_bottleneck_is_compared_at_the_best_epoch_of_each(findings):
    scores = {score.name: score for score in findings.scores}
    for role in ("selection", "bottleneck"):
        history = next(fit.history for fit in findings.trainings if fit.role == role)
        found = scores[f"validation_accuracy_{role}"]
        assert found.value == history["val_accuracy"][best_epoch(history["val_loss"]) - 1]
        assert found.split == "validation"
    wide, narrow = findings.models
    assert (wide.role, narrow.role) == ("selection", "bottleneck")
    assert [layer.output_shape[1] for layer in narrow.layers] == [8, 2, 46]


def test_the_confusion_matrix_has_a_row_for_every_topic(findings):
    (predictions,) = findings.predictions
    table = np.array(predictions.confusion)
    assert table.shape == (46, 46)
    assert table.sum() == 50
    accuracy = next(score.value for score in findings.scores if score.name == "test_accuracy")
    assert np.trace(table) / 50 == pytest.approx(accuracy)
    for text in predictions.texts:
        assert text.kind == "confident_wrong"
        assert text.predicted != text.label


def test_baselines_are_worked_out_from_the_shares_of_the_classes(findings):
    assert [score.name for score in findings.baselines] == [
        "majority_accuracy",
        "random_accuracy",
        "linear_accuracy",
        "linear_train_accuracy",
    ]
    train, test = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 2])
    assert majority_baseline(train, test).value == 0.25
    assert random_baseline(train, test).value == pytest.approx(0.75 * 0.25 + 0.25 * 0.5)
    assert confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2) == ((1, 0), (1, 1))


def test_examples_show_both_encodings_of_the_labels(findings):
    outputs = {example.name: example.output for example in findings.examples}
    assert outputs.keys() == {"decode", "labels"}
    assert "one-hot: (8, 46)" in outputs["labels"]


def test_the_engine_does_what_the_printed_listing_does_on_a_sample_of_the_data_too(findings):
    dataset, catcher = texts("reuters", 46, train=100, test=50), Catcher()
    vectors = multi_hot(limit_words(dataset.train_texts, 100), 100).astype("float32")
    selection = findings.trainings[0]
    fit = executed(findings, "fit")
    fit(catcher, vectors, dataset.train_targets, selection.validation_samples, SETTINGS)
    validation = catcher.options.pop("validation_data")
    assert catcher.options == {"epochs": 3, "batch_size": 16}
    # Of a sample of the data a third is held out, not the number in the settings, which may be all there is.
    assert len(catcher.arrays[0]) == selection.train_samples > 0
    assert len(validation[0]) == selection.validation_samples == 20
    seed_everything(0)
    reference = reuters.build_model(SETTINGS)
    by_hand = fit_by_hand(
        reference, *catcher.arrays, epochs=3, batch_size=16, seed=0, validation=validation, eagerly=True
    )
    assert_same_training(findings.trainings[0].history, by_hand, exact=True)
