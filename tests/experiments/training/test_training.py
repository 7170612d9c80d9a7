"""The engine against `model.fit`: same initial weights, same batch order, same numbers."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from helpers.small_models import (
    assert_same_training,
    classifier,
    fit_by_hand,
    labelled,
    optimizer,
    priced,
    regressor,
    twins,
)

from labreport.experiments.errors import LabError
from labreport.experiments.training import (
    DivergenceError,
    batch_order,
    evaluate,
    fit,
    in_memory,
    predict,
    seed_everything,
    sharing,
    start,
)
from labreport.experiments.training.history import shortest


def assert_same_weights(model: Any, reference: Any, tolerance: float = 1e-5) -> None:
    for ours, theirs in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def test_loop_gives_the_bits_of_fit_with_validation_and_a_last_batch_not_full():
    inputs, labels = labelled(61)
    samples = in_memory(inputs, labels)
    model, reference = twins(classifier)
    fitted = fit(model, samples.after(20), epochs=3, batch_size=8, seed=3, validation=samples.first(20))
    floats = inputs.astype("float32")
    by_hand = fit_by_hand(
        reference, floats[20:], labels[20:], epochs=3, batch_size=8, seed=3, validation=(floats[:20], labels[:20])
    )
    assert fitted.plan.form == "loop"
    assert fitted.epochs == 3
    assert_same_training(fitted.history, by_hand, exact=True)
    assert_same_weights(model, reference, tolerance=0)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_loop_gives_the_bits_of_fit_for_other_optimizers(name):
    inputs, labels = labelled(30)
    model, reference = twins(lambda: classifier(optimizer=optimizer(name, learning_rate=0.05)))
    fitted = fit(model, in_memory(inputs, labels), epochs=2, batch_size=8, seed=0)
    by_hand = fit_by_hand(reference, inputs.astype("float32"), labels, epochs=2, batch_size=8, seed=0)
    assert_same_training(fitted.history, by_hand, exact=True)
    assert_same_weights(model, reference, tolerance=0)


def test_loop_gives_the_numbers_of_fit_for_an_optimizer_that_looks_at_whole_variables():
    inputs, labels = labelled(30)
    model, reference = twins(lambda: classifier(optimizer=optimizer("Adam", clipnorm=0.5, weight_decay=0.01)))
    fitted = fit(model, in_memory(inputs, labels), epochs=2, batch_size=8, seed=0)
    by_hand = fit_by_hand(reference, inputs.astype("float32"), labels, epochs=2, batch_size=8, seed=0, eagerly=True)
    assert fitted.plan.form == "loop"
    assert_same_training(fitted.history, by_hand)


def test_averaged_weights_take_their_place_at_the_end_as_in_fit():
    inputs, labels = labelled(30)
    model, reference = twins(lambda: classifier(optimizer=optimizer("SGD", learning_rate=0.1, use_ema=True)))
    fit(model, in_memory(inputs, labels), epochs=1, batch_size=8, seed=0)
    fit_by_hand(reference, inputs.astype("float32"), labels, epochs=1, batch_size=8, seed=0, eagerly=True)
    assert_same_weights(model, reference)


@pytest.mark.parametrize(("count", "batch_size"), [(1, 1), (5, 4)])
def test_loop_trains_on_very_few_samples_as_fit_does(count, batch_size):
    inputs, prices = priced(count)
    model, reference = twins(regressor)
    fitted = fit(model, in_memory(inputs, prices), epochs=2, batch_size=batch_size, seed=1)
    by_hand = fit_by_hand(reference, inputs, prices, epochs=2, batch_size=batch_size, seed=1, eagerly=True)
    assert_same_training(fitted.history, by_hand)
    assert_same_weights(model, reference)


def test_loop_compiled_with_xla_gives_the_numbers_of_fit():
    from labreport.experiments.training.fitting import Request
    from labreport.experiments.training.loop import Loop

    inputs, prices = priced(23)
    samples = in_memory(inputs, prices)
    model, reference = twins(regressor)
    request = Request(epochs=3, batch_size=4, seed=1)
    history = Loop(model, samples.after(6), validation=samples.first(6), xla=True).fit(request)
    by_hand = fit_by_hand(
        reference,
        inputs[6:],
        prices[6:],
        epochs=3,
        batch_size=4,
        seed=1,
        validation=(inputs[:6], prices[:6]),
        eagerly=True,
    )
    assert_same_training(history, by_hand, first=2e-6)
    assert_same_weights(model, reference)


def test_state_of_dropout_and_batch_normalisation_is_carried_as_in_fit():
    keras = start()
    inputs, prices = priced(20)

    def build() -> Any:
        return regressor(layers=[keras.layers.BatchNormalization(), keras.layers.Dropout(0.4, seed=7)])

    model, reference = twins(build)
    fitted = fit(model, in_memory(inputs, prices), epochs=3, batch_size=8, seed=1)
    by_hand = fit_by_hand(reference, inputs, prices, epochs=3, batch_size=8, seed=1, eagerly=True)
    assert (fitted.plan.form, fitted.plan.xla) == ("loop", False)
    assert fitted.plan.reasons == ("loop:state",)
    assert_same_training(fitted.history, by_hand)
    moving = [layer.get_weights() for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert np.abs(moving[0][2]).max() > 0
    assert_same_weights(model, reference)


def test_several_outputs_with_weighted_losses_are_left_to_fit_itself():
    keras = start()
    inputs, prices = priced(21)
    targets = {"price": prices, "dear": (prices > 20).astype("float32")}

    def build() -> Any:
        features = keras.Input(shape=(5,))
        shared = keras.layers.Dense(6, activation="relu")(features)
        outputs = {
            "price": keras.layers.Dense(1, name="price")(shared),
            "dear": keras.layers.Dense(1, activation="sigmoid", name="dear")(shared),
        }
        model = keras.Model(features, outputs)
        model.compile(
            "adam",
            loss={"price": "mse", "dear": "binary_crossentropy"},
            loss_weights={"price": 0.5, "dear": 2.0},
            metrics={"price": ["mae"], "dear": ["accuracy"]},
        )
        return model

    model, reference = twins(build)
    fitted = fit(model, in_memory(inputs, targets), epochs=2, batch_size=6, seed=4)
    by_hand = fit_by_hand(reference, inputs, targets, epochs=2, batch_size=6, seed=4)
    assert fitted.plan.form == "fit"
    assert fitted.plan.reasons == ("fit:outputs",)
    assert_same_training(fitted.history, by_hand)


def test_class_weights_are_left_to_fit_itself():
    inputs, labels = labelled(30)
    weights = {0: 1.0, 1: 5.0, 2: 0.1}
    model, reference = twins(classifier)
    samples = in_memory(inputs, labels)
    fitted = fit(model, samples, epochs=2, batch_size=8, seed=2, class_weight=weights, validation=samples)
    floats = inputs.astype("float32")
    by_hand = fit_by_hand(
        reference,
        floats,
        labels,
        epochs=2,
        batch_size=8,
        seed=2,
        class_weight=weights,
        validation=(floats, labels),
        eagerly=True,
    )
    assert fitted.plan.form == "fit"
    assert fitted.plan.reasons == ("fit:class-weights",)
    assert_same_training(fitted.history, by_hand)


def test_callbacks_are_left_to_fit_itself_and_may_end_the_training():
    keras = start()
    inputs, labels = labelled(30)
    model, reference = twins(classifier)
    reported: list[int] = []
    fitted = fit(
        model,
        in_memory(inputs, labels),
        epochs=9,
        batch_size=8,
        seed=2,
        callbacks=[keras.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=1)],
        on_epoch=lambda epoch, epochs, values: reported.append(epoch),
    )
    by_hand = fit_by_hand(reference, inputs.astype("float32"), labels, epochs=2, batch_size=8, seed=2, eagerly=True)
    assert fitted.plan.form == "fit"
    assert fitted.plan.reasons == ("fit:callbacks",)
    assert fitted.epochs == 2
    assert reported == [1, 2]
    assert_same_training(fitted.history, by_hand)


def test_a_model_compiled_to_run_eagerly_is_left_to_fit_itself():
    inputs, labels = labelled(9)
    model, reference = twins(lambda: classifier(run_eagerly=True))
    fitted = fit(model, in_memory(inputs, labels), epochs=1, batch_size=4, seed=2)
    by_hand = fit_by_hand(reference, inputs.astype("float32"), labels, epochs=1, batch_size=4, seed=2)
    assert fitted.plan.form == "fit"
    assert fitted.plan.reasons == ("fit:eager",)
    assert_same_training(fitted.history, by_hand)


def test_training_goes_on_where_it_stopped_when_fit_is_called_again():
    inputs, labels = labelled(30)
    samples = in_memory(inputs, labels)
    model, reference = twins(classifier)
    for seed in (1, 2):
        history = fit(model, samples, epochs=1, batch_size=8, seed=seed).history
        by_hand = fit_by_hand(
            reference, inputs.astype("float32"), labels, epochs=1, batch_size=8, seed=seed, eagerly=True
        )
        assert_same_training(history, by_hand)


def test_a_model_without_input_layer_is_built_first():
    keras = start()
    inputs, prices = priced(12)
    seed_everything(0)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert fit(model, in_memory(inputs, prices), epochs=1, batch_size=4, seed=0).epochs == 1


def test_evaluate_and_predict_agree_with_keras():
    inputs, labels = labelled(25)
    (model,) = twins(classifier, 1)
    samples = in_memory(inputs, labels)
    floats = inputs[5:].astype("float32")
    ours = evaluate(model, samples.after(5), batch_size=8)
    theirs = model.evaluate(floats, labels[5:], batch_size=8, verbose=0, return_dict=True)
    assert ours == pytest.approx(theirs, rel=1e-6)
    outputs = predict(model, samples.after(5), batch_size=8)
    assert outputs.shape == (20, 3)
    np.testing.assert_allclose(outputs, model.predict(floats, batch_size=8, verbose=0), rtol=1e-6)


def test_a_test_loss_that_is_not_finite_hides_no_sample_from_the_other_metrics():
    inputs, prices = priced(11)
    prices[2] = 1e25
    (model,) = twins(regressor, 1)
    ours = evaluate(model, in_memory(inputs, prices), batch_size=4)
    theirs = model.evaluate(inputs, prices, batch_size=4, verbose=0, return_dict=True)
    assert ours["loss"] == theirs["loss"] == float("inf")
    assert ours["mae"] == pytest.approx(theirs["mae"], rel=1e-6)


def test_progress_is_told_once_per_epoch_with_the_metrics():
    inputs, labels = labelled(20)
    seen: list[tuple[int, int, dict[str, float]]] = []
    (model,) = twins(classifier, 1)
    fitted = fit(
        model, in_memory(inputs, labels), epochs=2, batch_size=5, seed=0, on_epoch=lambda *told: seen.append(told)
    )
    assert [told[:2] for told in seen] == [(1, 2), (2, 2)]
    assert seen[1][2]["loss"] == fitted.history["loss"][1]


def test_a_loss_that_is_not_finite_stops_the_training_and_keeps_the_history():
    inputs, prices = priced(20)
    (model,) = twins(lambda: regressor(optimizer=optimizer("SGD", learning_rate=1e4)), 1)
    with pytest.raises(DivergenceError, match=r"epoch 1, step [2-5]") as caught:
        fit(model, in_memory(inputs, prices), epochs=3, batch_size=4, seed=0)
    assert caught.value.history == {}
    (model,) = twins(lambda: regressor(optimizer=optimizer("SGD", learning_rate=0.3)), 1)
    with pytest.raises(DivergenceError) as caught:
        fit(model, in_memory(inputs, prices * 1e3), epochs=60, batch_size=20, seed=0)
    assert caught.value.epoch > 1
    assert len(caught.value.history["loss"]) == caught.value.epoch - 1


def test_fit_itself_is_watched_for_a_loss_that_is_not_finite():
    inputs, prices = priced(20)
    keras = start()
    (model,) = twins(lambda: regressor(optimizer=optimizer("SGD", learning_rate=1e4)), 1)
    with pytest.raises(DivergenceError, match=r"epoch 1, step [2-5]"):
        fit(
            model,
            in_memory(inputs, prices),
            epochs=3,
            batch_size=4,
            seed=0,
            callbacks=[keras.callbacks.Callback()],
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 13}, "A batch must hold 1 to 12 samples"),
        ({"batch_size": 0}, "A batch must hold 1 to 12 samples"),
        ({"epochs": 0}, "at least 1 epoch"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_numbers(options, message):
    inputs, prices = priced(12)
    (model,) = twins(regressor, 1)
    with pytest.raises(LabError, match=message):
        fit(model, in_memory(inputs, prices), **{"epochs": 1, "batch_size": 4, "seed": 0, **options})


def test_training_and_validation_need_samples_and_the_model_must_be_compiled():
    keras = start()
    inputs, prices = priced(12)
    samples = in_memory(inputs, prices)
    (model,) = twins(regressor, 1)
    with pytest.raises(LabError, match="left to train on"):
        fit(model, samples.after(12), epochs=1, batch_size=4, seed=0)
    with pytest.raises(LabError, match="validate on"):
        fit(model, samples, epochs=1, batch_size=4, seed=0, validation=samples.first(0))
    with pytest.raises(LabError, match="compiled"):
        fit(keras.Sequential([keras.layers.Dense(1)]), samples, epochs=1, batch_size=4, seed=0)


@pytest.mark.parametrize("shared", [True, False])
def test_a_finished_training_leaves_no_graph_behind(shared, monkeypatch):
    """TensorFlow keeps the graph of every training in which an optimizer sums gradients over replicas."""
    monkeypatch.setattr(sharing, "_kept", type(sharing._kept)())
    if not shared:
        monkeypatch.setattr(sharing, "_written", lambda model: None)
    inputs, labels = labelled(20)

    def graphs() -> int:
        (model,) = twins(classifier, 1)
        samples = in_memory(inputs, labels)
        fit(model, samples.after(5), epochs=1, batch_size=4, seed=0, validation=samples.first(5))
        del model
        seed_everything(0)
        gc.collect()
        return sum("FuncGraph" in type(thing).__name__ for thing in gc.get_objects())

    graphs()  # what earlier trainings have left goes with the first
    before = graphs()
    assert graphs() == before


def test_values_are_the_shortest_decimals_of_the_same_float32():
    assert shortest(np.float32(0.9)) == 0.9
    assert shortest(0.8999999761581421) == 0.9
    assert np.float32(shortest(np.float32(1 / 3))) == np.float32(1 / 3)
    assert shortest(0.1) == 0.1  # no float32
    assert shortest(1e300) == 1e300
    assert [shortest(value) for value in (np.inf, -np.inf)] == [np.inf, -np.inf]
    assert np.isnan(shortest(np.nan))


def test_every_seed_epoch_and_fold_has_an_order_of_its_own():
    orders = [
        batch_order(50, seed=seed, epoch=epoch, fold=fold) for seed in (0, 1) for epoch in (1, 2) for fold in (0, 1)
    ]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == len(orders)
    assert (batch_order(50, seed=0, epoch=1) == orders[0]).all()
