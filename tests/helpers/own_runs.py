"""A user's own runs, written by hand: trainings of any shape, from each door."""

from __future__ import annotations

import math
from hashlib import sha256
from typing import Any

import msgspec

from helpers.hand_results import hand_result
from labreport.experiments.result import (
    Course,
    EarlyStopping,
    Findings,
    Fingerprint,
    Layer,
    Listing,
    Model,
    OwnRun,
    Result,
    Score,
    Script,
    Training,
)

SCRIPT = '"""Train on digits.\n\nA **bold** note with {{ braces }}, 7 digits and # signs."""\nimport keras\n# load\n'
BOTH = {"loss": "lower", "val_loss": "lower", "accuracy": "higher", "val_accuracy": "higher"}


def course(**about: Any) -> Course:
    """How a training went that nothing disturbed."""
    return Course(**{"status": "complete", "source": "watched", "metrics": BOTH, **about})


def training(seed: int | None = 0, role: str = "fit-1", about: Course | None = None, **history: Any) -> Training:
    """A training with these curves."""
    curves = {key: tuple(values) for key, values in history.items()}
    return Training(
        role=role,
        seed=seed,
        epochs=max(map(len, curves.values())),
        batch_size=None,
        train_samples=None,
        validation_samples=None,
        history=curves,
        seconds=1.0,
        course=about or course(),
    )


def network(role: str, units: int) -> Model:
    """A network of one layer."""
    layer = Layer(name="dense", kind="Dense", output_shape=(None, units), parameters=5 * units, activation="relu")
    return Model(
        role=role,
        input_shape=(None, 4),
        layers=(layer,),
        parameters=5 * units,
        optimizer="Adam",
        learning_rate=0.001,
        loss="mse",
        metrics=(),
    )


def own_run(lab: str, *trainings: Training, door: str = "record", **about: Any) -> Result:
    """A run with these trainings; `about` replaces fields of the own run, of the findings or of the result."""
    script = Script(name="train.py", arguments=("--epochs", "5", "--name", "a b"), exit_code=0)
    arrays = (
        Fingerprint(role="train", part="x", kind="ndarray", shape=(1000, 64), dtype="float32", sha256="ab" * 32),
        Fingerprint(role="test", part="y", kind="ndarray", shape=(200,), dtype="int64", sha256="cd" * 32, sampled=True),
    )
    watched = door == "record"
    parts: dict[str, Any] = {
        "door": door,
        "script": script if watched else None,
        "form": "csvlogger" if door == "import" else "",
        "data": arrays if watched else (),
        "printed": "Epoch 1\nloss 0.5\n" if watched else "",
    }
    own = OwnRun(**parts | {name: about.pop(name) for name in list(about) if name in OwnRun.__struct_fields__})
    listings = tuple(
        Listing(name=name, source=source, sha256=sha256(source.encode()).hexdigest())
        for name, source in (("train.py", SCRIPT), ("helper.py", "X = 1\n"))
    )
    found: dict[str, Any] = {"trainings": trainings, "listings": listings if watched else (), "own": own}
    found |= {name: about.pop(name) for name in list(about) if name in Findings.__struct_fields__}
    bare: dict[str, Any] = {"settings": {}, "changed_settings": (), "seeds": ()}
    result = hand_result("imdb", seeds=(0,))
    return msgspec.structs.replace(result, format=2, lab=lab, findings=Findings(**found), **bare | about)


def score(name: str, value: float, seed: int | None = None, **about: Any) -> Score:
    """A score on the test data."""
    split, _, metric = name.partition("_")
    told = {"model": "fit-1", "split": split, "unit": "share", "direction": "higher", "metric": metric}
    return Score(name=name, value=value, seed=seed, **{**told, **about})


def seeds_run() -> Result:
    """Four seeds with a clear minimum at epoch 6, and their test accuracy."""
    epochs = range(12)
    fits = [
        training(
            seed,
            loss=[1 / (e + 1) for e in epochs],
            val_loss=[0.4 + abs(e - 5) * 0.03 + 0.01 * seed for e in epochs],
            accuracy=[0.6 + 0.03 * e for e in epochs],
            val_accuracy=[0.6 + 0.02 * e - 0.01 * seed for e in epochs],
        )
        for seed in range(4)
    ]
    scores = tuple(score("test_accuracy", 0.91 + 0.01 * seed, seed) for seed in range(4))
    return own_run("digits", *fits, scores=scores, seeds=(0, 1, 2, 3))


def sparse_run() -> Result:
    """A log whose validation stands at every fifth epoch."""
    about = course(at={"val_loss": (5, 10, 15, 20)}, source="log", metrics={"loss": "lower", "val_loss": "lower"})
    fit = training(None, about=about, loss=[1 / (e + 1) for e in range(20)], val_loss=[0.9, 0.7, 0.5, 0.6])
    return own_run("sparse", fit, door="import")


def diverged_run() -> Result:
    """A training whose loss is no longer finite from epoch 4."""
    nan, infinite = math.nan, math.inf
    about = course(status="diverged", diverged_at=4)
    fit = training(
        None,
        about=about,
        loss=[5, 80, 1e4, nan, nan],
        val_loss=[6, 90, 2e4, infinite, nan],
        accuracy=[0.5, 0.4, 0.3, 0.1, 0.1],
        val_accuracy=[0.5, 0.3, 0.2, 0.1, 0.1],
    )
    return own_run("diverged", fit)


def two_outputs_run() -> Result:
    """Two fits: one with two outputs and a measure of unknown direction, one without validation."""
    metrics = dict.fromkeys(("digit_loss", "ink_mae", "val_digit_loss", "val_ink_mae"), "lower") | {"输出/年龄": None}
    first = training(
        None,
        about=course(metrics=metrics),
        **{"digit_loss": [3, 2, 1], "ink_mae": [0.3, 0.2, 0.25], "val_digit_loss": [3, 2, 2.5]},
        **{"val_ink_mae": [0.4, 0.3, 0.2], "输出/年龄": [0.1, 0.01, 0.001]},
    )
    second = training(None, role="fit-2", about=course(metrics={"loss": "lower"}), loss=[3, 2, 1])
    return own_run("outputs", first, second)


def stopped_run() -> Result:
    """Three seeds that early stopping ended at different epochs."""
    rule = EarlyStopping(monitor="val_loss", direction="lower", patience=3, restore_best_weights=True)
    fits = [
        training(
            seed,
            about=course(status="early-stopped", stopping=rule, metrics={"loss": "lower", "val_loss": "lower"}),
            loss=[1 / (e + 1) for e in range(epochs)],
            val_loss=[1 + abs(best - e) / 10 for e in range(1, epochs + 1)],
        )
        for seed, (best, epochs) in enumerate([(7, 8), (11, 13), (15, 20)])
    ]
    return own_run("stopped", *fits, seeds=(0, 1, 2))


def one_epoch_run() -> Result:
    """One epoch, reported by the user's own code."""
    fit = training(None, about=course(source="told", metrics={"loss": "lower"}), loss=[1.0])
    return own_run("single", fit, door="api")


def own_runs() -> tuple[Result, ...]:
    """One of each kind."""
    return (seeds_run(), sparse_run(), diverged_run(), two_outputs_run(), stopped_run(), one_epoch_run())
