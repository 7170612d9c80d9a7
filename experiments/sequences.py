"""Sequences: film reviews with their words in order.

Question: does a network that reads the words in their order judge film reviews better than one that knows only which
words occur?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, sections 6.1, 6.2 and 6.4; the LSTM is by
S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997; convolution over words as in
Y. Kim, "Convolutional Neural Networks for Sentence Classification", 2014.

Each network goes through the two stages: validation data choose the number of epochs, a new network is trained on all
training reviews and tested once. Afterwards the networks that read in order get the same test reviews with their words
shuffled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from labreport.experiments.data.encoding import limit_words
from labreport.experiments.examples import run_example
from labreport.experiments.lab import score
from labreport.experiments.procedure import held_out, majority_baseline, open_lab, record_answers, record_test
from labreport.experiments.result import Series
from labreport.experiments.selection import best_epoch
from labreport.experiments.settings import require_range
from labreport.experiments.texts import encoded_samples, excerpt, record_lengths
from labreport.experiments.training import describe, evaluate, in_memory, seed_everything

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset, Texts
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Samples

TITLE = "Sequences: film reviews with their words in order"
VERSION = "1"
DATASET = "imdb"
QUICK = {"epochs": 2, "conv_epochs": 2, "dense_epochs": 4}

_SHOWN = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Which reviews the figure of the padding shows: those of these ranks of length."""
_TEST_BATCH = 512


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What of a review is read, how large the networks are and how they are trained."""

    words: int = 10_000
    """Size of the vocabulary, the marks 0 to 3 included; all rarer words count as left out."""
    length: int = 120
    """Positions of a review that are read, counted from its end."""
    dimensions: int = 32
    """Numbers that stand for a word."""
    units: int = 32
    """Units of the LSTM."""
    filters: int = 32
    """Filters of the convolution."""
    kernel_size: int = 5
    """Words that a filter sees at a time."""
    epochs: int = 6
    """Epochs of the first stage of the LSTM network."""
    conv_epochs: int = 12
    """Epochs of the first stage of the convolution."""
    batch_size: int = 64
    """Samples of one step of training of both."""
    learning_rate: float = 0.002
    """Step of the optimizer of both, above 0."""
    validation_samples: int = 10_000
    """Training reviews held out; of a sample of the data the same share."""
    dense_units: int = 16
    """Units of each hidden layer of the network on multi-hot vectors."""
    dense_epochs: int = 20
    """Epochs of its first stage."""
    dense_batch_size: int = 512
    """Samples of one step of its training."""

    def __post_init__(self) -> None:
        require_range(self, "words", least=4, below=100_001)
        require_range(self, "dimensions", "units", "filters", "kernel_size", "dense_units", least=1)
        require_range(self, "epochs", "conv_epochs", "dense_epochs", least=1)
        require_range(self, "batch_size", "dense_batch_size", "validation_samples", least=1)
        require_range(self, "length", least=self.kernel_size, below=2_001)
        require_range(self, "learning_rate", above=0)


def build_lstm(settings: Settings) -> keras.Model:
    """Return the compiled network that reads word by word."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(shape=(settings.length,)),
            layers.Embedding(
                settings.words,
                settings.dimensions,
                mask_zero=True,
            ),
            layers.LSTM(settings.units),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(settings.learning_rate),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return model


