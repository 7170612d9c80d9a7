"""Regression: house prices, with K-fold cross-validation.

Question: what does a house cost in a part of town of which a dozen figures are known?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 3.6; the data are by D. Harrison and D. L.
Rubinfeld, 1978. The same lab runs on California housing (R. K. Pace and R. Barry, 1997).

Cross-validation chooses the number of epochs: the minimum of the smoothed validation error, averaged over the folds. A
new network is trained for that many epochs on all training samples, and tested once. Standardisation always uses the
samples trained on, so neither test data nor a fold's validation part have a say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labreport.experiments.errors import LabError
from labreport.experiments.examples import capture
from labreport.experiments.lab import score
from labreport.experiments.procedure import mean_baseline, open_lab
from labreport.experiments.procedure.choices import PRICE_LOSSES, require_known, require_network
from labreport.experiments.result import Fold, PerSample, Predictions, Series
from labreport.experiments.selection import best_smoothed_epoch
from labreport.experiments.settings import require_range
from labreport.experiments.training import describe, evaluate, in_memory, predict

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Samples
    from labreport.experiments.training.history import History

TITLE = "Regression: house prices"
VERSION = "1"
DATASET = "boston_housing"
QUICK = {"epochs": 20}

_DATASETS = ("boston_housing", "california_housing")
_UNITS = {"mae": "thousand dollars", "mse": "squared thousand dollars"}
_REPORT_EVERY = 10
"""Epochs between two reports of progress: an epoch takes a few milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which data, how they are folded, how large the network is and how it is trained."""

    dataset: str = "boston_housing"
    """boston_housing or california_housing."""
    folds: int = 4
    """Parts of the training samples, each of which validates once; at least 2."""
    layers: int = 2
    """Hidden layers, 1 to 10."""
    units: int = 64
    """Units of each hidden layer."""
    activation: str = "relu"
    """Activation function of the hidden layers."""
    dropout: float = 0.0
    """Share of a hidden layer's outputs that dropout sets to zero in training; 0: none."""
    l2: float = 0.0
    """Factor of a penalty on the squares of the hidden layers' weights; 0: none."""
    epochs: int = 500
    """Epochs of the cross-validation."""
    batch_size: int = 1
    """Samples of one step of the cross-validation."""
    final_batch_size: int = 16
    """Samples of one step of the final training."""
    dropped_epochs: int = 10
    """First epochs left out of the smoothed curve."""
    smoothing_factor: float = 0.9
    """Weight of the past in the smoothed curve, from 0 to below 1."""
    loss: str = "mse"
    """Loss function."""
    optimizer: str = "rmsprop"
    """How the weights are changed."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""

    def __post_init__(self) -> None:
        require_known(self, "dataset", _DATASETS)
        require_network(self, PRICE_LOSSES)
        require_range(self, "folds", least=2)
        require_range(self, "units", "epochs", "batch_size", "final_batch_size", least=1)
        require_range(self, "dropped_epochs", "smoothing_factor", least=0)
        require_range(self, "smoothing_factor", below=1)
        require_range(self, "learning_rate", above=0)
        if self.dropped_epochs and self.dropped_epochs > self.epochs - 2:
            raise ValueError(
                f"dropped_epochs is {self.dropped_epochs}, but of {self.epochs} epochs at least 2 must remain."
            )


def standardise(
    train_features: NDArray[np.float64],
    *others: NDArray[np.float64],
) -> tuple[NDArray[np.float64], ...]:
    """Give each feature mean 0 and deviation 1, as in the training part."""
    mean = train_features.mean(axis=0)
    deviation = train_features.std(axis=0)
    deviation[deviation == 0] = 1  # a feature that never changes stays 0
    parts = (train_features, *others)
    return tuple((features - mean) / deviation for features in parts)


def fold_slices(samples: int, folds: int) -> list[slice]:
    """Return where each fold validates: samples // folds of them in a row."""
    size = samples // folds
    return [slice(fold * size, (fold + 1) * size) for fold in range(folds)]


