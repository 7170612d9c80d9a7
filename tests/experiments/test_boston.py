"""The lab on house prices, on twenty-two made-up ones."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import Catcher, executed, houses
from helpers.small_models import assert_same_training, fit_by_hand

from labreport.experiments import boston
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session
from labreport.experiments.result import Findings
from labreport.experiments.selection import best_smoothed_epoch
from labreport.experiments.training import DivergenceError, seed_everything

SETTINGS = boston.Settings(
    folds=4, units=4, epochs=6, batch_size=2, final_batch_size=5, dropped_epochs=1, learning_rate=0.01
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return measured(boston, SETTINGS, houses(), seeds=(1,))


def test_folds_are_disjoint_and_what_is_left_over_is_only_trained_on(findings):
    assert [fold.validation for fold in findings.folds] == [(0, 5), (5, 10), (10, 15), (15, 20)]
    assert {(fold.train_samples, fold.validation_samples) for fold in findings.folds} == {(17, 5)}
    assert [(fit.fold, fit.train_samples, fit.validation_samples) for fit in findings.trainings[:4]] == [
        (number, 17, 5) for number in (1, 2, 3, 4)
    ]


def test_the_smoothed_validation_error_chooses_the_epochs_of_a_new_network(findings):
    folds, final = findings.trainings[:4], findings.trainings[4]
    curves = [fit.history["val_mae"] for fit in folds]
    chosen = best_smoothed_epoch(curves, 1, 0.9)
    assert next(item.value for item in findings.measures if item.name == "chosen_epochs") == chosen
    assert (final.role, final.epochs, final.batch_size, final.train_samples) == ("final", chosen, 5, 22)
    assert set(folds[0].history) == {"loss", "mae", "val_loss", "val_mae"}


def test_scores_have_the_units_of_prices(findings):
    folds = [score for score in findings.scores if score.name == "fold_mae"]
    assert [score.value for score in folds] == [fit.history["val_mae"][-1] for fit in findings.trainings[:4]]
    assert {(score.split, score.direction, score.unit) for score in folds} == {
        ("validation", "lower", "thousand dollars")
    }
    scores = {score.name: score for score in findings.scores}
    assert scores["train_mae"].value == findings.trainings[4].history["mae"][-1]
    (predictions,) = findings.predictions
    errors = np.array(predictions.true_values) - np.array(predictions.predicted_values)
    assert scores["test_mae"].value == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert scores["test_mse"].value == pytest.approx((errors**2).mean(), rel=1e-5)
    assert scores["test_mse"].unit == "squared thousand dollars"


def test_baselines_are_the_mean_price_and_least_squares(findings):
    baselines = {score.name: score.value for score in findings.baselines}
    dataset = houses()
    mean = np.abs(dataset.test_targets - dataset.train_targets.mean()).mean()
    assert baselines["mean_mae"] == pytest.approx(mean)
    errors = {row.model: row.errors for row in findings.per_sample}
    assert {model: np.mean(errors[model]) for model in ("mean", "linear")} == pytest.approx(
        {"mean": baselines["mean_mae"], "linear": baselines["linear_mae"]}
    )
    assert baselines["linear_mae"] < 1.5  # the made-up prices are linear but for noise of deviation 1


def test_the_published_slices_leave_folds_without_samples(findings):
    series = {item.name: item.values for item in findings.series}
    assert series["published_validation_samples"] == (22, 0, 0, 0)
    assert series["published_train_samples"] == (0, 22, 22, 22)


def test_standardising_uses_the_training_samples_alone(findings):
    train = np.array([[1.0, 5.0], [3.0, 5.0]])
    ours, other = boston.standardise(train, np.array([[5.0, 6.0]]))
    assert ours.tolist() == [[-1, 0], [1, 0]]
    assert other.tolist() == [[3, 1]]
    measures = {item.name: item.value for item in findings.measures}
    assert measures["standardised_largest_mean"] < 1e-12
    assert measures["test_standardised_largest_mean"] > 0.01


def test_no_fold_sees_its_validation_samples_when_standardised():
    dataset = houses()
    changed = dataset.train_array.copy()
    changed[:5] *= 1e3  # the validation samples of the first fold, on which the second one trains
    (first, second, *_), _ = boston.fold_samples(dataset.train_array, dataset.train_targets, 4)
    (first_again, second_again, *_), (validation, *_) = boston.fold_samples(changed, dataset.train_targets, 4)
    assert (np.asarray(first.inputs) == np.asarray(first_again.inputs)).all()
    assert (np.asarray(second.inputs) != np.asarray(second_again.inputs)).any()
    assert np.asarray(first.inputs).mean(axis=0) == pytest.approx(0, abs=1e-6)
    assert np.abs(np.asarray(validation.inputs)).max() > 100


def test_model_examples_and_engine_are_on_record(findings):
    (model,) = findings.models
    assert (model.role, model.input_shape, [layer.activation for layer in model.layers]) == (
        "fold",
        (None, 5),
        ["relu", "relu", None],
    )
    outputs = {example.name: example.output for example in findings.examples}
    assert outputs["folds"].splitlines()[3] == "fold 4 validates on samples 15 to 19"
    assert "deviation [1. 1.]" in outputs["standardise"]
    assert findings.engine == ("stack-xla:folds=4", "loop:few-steps")
    assert {"build_model", "fit", "standardise", "fold_slices"} == {listing.name for listing in findings.listings}


def test_the_engine_does_what_the_printed_fit_does(findings):
    dataset, catcher = houses(), Catcher()
    seed_everything(1)
    references = [boston.build_model(SETTINGS, 5) for _ in range(2)]
    fold = boston.fold_slices(22, 4)[1]
    fit = executed(findings, "fit", standardise=boston.standardise)
    fit(catcher, dataset.train_array, dataset.train_targets, fold, SETTINGS)
    validation = catcher.options.pop("validation_data")
    assert catcher.options == {"epochs": 6, "batch_size": 2}
    by_hand = fit_by_hand(references[1], *catcher.arrays, epochs=6, batch_size=2, seed=1, fold=2, validation=validation)
    assert_same_training(findings.trainings[1].history, by_hand, first=2e-6)


def test_a_feature_that_is_not_a_number_is_named_before_anything_is_trained():
    dataset = houses()
    dataset.train_array[3, 1] = np.nan
    with pytest.raises(LabError, match="inputs of 22 samples hold NaN"):  # its mean is none either
        measured(boston, SETTINGS, dataset)


def test_a_fold_that_breaks_down_is_on_record_with_its_history_so_far():
    session = Session(seed=0)
    broken = boston.Settings(folds=2, units=4, epochs=9, batch_size=11, dropped_epochs=0, learning_rate=1e12)
    with pytest.raises(DivergenceError, match=r"epoch \d, step 1, fold \d") as caught:
        boston.train(broken, houses(), session, 0)
    (training,) = session.draft.findings().trainings
    assert (training.role, training.fold) == ("fold", caught.value.fold)
    assert training.epochs == len(training.history["loss"]) == caught.value.epoch - 1 >= 1
    assert session.open_stages == ["folds"]


def test_fewer_samples_than_folds_are_refused():
    with pytest.raises(LabError, match="9 folds need at least as many training samples; there are 8"):
        measured(boston, boston.Settings(folds=9), houses(train=8))