def build_convolution(settings: Settings) -> keras.Model:
    """Return the compiled network that looks for short sequences of words."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(shape=(settings.length,)),
            layers.Embedding(settings.words, settings.dimensions),
            layers.Conv1D(
                settings.filters,
                settings.kernel_size,
                activation="relu",
            ),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(settings.learning_rate),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return model


def build_dense(settings: Settings) -> keras.Model:
    """Return the compiled network on multi-hot vectors, which knows no order."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(shape=(settings.words,)),
            layers.Dense(settings.dense_units, activation="relu"),
            layers.Dense(settings.dense_units, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def plain_fit(
    model: keras.Model,
    padded: NDArray[Any],
    labels: NDArray[Any],
    held_out: int,
    settings: Settings,
) -> keras.callbacks.History:
    """Hold samples out, and train with validation."""
    return model.fit(
        padded[held_out:],
        labels[held_out:],
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=(padded[:held_out], labels[:held_out]),
    )


def pad(reviews: Any, length: int) -> NDArray[np.int32]:
    """Return an array of shape (reviews, length): the last words of each, zeros before."""
    import keras

    padded: NDArray[np.int32] = keras.utils.pad_sequences(reviews, maxlen=length)
    return padded


def shuffled(padded: NDArray[np.int32], seed: int) -> NDArray[np.int32]:
    """Return reviews with their words in random order; padding stays."""
    random = np.random.default_rng(seed)
    changed = padded.copy()
    for review in changed:
        words = review != 0
        review[words] = random.permutation(review[words])
    return changed


def example_mask(review: NDArray[Any], words: int) -> None:
    """What the mask of an Embedding layer does to the layer behind it."""
    import keras
    from keras import layers

    short = review[None, :8]
    filled = keras.utils.pad_sequences(short, maxlen=12)
    print(filled)
    embedding = layers.Embedding(input_dim=words, output_dim=4, mask_zero=True)
    print(np.asarray(embedding.compute_mask(filled)))
    lstm = layers.LSTM(3)
    bare = np.asarray(lstm(embedding(short)))
    masked = np.asarray(lstm(embedding(filled)))
    unmasked = np.asarray(lstm(np.asarray(embedding(filled))))
    print("difference with the mask:", bool(np.abs(masked - bare).max() > 1e-5))
    print("difference without it:", bool(np.abs(unmasked - bare).max() > 1e-5))


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Show how reviews are padded and what a mask does, and what the commonest answer would score."""
    open_lab(
        session,
        dataset,
        fit=plain_fit,
        pad=pad,
        shuffled=shuffled,
        build_lstm=build_lstm,
        build_convolution=build_convolution,
        build_dense=build_dense,
    )
    draft, texts = session.draft, limit_words(dataset.train_texts, settings.words)
    record_lengths(session, dataset.train_texts, "review")
    ranks = np.argsort(texts.lengths, kind="stable")[[round(rank * (len(texts) - 1)) for rank in _SHOWN]]
    session.measure("cut_reviews", float(np.mean(texts.lengths > settings.length)))
    shortest = int(ranks[0])
    padded = pad([texts[shortest]], settings.length)[0]
    draft.series += [
        Series(name="padding_lengths", values=tuple(map(float, texts.lengths[ranks]))),
        Series(name="padded_review", values=tuple(map(float, padded))),
    ]
    label = int(dataset.train_targets[shortest])
    draft.texts.append(
        excerpt(
            dataset.train_texts, settings.words, dataset.vocabulary, shortest, split="train", kind="padded", label=label
        )
    )
    seed_everything(session.seeds[0])
    made = run_example(example_mask, review=texts[0], words=settings.words)
    draft.examples.append(made.example)
    for name in ("masked", "unmasked"):
        session.measure(f"difference_{name}", float(np.abs(made.values[name] - made.values["bare"]).max()))
    draft.baselines.append(majority_baseline(dataset.train_targets, dataset.test_targets))


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train the LSTM and the convolution by both stages, test them, and test them on shuffled reviews."""
    with session.stage("encode"):
        samples, tested = session.once(_padded, settings, dataset)
        mixed = in_memory(shuffled(np.asarray(tested.inputs), seed), np.asarray(tested.targets))
    hold_out = held_out(settings.validation_samples, dataset.card)
    networks = ("final", build_lstm, settings.epochs), ("conv", build_convolution, settings.conv_epochs)
    for role, build, epochs in networks:
        model = _chosen(
            session,
            role,
            partial(build, settings),
            samples,
            hold_out,
            epochs=epochs,
            batch_size=settings.batch_size,
        )
        record_test(session, role, model, tested, batch_size=_TEST_BATCH)
        record_test(session, f"{role}-shuffled", model, mixed, batch_size=_TEST_BATCH)
        if session.is_first:
            session.draft.models.append(describe("lstm" if role == "final" else role, model))


def train_baselines(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Train the network on multi-hot vectors, which needs nothing of the others."""
    with session.stage("encode"):
        samples, tested = session.once(_multi_hot, settings, dataset)
    model = _chosen(
        session,
        "dense",
        partial(build_dense, settings),
        samples,
        held_out(settings.validation_samples, dataset.card),
        epochs=settings.dense_epochs,
        batch_size=settings.dense_batch_size,
    )
    with session.stage("test"):
        accuracy = evaluate(model, tested, batch_size=_TEST_BATCH)["accuracy"]
    session.draft.baselines.append(score("dense_accuracy", accuracy, model="dense", seed=seed))
    record_answers(session, "dense", model, tested, batch_size=_TEST_BATCH, accuracy=accuracy)
    if session.is_first:
        session.draft.models.append(describe("dense", model))


def _chosen(
    session: Session,
    role: str,
    build: Callable[[], Any],
    samples: Samples,
    hold_out: int,
    *,
    epochs: int,
    batch_size: int,
) -> Any:
    """Return a network trained on all samples for the number of epochs that the validation samples choose."""
    selection = session.fit(
        session.build(build),
        samples.after(hold_out),
        epochs=epochs,
        batch_size=batch_size,
        validation=samples.first(hold_out),
        role="selection" if role == "final" else f"{role}-selection",
    )
    chosen = best_epoch(selection.history["val_loss"])
    session.measure("chosen_epochs" if role == "final" else f"chosen_epochs_{role}", chosen, unit="epochs")
    model = session.build(build)
    session.fit(model, samples, epochs=chosen, batch_size=batch_size, role=role)
    return model


def _padded(settings: Settings, dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test reviews as padded sequences of word indices."""

    def made(texts: Texts, labels: NDArray[Any]) -> Samples:
        return in_memory(pad(list(limit_words(texts, settings.words)), settings.length), labels)

    return made(dataset.train_texts, dataset.train_targets), made(dataset.test_texts, dataset.test_targets)


def _multi_hot(settings: Settings, dataset: Dataset) -> tuple[Samples, Samples]:
    """Return the training and the test reviews as multi-hot samples."""
    return (
        encoded_samples(dataset.train_texts, settings.words, dataset.train_targets),
        encoded_samples(dataset.test_texts, settings.words, dataset.test_targets, as_bits=True),
    )
