"""Findings of the further labs, as a run over the given seeds gives them: remedies against overfitting."""

from __future__ import annotations

import numpy as np

from helpers.hand_classification import curves
from helpers.hand_parts import card, dense_model, listing, score, training, waver
from labreport.experiments.result import Findings, Layer, PerSample

CALLBACK = "def build_callback(settings):\n    return keras.callbacks.EarlyStopping()\n"
REVIEWS = 2_000
"""Test reviews whose answers are on record."""
GAINS = {"final": 0, "more-data": 60, "smaller": -5, "larger": -50, "l2": 8, "dropout": 45, "stopped": 30}
"""By how many reviews each network is ahead of the base network."""


def answers(role: str, seed: int | None, right: int, turned: int, samples: int = REVIEWS) -> PerSample:
    """Return a row in which the last samples are wrong, and some of the right ones have changed places with them."""
    flags = np.arange(samples) < right
    moved = np.arange(turned) * 7 % right
    flags[moved], flags[samples - 1 - np.arange(turned)] = False, True
    return PerSample(model=role, seed=seed, samples=samples, correct=np.packbits(flags).tobytes())


def remedies(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on remedies finds: more data, dropout and early stopping help, a larger network harms."""
    trainings, scores, rows = [], [], []
    shapes = {
        "more-data": (0.30, 6),
        "smaller": (0.35, 12),
        "larger": (0.34, 3),
        "l2": (0.33, 7),
        "dropout": (0.32, 11),
    }
    for seed in seeds:
        for role, gain in GAINS.items():
            lowest, best = shapes.get(role, (0.33, 5))
            rise = {"dropout": 0.9, "smaller": 0.8, "l2": 0.85, "larger": 0.2}.get(role, 0.4)
            history = curves(seed, 20, (0.6, 0.05), (0.56, lowest, best))
            drift = [rise * max(0, epoch - best) * 0.01 for epoch in range(1, 21)]
            history["val_binary_crossentropy"] = tuple(
                value + extra * (1 - rise) for value, extra in zip(history["val_loss"], drift, strict=True)
            )
            history["binary_crossentropy"] = history["loss"]
            history["val_loss"] = tuple(
                value + (0.05 if role == "l2" else 0.0) for value in history["val_binary_crossentropy"]
            )
            if role == "stopped":
                history = {key: values[:8] for key, values in history.items()}
            samples = 15_000 if role == "more-data" else 7_500
            trainings.append(training(role, seed, history, (samples, 10_000), 128))
            right = 1_700 + gain + round(4 * waver(seed, len(role)))
            ending = "" if role == "final" else f"_{role}"
            scores.append(score(f"test_accuracy{ending}", role, right / REVIEWS, seed))
            scores.append(score(f"test_loss{ending}", role, 0.4 - gain / 1_000, seed))
            rows.append(answers(role, seed, right, 0 if role == "final" else 20))
    dense = {"smaller": 8, "larger": 128}
    models = {
        role: dense_model(
            role, 10_000, (dense.get(role, 16), dense.get(role, 16), 1), "sigmoid", "binary_crossentropy", "accuracy"
        )
        for role in GAINS
    }
    models["dropout"] = _with_dropout(models["dropout"])
    return Findings(
        data=card(
            "imdb",
            (25_000, REVIEWS),
            class_names=("negative", "positive"),
            train_class_counts=(12_500, 12_500),
            test_class_counts=(1_000, 1_000),
        ),
        trainings=tuple(trainings),
        scores=tuple(scores),
        baselines=(score("majority_accuracy", "majority", 0.5),),
        models=tuple(models.values()),
        per_sample=tuple(rows),
        listings=(
            listing("build_model", "def build_model(settings, units):\n    return keras.Sequential()\n"),
            listing("build_callback", CALLBACK),
        ),
        engine=("loop:few-steps", "loop:state", "fit:callbacks"),
    )


def _with_dropout(model):
    dropped = Layer(name="dropout", kind="Dropout", output_shape=(None, 16), parameters=0)
    first, second, last = model.layers
    return type(model)(
        **{name: getattr(model, name) for name in model.__struct_fields__ if name != "layers"},
        layers=(first, dropped, second, dropped, last),
    )
