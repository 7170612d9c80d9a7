"""The corrected listings of the faulty programs run by themselves, with nothing but what their task speaks of."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from labreport.report.chapters import notes
from labreport.report.words import LANGUAGES

FAULTY = {
    "mnist": "too-good",
    "imdb": "faulty-choice",
    "boston": "faulty-cross-validation",
    "remedies": "faulty-remedies",
    "convolution": "faulty-convolution",
    "metrics": "faulty-measures",
    "uneven": "faulty-average",
    "sequences": "faulty-sequence",
}


def _listings(language: str, lab: str, kind: str) -> list[str]:
    """Return the listings of the task or of the solution, with numbers in place of expressions."""
    found = re.search(rf"^:::{kind} {FAULTY[lab]}\b.*?$(.*?)^:::$", notes.source(language, lab)[0], re.M | re.S)
    assert found is not None
    plain = re.sub(r"\{\{ const\((\d+)\) \}\}", r"\1", found[1])
    return re.findall(r"^```python\n(.*?)^```", plain, re.M | re.S)


def _network(
    size: int, outputs: int = 1, loss: str = "binary_crossentropy", metrics: tuple[str, ...] = ("accuracy",)
) -> Any:
    import keras

    last = {"binary_crossentropy": "sigmoid", "mse": None}.get(loss, "softmax")
    model = keras.Sequential([keras.Input(shape=(size,)), keras.layers.Dense(outputs, activation=last)])
    model.compile(optimizer="rmsprop", loss=loss, metrics=list(metrics))
    return model


def _given(lab: str) -> dict[str, Any]:
    """Return what the task of a lab speaks of, as small as may be."""
    import keras

    keras.utils.set_random_seed(0)
    numbers = np.random.default_rng(0)
    texts, halves = numbers.integers(0, 2, (30, 12)).astype("float32"), np.arange(30) % 2
    images = numbers.integers(0, 256, (20, 28, 28), dtype="uint8")
    split = {"vectors": texts, "labels": halves, "test_vectors": texts, "test_labels": halves, "held_out": 10}
    table = np.array([[8, 2, 0], [1, 4, 0], [0, 0, 0]])
    return {"keras": keras, "layers": keras.layers, "np": np} | {
        "mnist": lambda: {
            "train_images": images, "test_images": images, "train_labels": np.arange(20) % 10,
            "test_labels": np.arange(20) % 10, "pixels": 784, "candidates": [1, 2], "epochs": 1, "share": 0.2,
            "build_model": lambda units: _network(784, outputs=10, loss="categorical_crossentropy"),
        },
        "imdb": lambda: split | {"epochs": 2, "batch_size": 8, "build_model": lambda: _network(12)},
        "boston": lambda: {
            "features": numbers.normal(5, 2, (20, 3)), "prices": numbers.normal(20, 5, 20), "k": 4, "epochs": 2,
            "batch_size": 4, "build_model": lambda: _network(3, loss="mse", metrics=("mae",)),
            "plt": SimpleNamespace(plot=lambda curve, label: print(label, curve)),
        },
        "remedies": lambda: split | {
            "labels": halves.reshape(-1, 1), "settings": None,
            "build_model": lambda settings, units, l2: _network(12, metrics=("accuracy", "binary_crossentropy")),
        },
        "convolution": lambda: {"train_images": images, "train_targets": np.eye(10)[np.arange(20) % 10]},
        "metrics": lambda: split | {
            "model": _network(12), "roc_auc": reference.roc_auc_score, "f1": reference.f1_score,
        },
        "uneven": lambda: {
            "vectors": texts, "labels": np.arange(30) % 3, "epochs": 1, "confusion": table,
            "model": _network(12, outputs=46, loss="sparse_categorical_crossentropy"),
        },
        "sequences": lambda: {"reviews": [[1, 4, 5], [1, 6]], "words": 12, "length": 6},
    }[lab]()  # fmt: skip


@pytest.mark.parametrize("lab", FAULTY)
def test_both_languages_show_the_same_faults_and_the_same_correction(lab):
    for kind in ("exercise", "solution"):
        first, *others = [_listings(language, lab, kind) for language in LANGUAGES]
        assert len(first) == 1
        assert all(other == first for other in others)


@pytest.mark.parametrize("lab", FAULTY)
def test_a_corrected_listing_needs_no_name_that_only_the_faulty_one_gives(lab, capsys, uncompiled):
    (code,) = _listings("en", lab, "solution")
    scope = _given(lab)
    exec(re.sub(r"epochs=(?:5|20)\b", "epochs=1", code), scope)
    printed = capsys.readouterr().out
    if lab == "uneven":
        assert "0.8 0.8 " in printed
    if lab == "metrics":
        assert 0.01 <= scope["threshold"] <= 0.99
    if lab == "sequences":
        assert scope["model"](scope["padded"]).shape == (2, 1)
