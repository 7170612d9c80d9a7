"""The lab on convolution, on sixty made-up images."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import images
from helpers.small_models import without_graphs

from labreport.experiments import convolution
from labreport.experiments.result import Findings
from labreport.experiments.settings import SettingError, resolve

SETTINGS = convolution.Settings(
    filters=2, units=6, dense_units=5, epochs=2, batch_size=20, validation_samples=20, shift=3, loss="mse", dropout=0.2
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    with without_graphs():
        return measured(convolution, SETTINGS, images())


def test_both_networks_learn_from_the_same_images_for_the_same_epochs(findings):
    assert [(fit.role, fit.train_samples, fit.validation_samples, fit.epochs) for fit in findings.trainings] == [
        ("final", 40, 20, 2),
        ("dense", 40, 20, 2),
    ]


def test_shapes_and_parameters_are_those_that_the_exercises_work_out(findings):
    models = {model.role: model for model in findings.models}
    shapes = [layer.output_shape[1:] for layer in models["final"].layers]
    assert shapes == [(26, 26, 2), (13, 13, 2), (11, 11, 4), (5, 5, 4), (3, 3, 4), (36,), (6,), (6,), (10,)]
    filters, units = 2, 6
    assert models["final"].parameters == (
        10 * filters
        + (9 * filters + 1) * 2 * filters
        + (18 * filters + 1) * 2 * filters
        + (18 * filters + 1) * units
        + (units + 1) * 10
    )
    assert models["dense"].parameters == 785 * 5 + 6 * 10


def test_each_network_is_tested_on_the_images_as_they_are_and_on_moved_ones(findings):
    assert [(score.name, score.model, score.unit) for score in findings.scores] == [
        ("test_accuracy", "final", "share"),
        ("test_loss", "final", ""),  # no nats: the loss of this run is a mean squared error
        ("test_accuracy_moved", "moved", "share"),
        ("test_accuracy_dense", "dense", "share"),
        ("test_loss_dense", "dense", ""),
        ("test_accuracy_dense-moved", "dense-moved", "share"),
    ]
    assert [row.model for row in findings.per_sample] == ["final", "moved", "dense", "dense-moved"]


def test_an_image_is_moved_and_what_leaves_it_is_lost():
    image = np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3)
    assert convolution.moved_by(image, 1)[0].tolist() == [[0, 0, 0], [0, 1, 2], [0, 4, 5]]
    assert convolution.moved_by(image, 0).tolist() == image.tolist()


def test_filters_and_feature_maps_belong_together(findings):
    """The map of a filter is what the definition of a convolution gives of the shown digit."""
    series = {item.name: np.array(item.values) for item in findings.series}
    assert set(series) == {f"{name}_{number}" for name in ("filter", "feature_map") for number in (1, 2)}
    (image,) = findings.images
    assert (image.label, image.split) == (7, "train")
    pixels = np.frombuffer(image.pixels, np.uint8).reshape(28, 28) / 255
    for number in (1, 2):
        kernel = series[f"filter_{number}"].reshape(3, 3)
        sums = sum(kernel[k, j] * pixels[k : k + 26, j : j + 26] for k in range(3) for j in range(3))
        drawn = series[f"feature_map_{number}"].reshape(26, 26)
        # The bias of a filter is not drawn: it is what the positive outputs are off by, all alike.
        apart = (drawn - sums)[drawn > 1e-3]
        assert apart.size == 0 or np.ptp(apart) < 1e-3


def test_mistakes_and_confusion_come_from_the_convolutional_network(findings):
    (said,) = findings.predictions
    wrong = 30 - int(np.trace(np.array(said.confusion)))
    measures = {item.name: item.value for item in findings.measures}
    assert (measures["mistakes"], measures["map_side"]) == (wrong, 26)
    assert findings.scores[0].value == pytest.approx(1 - wrong / 30)


def test_listings_and_examples_are_those_that_ran(findings):
    listings = {listing.name: listing.source for listing in findings.listings}
    assert listings["build_model"] == inspect.getsource(convolution.build_model)
    assert listings["build_dense_model"] == inspect.getsource(convolution.build_dense_model)
    outputs = {example.name: example.output for example in findings.examples}
    assert outputs == {"convolve": "[[27 27  0]\n [27 27  0]]", "pool": "[[4 2]\n [1 8]]"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"loss": "mean"}, r"Unknown loss 'mean'.*Known: categorical_crossentropy, mse, mae"),
        ({"loss": "binary_crossentropy"}, r"Did you mean 'categorical_crossentropy'\?"),
        ({"shift": "11"}, "shift must be less than 11"),
        ({"filter": "3"}, r"Did you mean 'filters'\?"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_nearest_name_or_the_range(given, message):
    with pytest.raises(SettingError, match=message):
        resolve(convolution.Settings, given, lab="convolution")
