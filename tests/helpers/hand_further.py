"""Findings of the further labs, as a run over the given seeds gives them: remedies, convolution."""

from __future__ import annotations

import msgspec
import numpy as np

from helpers.hand_classification import curves
from helpers.hand_parts import (
    card,
    dense_model,
    digit_image,
    examples,
    listing,
    measures,
    score,
    shifted,
    training,
    waver,
)
from labreport.experiments.result import Findings, Layer, Model, PerSample, Predictions, Series

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


def _with_dropout(model: Model) -> Model:
    dropped = Layer(name="dropout", kind="Dropout", output_shape=(None, 16), parameters=0)
    first, second, last = model.layers
    return _changed(model, layers=(first, dropped, second, dropped, last))


def _changed(model: Model, **changes: object) -> Model:
    return msgspec.structs.replace(model, **changes)


IMAGES = 2_000
"""Test images whose answers are on record."""
_SHAPES = ((26, 32), (13, 32), (11, 64), (5, 64), (3, 64))
_KINDS = (("Conv2D", 320), ("MaxPooling2D", 0), ("Conv2D", 18_496), ("MaxPooling2D", 0), ("Conv2D", 36_928))


def convolution(seeds: tuple[int, ...]) -> Findings:
    """Return what the chapter on convolution finds: it is ahead, above all on moved images."""
    trainings, scores, rows = [], [], []
    right = {"final": 1_970, "moved": 1_800, "dense": 1_930, "dense-moved": 900}
    for seed in seeds:
        for role, (start, end) in {"final": (0.93, 0.985), "dense": (0.92, 0.966)}.items():
            steps = [start + (end - start) * step / 4 for step in range(5)]
            history = {
                "loss": (0.4, 0.12, 0.08, 0.05, 0.04),
                "accuracy": tuple(step + 0.005 for step in steps),
                "val_loss": shifted((0.25, 0.14, 0.1, 0.09, 0.08), seed, 0.004),
                "val_accuracy": shifted(tuple(steps), seed, 0.001),
            }
            trainings.append(training(role, seed, history, (50_000, 10_000), 128))
            scores.append(score(f"test_loss{'' if role == 'final' else '_dense'}", role, 0.08, seed))
        for role, count in right.items():
            found = count + round(3 * waver(seed, len(role)))
            name = "test_accuracy" + ("" if role == "final" else f"_{role}")
            scores.append(score(name, role, found / IMAGES, seed))
            rows.append(answers(role, seed, found, 0 if role == "final" else 10, IMAGES))
    pixels = tuple(float((7 * place) % 13) / 6 - 1 for place in range(26 * 26))
    pictures = [
        Series(name=f"{name}_{number}", values=tuple(value * number for value in pixels[:size]))
        for name, size in (("filter", 9), ("feature_map", 26 * 26))
        for number in range(1, 17)
    ]
    names = tuple(str(digit) for digit in range(10))
    confused = tuple(tuple(197 if i == j else (3 if j == (i + 1) % 10 else 0) for j in range(10)) for i in range(10))
    misread = tuple(
        digit_image(true, 40 + true, "test", predicted=(true + 1) % 10, probability=0.99, label_probability=0.01)
        for true in range(4)
    )
    return Findings(
        data=card(
            "mnist",
            (60_000, IMAGES),
            sample_shape=(28, 28),
            class_names=names,
            train_class_counts=(6_000,) * 10,
            test_class_counts=(200,) * 10,
        ),
        trainings=tuple(trainings),
        scores=tuple(scores),
        baselines=(score("majority_accuracy", "majority", 0.1135),),
        models=(_convolutional(), _dense()),
        predictions=(Predictions(model="final", seed=seeds[0], confusion=confused, images=misread),),
        per_sample=tuple(rows),
        images=(digit_image(7, 15, "train"),),
        examples=examples(("convolve", "print(output)", "[[27 27  0]]"), ("pool", "print(pooled)", "[[4 2]]")),
        listings=tuple(
            listing(name, f"def {name}(settings):\n    return keras.Sequential()\n")
            for name in ("build_model", "build_dense_model")
        ),
        measures=measures(mistakes=30, map_side=26),
        series=tuple(pictures),
        engine=("loop:few-steps",),
    )


def _convolutional() -> Model:
    last = dense_model("final", 576, (64, 10), "softmax", "categorical_crossentropy", "accuracy")
    shown = [
        Layer(
            name=kind.lower(),
            kind=kind,
            output_shape=(None, side, side, channels),
            parameters=count,
            activation="relu" if count else None,
        )
        for (kind, count), (side, channels) in zip(_KINDS, _SHAPES, strict=True)
    ]
    flat = Layer(name="flatten", kind="Flatten", output_shape=(None, 576), parameters=0)
    return _changed(
        last,
        input_shape=(None, 28, 28, 1),
        layers=(*shown, flat, *last.layers),
        parameters=last.parameters + sum(count for _, count in _KINDS),
    )


def _dense() -> Model:
    model = dense_model("dense", 784, (512, 10), "softmax", "categorical_crossentropy", "accuracy")
    flat = Layer(name="flatten", kind="Flatten", output_shape=(None, 784), parameters=0)
    return _changed(model, input_shape=(None, 28, 28, 1), layers=(flat, *model.layers))
