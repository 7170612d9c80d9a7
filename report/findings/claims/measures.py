"""Claims about the decisions and the probabilities of a classifier of two classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from labreport.experiments.definitions import Answer, claim
from labreport.experiments.result import Result
from labreport.report.findings.analysis import measure, score, setting, trainings
from labreport.report.findings.claims.scores import beyond_chance
from labreport.report.findings.paired import SIGNIFICANT, apart, normal_p, with_errors
from labreport.report.findings.scores import mean
from labreport.report.numbers import difference


def _measured(result: Result, name: str) -> tuple[float, ...]:
    return tuple(float(value) for value in measure(result, name).values)


def _ending(role: str) -> str:
    return "" if role == "final" else f"_{role}"


@claim("overconfident-ROLE")
def overconfident(result: Result, role: str) -> Answer:
    """A network is surer of its answers than it is right.

    The mean probability of the answers given is set beside the share of right ones. Where probabilities can be
    believed, an answer of probability q is right with probability q, which gives the standard error; source:
    D. J. Spiegelhalter, "Probabilistic prediction in patient management and clinical trials", 1986.
    """
    sure, right = _measured(result, f"confidence_{role}"), score(result, f"test_accuracy{_ending(role)}").values
    gaps = [difference(one, other) for one, other in zip(sure, right, strict=True)]
    found = with_errors(gaps, _measured(result, f"confidence_error_{role}"))
    return beyond_chance(found, confidence=mean(sure), accuracy=mean(right))


@claim()
def training_on_spoils_probabilities(result: Result) -> Answer:
    """Training on to the last epoch makes the Brier score worse."""
    found = with_errors(_measured(result, "brier_cost"), _measured(result, "brier_cost_error"))
    return beyond_chance(
        found,
        stopped=score(result, "test_brier").mean,
        trained_on=score(result, "test_brier_overtrained").mean,
        epochs=trainings(result, "selection")[0].epochs,
        ece=score(result, "test_ece").mean,
        ece_trained_on=score(result, "test_ece_overtrained").mean,
    )


@claim()
def temperature_helps(result: Result) -> Answer:
    """A temperature chosen on the validation samples lowers the test loss of the network that was trained on."""
    found = with_errors(_measured(result, "scaling_gain"), _measured(result, "scaling_gain_error"))
    return beyond_chance(
        found,
        temperature=mean(_measured(result, "temperature_overtrained")),
        before=score(result, "test_loss_overtrained").mean,
        after=score(result, "test_loss_scaled").mean,
        ece_before=score(result, "test_ece_overtrained").mean,
        ece_after=score(result, "test_ece_scaled").mean,
    )


@claim()
def target_recall_reached(result: Result) -> Answer:
    """The threshold chosen on the validation samples reaches its recall on the test samples too.

    Where it falls short, the standard error of a share of that size says whether by more than chance.
    """
    found, target = score(result, "test_recall_threshold"), setting(result, "target_recall")
    positives = mean(_measured(result, "tp_threshold")) + mean(_measured(result, "fn_threshold"))
    short = difference(target, found.mean)
    p = normal_p(short, math.sqrt(target * (1 - target) / positives))
    return Answer(
        holds=True if short <= 0 else False if p <= SIGNIFICANT else None,
        votes=tuple(value >= target for value in found.values),
        together=True,
        numbers={
            "threshold": mean(_measured(result, "threshold")),
            "target": target,
            "recall": found.mean,
            "precision": score(result, "test_precision_threshold").mean,
            "p_normal": p,
        },
    )


@claim()
def recall_costs_precision(result: Result) -> Answer:
    """Of the samples that the lower threshold adds, fewer are positive than of those above one half."""
    counts = {name: _measured(result, name) for name in ("tp_final", "fp_final", "tp_threshold", "fp_threshold")}
    first = _total(counts["tp_final"], counts["fp_final"])
    added = _total(counts["tp_threshold"], counts["fp_threshold"]) - first
    precision, lower = score(result, "test_precision"), score(result, "test_precision_threshold")
    numbers = {"precision": precision.mean, "precision_threshold": lower.mean}
    recalls = {
        "recall": score(result, "test_recall").mean,
        "recall_threshold": score(result, "test_recall_threshold").mean,
    }
    if added <= 0:
        return Answer(holds=None, numbers={**numbers, **recalls})
    seeds = range(len(precision.values))
    gained = [
        _share(counts["tp_threshold"][i] - counts["tp_final"][i], counts["fp_threshold"][i] - counts["fp_final"][i])
        for i in seeds
    ]
    found = apart(precision.values, gained, (round(first / len(seeds)), round(added / len(seeds))))
    answer = beyond_chance(found, **numbers, **recalls)
    return replace(answer, numbers={key: value for key, value in answer.numbers.items() if key != "difference"})


def _total(true: Sequence[float], false: Sequence[float]) -> float:
    return math.fsum((*true, *false))


def _share(true: float, false: float) -> float:
    return true / (true + false) if true + false else 0.0