def build_model(settings: Settings, features: int) -> keras.Model:
    """Return the compiled network: features in, a price out."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(features,))])
    for _ in range(settings.layers):
        penalty = keras.regularizers.L2(settings.l2) if settings.l2 else None
        model.add(
            layers.Dense(
                settings.units,
                activation=settings.activation,
                kernel_regularizer=penalty,
            )
        )
        if settings.dropout:
            model.add(layers.Dropout(settings.dropout))
    model.add(layers.Dense(1))

    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(optimizer=optimizer, loss=settings.loss, metrics=["mae"])
    return model


def plain_fit(
    model: keras.Model,
    features: NDArray[np.float64],
    prices: NDArray[np.float64],
    fold: slice,
    settings: Settings,
) -> keras.callbacks.History:
    """Train one fold, standardised by its own training part."""
    training = np.delete(np.arange(len(features)), fold)
    train_part, validation_part = standardise(
        features[training],
        features[fold],
    )
    return model.fit(
        train_part,
        prices[training],
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=(validation_part, prices[fold]),
    )


def example_standardise(train_features: NDArray[np.float64]) -> None:
    """Two features of very different ranges, before and after."""
    some = train_features[:, :2]
    means, deviations = some.mean(axis=0), some.std(axis=0)
    print("before: mean", means.round(2), "deviation", deviations.round(2))
    some = (some - means) / deviations
    means, deviations = abs(some.mean(axis=0)), some.std(axis=0)
    print("after:  mean", means.round(2), "deviation", deviations.round(2))


def example_folds(n: int, k: int) -> None:
    """Where the validation samples of each fold lie."""
    size = n // k
    for fold in range(k):
        first, last = fold * size, (fold + 1) * size - 1
        print("fold", fold + 1, "validates on samples", first, "to", last)


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Show how features are standardised and folds are cut, and what two simple rules would score."""
    open_lab(session, dataset, standardise=standardise, fold_slices=fold_slices, build_model=build_model, fit=plain_fit)
    features, prices = _training_part(settings, dataset)
    session.once(_samples, dataset)  # first of all: it refuses features that are not numbers
    _record_data(settings, features, session)
    train_features, test_features = standardise(features, dataset.test_array.astype(np.float64))
    _record_standardisation(train_features, test_features, session)
    _record_baselines(train_features, prices, test_features, dataset.test_targets, session)


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Cross-validate, choose the number of epochs, train a new network on all samples, test once."""
    features, prices = _training_part(settings, dataset)
    samples, tested = session.once(_samples, dataset)
    curves = [history["val_mae"] for history in _cross_validate(settings, features, prices, session)]
    chosen = best_smoothed_epoch(curves, settings.dropped_epochs, settings.smoothing_factor)
    session.measure("chosen_epochs", chosen, unit="epochs")

    batch_size = settings.final_batch_size
    model = session.build(build_model, settings, features.shape[1])
    fitted = session.fit(model, samples, epochs=chosen, batch_size=batch_size)
    session.score("train_mae", fitted.history["mae"][-1], split="train", unit=_UNITS["mae"])
    with session.stage("test"):
        values = evaluate(model, tested, batch_size=batch_size)
    session.score("test_mae", values["mae"], unit=_UNITS["mae"])
    predicted = predict(model, tested, batch_size=batch_size)[:, 0]
    # With another loss, or with a penalty in it, Keras' value is not a mean squared error.
    squared = (
        values["loss"] if settings.loss == "mse" and not settings.l2 else _squared(predicted, dataset.test_targets)
    )
    session.score("test_mse", squared, unit=_UNITS["mse"])
    session.draft.per_sample.append(_errors(predicted, dataset.test_targets, model="final", seed=seed))
    if session.is_first:
        session.draft.predictions.append(
            Predictions(
                model="final",
                seed=seed,
                true_values=tuple(float(value) for value in dataset.test_targets),
                predicted_values=tuple(float(value) for value in predicted),
            )
        )


def _training_part(settings: Settings, dataset: Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return features (n, features) and prices (n,) of the training part, of which there must be enough."""
    features, prices = dataset.train_array.astype(np.float64), dataset.train_targets.astype(np.float64)
    if len(features) < settings.folds:
        raise LabError(f"{settings.folds} folds need at least as many training samples; there are {len(features)}.")
    return features, prices


