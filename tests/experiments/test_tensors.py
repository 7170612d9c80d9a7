"""The chapter on tensors: its examples run, and its numbers are those they print."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from helpers.measuring import measured

from labreport.experiments import tensors
from labreport.experiments.data.sets import Dataset
from labreport.experiments.examples import run_example
from labreport.experiments.lab import Session
from labreport.experiments.registry import load
from labreport.experiments.result import DataCard, Findings

NAMES = [
    "scalar",
    "vector",
    "matrix",
    "tensor",
    "five_dimensions",
    "digit",
    "vector_data",
    "time_series",
    "images",
    "channels",
    "video",
    "broadcasting",
    "products",
    "reshape_transpose",
    "descent",
]


def made_up_digits() -> Dataset:
    """Three grey images of 4 × 5 pixels, none of them a digit."""
    card = DataCard(
        name="mnist",
        source="sample",
        files=(),
        train_samples=3,
        test_samples=0,
        full_train_samples=3,
        full_test_samples=0,
        sample_shape=(4, 5),
        class_names=("0", "1", "2"),
        train_class_counts=(1, 1, 1),
        test_class_counts=(0, 0, 0),
        feature_names=(),
        feature_ranges=(),
        citation="made up",
        licence="none",
    )
    images = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    return Dataset(
        card=card,
        train_inputs=images,
        train_targets=np.array([2, 0, 1], dtype=np.uint8),
        test_inputs=images[:0],
        test_targets=np.array([], dtype=np.uint8),
    )


@pytest.fixture(scope="module")
def findings() -> Findings:
    return measured(tensors, tensors.Settings(), made_up_digits(), seeds=(3,))


def measures(found: Findings) -> dict[str, Any]:
    return {measure.name: measure.value for measure in found.measures}


def outputs(found: Findings) -> dict[str, str]:
    return {example.name: example.output for example in found.examples}


def test_every_example_of_the_chapter_ran_and_printed_something(findings: Findings) -> None:
    assert [example.name for example in findings.examples] == NAMES
    assert all(example.output for example in findings.examples)


def test_the_code_of_an_example_fits_the_page_and_parses(findings: Findings) -> None:
    for example in findings.examples:
        ast.parse(example.code)
        assert max(map(len, example.code.splitlines())) <= 72, example.name
        assert max(map(len, example.output.splitlines())) <= 72, example.name


def test_the_number_of_axes_grows_from_scalar_to_tensor(findings: Findings) -> None:
    printed = outputs(findings)
    for axes, name in enumerate(("scalar", "vector", "matrix", "tensor")):
        assert f"axes: {axes} " in printed[name]
    assert "5D vector: shape (5,) - axes: 1" in printed["five_dimensions"]
    assert printed["five_dimensions"].endswith("axes: 5")


def test_the_digit_shown_is_the_first_of_the_training_set(findings: Findings) -> None:
    (image,) = findings.images
    assert (image.height, image.width, image.label, image.split) == (4, 5, 2, "train")
    assert image.pixels == bytes(range(20))
    assert measures(findings)["digit_label"] == 2
    assert "label: 2" in outputs(findings)["digit"]


def test_the_clip_of_the_text_has_the_size_worked_out_by_hand(findings: Findings) -> None:
    measured = measures(findings)
    assert measured["video_frames"] == 240
    assert measured["video_values"] == measured["video_bytes_uint8"] == 106_168_320
    assert measured["video_bytes_float32"] == 424_673_280
    assert "106,168,320" in outputs(findings)["video"]


def test_the_size_of_the_clip_follows_the_settings() -> None:
    clip = {"video_seconds": 1, "video_frames_per_second": 2, "video_height": 3, "video_width": 4, "video_batch": 5}
    captured = run_example(tensors.example_video, **clip)
    assert captured.example.code.startswith("video_seconds = 1\n")
    assert captured.values["batch"].size == 2 * 3 * 4 * 5 * 3


def test_broadcasting_products_and_reshaping_come_out_as_the_text_says(findings: Findings) -> None:
    measured = measures(findings)
    assert measured["broadcast_as_expected"] is True
    assert measured["dot_product"] == 17
    assert measured["elements_before_reshape"] == measured["elements_after_reshape"] == 6
    assert measured["reshape_equals_transpose"] is False
    assert outputs(findings)["broadcasting"].startswith("[[5 5]\n [4 4]]")
    assert "[[0 1 2]\n [3 4 5]]" in outputs(findings)["reshape_transpose"]


def test_numpy_keras_and_tensorflow_agree_on_both_products(findings: Findings) -> None:
    values = [line.split(":")[1].strip() for line in outputs(findings)["products"].splitlines()]
    assert values[:3] == ["[[1. 4.]]"] * 3
    assert [value.replace(".", "").strip("[]") for value in values[3:]] == ["17"] * 3


def test_the_descent_ends_at_the_least_squares_solution(findings: Findings) -> None:
    measured = measures(findings)
    path, losses = (series.values for series in findings.series)
    assert [series.name for series in findings.series] == ["descent_position", "descent_loss"]
    assert len(path) == len(losses) == tensors.Settings().descent_steps + 1
    assert path[0] == tensors.Settings().descent_start
    assert measured["descent_minimum"] == pytest.approx(3)
    assert measured["descent_end"] == path[-1] == pytest.approx(3, abs=1e-3)
    assert (measured["descent_first_loss"], measured["descent_last_loss"]) == (losses[0], losses[-1])
    assert losses[-1] < 1e-6 < losses[0]


def test_the_order_of_the_samples_in_the_descent_depends_on_the_seed_alone() -> None:
    def path(seed: int) -> list[float]:
        given = {"descent_start": 0.0, "descent_learning_rate": 0.1, "descent_steps": 4, "seed": seed}
        return list(run_example(tensors.example_descent, **given).values["path"])

    assert path(0) == path(0)
    assert len({tuple(path(seed)) for seed in range(6)}) > 1


def test_one_step_of_the_descent_is_the_one_worked_out_by_hand() -> None:
    given = {"descent_start": 0.0, "descent_learning_rate": 0.1, "descent_steps": 1, "seed": 0}
    values = run_example(tensors.example_descent, **given).values
    x = values["x"][values["i"]]
    assert values["path"][1] == pytest.approx(0.1 * 2 * 3 * x * x)


def test_progress_is_reported_up_to_the_last_example() -> None:
    steps: list[tuple[int, int]] = []
    session = Session(progress=lambda _part, done, total, _values: steps.append((done, total)))
    tensors.introduce(tensors.Settings(), made_up_digits(), session)
    assert steps == [(done, len(NAMES)) for done in range(1, len(NAMES) + 1)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("video_seconds", 0), ("video_batch", -1), ("descent_learning_rate", 0.0), ("descent_steps", 0)],
)
def test_a_setting_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        tensors.Settings(**{name: value})  # type: ignore[arg-type]


def test_the_lab_is_registered_with_its_parts() -> None:
    lab = load("tensors")
    assert (lab.title, lab.dataset) == ("Tensors", "mnist")
