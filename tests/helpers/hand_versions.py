"""Versions to compare, made from hand-written Results: scores that are given, one part replaced at a time."""

from __future__ import annotations

import msgspec

from helpers.hand_results import hand_result
from labreport.experiments.result import Result
from labreport.report.comparison.compare import Terms, compare
from labreport.report.comparison.record import LabComparison, MetricDifference
from labreport.report.comparison.version import Version

STEADY = (0.881, 0.879, 0.884, 0.880, 0.882)
LOWER = (0.861, 0.859, 0.864, 0.862, 0.860)


def with_scores(result: Result, **values: tuple[float, ...]) -> Result:
    """Replace the values of scores; one for each seed of the run."""
    scores = []
    for score in result.findings.scores:
        if score.name in values:
            score = msgspec.structs.replace(score, value=values[score.name][result.seeds.index(score.seed)])
        scores.append(score)
    return msgspec.structs.replace(result, findings=msgspec.structs.replace(result.findings, scores=tuple(scores)))


def run(lab: str = "imdb", *, values: tuple[float, ...] = STEADY, first_seed: int = 0, **changes: object) -> Result:
    """Return a run whose test accuracies are given, one for each seed."""
    seeds = tuple(range(first_seed, first_seed + len(values)))
    result = with_scores(hand_result(lab, seeds=seeds), test_accuracy=values)
    return msgspec.structs.replace(result, run_id=f"run-{first_seed}", key=f"{first_seed:064x}", **changes)


def version(*results: Result, label: str = "A") -> Version:
    return Version(label=label, kind="run", results={result.lab: result for result in results})


def lab_of(a: Result, b: Result, **options: object) -> LabComparison:
    return compare(version(a), version(b, label="B"), Terms(**options)).labs[0]


def metric(a: Result, b: Result, name: str = "test_accuracy", **options: object) -> MetricDifference:
    return next(one for one in lab_of(a, b, **options).metrics if one.name == name)


def findings(result: Result, **changes: object) -> Result:
    return msgspec.structs.replace(result, findings=msgspec.structs.replace(result.findings, **changes))


def card(result: Result, **changes: object) -> Result:
    return findings(result, data=msgspec.structs.replace(result.findings.data, **changes))
