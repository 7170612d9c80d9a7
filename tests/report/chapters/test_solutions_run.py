"""The programs that the instructor's edition gives as solutions run, and measure what they are asked for."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from labreport.report.chapters import notes
from labreport.report.words import LANGUAGES

NUMBERS = np.random.default_rng(0)


def _solutions(language: str, lab: str, exercise: str) -> list[str]:
    """Return the listings of a solution."""
    text = notes.source(language, lab)[0]
    found = re.search(rf"^:::solution {exercise}$(.*?)^:::$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return re.findall(r"^```python\n(.*?)^```", found[1], re.MULTILINE | re.DOTALL)


def _keras_names() -> dict[str, object]:
    import keras

    keras.utils.set_random_seed(0)
    return {"keras": keras, "layers": keras.layers, "np": np}


def _sizes() -> dict[str, dict[str, object]]:
    """Return tiny data for each program: enough to run one epoch."""
    images = NUMBERS.integers(0, 256, (20, 28, 28), dtype="uint8")
    one_hot = np.eye(10)[np.arange(20) % 10]
    texts = NUMBERS.integers(0, 2, (30, 12)).astype("float32")
    return {
        "mnist": {"train_images": images, "test_images": images, "train_targets": one_hot, "test_targets": one_hot},
        "convolution": {
            "train_images": images,
            "test_images": images,
            "train_targets": one_hot,
            "test_targets": one_hot,
            "held_out": 5,
            "epochs": 1,
        },
        "imdb": {"words": 12, "units": 3, "held_out": 10, "vectors": texts, "labels": NUMBERS.integers(0, 2, 30)},
        "metrics": {
            "words": 12,
            "units": 3,
            "held_out": 10,
            "vectors": texts,
            "labels": NUMBERS.permutation(np.arange(30) % 2),
        },
        "uneven": {"words": 12, "held_out": 10, "epochs": 1, "vectors": texts, "labels": np.arange(30) % 5},
        "sequences": {
            "words": 12,
            "length": 6,
            "held_out": 10,
            "reviews": [list(NUMBERS.integers(4, 12, size=count % 9 + 1)) for count in range(30)],
            "labels": np.arange(30) % 2,
        },
        "remedies": {
            "words": 12,
            "units": 3,
            "held_out": 10,
            "vectors": texts,
            "labels": NUMBERS.integers(0, 2, (30, 1)),
        },
        "reuters": {"words": 12, "held_out": 10, "epochs": 1, "vectors": texts, "labels": np.arange(30) % 46},
        "boston": {"k": 2, "repetitions": 2, "epochs": 1, "features": texts, "prices": NUMBERS.normal(20, 5, 30)},
    }


PROGRAMS = {
    "tensors": "chain-rule",
    "mnist": "convolution",
    "imdb": "dropout",
    "remedies": "combined",
    "metrics": "keras-metrics",
    "uneven": "resampling",
    "sequences": "both-directions",
    "convolution": "moved-training",
    "reuters": "class-weights",
    "boston": "shuffled-folds",
}


@pytest.mark.parametrize("lab", PROGRAMS)
def test_both_languages_give_the_same_program(lab):
    programs = [_solutions(language, lab, PROGRAMS[lab]) for language in LANGUAGES]
    assert programs[0]
    assert all(each == programs[0] for each in programs)


def test_the_quotient_of_differences_agrees_with_the_derivative_of_the_solution(capsys):
    exec(_solutions("en", "tensors", PROGRAMS["tensors"])[0], {})
    assert float(capsys.readouterr().out) == pytest.approx(48, rel=1e-6)


def test_programs_in_keras_run_as_they_are_printed(capsys, uncompiled):
    for lab, data in _sizes().items():
        scope = _keras_names() | data
        for code in _solutions("en", lab, PROGRAMS[lab]):
            exec(re.sub(r"epochs=(?:20|100)\b", "epochs=1", code), scope)
        printed = capsys.readouterr().out
        assert printed.strip(), lab
        if lab == "mnist":
            assert scope["model"].count_params() == 54_410
        if lab == "boston":
            assert len(scope["means"]) == 2


def test_the_printed_early_stopping_restores_the_weights_of_the_best_epoch():
    text = notes.source("en", "imdb")[0]
    (code,) = [part for part in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S) if part.startswith("stop =")]
    seen: dict[str, object] = {}
    settings = SimpleNamespace(batch_size=4)
    model = SimpleNamespace(fit=lambda *samples, **named: seen.update(named, samples=samples))
    names = _keras_names() | {"settings": settings, "build_model": lambda _: model, "held_out": 3}
    exec(code, names | {"vectors": np.arange(10), "labels": np.arange(10)})
    (stop,) = seen["callbacks"]
    assert (stop.monitor, stop.restore_best_weights) == ("val_loss", True)
    assert [len(part) for part in (*seen["samples"], *seen["validation_data"])] == [7, 7, 3, 3]