def _samples(dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test part, both standardised by the training part."""
    features, tested = standardise(dataset.train_array.astype(np.float64), dataset.test_array.astype(np.float64))
    return in_memory(features, dataset.train_targets.astype(np.float64)), in_memory(tested, dataset.test_targets)


def _cross_validate(
    settings: Settings, features: NDArray[np.float64], prices: NDArray[np.float64], session: Session
) -> list[History]:
    """Train a network for each fold and return the histories; each fold is standardised by its own training part."""
    trains, validations = fold_samples(features, prices, settings.folds)
    models = session.build(lambda: [build_model(settings, features.shape[1]) for _ in trains])
    if session.is_first:
        session.draft.models.append(describe("fold", models[0]))
    histories = session.fit_folds(
        models,
        trains,
        validations,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        report_every=_REPORT_EVERY,
    )
    for number, history in enumerate(histories, start=1):
        last = history["val_mae"][-1]
        session.score("fold_mae", last, split="validation", model="fold", fold=number, unit=_UNITS["mae"])
    return histories


def fold_samples(
    features: NDArray[np.float64], prices: NDArray[np.float64], folds: int
) -> tuple[list[Samples], list[Samples]]:
    """Return each fold's training and validation samples, both standardised by the training ones."""
    trains, validations = [], []
    for fold in fold_slices(len(features), folds):
        training = np.delete(np.arange(len(features)), fold)
        train_features, validation_features = standardise(features[training], features[fold])
        trains.append(in_memory(train_features, prices[training]))
        validations.append(in_memory(validation_features, prices[fold]))
    return trains, validations


def _record_data(settings: Settings, features: NDArray[np.float64], session: Session) -> None:
    """Record the folds, and what the published slices would have made of the same samples."""
    draft = session.draft
    count = len(features)
    for number, fold in enumerate(fold_slices(count, settings.folds), start=1):
        draft.folds.append(
            Fold(
                number=number,
                validation=(fold.start, fold.stop),
                train_samples=count - (fold.stop - fold.start),
                validation_samples=fold.stop - fold.start,
            )
        )
    trained_on, validated_on = _published_sizes(features, settings.folds)
    draft.series.append(Series(name="published_train_samples", values=tuple(map(float, trained_on))))
    draft.series.append(Series(name="published_validation_samples", values=tuple(map(float, validated_on))))
    draft.examples.append(capture(example_standardise, train_features=features))
    draft.examples.append(capture(example_folds, n=count, k=settings.folds))


def _published_sizes(features: NDArray[np.float64], folds: int) -> tuple[list[int], list[int]]:
    """Cut the samples as a common listing does, with a fold as large as all of them, and count what each cut gives."""
    size = len(features)  # the fault: it should be len(features) // folds
    trained_on, validated_on = [], []
    for fold in range(folds):
        validated_on.append(len(features[fold * size : (fold + 1) * size]))
        trained_on.append(len(features[: fold * size]) + len(features[(fold + 1) * size :]))
    return trained_on, validated_on


def _record_standardisation(
    train_features: NDArray[np.float64], test_features: NDArray[np.float64], session: Session
) -> None:
    """Measure how far the standardised features are from mean 0 and deviation 1, at most."""
    session.measure("standardised_largest_mean", float(np.abs(train_features.mean(axis=0)).max()))
    session.measure("standardised_largest_deviation", float(np.abs(train_features.std(axis=0) - 1).max()))
    session.measure("test_standardised_largest_mean", float(np.abs(test_features.mean(axis=0)).max()))


def _record_baselines(
    train_features: NDArray[np.float64],
    train_prices: NDArray[np.float64],
    test_features: NDArray[np.float64],
    test_prices: NDArray[np.float64],
    session: Session,
) -> None:
    """Record the test errors of always answering the mean training price, and of a linear model by least squares."""
    train_table = np.column_stack([train_features, np.ones(len(train_features))])
    weights, *_ = np.linalg.lstsq(train_table, train_prices, rcond=None)
    answers = np.column_stack([test_features, np.ones(len(test_features))]) @ weights
    linear_error = np.abs(test_prices - answers).mean()
    session.draft.baselines += [
        mean_baseline(train_prices, test_prices, unit=_UNITS["mae"]),
        score("linear_mae", linear_error, model="linear", unit=_UNITS["mae"]),
    ]
    session.draft.per_sample += [
        _errors(np.full(len(test_prices), train_prices.mean()), test_prices, model="mean"),
        _errors(answers, test_prices, model="linear"),
    ]


def _squared(answers: NDArray[np.floating], prices: NDArray[np.floating]) -> float:
    """Return the mean squared error, in squared thousands of dollars."""
    return float(np.square(prices.astype(np.float64) - answers).mean())


def _errors(
    answers: NDArray[np.floating], prices: NDArray[np.floating], *, model: str, seed: int | None = None
) -> PerSample:
    """Return the absolute error of each test sample, in thousands of dollars, as a record."""
    errors = tuple(np.abs(prices.astype(np.float64) - answers).tolist())
    return PerSample(model=model, seed=seed, samples=len(errors), errors=errors)
