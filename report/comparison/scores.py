"""Scores and baselines of two runs, metric by metric: differences, tests, verdicts."""

from __future__ import annotations

from math import isfinite

from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.comparison.margins import Margins
from labreport.report.comparison.record import MetricDifference, MetricVerdict, Range, Reason, Tested
from labreport.report.findings import omnibus, statistics
from labreport.report.findings.scores import Measured, mean, measured
from labreport.report.findings.statistics import Interval, Test


def metric_differences(
    a: Result, b: Result, *, paired: bool, comparable: bool, margins: Margins
) -> tuple[MetricDifference, ...]:
    """Return every metric that both runs measured, with its verdict.

    Args:
        a: the reference.
        b: the run that is judged.
        paired: whether runs with equal seeds belong together.
        comparable: whether there may be verdicts at all.
        margins: differences that don't matter.
    """
    of_a, of_b = measured(a), measured(b)
    both = {name: (of_a[name], of_b[name]) for name in of_a if name in of_b}
    problems = {name: _problem(name, a, b, *pair) for name, pair in both.items()} if comparable else {}
    testable = {name: pair for name, pair in both.items() if comparable and problems[name] is None}
    tests = _tests(testable, a, b, paired=paired)
    family = sum(test.can_tell for test in tests.values())
    found = []
    for name, pair in both.items():
        test, margin = tests.get(name), margins.of(a.lab, name, pair[0].mean)
        verdict: MetricVerdict = "incomparable"
        reason = problems.get(name)
        if reason is not None and reason.code == "undefined":
            verdict = "undefined"
        elif comparable and reason is None:
            verdict, reason = _verdict(*pair, test, margin)
        found.append(_difference(name, pair, test, family, margin, verdict, reason))
    return tuple(found)


def range_of(interval: Interval | None) -> Range | None:
    """Return the interval as a record."""
    if interval is None:
        return None
    return Range(low=interval.low, high=interval.high, level=interval.level, method=interval.method)


def tested(test: Test, family: int) -> Tested:
    """Return the test as a record."""
    return Tested(
        method=test.method,
        arrangements=test.arrangements,
        exact=test.exact,
        p=test.p,
        adjusted_p=test.adjusted_p,
        least_p=test.least_p,
        family=family,
    )


def _problem(name: str, a: Result, b: Result, of_a: Measured, of_b: Measured) -> Reason | None:
    """Return why one metric has no verdict although its lab is comparable."""
    for field in ("unit", "direction", "metric", "split", "model"):
        before, after = getattr(of_a.first, field), getattr(of_b.first, field)
        if before != after:
            return Reason(code="definition", values={"field": field, "a": before, "b": after})
    if of_a.seeded != of_b.seeded:
        return Reason(code="definition", values={"field": "seed", "a": str(of_a.seeds[0]), "b": str(of_b.seeds[0])})
    if of_a.by_fold or of_b.by_fold:
        if a.findings.folds != b.findings.folds or len(of_a.by_fold) != len(of_b.by_fold):
            return Reason(code="folds", values={"a": str(len(of_a.by_fold)), "b": str(len(of_b.by_fold))})
    elif of_a.first.split == "validation":
        held = [_held_out(result, of_a.first.model) for result in (a, b)]
        if held[0] != held[1]:
            return Reason(code="validation_samples", values={"a": held[0], "b": held[1]})
    for side, one in (("A", of_a), ("B", of_b)):
        lost = sum(not isfinite(value) for value in one.values)
        if lost:
            return Reason(code="undefined", values={"side": side, "lost": str(lost), "runs": str(len(one.values))})
    return None


