"""Multi-class classification: newswires.

Question: which of 46 topics is a newswire about, judged from its words alone?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 3.5; the data are D. D. Lewis'
Reuters-21578.

Two stages as for the film reviews. Besides, the same training with integer labels, and with a middle layer far narrower
than the number of topics.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labreport.experiments.data.encoding import decode, limit_words, one_hot
from labreport.experiments.examples import capture
from labreport.experiments.procedure import (
    LONGER,
    confusion,
    held_out,
    linear_baseline,
    majority_baseline,
    open_lab,
    random_baseline,
    two_stages,
)
from labreport.experiments.procedure.choices import CLASS_LOSSES, optimizer_of, require_network, unit_of
from labreport.experiments.result import Predictions
from labreport.experiments.selection import best_epoch
from labreport.experiments.settings import require_range
from labreport.experiments.texts import encoded_samples, excerpt, record_lengths, record_multi_hot_example
from labreport.experiments.training import describe

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Fitted, Samples

TITLE = "Multi-class classification: newswires"
VERSION = "1"
DATASET = "reuters"
QUICK = {"epochs": 4}

TOPICS = 46

_EXAMPLES_SHOWN = 2
_MISTAKES_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How many words are kept, how large the networks are and how they are trained."""

    words: int = 10_000
    """Size of the vocabulary, the marks 0 to 3 included; all rarer words count as left out."""
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
    epochs: int = 20
    """Epochs of the first stage."""
    batch_size: int = 512
    """Samples of one step of training."""
    validation_samples: int = 1_000
    """Training newswires held out; of a sample of the data the same share."""
    bottleneck_units: int = 4
    """Units of the last hidden layer of the network with a bottleneck."""
    comparison_epochs: int = 5
    """Epochs over which the two encodings of the labels are compared."""
    loss: str = "categorical_crossentropy"
    """Loss function."""
    optimizer: str = "rmsprop"
    """How the weights are changed."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""

    def __post_init__(self) -> None:
        require_network(self, CLASS_LOSSES)
        require_range(self, "words", least=4, below=100_001)
        require_range(self, "units", "epochs", "batch_size", "validation_samples", least=1)
        require_range(self, "bottleneck_units", "comparison_epochs", least=1)
        require_range(self, "learning_rate", above=0)


def build_model(settings: Settings) -> keras.Model:
    """Return the compiled network: words in, a probability per topic out."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(settings.words,))])
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
    model.add(layers.Dense(46, activation="softmax"))

    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(
        optimizer=optimizer,
        loss=settings.loss,
        metrics=["accuracy"],
    )
    return model


def plain_fit(
    model: keras.Model,
    vectors: NDArray[np.uint8],
    labels: NDArray[Any],
    held_out: int,
    settings: Settings,
) -> keras.callbacks.History:
    """Hold samples out, and train with validation."""
    import keras

    one_hot_labels = keras.utils.to_categorical(labels, 46)
    return model.fit(
        vectors[held_out:],
        one_hot_labels[held_out:],
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=(vectors[:held_out], one_hot_labels[:held_out]),
    )


def build_sparse_model(settings: Settings) -> keras.Model:
    """Return the same network, compiled for labels that are integers."""
    import keras

    model = build_model(settings)
    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def build_bottleneck_model(settings: Settings) -> keras.Model:
    """Return a network with far fewer units in the middle than topics."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(settings.words,))])
    for number in range(1, settings.layers + 1):
        units = settings.bottleneck_units if number == settings.layers else settings.units
        penalty = keras.regularizers.L2(settings.l2) if settings.l2 else None
        model.add(
            layers.Dense(
                units,
                activation=settings.activation,
                kernel_regularizer=penalty,
            )
        )
        if settings.dropout:
            model.add(layers.Dropout(settings.dropout))
    model.add(layers.Dense(46, activation="softmax"))

    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    model.compile(
        optimizer=optimizer,
        loss=settings.loss,
        metrics=["accuracy"],
    )
    return model


def build_linear_model(settings: Settings) -> keras.Model:
    """Return the baseline, multinomial logistic regression: a weight for each word and topic."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(settings.words,)), layers.Dense(46, activation="softmax")])
    model.compile(optimizer=optimizer_of(settings), loss=settings.loss, metrics=["accuracy"])
    return model


def example_decode(newswire: NDArray[Any], vocabulary: tuple[str, ...]) -> None:
    """The beginning of a newswire, back in words."""
    print(newswire[:10])
    # 0, 1 and 2 are marks (padding, start, word left out): words begin at 4
    print(decode(newswire[:10], vocabulary))


