"""Binary classification: film reviews.

Question: does a review praise or condemn a film, judged from its words alone?
Source: F. Chollet, "Deep Learning with Python", 1st edition, 2018, section 3.4; the data are by A. L. Maas and others,
2011.

Two stages: validation data choose the number of epochs; a new network is trained for that many epochs on all training
reviews, and tested once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labreport.experiments.data.encoding import decode, limit_words, multi_hot
from labreport.experiments.data.sets import Texts
from labreport.experiments.examples import capture
from labreport.experiments.procedure import held_out, linear_baseline, majority_baseline, open_lab, two_stages
from labreport.experiments.procedure.choices import BINARY_LOSSES, optimizer_of, require_network, unit_of
from labreport.experiments.result import Predictions, Text
from labreport.experiments.settings import require_range
from labreport.experiments.texts import encoded_samples, excerpt, record_lengths, record_multi_hot_example
from labreport.experiments.training import describe, seed_everything

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session
    from labreport.experiments.training import Samples

TITLE = "Binary classification: film reviews"
VERSION = "1"
DATASET = "imdb"
QUICK = {"epochs": 4}

_BINS = 20
_EXAMPLES_SHOWN = 2
_TEXTS_PER_KIND = 4


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How many words are kept, how large the network is and how it is trained."""

    words: int = 10_000
    """Size of the vocabulary, the marks 0 to 3 included; all rarer words count as left out."""
    layers: int = 2
    """Hidden layers, 1 to 10."""
    units: int = 16
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
    validation_samples: int = 10_000
    """Training reviews held out; of a sample of the data the same share."""
    loss: str = "binary_crossentropy"
    """Loss function."""
    optimizer: str = "rmsprop"
    """How the weights are changed."""
    learning_rate: float = 0.001
    """Step of the optimizer, above 0."""

    def __post_init__(self) -> None:
        require_network(self, BINARY_LOSSES)
        require_range(self, "words", least=4, below=100_001)
        require_range(self, "units", "epochs", "batch_size", "validation_samples", least=1)
        require_range(self, "learning_rate", above=0)


def build_model(settings: Settings) -> keras.Model:
    """Return the compiled network: words in, probability of praise out."""
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
    model.add(layers.Dense(1, activation="sigmoid"))

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
    return model.fit(
        vectors[held_out:],
        labels[held_out:],
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=(vectors[:held_out], labels[:held_out]),
    )


def build_linear_model(settings: Settings) -> keras.Model:
    """Return the baseline, logistic regression: a weight for each word."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(shape=(settings.words,)), layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer=optimizer_of(settings), loss=settings.loss, metrics=["accuracy"])
    return model


def example_decode(review: NDArray[Any], vocabulary: tuple[str, ...]) -> None:
    """The beginning of a review, back in words."""
    print(review[:10])
    # 0, 1 and 2 are marks (padding, start, word left out): words begin at 4
    print(decode(review[:10], vocabulary))


def example_multi_hot() -> None:
    """A short text as a vector of zeros and ones."""
    text = [3, 5]
    vector = np.zeros(8, dtype="uint8")
    vector[text] = 1
    print(vector)


def example_padding(reviews: list[NDArray[Any]], words: int) -> None:
    """Reviews of different lengths as one tensor of integers."""
    import keras

    print("lengths:", [len(review) for review in reviews])
    padded = keras.utils.pad_sequences(reviews, maxlen=10)
    print(padded)
    print("shape:", padded.shape)
    vectors = keras.layers.Embedding(input_dim=words, output_dim=8)(padded)
    print("after an Embedding layer:", vectors.shape)


def introduce(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Show some reviews and how they are encoded, and what the commonest answer would score."""
    open_lab(session, dataset, multi_hot=multi_hot, build_model=build_model, fit=plain_fit)
    _record_data(settings, dataset, session)
    seed_everything(session.seeds[0])
    _record_examples(settings, dataset, session)
    session.draft.baselines.append(majority_baseline(dataset.train_targets, dataset.test_targets))


