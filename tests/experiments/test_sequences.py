"""The lab on sequences, on made-up texts."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import Catcher, executed, texts
from helpers.small_models import without_graphs

from labreport.experiments import sequences
from labreport.experiments.result import Findings

SETTINGS = sequences.Settings(
    words=100,
    length=8,
    dimensions=3,
    units=2,
    filters=4,
    kernel_size=3,
    epochs=2,
    conv_epochs=2,
    batch_size=20,
    learning_rate=0.01,
    validation_samples=60,
    dense_units=2,
    dense_epochs=2,
    dense_batch_size=20,
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    with without_graphs():
        return measured(sequences, SETTINGS, texts("imdb", 2, train=60, test=30, full=180))


def test_each_network_goes_through_both_stages(findings):
    roles = [fit.role for fit in findings.trainings]
    assert roles == ["selection", "final", "conv-selection", "conv", "dense-selection", "dense"]
    assert [fit.train_samples for fit in findings.trainings] == [40, 60] * 3
    assert [one.name for one in findings.baselines] == ["majority_accuracy", "dense_accuracy"]
    assert {one.model for one in findings.per_sample} == {"final", "final-shuffled", "conv", "conv-shuffled", "dense"}


def test_parameters_are_those_of_the_formulas_in_the_chapter(findings):
    parameters = {model.role: model.parameters for model in findings.models}
    embedding = 100 * 3
    assert parameters["lstm"] == embedding + 4 * (3 * 2 + 2 * 2 + 2) + 3
    assert parameters["conv"] == embedding + (3 * 3 + 1) * 4 + 5
    assert parameters["dense"] == 101 * 2 + 3 * 2 + 3
    shapes = {model.role: [layer.output_shape for layer in model.layers] for model in findings.models}
    assert shapes["lstm"] == [(None, 8, 3), (None, 2), (None, 1)]
    assert shapes["conv"] == [(None, 8, 3), (None, 6, 4), (None, 4), (None, 1)]


def test_reviews_are_filled_and_cut_at_the_front():
    padded = sequences.pad([[1, 9, 4], [1, 7, 5, 8, 6, 4], [1, 3, 4, 9]], 4)
    assert padded.tolist() == [[0, 1, 9, 4], [5, 8, 6, 4], [1, 3, 4, 9]]


def test_shuffling_keeps_padding_and_words_and_changes_the_order():
    padded = np.array([[0, 0, *range(1, 40)], [0] * 40 + [5]])
    mixed = sequences.shuffled(padded, seed=3)
    assert np.array_equal(np.sort(mixed), np.sort(padded))
    assert mixed[0, :2].tolist() == [0, 0]
    assert mixed[0].tolist() != padded[0].tolist()
    assert np.array_equal(sequences.shuffled(padded, seed=3), mixed)
    assert padded[0, 2] == 1


def test_the_mask_makes_the_layer_skip_the_padding(findings):
    measures = {one.name: one.value for one in findings.measures}
    assert measures["difference_masked"] < 1e-6 < measures["difference_unmasked"]
    (example,) = findings.examples
    assert "difference with the mask: False" in example.output
    assert "difference without it: True" in example.output


def test_the_figure_gets_reviews_of_all_lengths_and_the_shortest_one_itself(findings):
    series = {one.name: one.values for one in findings.series}
    assert list(series["padding_lengths"]) == sorted(series["padding_lengths"])
    assert len(series["padded_review"]) == 8
    assert sum(index != 0 for index in series["padded_review"]) == min(8, series["padding_lengths"][0])


def test_the_windows_of_the_exercise_are_worked_out_rightly():
    given, weights = [1, 2, 0, 3, 1], [-1, 2, -1]
    for numbers, expected in ((given, [3, 0, 5]), (given[::-1], [5, 0, 3])):
        windows = np.lib.stride_tricks.sliding_window_view(np.array(numbers), 3)
        assert np.maximum(windows @ weights, 0).tolist() == expected


def test_a_window_wider_than_the_text_is_refused():
    with pytest.raises(ValueError, match="length must be at least 5"):
        sequences.Settings(length=4)


def test_the_printed_training_holds_the_first_reviews_out(findings):
    catcher = Catcher()
    executed(findings, "fit")(catcher, np.zeros((60, 2)), np.zeros(60), 20, SETTINGS)
    assert [len(part) for part in catcher.arrays] == [40, 40]
    assert [len(part) for part in catcher.options["validation_data"]] == [20, 20]