def example_labels(labels: NDArray[Any]) -> None:
    """The labels of the first newswires in both encodings."""
    import keras

    print("integers:", labels)
    one_hot_labels = keras.utils.to_categorical(labels, 46)
    print("one-hot:", one_hot_labels.shape)
    print("the ones are at:", one_hot_labels.argmax(axis=1))


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Show some newswires and how they are encoded, and what answering without reading would score."""
    open_lab(
        session,
        dataset,
        build_model=build_model,
        fit=plain_fit,
        build_sparse_model=build_sparse_model,
        build_bottleneck_model=build_bottleneck_model,
    )
    _record_data(settings, dataset, session)
    session.draft.baselines.append(majority_baseline(dataset.train_targets, dataset.test_targets))
    session.draft.baselines.append(random_baseline(dataset.train_targets, dataset.test_targets))


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Run both stages and the two comparisons, and look at the mistakes."""
    draft = session.draft
    with session.stage("encode"):
        samples, tested = session.once(_encoded, settings, dataset)
    hold_out = held_out(settings.validation_samples, dataset.card)
    stages = two_stages(
        session,
        lambda: build_model(settings),
        samples,
        tested,
        hold_out=hold_out,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        unit=unit_of(settings.loss),
    )
    if session.is_first:
        draft.models.append(describe("selection", stages.final))
        draft.predictions.append(_predictions(settings, dataset, stages.answers, seed))
    labels = samples.with_targets(dataset.train_targets)
    one_hot_trained = _one_hot_trained(settings, session, stages.selection, samples, hold_out)
    _compare_encodings(settings, session, one_hot_trained, labels, hold_out)
    _compare_bottleneck(settings, session, stages.selection, samples, hold_out)


def train_baselines(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train the linear baseline, which needs nothing of the network."""
    with session.stage("encode"):
        samples, tested = session.once(_encoded, settings, dataset)
    linear_baseline(
        session,
        lambda: build_linear_model(settings),
        samples,
        tested,
        hold_out=held_out(settings.validation_samples, dataset.card),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
    )


def _encoded(settings: Settings, dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test newswires as multi-hot samples with one-hot topics."""
    return (
        encoded_samples(dataset.train_texts, settings.words, one_hot(dataset.train_targets, TOPICS)),
        encoded_samples(dataset.test_texts, settings.words, one_hot(dataset.test_targets, TOPICS), as_bits=True),
    )


def _record_data(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Measure the newswires and show two of them."""
    draft = session.draft
    texts, labels = dataset.train_texts, dataset.train_targets
    record_lengths(session, texts, "newswire")
    record_multi_hot_example(session)
    draft.texts += [
        excerpt(
            texts, settings.words, dataset.vocabulary, index, split="train", kind="example", label=int(labels[index])
        )
        for index in range(min(_EXAMPLES_SHOWN, len(texts)))
    ]
    draft.examples += [
        capture(example_decode, newswire=limit_words(texts, settings.words)[0], vocabulary=dataset.vocabulary),
        capture(example_labels, labels=labels[:8]),
    ]


def _one_hot_trained(
    settings: Settings, session: Session, selection: Fitted, samples: Samples, hold_out: int
) -> Fitted:
    """Return a training with one-hot labels and categorical cross-entropy: as a rule that of the first stage."""
    if settings.loss == "categorical_crossentropy":
        return selection
    return session.fit(
        session.build(build_model, replace(settings, loss="categorical_crossentropy")),
        samples.after(hold_out),
        epochs=min(settings.comparison_epochs, settings.epochs),
        batch_size=settings.batch_size,
        validation=samples.first(hold_out),
        role="one-hot",
    )


def _compare_encodings(
    settings: Settings, session: Session, selection: Fitted, samples: Samples, hold_out: int
) -> None:
    """Train as in the first stage, with integer labels, and measure how far the losses lie apart at most."""
    sparse = session.fit(
        session.build(build_sparse_model, settings),
        samples.after(hold_out),
        epochs=min(settings.comparison_epochs, settings.epochs),
        batch_size=settings.batch_size,
        validation=samples.first(hold_out),
        role="sparse",
    )
    differences = [
        abs(one - other)
        for key in ("loss", "val_loss")
        for one, other in zip(selection.history[key], sparse.history[key], strict=False)
    ]
    session.measure("encodings_largest_difference", max(differences), unit="nats")


def _compare_bottleneck(
    settings: Settings, session: Session, selection: Fitted, samples: Samples, hold_out: int
) -> None:
    """Train the narrow network until its own lowest validation loss has passed; both are scored at their best epoch."""
    model = session.build(build_bottleneck_model, settings)
    if session.is_first:
        session.draft.models.append(describe("bottleneck", model))
    bottleneck = session.fit(
        model,
        samples.after(hold_out),
        epochs=settings.epochs,
        most=LONGER * settings.epochs,
        batch_size=settings.batch_size,
        validation=samples.first(hold_out),
        role="bottleneck",
    )
    for role, fitted in (("selection", selection), ("bottleneck", bottleneck)):
        best = best_epoch(fitted.history["val_loss"])
        accuracy = fitted.history["val_accuracy"][best - 1]
        session.score(f"validation_accuracy_{role}", accuracy, split="validation", model=role)


def _predictions(settings: Settings, dataset: Dataset, probabilities: NDArray[Any], seed: int) -> Predictions:
    """Which topics are taken for which, and the mistakes the network was surest of."""
    labels = dataset.test_targets
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    surest = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")][:_MISTAKES_SHOWN]
    return Predictions(
        model="final",
        seed=seed,
        confusion=confusion(labels, predicted, TOPICS),
        texts=tuple(
            excerpt(
                dataset.test_texts,
                settings.words,
                dataset.vocabulary,
                index,
                split="test",
                kind="confident_wrong",
                label=int(labels[index]),
                predicted=int(predicted[index]),
                probability=float(probabilities[index, predicted[index]]),
            )
            for index in surest.tolist()
        ),
    )