def train(settings: Settings, dataset: Dataset, session: Session, seed: int) -> None:
    """Run both stages, and read some reviews."""
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
        draft.predictions.append(_predictions(settings, dataset, stages.answers[:, 0], seed))


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
    """Return the training and the test reviews as multi-hot samples."""
    return (
        encoded_samples(dataset.train_texts, settings.words, dataset.train_targets),
        encoded_samples(dataset.test_texts, settings.words, dataset.test_targets, as_bits=True),
    )


def _record_data(settings: Settings, dataset: Dataset, session: Session) -> None:
    """Measure the reviews and show two of them."""
    draft = session.draft
    texts = dataset.train_texts
    session.measure("largest_index", int(limit_words(texts, settings.words).values.max()))
    entries = len(texts) * settings.words
    session.measure("multi_hot_bytes_uint8", entries * np.dtype(np.uint8).itemsize, unit="bytes")
    session.measure("multi_hot_bytes_float64", entries * np.dtype(np.float64).itemsize, unit="bytes")
    record_lengths(session, texts, "review")
    record_multi_hot_example(session)
    draft.texts += [
        excerpt(
            texts,
            settings.words,
            dataset.vocabulary,
            index,
            split="train",
            kind="example",
            label=int(dataset.train_targets[index]),
        )
        for index in range(min(_EXAMPLES_SHOWN, len(texts)))
    ]


def _record_examples(settings: Settings, dataset: Dataset, session: Session) -> None:
    reviews = limit_words(dataset.train_texts, settings.words)
    some = [reviews[index] for index in range(min(3, len(reviews)))]
    session.draft.examples += [
        capture(example_decode, review=reviews[0], vocabulary=dataset.vocabulary),
        capture(example_multi_hot),
        capture(example_padding, reviews=some, words=settings.words),
    ]


def _predictions(settings: Settings, dataset: Dataset, probabilities: NDArray[Any], seed: int) -> Predictions:
    """Spread of the probabilities over the test set, and reviews the network was sure or unsure of."""
    counts, edges = np.histogram(probabilities, bins=_BINS, range=(0.0, 1.0))
    labels = dataset.test_targets
    texts: Texts = dataset.test_texts

    def read(index: int, kind: str) -> Text:
        return excerpt(
            texts,
            settings.words,
            dataset.vocabulary,
            index,
            split="test",
            kind=kind,
            label=int(labels[index]),
            predicted=int(probabilities[index] > 0.5),
            probability=float(probabilities[index]),
        )

    chosen = choose_reviews(probabilities, labels)
    return Predictions(
        model="final",
        seed=seed,
        histogram=tuple(int(count) for count in counts),
        histogram_edges=tuple(float(edge) for edge in edges),
        texts=tuple(read(index, kind) for kind, indices in chosen.items() for index in indices),
    )


def choose_reviews(probabilities: NDArray[Any], labels: NDArray[Any]) -> Mapping[str, list[int]]:
    """Return the positions of reviews to be read, by kind.

    Args:
        probabilities: of a positive review, shape (n,).
        labels: 0 or 1, shape (n,).

    Returns:
        confident_right and confident_wrong: half of them thought positive, half negative, the surest first; unsure:
        those nearest to one half.
    """
    right = (probabilities > 0.5) == (labels == 1)
    falling, rising = np.argsort(-probabilities, kind="stable"), np.argsort(probabilities, kind="stable")
    doubtful = np.argsort(np.abs(probabilities - 0.5), kind="stable")

    def surest(matching: NDArray[Any]) -> list[int]:
        half = _TEXTS_PER_KIND // 2
        positive = falling[(matching & (probabilities > 0.5))[falling]][:half]
        negative = rising[(matching & (probabilities <= 0.5))[rising]][:half]
        return [*positive.tolist(), *negative.tolist()]

    return {
        "confident_right": surest(right),
        "confident_wrong": surest(~right),
        "unsure": doubtful[:_TEXTS_PER_KIND].tolist(),
    }
