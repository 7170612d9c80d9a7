"""The lab on film reviews, on sixty made-up texts."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import Catcher, executed, texts
from helpers.small_models import LONGER, PATIENCE, assert_same_training, fit_by_hand, short_trainings

from labreport.experiments import imdb
from labreport.experiments.data.encoding import limit_words, multi_hot
from labreport.experiments.result import Findings
from labreport.experiments.selection import best_epoch
from labreport.experiments.training import seed_everything

SETTINGS = imdb.Settings(words=100, units=4, epochs=3, batch_size=16, validation_samples=60, learning_rate=0.02)


@pytest.fixture(scope="module")
def findings() -> Findings:
    with short_trainings():
        return measured(imdb, SETTINGS, texts("imdb", 2, full=180))


def test_validation_chooses_the_epochs_of_a_new_network_trained_on_all_samples(findings):
    roles = {fit.role: fit for fit in findings.trainings}
    assert list(roles) == ["selection", "final", "overtrained", "linear-selection", "linear"]
    chosen = best_epoch(roles["selection"].history["val_loss"])
    assert {item.name: item.value for item in findings.measures}["chosen_epochs"] == chosen
    assert (roles["selection"].train_samples, roles["selection"].validation_samples) == (40, 20)
    assert [(roles[role].epochs, roles[role].train_samples) for role in ("final", "overtrained", "linear")] == [
        (chosen, 60),
        (3, 60),
        (best_epoch(roles["linear-selection"].history["val_loss"]), 60),
    ]
    # Trained again from the same seed, the longer training begins as the shorter one did.
    assert roles["overtrained"].history["loss"][:chosen] == roles["final"].history["loss"]


def test_final_and_overtrained_networks_are_tested_once_each(findings):
    assert [(score.name, score.model) for score in findings.scores] == [
        ("train_accuracy", "final"),
        ("test_accuracy", "final"),
        ("test_loss", "final"),
        ("test_accuracy_overtrained", "overtrained"),
        ("test_loss_overtrained", "overtrained"),
    ]
    assert [(score.name, score.model) for score in findings.baselines] == [
        ("majority_accuracy", "majority"),
        ("linear_accuracy", "linear"),
        ("linear_train_accuracy", "linear"),
    ]


def test_the_linear_model_is_trained_until_its_best_epoch_has_passed(findings):
    (selection,) = (fit for fit in findings.trainings if fit.role == "linear-selection")
    best = best_epoch(selection.history["val_loss"])
    assert selection.validation_samples == 20
    assert selection.epochs - best >= PATIENCE or selection.epochs == 3 * LONGER


def test_the_answers_to_each_test_review_are_on_record_for_comparisons_in_pairs(findings):
    scores = {
        (score.model, score.metric, score.split): score.value for score in (*findings.scores, *findings.baselines)
    }
    for row in findings.per_sample:
        right = np.unpackbits(np.frombuffer(row.correct, dtype=np.uint8), count=row.samples)
        assert right.mean() == pytest.approx(scores[row.model, "accuracy", "test"], abs=1e-6)
    assert [row.model for row in findings.per_sample] == ["final", "overtrained", "linear"]


def test_texts_are_measured_without_their_start_mark(findings):
    measures = {item.name: item.value for item in findings.measures}
    lengths = texts("imdb", 2).train_texts.lengths - 1
    assert (measures["shortest_review"], measures["longest_review"]) == (lengths.min(), lengths.max())
    assert measures["median_review"] == int(np.median(lengths))
    assert measures["largest_index"] == 99
    assert (measures["multi_hot_bytes_uint8"], measures["multi_hot_bytes_float64"]) == (6_000, 48_000)
    assert findings.series[0].values == (0, 0, 0, 1, 0, 1, 0, 0)


def test_the_histogram_counts_every_test_review(findings):
    (predictions,) = findings.predictions
    assert sum(predictions.histogram) == 30
    assert len(predictions.histogram_edges) == len(predictions.histogram) + 1 == 21
    assert (predictions.histogram_edges[0], predictions.histogram_edges[-1]) == (0, 1)


def test_excerpts_show_the_words_the_network_sees(findings):
    shown = {text.kind: text for text in findings.predictions[0].texts}
    assert {"confident_right", "unsure"} <= shown.keys()
    example = findings.texts[0]
    assert (example.kind, example.split, example.label, example.predicted) == ("example", "train", 0, None)
    assert example.first_indices[:2] == (1, 4)
    assert len(example.words.split()) == example.length
    assert example.words.startswith("word4 ")
    assert "?" in " ".join(text.words for text in (*findings.texts, *findings.predictions[0].texts))


def test_reviews_to_be_read_are_the_surest_of_both_kinds_and_the_least_sure():
    probabilities = np.array([0.99, 0.01, 0.95, 0.05, 0.9, 0.1, 0.51, 0.48, 0.97, 0.02])
    labels = np.array([1, 0, 0, 1, 1, 0, 1, 0, 1, 1])
    chosen = imdb.choose_reviews(probabilities, labels)
    assert chosen == {
        "confident_right": [0, 8, 1, 5],
        "confident_wrong": [2, 9, 3],
        "unsure": [6, 7, 4, 5],
    }


def test_model_examples_and_listings_are_there(findings):
    (model,) = findings.models
    assert [layer.activation for layer in model.layers] == ["relu", "relu", "sigmoid"]
    outputs = {example.name: example.output for example in findings.examples}
    assert outputs.keys() == {"decode", "multi_hot", "padding"}
    assert outputs["multi_hot"] == "[0 0 0 1 0 1 0 0]"
    assert "after an Embedding layer: (3, 10, 8)" in outputs["padding"]
    assert [listing.name for listing in findings.listings] == ["multi_hot", "build_model", "fit"]


def test_the_engine_does_what_the_printed_listing_does_on_a_sample_of_the_data_too(findings):
    dataset, catcher = texts("imdb", 2), Catcher()
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
    reference = imdb.build_model(SETTINGS)
    by_hand = fit_by_hand(
        reference, *catcher.arrays, epochs=3, batch_size=16, seed=0, validation=validation, eagerly=True
    )
    assert_same_training(findings.trainings[0].history, by_hand, exact=True)