def _tests(pairs: dict[str, tuple[Measured, Measured]], a: Result, b: Result, *, paired: bool) -> dict[str, Test]:
    """Test every metric in which chance enters, those over the same seeds together."""
    groups: dict[tuple[tuple[int | None, ...], tuple[int | None, ...]], list[str]] = {}
    found: dict[str, Test] = {}
    for name, (of_a, of_b) in pairs.items():
        counts = len(of_a.values), len(of_b.values)
        if not of_a.seeded:
            continue
        if of_a.by_fold and len(of_a.by_fold) > 1 and statistics.least_p(*counts) > 1 - statistics.LEVEL:
            found[name] = _over_folds(of_a, of_b, a)
        elif min(counts) > 1:
            groups.setdefault((of_a.seeds, of_b.seeds), []).append(name)
    for (seeds_a, seeds_b), names in groups.items():
        belong = paired and seeds_a == seeds_b and statistics.pairs_suffice(len(seeds_a))
        first, second = ([pairs[name][side].values for name in names] for side in (0, 1))
        found |= zip(names, statistics.permutation_tests(first, second, paired=belong), strict=True)
    telling = [name for name, test in found.items() if test.can_tell]
    shared = any(set(telling) <= set(names) for names in groups.values())
    if not shared:
        corrected = statistics.corrected_together([found[name] for name in telling])
        found |= zip(telling, corrected, strict=True)
    return found


def _over_folds(of_a: Measured, of_b: Measured, result: Result) -> Test:
    folds = result.findings.folds
    return statistics.corrected_resampled_test(
        [after - before for before, after in zip(of_a.by_fold, of_b.by_fold, strict=True)],
        train_samples=max(1, round(mean([fold.train_samples for fold in folds]))) if folds else 1,
        validation_samples=round(mean([fold.validation_samples for fold in folds])) if folds else 1,
    )


def _difference(
    name: str,
    pair: tuple[Measured, Measured],
    test: Test | None,
    family: int,
    margin: float | None,
    verdict: MetricVerdict,
    reason: Reason | None,
) -> MetricDifference:
    of_a, of_b = pair
    return MetricDifference(
        name=name,
        kind="baseline" if of_a.kind == "baseline" else "score",
        metric=of_a.first.metric,
        split=of_a.first.split,
        unit=of_a.first.unit,
        direction=of_a.first.direction,
        a=of_a.values,
        b=of_b.values,
        difference=of_b.mean - of_a.mean,
        interval=range_of(test.interval) if test else None,
        improvement=_improvement(of_a, of_b),
        test=tested(test, family) if test else None,
        margin=margin,
        shown_from=test.shown_from if test and test.can_tell else None,
        verdict=verdict,
        reason=reason,
    )


def _improvement(of_a: Measured, of_b: Measured) -> float | None:
    values = (*of_a.values, *of_b.values)
    if not of_a.seeded or min(len(of_a.values), len(of_b.values)) < 2 or not all(map(isfinite, values)):
        return None
    return omnibus.improvement(of_a.values, of_b.values, higher=of_a.first.direction == "higher")


def _verdict(
    of_a: Measured, of_b: Measured, test: Test | None, margin: float | None
) -> tuple[MetricVerdict, Reason | None]:
    if of_a.values == of_b.values if of_a.seeds == of_b.seeds else sorted(of_a.values) == sorted(of_b.values):
        return "same", None
    difference = of_b.mean - of_a.mean
    if not of_a.seeded:
        return ("equal" if margin is not None and abs(difference) < margin else "changed"), None
    counts = {"a": str(len(of_a.values)), "b": str(len(of_b.values))}
    if test is None:
        return ("single", None) if counts == {"a": "1", "b": "1"} else ("few", Reason(code="few_one", values=counts))
    if not test.can_tell:
        return "few", Reason(code="few", values=counts | {"p": numbers.number(test.least_p, 2)})
    if margin is not None and test.interval is not None and test.interval.within(margin):
        return "equal", None
    if test.significant:
        return ("better" if (difference > 0) == (of_a.first.direction == "higher") else "worse"), None
    if test.p <= 1 - statistics.LEVEL:
        return "none", Reason(code="corrected")
    return "none", None


def _held_out(result: Result, role: str) -> str:
    held = {str(fit.validation_samples) for fit in result.findings.trainings if fit.role == role}
    return ", ".join(sorted(held)) or numbers.UNKNOWN
