"""Uneven classes: newswires once more.

Question: how good is the network for newswires on its rare topics, and does it help to weight them more?
Source: the network is that of F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 3.5; weights by the
inverse size of the classes as in G. King and L. Zeng, "Logistic Regression in Rare Events Data", Political Analysis 9,
2001.

Two networks are trained by the same two stages, one as before, the other with a weight for each class; both are tested
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labreport.experiments.data.encoding import one_hot
from labreport.experiments.procedure import (
    confusion,
    held_out,
    majority_baseline,
    open_lab,
    random_baseline,
    record_test,
)
from labreport.experiments.result import Predictions, Score, Series
from labreport.experiments.selection import best_epoch
from labreport.experiments.settings import require_range
from labreport.experiments.texts import encoded_samples
from labreport.experiments.training import describe

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Samples

TITLE = "Uneven classes: newswires once more"
VERSION = "1"
DATASET = "reuters"
QUICK = {"epochs": 4}

TOPICS = 46


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The network, how it is trained, and how strongly rare topics are weighted."""

    words: int = 10_000
    """Size of the vocabulary, the marks 0 to 3 included; all rarer words count as left out."""
    units: int = 64
    """Units of each of the two hidden layers."""
    epochs: int = 20
    """Epochs of the first stage."""
    batch_size: int = 512
    """Samples of one step of training."""
    validation_samples: int = 1_000
    """Training newswires held out; of a sample of the data the same share."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""
    weight_power: float = 0.5
    """How strongly rare topics are weighted: 0 not at all, 1 by the inverse of their size."""
    large_topics: int = 10
    """How many of the topics count as large."""

    def __post_init__(self) -> None:
        require_range(self, "words", least=4, below=100_001)
        require_range(self, "units", "epochs", "batch_size", "validation_samples", least=1)
        require_range(self, "learning_rate", above=0)
        require_range(self, "weight_power", least=0, below=3)
        require_range(self, "large_topics", least=1, below=TOPICS)


def build_model(settings: Settings) -> keras.Model:
    """Return the compiled network: words in, a probability per topic out."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(shape=(settings.words,)),
            layers.Dense(settings.units, activation="relu"),
            layers.Dense(settings.units, activation="relu"),
            layers.Dense(46, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(settings.learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def class_weights(
    labels: NDArray[Any],
    classes: int,
    power: float,
) -> dict[int, float]:
    """Return a weight for each class, larger for rarer ones; mean: 1."""
    counts = np.bincount(labels, minlength=classes)
    weights = np.maximum(counts, 1) ** -power
    weights = weights / np.mean(weights[labels])
    return {number: float(weight) for number, weight in enumerate(weights)}


def plain_fit(
    model: keras.Model,
    vectors: NDArray[np.float32],
    labels: NDArray[Any],
    held_out: int,
    settings: Settings,
    weights: dict[int, float] | None = None,
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
        class_weight=weights,
    )


def class_scores(confusion: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return precision, recall, F1 of each class; rows are true classes."""
    right = np.diag(confusion)
    named, true = confusion.sum(axis=0), confusion.sum(axis=1)
    # a class that is never named, or never occurs, has zero
    precision = right / np.maximum(named, 1)
    recall = right / np.maximum(true, 1)
    return precision, recall, 2 * right / np.maximum(named + true, 1)


def macro_average(values: NDArray[Any], confusion: NDArray[Any]) -> float:
    """Return the mean over the classes that occur, each with equal weight."""
    return float(np.mean(values[confusion.sum(axis=1) > 0]))


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Show the definitions, and what answering without reading would score by each measure."""
    open_lab(
        session,
        dataset,
        fit=plain_fit,
        build_model=build_model,
        class_weights=class_weights,
        class_scores=class_scores,
        macro_average=macro_average,
    )
    _record_sizes(settings, dataset, session)


def _record_sizes(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Measure how large the topics are, how they are weighted, and what the majority rule reaches."""
    train_labels, test_labels = dataset.train_targets, dataset.test_targets
    baselines = session.draft.baselines
    baselines += [majority_baseline(train_labels, test_labels), random_baseline(train_labels, test_labels)]
    answers = np.full(len(test_labels), np.bincount(train_labels).argmax())
    table = np.array(confusion(test_labels, answers, TOPICS))
    for metric, values in zip(_MEASURES, class_scores(table), strict=True):
        baselines.append(_score(f"majority_{metric}", metric, macro_average(values, table), "majority", None))
    weights = class_weights(train_labels, TOPICS, settings.weight_power)
    large = _large(settings, train_labels)
    tested = np.isin(test_labels, large)
    session.measure("samples_large", int(tested.sum()))
    session.measure("samples_small", int((~tested).sum()))
    session.measure("least_large", int(np.bincount(train_labels, minlength=TOPICS)[large].min()))
    session.measure("topics_tested", len(np.unique(test_labels)))
    session.draft.series += [
        Series(name="test_class", values=tuple(map(float, test_labels))),
        Series(name="class_weight", values=tuple(weights.values())),
    ]


_MEASURES = ("macro_precision", "macro_recall", "macro_f1")


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Run both stages with and without weights, and count the answers for each topic."""
    with session.stage("encode"):
        samples, tested = session.once(_encoded, settings, dataset)
    hold_out, size = held_out(settings.validation_samples, dataset.card), settings.batch_size
    weights = class_weights(dataset.train_targets, TOPICS, settings.weight_power)
    # A weight in place of the one multiplies the loss of the sample, as `class_weight` does, and trains as fast.
    heavy = one_hot(dataset.train_targets, TOPICS) * np.array(list(weights.values()), dtype=np.float32)
    learnt = {"final": samples, "weighted": samples.with_targets(heavy)}
    for role, stage in (("final", "selection"), ("weighted", "weighted-selection")):
        selection = session.fit(
            session.build(build_model, settings),
            learnt[role].after(hold_out),
            epochs=settings.epochs,
            batch_size=size,
            validation=samples.first(hold_out),
            role=stage,
        )
        chosen = best_epoch(selection.history["val_loss"])
        session.measure("chosen_epochs" if role == "final" else f"chosen_epochs_{role}", chosen, unit="epochs")
        model = session.build(build_model, settings)
        session.fit(model, learnt[role], epochs=chosen, batch_size=size, role=role)
        answers = record_test(session, role, model, tested, batch_size=size)
        if session.is_first and role == "final":
            session.draft.models.append(describe("selection", model))
        _record_classes(settings, dataset, session, role, answers.argmax(axis=1))


def _encoded(settings: Settings, dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test newswires as multi-hot samples with one-hot topics."""
    return (
        encoded_samples(dataset.train_texts, settings.words, one_hot(dataset.train_targets, TOPICS)),
        encoded_samples(dataset.test_texts, settings.words, one_hot(dataset.test_targets, TOPICS), as_bits=True),
    )


def _large(settings: Settings, labels: NDArray[Any]) -> NDArray[Any]:
    """Return the topics with most training newswires."""
    sizes = np.bincount(labels, minlength=TOPICS)
    return np.argsort(-sizes, kind="stable")[: settings.large_topics]


def _record_classes(settings: Settings, dataset: Dataset, session: Session, role: str, answers: NDArray[Any]) -> None:
    """Measure what each topic gets, and the topics on average."""
    labels = dataset.test_targets
    counts = confusion(labels, answers, TOPICS)
    table = np.array(counts)
    ending = "" if role == "final" else f"_{role}"
    for metric, values in zip(_MEASURES, class_scores(table), strict=True):
        name = f"test_{metric}{ending}"
        session.draft.scores.append(_score(name, metric, macro_average(values, table), role, session.seed))
    right, large = answers == labels, np.isin(labels, _large(settings, dataset.train_targets))
    session.measure(f"right_large{ending}", int(right[large].sum()))
    session.measure(f"right_small{ending}", int(right[~large].sum()))
    if session.is_first:
        session.draft.predictions.append(Predictions(model=role, seed=session.seed, confusion=counts))


def _score(name: str, metric: str, value: float, model: str, seed: int | None) -> Score:
    return Score(
        name=name,
        model=model,
        metric=metric,
        split="test",
        seed=seed,
        value=value,
        unit="share",
        direction="higher",
    )
