"""The lab on handwritten digits, on sixty made-up images."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import Catcher, executed, images
from helpers.small_models import assert_same_training, fit_by_hand, short_trainings

from labreport.experiments import mnist
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session
from labreport.experiments.result import Findings
from labreport.experiments.training import seed_everything

SETTINGS = mnist.Settings(units=8, epochs=2, batch_size=16, validation_samples=20)


@pytest.fixture(scope="module")
def findings() -> Findings:
    with short_trainings():
        return measured(mnist, SETTINGS, images(), seeds=(0, 3))


def test_every_seed_has_its_trainings_and_scores(findings):
    assert [(fit.role, fit.seed) for fit in findings.trainings] == [
        (role, seed) for seed in (0, 3) for role in ("selection", "final", "linear-selection", "linear")
    ]
    selection, final = findings.trainings[:2]
    assert (selection.train_samples, selection.validation_samples, selection.epochs) == (40, 20, 2)
    assert (final.train_samples, final.validation_samples, final.batch_size) == (60, 0, 16)
    assert selection.history.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert final.history.keys() == {"loss", "accuracy"}
    names = ("train_accuracy", "test_accuracy", "test_loss")
    assert [(score.name, score.seed) for score in findings.scores] == [
        (name, seed) for seed in (0, 3) for name in names
    ]
    assert [(score.name, score.seed) for score in findings.baselines] == [
        ("majority_accuracy", None),
        ("linear_accuracy", 0),
        ("linear_train_accuracy", 0),
        ("linear_accuracy", 3),
        ("linear_train_accuracy", 3),
    ]
    assert findings.trainings[0].history != findings.trainings[4].history


def test_scores_carry_unit_direction_and_split(findings):
    train, accuracy, loss = findings.scores[:3]
    assert (train.split, train.unit, train.direction) == ("train", "share", "higher")
    assert train.value == findings.trainings[1].history["accuracy"][-1]
    assert (accuracy.split, accuracy.model, accuracy.metric) == ("test", "final", "accuracy")
    assert (loss.unit, loss.direction) == ("nats", "lower")
    assert findings.baselines[0].value == 0.1


def test_confusion_mistakes_and_accuracy_tell_the_same(findings):
    (predictions,) = findings.predictions
    table = np.array(predictions.confusion)
    assert table.sum(axis=1).tolist() == [3] * 10
    wrong = 30 - int(np.trace(table))
    measures = {(item.name, item.seed): item.value for item in findings.measures}
    assert measures["mistakes", 0] == wrong
    assert findings.scores[1].value == pytest.approx(1 - wrong / 30)
    assert measures["softmax_largest_sum_deviation", 0] < 1e-5
    assert len(predictions.images) == min(12, wrong)
    shares = [image.probability or 0 for image in predictions.images]
    assert shares == sorted(shares, reverse=True)
    for image in predictions.images:
        assert image.predicted != image.label
        assert (image.label_probability or 0) <= (image.probability or 0)
        assert image.pixels == images().test_array[image.index].tobytes()


def test_two_images_of_each_digit_come_from_the_training_set(findings):
    assert [image.label for image in findings.images] == [digit for digit in range(10) for _ in range(2)]
    assert {(image.split, image.height, image.width, len(image.pixels)) for image in findings.images} == {
        ("train", 28, 28, 784)
    }
    measures = {item.name: item.value for item in findings.measures}
    assert measures["least_pixel"] == images().train_array.min()
    assert measures["greatest_pixel"] == images().train_array.max()


def test_model_listings_and_examples_are_those_that_ran(findings):
    (model,) = findings.models
    assert (model.role, model.input_shape, model.parameters) == ("selection", (None, 784), 784 * 8 + 8 + 8 * 10 + 10)
    assert [(layer.kind, layer.output_shape, layer.activation) for layer in model.layers] == [
        ("Dense", (None, 8), "relu"),
        ("Dense", (None, 10), "softmax"),
    ]
    assert (model.optimizer, model.learning_rate, model.loss, model.metrics) == (
        "RMSprop",
        0.001,
        "categorical_crossentropy",
        ("accuracy",),
    )
    listings = {listing.name: listing.source for listing in findings.listings}
    assert listings["build_model"] == inspect.getsource(mnist.build_model)
    assert "model.fit(" in listings["fit"]
    outputs = {example.name: example.output for example in findings.examples}
    assert "images: (60, 28, 28) uint8" in outputs["preprocess"]
    assert "sum: 1.0" in outputs["softmax"] or "sum: 0.99999" in outputs["softmax"]


def test_the_engine_does_what_the_printed_fit_does(findings):
    dataset, catcher = images(), Catcher()
    executed(findings, "fit", preprocess=mnist.preprocess)(
        catcher, dataset.train_array, dataset.train_targets, SETTINGS
    )
    assert catcher.options == {"epochs": 2, "batch_size": 16}
    seed_everything(0)
    reference = mnist.build_model(SETTINGS)
    by_hand = fit_by_hand(reference, *catcher.arrays, epochs=2, batch_size=16, seed=0, eagerly=True)
    assert_same_training(findings.trainings[1].history, by_hand, exact=True)


def test_of_a_sample_of_the_data_the_same_share_is_held_out_and_progress_is_told():
    told: list[tuple[str, int, int, dict[str, float]]] = []
    settings = mnist.Settings(units=2, epochs=2, batch_size=20, validation_samples=100)
    with short_trainings():
        found = measured(mnist, settings, images(full=600), progress=lambda *values: told.append(values))
    assert found.trainings[0].validation_samples == 10
    assert [values[:3] for values in told[:4]] == [
        (part, epoch, 2) for part in ("selection", "final") for epoch in (1, 2)
    ]
    assert list(dict.fromkeys(part for part, *_ in told)) == ["selection", "final", "linear-selection", "linear"]
    assert told[0][3].keys() >= {"loss", "val_loss", "epochs_per_second"}


def test_some_samples_must_remain_to_train_on():
    with pytest.raises(LabError, match="some must remain"):
        measured(mnist, mnist.Settings(validation_samples=60), images())


def test_what_was_measured_before_a_training_broke_down_is_kept():
    session = Session(seed=0)
    settings = mnist.Settings(units=4, epochs=3, batch_size=60 - 20, validation_samples=20, learning_rate=1e30)
    with pytest.raises(LabError, match=r"no longer a finite number at epoch [23]"):
        mnist.train(settings, images(), session, 0)
    kept = session.draft.findings()
    assert kept.trainings[0].epochs == len(kept.trainings[0].history["loss"]) >= 1
    assert session.open_stages == ["selection"]
