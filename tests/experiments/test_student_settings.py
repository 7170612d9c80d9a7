"""What students vary: with the defaults a lab's network is the one of the book, and every setting does what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.measuring import measured
from helpers.small_data import houses, texts
from helpers.small_models import short_trainings, without_graphs

from labreport.experiments import boston, convolution, imdb, mnist, remedies, reuters
from labreport.experiments.settings import SettingError, resolve
from labreport.experiments.training import seed_everything, start

LABS = {"mnist": mnist, "imdb": imdb, "reuters": reuters, "boston": boston}
SMALL = {
    "mnist": mnist.Settings(units=5),
    "imdb": imdb.Settings(words=30, units=5),
    "reuters": reuters.Settings(words=30, units=5),
    "boston": boston.Settings(units=5),
}
BOOK = {
    # inputs, hidden layers, last layer, its activation, loss, metric
    "mnist": (784, 1, 10, "softmax", "categorical_crossentropy", "accuracy"),
    "imdb": (30, 2, 1, "sigmoid", "binary_crossentropy", "accuracy"),
    "reuters": (30, 2, 46, "softmax", "categorical_crossentropy", "accuracy"),
    "boston": (4, 2, 1, "linear", "mse", "mae"),
}


def _built(lab, settings):
    seed_everything(3)
    arguments = (settings, 4) if lab == "boston" else (settings,)
    return LABS[lab].build_model(*arguments)


@pytest.mark.parametrize("lab", LABS)
def test_with_the_defaults_the_network_is_that_of_the_book_to_the_last_bit(lab):
    keras = start()
    inputs, hidden, outputs, activation, loss, metric = BOOK[lab]
    seed_everything(3)
    book = keras.Sequential(
        [
            keras.Input(shape=(inputs,)),
            *[keras.layers.Dense(5, activation="relu") for _ in range(hidden)],
            keras.layers.Dense(outputs, activation=activation),
        ]
    )
    book.compile(optimizer=keras.optimizers.RMSprop(0.001), loss=loss, metrics=[metric])
    ours = _built(lab, SMALL[lab])
    assert all(np.array_equal(one, other) for one, other in zip(ours.get_weights(), book.get_weights(), strict=True))
    kinds = [
        [(type(layer).__name__, getattr(layer, "activation", None)) for layer in model.layers] for model in (ours, book)
    ]
    assert kinds[0] == kinds[1]
    configured = [model.optimizer.get_config() for model in (ours, book)]
    assert configured[0] == configured[1]
    compiled = [model.get_compile_config() for model in (ours, book)]
    assert [compiled[0][key] for key in ("loss", "metrics")] == [compiled[1][key] for key in ("loss", "metrics")]
    assert not ours.losses


@pytest.mark.parametrize("lab", LABS)
def test_every_setting_of_a_network_changes_it(lab):
    settings = replace(
        SMALL[lab], layers=3, activation="tanh", dropout=0.25, l2=0.01, loss="mse", optimizer="adam", learning_rate=0.01
    )
    model = _built(lab, settings)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "Dropout"] * 3 + ["Dense"]
    hidden = model.layers[0:6:2]
    assert {layer.activation.__name__ for layer in hidden} == {"tanh"}
    assert [float(layer.kernel_regularizer.l2) for layer in hidden] == pytest.approx([0.01] * 3)
    assert {layer.rate for layer in model.layers[1:6:2]} == {0.25}
    assert model.layers[-1].kernel_regularizer is None
    assert (type(model.optimizer).__name__, model.loss) == ("Adam", "mse")
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("lab", "given", "message"),
    [
        (imdb, {"activation": "tahn"}, r"imdb: Unknown activation 'tahn'\. Did you mean 'tanh'\? Known: relu, tanh"),
        (mnist, {"optimizer": "RMSprob"}, r"Unknown optimizer 'RMSprob'\. Did you mean 'rmsprop'\?"),
        (reuters, {"loss": "sparse_categorical_crossentropy"}, r"Did you mean 'categorical_crossentropy'\?"),
        (imdb, {"loss": "crossentropy"}, r"Did you mean 'binary_crossentropy'\? Known: binary_crossentropy, mse, mae"),
        (boston, {"loss": "mas"}, r"Unknown loss 'mas'\. Did you mean"),
        (boston, {"dataset": "california"}, r"Did you mean 'california_housing'\?"),
        (mnist, {"layers": "0"}, "layers must be at least 1"),
        (mnist, {"layers": "two"}, r"mnist\.layers must be a whole number"),
        (imdb, {"dropout": "1.0"}, r"dropout must be less than 1, not 1\.0"),
        (boston, {"l2": "-0.1"}, "l2 must be at least 0"),
        (imdb, {"activations": "relu"}, r"Unknown setting of imdb 'activations'\. Did you mean 'activation'\?"),
    ],
)
def test_a_wrong_value_is_refused_and_the_nearest_is_named(lab, given, message):
    with pytest.raises(SettingError, match=message):
        resolve(lab.Settings, given, lab=lab.__name__.rpartition(".")[2])


def test_the_labs_have_the_same_names_for_what_students_vary():
    for lab in (*LABS.values(), remedies, convolution):
        names = set(lab.Settings.__dataclass_fields__)
        assert {"units", "activation", "dropout", "optimizer"} <= names
        if lab in LABS.values():
            assert {"layers", "l2", "loss"} <= names


def test_encodings_are_compared_by_cross_entropy_whatever_the_loss_of_the_run():
    settings = reuters.Settings(
        words=100, layers=1, units=4, epochs=2, comparison_epochs=2, batch_size=30, validation_samples=20, loss="mse"
    )
    with short_trainings():
        found = measured(reuters, settings, texts("reuters", 46))
    roles = {fit.role: fit.history for fit in found.trainings}
    assert roles["one-hot"]["loss"] == pytest.approx(roles["sparse"]["loss"], abs=1e-5)
    assert max(roles["selection"]["loss"]) < 0.1 < roles["one-hot"]["loss"][0]
    assert {score.unit for score in found.scores if score.metric == "loss"} == {""}
    assert [layer.output_shape[-1] for model in found.models for layer in model.layers] == [4, 46, 4, 46]


def test_the_squared_error_is_one_whatever_the_loss_of_the_run():
    settings = boston.Settings(
        folds=2, units=3, epochs=2, batch_size=5, dropped_epochs=0, loss="mae", l2=0.1, dropout=0.1, layers=1
    )
    with without_graphs():
        found = measured(boston, settings, houses())
    said = found.predictions[0]
    squares = [(true - given) ** 2 for true, given in zip(said.true_values, said.predicted_values, strict=True)]
    scores = {score.name: score.value for score in found.scores}
    assert scores["test_mse"] == pytest.approx(np.mean(squares), rel=1e-6)
