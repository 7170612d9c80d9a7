"""The chapter on the Keras workflow: its examples run, and its numbers are those they print."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from helpers.measuring import measured

from labreport.experiments import workflow
from labreport.experiments.registry import load
from labreport.experiments.result import Findings

NAMES = ["layers_for_data", "compatibility", "losses", "four_steps", "sequential", "functional", "agreement"]

SETTINGS = workflow.Settings(units=5, loss_weight_first=2.0, loss_weight_second=0.25)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return measured(workflow, SETTINGS, None, seeds=(1,))


def measures(found: Findings) -> dict[str, Any]:
    return {measure.name: measure.value for measure in found.measures}


def output(found: Findings, name: str) -> str:
    return next(example.output for example in found.examples if example.name == name)


def test_every_example_of_the_chapter_ran_and_printed_something(findings: Findings) -> None:
    assert [example.name for example in findings.examples] == NAMES
    assert all(example.output for example in findings.examples)


def test_the_code_of_an_example_fits_the_page_and_parses(findings: Findings) -> None:
    for example in findings.examples:
        ast.parse(example.code)
        assert max(map(len, example.code.splitlines())) <= 72, example.name
        assert max(map(len, example.output.splitlines())) <= 72, example.name


def test_each_kind_of_data_goes_into_its_layer(findings: Findings) -> None:
    assert output(findings, "layers_for_data").splitlines() == [
        "Dense:  (2, 784) -> (2, 32)",
        "LSTM:   (2, 100, 3) -> (2, 32)",
        "Conv1D: (2, 100, 3) -> (2, 96, 32)",
        "Conv2D: (2, 28, 28, 1) -> (2, 26, 26, 32)",
    ]


def test_a_layer_refuses_an_input_of_the_wrong_size_and_the_next_layer_infers_its_own(findings: Findings) -> None:
    measured = measures(findings)
    assert measured["mismatch_raised"] is True
    assert measured["dense_output_units"] == 5
    printed = output(findings, "compatibility")
    assert "weights of the next layer: (5, 10)" in printed
    assert "ValueError" in printed
    assert "incompatible" in printed


def test_keras_adds_the_losses_up_with_their_weights_and_does_not_average_them(findings: Findings) -> None:
    measured = measures(findings)
    weighted = 2.0 * measured["loss_first"] + 0.25 * measured["loss_second"]
    assert measured["loss_total"] == pytest.approx(weighted, rel=1e-5)
    assert measured["largest_sum_deviation"] == pytest.approx(abs(measured["loss_total"] - weighted))
    assert measured["loss_average"] == pytest.approx((measured["loss_first"] + measured["loss_second"]) / 2)
    assert abs(measured["loss_total"] - measured["loss_average"]) > 0.1


def test_the_two_losses_are_the_means_of_the_errors_themselves() -> None:
    from labreport.experiments.examples import run_example

    model = workflow.build_model(SETTINGS)
    given = {"loss_weight_first": 2.0, "loss_weight_second": 0.25}
    values = run_example(workflow.example_losses, model=model, **given).values
    answers = model.predict(values["features"], verbose=0)
    sold, chance = values["sold"], answers["sold"]
    squared_error = np.mean((answers["price"] - values["prices"]) ** 2)
    cross_entropy = -np.mean(sold * np.log(chance) + (1 - sold) * np.log(1 - chance))
    assert values["first"] == pytest.approx(squared_error, rel=1e-4)
    assert values["second"] == pytest.approx(cross_entropy, rel=1e-4)


def test_the_four_steps_end_in_a_network_that_has_learned_something(findings: Findings) -> None:
    history = dict(line.split(" ", 1) for line in output(findings, "four_steps").splitlines())
    losses = ast.literal_eval(history["loss"])
    assert len(losses) == 3
    assert losses[-1] < losses[0]


def test_the_same_model_in_both_ways_has_the_same_parameters_and_outputs(findings: Findings) -> None:
    measured = measures(findings)
    assert measured["sequential_parameters"] == measured["functional_parameters"] == 784 * 5 + 5 + 5 * 10 + 10
    assert measured["largest_output_difference"] < 1e-6


def test_the_models_of_the_chapter_are_described(findings: Findings) -> None:
    described = {model.role: model for model in findings.models}
    assert set(described) == {"sequential", "functional", "two_outputs"}
    assert described["sequential"].parameters == measures(findings)["sequential_parameters"]
    assert [layer.name for layer in described["two_outputs"].layers][-3:] == ["shared", "price", "sold"]
    dense = [
        [layer for layer in described[role].layers if layer.kind == "Dense"] for role in ("sequential", "functional")
    ]
    shapes = [[(layer.output_shape, layer.parameters, layer.activation) for layer in layers] for layers in dense]
    assert shapes[0] == shapes[1] == [((None, 5), 3925, "relu"), ((None, 10), 60, "softmax")]


def test_the_listing_is_the_source_of_the_model_that_ran(findings: Findings) -> None:
    (listing,) = findings.listings
    assert listing.name == "build_model"
    assert "loss_weights" in listing.source


def test_the_same_seed_gives_the_same_findings(findings: Findings) -> None:
    again = measured(workflow, SETTINGS, None, seeds=(1,))
    assert again.examples == findings.examples
    assert again.measures == findings.measures


@pytest.mark.parametrize(("name", "value"), [("units", 0), ("loss_weight_first", -1.0), ("loss_weight_second", -0.5)])
def test_a_setting_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        workflow.Settings(**{name: value})  # type: ignore[arg-type]


def test_the_lab_is_registered_and_needs_no_data() -> None:
    lab = load("workflow")
    assert lab.dataset is None
    assert lab.title
