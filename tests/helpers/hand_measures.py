"""Findings of the labs that measure more than accuracy, and of the one on sequences.

What a network says is made up; what follows from it is worked out by the labs' own functions.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.hand_classification import curves
from helpers.hand_further import answers
from helpers.hand_parts import (
    TOPIC_COUNTS,
    TOPIC_TEST_COUNTS,
    TOPICS,
    card,
    dense_model,
    examples,
    listing,
    measures,
    score,
    text,
    training,
    waver,
)
from labreport.experiments import metrics as metrics_lab
from labreport.experiments import uneven as uneven_lab
from labreport.experiments.lab import Session
from labreport.experiments.result import Findings, Layer, Measure, Model, PerSample, Series

REVIEWS = 2_000
METRICS_LISTINGS = (
    "build_model fit confusion_counts precision_recall_f1 ranked_counts roc_auc average_precision brier_score "
    "reliability calibration_error log_losses with_temperature best_temperature threshold_for_recall"
)


def _listings(names: str) -> tuple[Any, ...]:
    return tuple(listing(name, f"def {name}(values):\n    return values\n") for name in names.split())


def _reviews(classes: tuple[int, int] = (12_500, 12_500)) -> Any:
    return card(
        "imdb",
        (25_000, REVIEWS),
        class_names=("negative", "positive"),
        train_class_counts=classes,
        test_class_counts=(REVIEWS // 2, REVIEWS // 2),
    )


def said_of(labels: NDArray[Any], seed: int, sharpness: float) -> NDArray[Any]:
    """Return probabilities of a network: calibrated at a sharpness of 1, too sure above it."""
    evidence = np.random.default_rng(seed).normal(np.where(labels == 1, 1.6, -1.6), 1.8)
    return 1 / (1 + np.exp(-sharpness * evidence))


def metrics(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on measures finds: the network that was trained on is too sure of itself."""
    settings = metrics_lab.Settings()
    labels = np.arange(1_000) % 2, np.arange(REVIEWS) % 2
    session = Session(seeds=seeds)
    found = [session.draft.findings()]
    trainings = []
    for seed in seeds:
        one = session.for_seed(seed)
        said = {
            role: tuple(said_of(part, 10 * seed + place, sharpness) for place, part in enumerate(labels))
            for role, sharpness in (("final", 1.0), ("overtrained", 3.0))
        }
        for role, parts in said.items():
            right = (parts[1] > 0.5) == (labels[1] == 1)
            ending = "" if role == "final" else f"_{role}"
            one.score(f"test_accuracy{ending}", float(right.mean()), model=role)
            one.score(f"test_loss{ending}", float(metrics_lab.log_losses(parts[1], labels[1]).mean()), model=role)
            one.draft.per_sample.append(
                PerSample(model=role, seed=seed, samples=REVIEWS, correct=np.packbits(right).tobytes())
            )
        metrics_lab._record_decisions(settings, one, said["final"], labels)
        metrics_lab._record_probabilities(settings, one, said, labels)
        one.measure("chosen_epochs", 4, unit="epochs")
        history = curves(seed, 20, (0.51, 0.01), (0.384, 0.279, 4))
        short = {key: values[:4] for key, values in history.items() if not key.startswith("val")}
        trainings += [
            training("selection", seed, history, (15_000, 10_000), 512),
            training("final", seed, short, (15_000, 0), 512),
        ]
        found.append(one.draft.findings())
    return _joined(
        found,
        data=_reviews(),
        trainings=tuple(trainings),
        baselines=(score("majority_accuracy", "majority", 0.5),),
        models=(dense_model("selection", 10_000, (16, 16, 1), "sigmoid", "binary_crossentropy", "accuracy"),),
        listings=_listings(METRICS_LISTINGS),
        engine=("loop:wide",),
    )


