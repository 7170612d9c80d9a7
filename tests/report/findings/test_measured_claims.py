"""Claims about decisions, probabilities, uneven classes and sequences: each can be true, false, or not known."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from helpers.hand_further import answers
from helpers.hand_results import hand_result

from labreport.experiments.definitions import VERDICTS
from labreport.experiments.result import Measure
from labreport.report.chapters.claim_words import sentence
from labreport.report.findings import claims
from labreport.report.findings.analysis import MissingValueError
from labreport.report.words import LANGUAGES

ONE = {lab: hand_result(lab, seeds=(0,)) for lab in ("metrics", "uneven", "sequences")}
# For each claim: the lab, what it says of the record, measures that turn it round, and measures that leave it open.
MEASURED = {
    "overconfident-overtrained": (
        "metrics",
        "true",
        {"confidence_overtrained": 0.6},
        {"confidence_overtrained": 0.815},
    ),
    "training_on_spoils_probabilities": ("metrics", "true", {"brier_cost": -0.02}, {"brier_cost": 0.001}),
    "temperature_helps": ("metrics", "true", {"scaling_gain": -0.3}, {"scaling_gain": 0.01}),
    "small_classes_worse": ("uneven", "true", {"right_small": 360}, {"right_small": 258}),
    "mask_skips_padding": ("sequences", "true", {"difference_masked": 0.1}, None),
}
SCORED = {
    "target_recall_reached": ("metrics", "false", {"test_recall_threshold": 0.96}, {"test_recall_threshold": 0.945}),
    "accuracy_above_macro": ("uneven", "true", {"test_macro_recall": 0.9}, None),
}


def _measured(lab: str, values: dict[str, float]):
    kept = tuple(one for one in ONE[lab].findings.measures if one.name not in values)
    changed = tuple(Measure(name=name, value=value, seed=0) for name, value in values.items())
    return hand_result(lab, seeds=(0,), measures=kept + changed)


def _scored(lab: str, values: dict[str, float]):
    scores = [msgspec.structs.replace(one, value=values.get(one.name, one.value)) for one in ONE[lab].findings.scores]
    return hand_result(lab, seeds=(0,), scores=tuple(scores))


@pytest.mark.parametrize(("name", "case"), [*MEASURED.items(), *SCORED.items()])
def test_a_claim_follows_what_was_measured(name, case):
    lab, verdict, turned, undecided = case
    changed = _measured if name in MEASURED else _scored
    other = {"true": "false", "false": "true"}[verdict]
    assert claims.state(name, ONE[lab]).verdict == verdict
    assert claims.state(name, changed(lab, turned)).verdict == other
    if undecided is not None:
        assert claims.state(name, changed(lab, undecided)).verdict == "unknown"


def test_a_lower_threshold_costs_precision_unless_what_it_adds_is_positive_as_often():
    assert claims.state("recall_costs_precision", ONE["metrics"]).verdict == "true"
    counts = {"tp_final": 500, "fp_final": 100, "tp_threshold": 600, "fp_threshold": 121}
    assert claims.state("recall_costs_precision", _measured("metrics", counts)).verdict == "unknown"
    fewer = {**counts, "tp_threshold": 400, "fp_threshold": 60}
    assert claims.state("recall_costs_precision", _measured("metrics", fewer)).verdict == "unknown"


def test_the_mean_recall_is_compared_sample_by_sample_with_the_weight_of_its_class():
    found = claims.state("weights_raise_recall", ONE["uneven"])
    assert found.verdict == "true"
    assert found.numbers["difference"] == pytest.approx(found.numbers["weighted"] - found.numbers["plain"])
    rows = tuple(
        msgspec.structs.replace(one, model={"final": "weighted", "weighted": "final"}[one.model])
        for one in ONE["uneven"].findings.per_sample
    )
    scores = {one.name: one.value for one in ONE["uneven"].findings.scores}
    swapped = {
        "test_macro_recall": scores["test_macro_recall_weighted"],
        "test_macro_recall_weighted": scores["test_macro_recall"],
    }
    turned = _scored("uneven", swapped)
    findings = msgspec.structs.replace(turned.findings, per_sample=rows)
    assert claims.state("weights_raise_recall", msgspec.structs.replace(turned, findings=findings)).verdict == "false"
    bare = hand_result("uneven", seeds=(0,), per_sample=msgspec.UNSET)
    assert claims.state("weights_raise_recall", bare).verdict == "unknown"


def test_classes_that_are_never_answered_are_counted():
    numbers = claims.state("never_named", ONE["uneven"]).numbers
    (said, *others) = ONE["uneven"].findings.predictions
    never = [label for label in range(46) if not any(row[label] for row in said.confusion)]
    assert numbers["never"] == len(never) > 0
    diagonal = tuple(
        tuple(sum(row) if place == label else 0 for place in range(46)) for label, row in enumerate(said.confusion)
    )
    perfect = hand_result(
        "uneven", seeds=(0,), predictions=(msgspec.structs.replace(said, confusion=diagonal), *others)
    )
    assert claims.state("never_named", perfect).verdict == "false"
    assert claims.state("recall_follows_size", perfect).verdict == "unknown"
    assert claims.state("recall_follows_size", ONE["uneven"]).verdict == "true"


def test_weights_may_cost_accuracy_or_gain_it():
    assert claims.state("weights_cost_accuracy", ONE["uneven"]).verdict == "false"
    right = {one.model: one for one in ONE["uneven"].findings.per_sample}
    swapped = [
        msgspec.structs.replace(right[other], model=role)
        for role, other in (("final", "weighted"), ("weighted", "final"))
    ]
    accuracy = {one.name: one.value for one in ONE["uneven"].findings.scores}
    turned = _scored(
        "uneven",
        {
            "test_accuracy": accuracy["test_accuracy_weighted"],
            "test_accuracy_weighted": accuracy["test_accuracy"],
        },
    )
    findings = msgspec.structs.replace(turned.findings, per_sample=tuple(swapped))
    assert claims.state("weights_cost_accuracy", msgspec.structs.replace(turned, findings=findings)).verdict == "true"


def test_networks_that_read_in_order_are_compared_in_pairs():
    assert claims.state("beats_multi_hot-final", ONE["sequences"]).verdict == "false"
    assert claims.state("order_matters-final", ONE["sequences"]).verdict == "true"
    assert claims.state("order_matters-conv", ONE["sequences"]).verdict == "true"
    rows = tuple(
        answers("final-shuffled", 0, 1_660, 100) if one.model == "final-shuffled" else one
        for one in ONE["sequences"].findings.per_sample
    )
    scores = _scored("sequences", {"test_accuracy_final-shuffled": 0.83}).findings.scores
    alike = hand_result("sequences", seeds=(0,), per_sample=rows, scores=scores)
    assert claims.state("order_matters-final", alike).verdict == "unknown"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_verdict_has_its_sentence_and_no_number_in_it_is_lost(language):
    names = [*MEASURED, *SCORED, "recall_costs_precision", "never_named", "recall_follows_size", "weights_raise_recall"]
    names += ["weights_cost_accuracy", "beats_multi_hot-conv", "order_matters-final", "overconfident-final"]
    for name in names:
        lab = next(one for one in ONE if _made(one, name))
        stated = claims.state(name, ONE[lab])
        # A test over all seeds together decides about these, so none of them is true in some runs only.
        for verdict in set(VERDICTS) - {"some"}:
            words = sentence(replace(stated, verdict=verdict), ONE[lab], language)
            assert words.endswith((".", "。")), (name, verdict, words)
            assert "{{" not in words


def _made(lab: str, name: str) -> bool:
    try:
        return bool(claims.state(name, ONE[lab]).numbers)
    except MissingValueError:
        return False
