"""The models of all folds trained side by side: the numbers of `model.fit`, and another form wherever that can't be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.small_models import assert_same_training, fit_by_hand, optimizer, priced, regressor
from numpy.typing import NDArray

from labreport.experiments.errors import LabError
from labreport.experiments.training import DivergenceError, fit_folds, in_memory, start
from labreport.experiments.training.fitting import Request
from labreport.experiments.training.plan import plan_folds

Parts = list[tuple[NDArray[Any], NDArray[Any]]]


def models_of(build: Any, folds: int) -> list[Any]:
    """Models with different initial weights, the same ones each time."""
    start().utils.set_random_seed(9)
    return [build() for _ in range(folds)]


def parts_of(folds: int, samples: int = 40) -> tuple[Parts, Parts]:
    """Training and validation part of each fold; samples left over are only trained on."""
    inputs, prices = priced(samples)
    size = samples // folds
    trains, validations = [], []
    for fold in range(folds):
        chosen = np.arange(samples) // size == fold
        trains.append((inputs[~chosen], prices[~chosen]))
        validations.append((inputs[chosen], prices[chosen]))
    return trains, validations


def in_memory_parts(parts: Parts) -> list[Any]:
    return [in_memory(*part) for part in parts]


def planned(build: Any, trains: Parts | None = None, **request: Any) -> Any:
    given_trains, validations = parts_of(2)
    options = Request(**{"epochs": 2, "batch_size": 3, "seed": 1, **request})
    models = models_of(build, 2)
    return plan_folds(models, in_memory_parts(trains or given_trains), in_memory_parts(validations), options)


def check_against_fit(build: Any, folds: int, *, form: str, batch_size: int = 4, epochs: int = 2) -> None:
    """Compare the history and the weights of the last fold, which are different from those of the others."""
    trains, validations = parts_of(folds)
    models, reference = models_of(build, folds), models_of(build, folds)[-1]
    fitted = fit_folds(
        models,
        in_memory_parts(trains),
        in_memory_parts(validations),
        epochs=epochs,
        batch_size=batch_size,
        seed=6,
    )
    assert {one.plan.form for one in fitted} == {form}
    assert len({one.history["val_loss"] for one in fitted}) == folds
    by_hand = fit_by_hand(
        reference,
        *trains[-1],
        epochs=epochs,
        batch_size=batch_size,
        seed=6,
        fold=folds,
        validation=validations[-1],
        eagerly=True,
    )
    assert_same_training(fitted[-1].history, by_hand, first=2e-6)
    for ours, theirs in zip(models[-1].get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "folds", "batch_size"), [("SGD", 3, 1), ("Adam", 7, 4)])
def test_stack_gives_the_numbers_of_fit(name, folds, batch_size):
    """So it does with RMSprop, see below and the lab on house prices."""

    def build() -> Any:
        return regressor(optimizer=optimizer(name, learning_rate=0.005))

    check_against_fit(build, folds, form="stack", batch_size=batch_size)


def test_ten_folds_with_other_options_loss_and_metrics_give_the_numbers_of_fit():
    def build() -> Any:
        chosen = optimizer("RMSprop", learning_rate=0.001, momentum=0.5, centered=True)
        return regressor(optimizer=chosen, loss="mae", metrics=["mse", "mean_absolute_error"])

    check_against_fit(build, 10, form="stack", batch_size=36)


def test_one_sample_per_fold_is_enough_and_progress_counts_epochs_of_all_folds_together():
    trains, validations = parts_of(2, samples=2)
    told: list[tuple[int, int, dict[str, float]]] = []
    fitted = fit_folds(
        models_of(regressor, 2),
        in_memory_parts(trains),
        in_memory_parts(validations),
        epochs=2,
        batch_size=1,
        seed=0,
        on_epoch=lambda *values: told.append(values),
    )
    assert fitted[0].plan.form == "stack"
    assert [one.epochs for one in fitted] == [2, 2]
    assert [values[:2] for values in told] == [(1, 2), (2, 2)]
    assert told[1][2]["val_mae"] == pytest.approx(sum(one.history["val_mae"][1] for one in fitted) / 2)


@pytest.mark.parametrize("folds", range(2, 11))
def test_two_to_ten_folds_are_stacked_where_they_have_one_size_and_trained_in_turn_where_not(folds):
    options = Request(epochs=1, batch_size=3, seed=1)
    trains, validations = (in_memory_parts(parts) for parts in parts_of(folds, samples=4 * folds))
    models = models_of(lambda: regressor(features=5), folds)
    assert plan_folds(models, trains, validations, options).reasons == (f"stack-xla:folds={folds}",)
    uneven = [*trains[:-1], trains[-1].after(1)]
    assert plan_folds(models, uneven, validations, options).reasons == ("in-turn:fold-sizes", "loop:few-steps")
    uneven = [validations[0].after(1), *validations[1:]]
    assert plan_folds(models, trains, uneven, options).reasons == ("in-turn:fold-sizes", "loop:few-steps")


def test_folds_of_different_sizes_are_trained_one_after_the_other():
    trains, validations = parts_of(2)
    trains[1] = (trains[1][0][:-3], trains[1][1][:-3])
    models, references = models_of(regressor, 2), models_of(regressor, 2)
    told: list[tuple[int, int]] = []
    fitted = fit_folds(
        models,
        in_memory_parts(trains),
        in_memory_parts(validations),
        epochs=2,
        batch_size=4,
        seed=6,
        on_epoch=lambda epoch, epochs, values: told.append((epoch, epochs)),
    )
    assert fitted[0].plan.form == "loop"
    assert fitted[0].plan.reasons == ("in-turn:fold-sizes", "loop:few-steps")
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    by_hand = fit_by_hand(
        references[1], *trains[1], epochs=2, batch_size=4, seed=6, fold=2, validation=validations[1], eagerly=True
    )
    assert_same_training(fitted[1].history, by_hand)


def _functional() -> Any:
    keras = start()
    features = keras.Input(shape=(5,))
    model = keras.Model(features, keras.layers.Dense(1)(features))
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def _own_step() -> Any:
    keras = start()

    class Halved(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            return super().train_step((data[0], data[1] / 2))

    model = Halved([keras.Input(shape=(5,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def _dense(**options: Any) -> Any:
    return regressor(layers=[start().layers.Dense(4, **options)])


def _squared(values: Any) -> Any:
    return values * values


OBSTACLES = {
    "dropout": (lambda: regressor(layers=[start().layers.Dropout(0.5)]), "state"),
    "noise": (lambda: regressor(layers=[start().layers.GaussianNoise(0.1)]), "state"),
    "batch normalisation": (lambda: regressor(layers=[start().layers.BatchNormalization()]), "state"),
    "layer normalisation": (
        lambda: regressor(layers=[start().layers.LayerNormalization()]),
        "layer=LayerNormalization",
    ),
    "frozen layer": (lambda: _dense(trainable=False), "state"),
    "regulariser": (lambda: _dense(kernel_regularizer="l2"), "layer-option=kernel_regularizer"),
    "activity regulariser": (lambda: _dense(activity_regularizer="l2"), "layer-option=activity_regularizer"),
    "constraint": (lambda: _dense(kernel_constraint="non_neg"), "layer-option=kernel_constraint"),
    "own activation": (lambda: _dense(activation=_squared), "activation=dict"),
    "mixed precision": (lambda: _dense(dtype="mixed_bfloat16"), "layer-type=bfloat16"),
    "functional model": (_functional, "model-kind"),
    "own training step": (_own_step, "model-kind"),
    "optimizer over whole variables": (lambda: regressor(optimizer=optimizer("Lamb")), "optimizer=Lamb"),
    "clipping by norm": (lambda: regressor(optimizer=optimizer("SGD", clipnorm=1.0)), "optimizer-option=clipnorm"),
    "clipping by the norm of all": (
        lambda: regressor(optimizer=optimizer("SGD", global_clipnorm=1.0)),
        "optimizer-option=global_clipnorm",
    ),
    "weight decay": (lambda: regressor(optimizer=optimizer("Adam", weight_decay=0.1)), "optimizer-option=weight_decay"),
    "averaged weights": (lambda: regressor(optimizer=optimizer("SGD", use_ema=True)), "optimizer-option=use_ema"),
    "gathered gradients": (
        lambda: regressor(optimizer=optimizer("SGD", gradient_accumulation_steps=2)),
        "optimizer-option=gradient_accumulation_steps",
    ),
    "loss object": (lambda: regressor(loss=start().losses.Huber()), "measure=Huber"),
    "metric object": (lambda: regressor(metrics=[start().metrics.MeanAbsoluteError()]), "measure=MeanAbsoluteError"),
    "unknown metric": (lambda: regressor(metrics=["accuracy"]), "measure=accuracy"),
    "weighted metric": (lambda: regressor(weighted_metrics=["mae"]), "weighted"),
    "loss weight": (lambda: regressor(loss_weights=0.5), "weighted"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_the_stack_cannot_do_goes_to_the_loop_which_says_why(name):
    build, reason = OBSTACLES[name]
    plan = planned(build)
    assert plan.form == "loop"
    assert plan.reasons[0] == f"in-turn:{reason}"


def test_what_goes_to_the_loop_gives_the_numbers_of_fit():
    check_against_fit(OBSTACLES["constraint"][0], 2, form="loop")


def test_models_that_differ_or_have_been_trained_or_samples_of_another_shape_go_to_the_loop():
    sizes = iter((4, 5))
    assert planned(lambda: regressor(layers=[start().layers.Dense(next(sizes))])).reasons[0] == "in-turn:models"

    def used() -> Any:
        model = regressor()
        model.optimizer.iterations.assign(1)
        return model

    assert planned(used).reasons[0] == "in-turn:optimizer-used"
    trains, _ = parts_of(2)
    wide = [(inputs, np.column_stack([prices, prices])) for inputs, prices in trains]
    assert planned(regressor, wide).reasons[0] == "in-turn:shapes"


def test_callbacks_and_class_weights_go_to_fit_itself():
    assert planned(regressor, callbacks=(start().callbacks.Callback(),)).form == "fit"
    assert planned(regressor, class_weight={0: 1.0}).form == "fit"


def test_a_fold_whose_loss_is_not_finite_is_named_with_epoch_and_step():
    trains, validations = parts_of(2)
    trains[1] = (trains[1][0] * 1e3, trains[1][1])
    models = models_of(lambda: regressor(optimizer=optimizer("SGD", learning_rate=1e-3)), 2)
    with pytest.raises(DivergenceError, match=r"epoch \d+, step \d+, fold 2") as caught:
        fit_folds(models, in_memory_parts(trains), in_memory_parts(validations), epochs=9, batch_size=4, seed=0)
    assert caught.value.fold == 2
    assert len(caught.value.history.get("loss", ())) == caught.value.epoch - 1


def test_each_fold_needs_a_model_and_samples_and_batches_must_fit():
    trains, validations = (in_memory_parts(parts) for parts in parts_of(2))
    models = models_of(regressor, 2)
    common = {"epochs": 1, "batch_size": 4, "seed": 0}
    with pytest.raises(LabError, match="2, 1, 2"):
        fit_folds(models, trains[:1], validations, **common)
    with pytest.raises(LabError, match="0, 0, 0"):
        fit_folds([], [], [], **common)
    with pytest.raises(LabError, match="1 to 20"):
        fit_folds(models, trains, validations, **{**common, "batch_size": 21})
    with pytest.raises(LabError, match="at least 1 epoch"):
        fit_folds(models, trains, validations, **{**common, "epochs": 0})