def uneven(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on uneven classes finds: weights help the rare topics and cost the large ones little."""
    settings = uneven_lab.Settings()
    train_labels = np.repeat(np.arange(46), TOPIC_COUNTS)
    test_labels = np.repeat(np.arange(46), TOPIC_TEST_COUNTS)
    dataset: Any = SimpleNamespace(train_targets=train_labels, test_targets=test_labels)
    session = Session(seeds=seeds)
    uneven_lab._record_sizes(settings, dataset, session)
    found, trainings = [session.draft.findings()], []
    sizes = np.array(TOPIC_COUNTS)[test_labels]
    for seed in seeds:
        one = session.for_seed(seed)
        history = curves(seed, 20, (2.65, 0.09), (1.72, 0.87, 9))
        short = {key: values[:9] for key, values in history.items() if not key.startswith("val")}
        draws = np.random.default_rng(seed).random(len(test_labels))
        for role, stage, power in (("final", "selection", 0.45), ("weighted", "weighted-selection", 0.2)):
            right = draws < 0.93 * (sizes / sizes.max()) ** power
            given = np.where(right, test_labels, np.where(test_labels == 3, 4, 3))
            ending = "" if role == "final" else f"_{role}"
            one.score(f"test_accuracy{ending}", float(right.mean()), model=role)
            one.score(f"test_loss{ending}", 0.95, model=role)
            one.draft.per_sample.append(
                PerSample(model=role, seed=seed, samples=len(right), correct=np.packbits(right).tobytes())
            )
            uneven_lab._record_classes(settings, dataset, one, role, given)
            trainings += [
                training(stage, seed, history, (7_982, 1_000), 512),
                training(role, seed, short, (8_982, 0), 512),
            ]
        one.measure("chosen_epochs", 9, unit="epochs")
        found.append(one.draft.findings())
    return _joined(
        found,
        data=card(
            "reuters",
            (8_982, len(test_labels)),
            class_names=tuple(TOPICS),
            train_class_counts=TOPIC_COUNTS,
            test_class_counts=TOPIC_TEST_COUNTS,
        ),
        trainings=tuple(trainings),
        models=(dense_model("selection", 10_000, (64, 64, 46), "softmax", "categorical_crossentropy", "accuracy"),),
        listings=_listings("build_model fit class_weights class_scores macro_average"),
        engine=("loop:wide",),
    )


def sequences(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on sequences finds: the set of words is ahead, and the order matters."""
    trainings, scores, baselines, rows = [], [], [], []
    rights = {"final": 1_660, "final-shuffled": 1_600, "conv": 1_610, "conv-shuffled": 1_540, "dense": 1_735}
    chosen: list[Measure] = []
    for seed in seeds:
        for role, epochs in (("final", 6), ("conv", 12), ("dense", 20)):
            history = curves(seed, epochs, (0.6, 0.1), (0.56, 0.35, 5))
            stage = "selection" if role == "final" else f"{role}-selection"
            short = {key: values[:5] for key, values in history.items() if not key.startswith("val")}
            trainings += [
                training(stage, seed, history, (15_000, 10_000), 64),
                training(role, seed, short, (25_000, 0), 64),
            ]
        for role, count in rights.items():
            right = count + round(5 * waver(seed, len(role)))
            rows.append(answers(role, seed, right, 0 if role == "final" else 30))
            if role == "dense":
                baselines.append(score("dense_accuracy", "dense", right / REVIEWS, seed))
                continue
            ending = "" if role == "final" else f"_{role}"
            scores.append(score(f"test_accuracy{ending}", role, right / REVIEWS, seed))
            scores.append(score(f"test_loss{ending}", role, 0.4, seed))
        chosen += measures(seed, chosen_epochs=5)
    review = (*[0.0] * 107, 1.0, 13.0, 296.0, 14.0, 20.0, 33.0, 6.0, 2.0, 1095.0, 7.0, 30.0, 9.0, 4.0)
    return Findings(
        data=_reviews(),
        trainings=tuple(trainings),
        scores=tuple(scores),
        baselines=(*baselines, score("majority_accuracy", "majority", 0.5)),
        models=(
            _network("lstm", ("LSTM", (None, 32), 8_320, "tanh")),
            _network("conv", ("Conv1D", (None, 116, 32), 5_152, "relu"), ("GlobalMaxPooling1D", (None, 32), 0, None)),
            dense_model("dense", 10_000, (16, 16, 1), "sigmoid", "binary_crossentropy", "accuracy"),
        ),
        per_sample=tuple(rows),
        texts=(text("padded", 7, "i wouldn't rent this one even on * dollar rental night", 0, None, None),),
        series=(
            Series(name="padding_lengths", values=(13, 52, 68, 96, 130, 179, 291, 1_854)),
            Series(name="padded_review", values=review),
        ),
        measures=(
            *chosen,
            *measures(shortest_review=12, median_review=178, longest_review=1_853, cut_reviews=0.81),
            *measures(difference_masked=0.0, difference_unmasked=0.0011),
        ),
        examples=examples(("mask", "print(padded)", "[[0 1 14 22]]")),
        listings=_listings("build_lstm build_convolution build_dense fit pad shuffled"),
        engine=("loop:state", "loop:wide"),
    )


def _network(role: str, *parts: tuple[str, tuple[int | None, ...], int, str | None]) -> Model:
    """Return a network that begins with an Embedding layer and ends with a probability."""
    plain = dense_model(role, 120, (1,), "sigmoid", "binary_crossentropy", "accuracy")
    middle = [
        Layer(name=kind.lower(), kind=kind, output_shape=shape, parameters=count, activation=activation)
        for kind, shape, count, activation in parts
    ]
    embedding = Layer(name="embedding", kind="Embedding", output_shape=(None, 120, 32), parameters=320_000)
    last = Layer(name="dense", kind="Dense", output_shape=(None, 1), parameters=33, activation="sigmoid")
    layers = (embedding, *middle, last)
    fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
    return Model(**{**fields, "layers": layers, "parameters": sum(layer.parameters for layer in layers)})


def _joined(found: list[Findings], **parts: Any) -> Findings:
    lists = {
        name: tuple(item for one in found for item in getattr(one, name) or ())
        for name in ("scores", "baselines", "measures", "series", "predictions", "per_sample")
    }
    return Findings(**{**lists, **parts})
