"""Remedies against overfitting: film reviews once more.

Question: which of the usual remedies makes a network that overfits better on new reviews, and which differences are
more than chance?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 4.4; the data are by A. L. Maas and others,
2011.

One base network, and six networks that each differ from it in one thing: more training reviews, fewer units, more
units, a penalty on large weights, dropout, early stopping with the best weights restored. All else that can be equal is
equal: the seed, the order of the batches, the held-out reviews, the number of epochs. Each network is tested once, as
it is after its training; the tests choose nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labreport.experiments.errors import LabError
from labreport.experiments.procedure import held_out, majority_baseline, open_lab, record_answers
from labreport.experiments.procedure.choices import require_network
from labreport.experiments.settings import require_range
from labreport.experiments.texts import encoded_samples
from labreport.experiments.training import describe, evaluate

if TYPE_CHECKING:
    import keras

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Samples

TITLE = "Remedies against overfitting"
VERSION = "1"
DATASET = "imdb"
QUICK = {"epochs": 4}

BASE = "final"
"""Role of the base network: the one by which a nightly job judges this lab."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How large the base network is, how it is trained, and how strong each remedy is."""

    words: int = 10_000
    """Size of the vocabulary, the marks 0 to 3 included; all rarer words count as left out."""
    layers: int = 2
    """Hidden layers of every network, 1 to 10."""
    units: int = 16
    """Units of each hidden layer of the base network."""
    smaller_units: int = 8
    """Units of each hidden layer of the smaller network."""
    larger_units: int = 128
    """Units of each hidden layer of the larger network."""
    activation: str = "relu"
    """Activation function of the hidden layers."""
    l2: float = 0.001
    """Factor of the penalty on the squares of the weights, above 0."""
    dropout: float = 0.5
    """Share of a hidden layer's outputs that dropout sets to zero, above 0 and below 1."""
    patience: int = 3
    """Epochs without a lower validation loss after which early stopping ends the training."""
    train_share: float = 0.5
    """Share of the reviews left for training that the networks learn from, except the one with more data: above 0."""
    epochs: int = 20
    """Epochs of every training but the one that is stopped early."""
    batch_size: int = 128
    """Samples of one step of training."""
    validation_samples: int = 10_000
    """Training reviews held out; of a sample of the data the same share."""
    optimizer: str = "rmsprop"
    """How the weights are changed."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""

    def __post_init__(self) -> None:
        require_network(self)
        require_range(self, "words", least=4, below=100_001)
        require_range(self, "layers", "units", "smaller_units", "larger_units", "patience", least=1)
        require_range(self, "epochs", "batch_size", "validation_samples", least=1)
        require_range(self, "l2", "dropout", "train_share", "learning_rate", above=0)
        require_range(self, "train_share", below=1)


def build_model(
    settings: Settings,
    units: int,
    l2: float = 0.0,
    dropout: float = 0.0,
) -> keras.Model:
    """Return the compiled network: words in, probability of praise out."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(settings.words,))])
    for _ in range(settings.layers):
        penalty = keras.regularizers.L2(l2) if l2 else None
        model.add(
            layers.Dense(
                units,
                activation=settings.activation,
                kernel_regularizer=penalty,
            )
        )
        if dropout:
            model.add(layers.Dropout(dropout))
    model.add(layers.Dense(1, activation="sigmoid"))

    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(
        optimizer=optimizer,
        loss="binary_crossentropy",
        metrics=["accuracy", "binary_crossentropy"],
    )
    return model


def build_callback(settings: Settings) -> keras.callbacks.Callback:
    """Return what stops a training and brings the best weights back."""
    import keras

    return keras.callbacks.EarlyStopping(
        monitor="val_loss",
        patience=settings.patience,
        restore_best_weights=True,
    )


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Record the listings, and what the commonest answer would score."""
    open_lab(session, dataset, build_model=build_model, build_callback=build_callback)
    session.draft.baselines.append(majority_baseline(dataset.train_targets, dataset.test_targets))


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train the base network and, from the same seed, one network for each remedy; test each of them once."""
    with session.stage("encode"):
        samples, tested = session.once(_encoded, settings, dataset)
    hold_out = held_out(settings.validation_samples, dataset.card)
    validation, others = samples.first(hold_out), samples.after(hold_out)
    few = others.first(_count(settings, len(others)))
    networks = {
        BASE: {"units": settings.units},
        "more-data": {"units": settings.units},
        "smaller": {"units": settings.smaller_units},
        "larger": {"units": settings.larger_units},
        "l2": {"units": settings.units, "l2": settings.l2},
        "dropout": {"units": settings.units, "dropout": settings.dropout},
        "stopped": {"units": settings.units},
    }
    for role, different in networks.items():
        model = session.build(lambda different=different: build_model(settings, **different))
        session.fit(
            model,
            others if role == "more-data" else few,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            validation=validation,
            role=role,
            callbacks=[build_callback(settings)] if role == "stopped" else [],
        )
        if session.is_first:
            session.draft.models.append(describe(role, model))
        _test(session, role, model, tested, settings.batch_size)


def _encoded(settings: Settings, dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test reviews as multi-hot samples, with labels of shape (n, 1) for the metric."""
    return (
        encoded_samples(dataset.train_texts, settings.words, dataset.train_targets.reshape(-1, 1)),
        encoded_samples(dataset.test_texts, settings.words, dataset.test_targets.reshape(-1, 1), as_bits=True),
    )


def _count(settings: Settings, remaining: int) -> int:
    """Return how many of the reviews that are not held out the base network learns from."""
    count = round(settings.train_share * remaining)
    if not 0 < count < remaining:
        raise LabError(
            f"train_share is {settings.train_share}: of {remaining} reviews that leaves none, or all of them."
        )
    return count


def _test(session: Session, role: str, model: Any, tested: Samples, batch_size: int) -> None:
    """Test a network and record accuracy and cross-entropy; the loss itself would hold the penalty, too."""
    with session.stage("test"):
        values = evaluate(model, tested, batch_size=batch_size)
    ending = "" if role == BASE else f"_{role}"
    session.score(f"test_accuracy{ending}", values["accuracy"], model=role)
    session.score(f"test_loss{ending}", values["binary_crossentropy"], model=role)
    record_answers(session, role, model, tested, batch_size=batch_size, accuracy=values["accuracy"])
