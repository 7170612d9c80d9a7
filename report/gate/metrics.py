"""The check of one score: by how much is it worse, and is that more than chance?

The test is the permutation test of `statistics`, taken one-sided, because the gate asks only for a loss. Where seeds
are too few for it, a coarse margin still finds what is broken, and everything else is "too few runs to tell", never
"passed".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import stdev as deviation

import msgspec

from labreport.report.comparison.record import Reason
from labreport.report.findings import statistics
from labreport.report.findings.scores import Measured, mean
from labreport.report.gate.rules import MetricRule, Way, fallback_margin
from labreport.report.gate.verdict import Check, CheckStatus, Numbers
from labreport.report.numbers import exact, integer, number, percent, points

FEWEST_FOR_SPREAD = 4
"""Seeds on each side from which on their spreads are compared."""
UNEQUAL = 3.0
"""Ratio of two standard deviations from which on they are called unequal."""
_PENDING = "pending"
"""Code of a check that waits for the correction over all labs."""
_DEFINITION = ("unit", "direction", "metric", "split", "model")


def check(
    name: str, rule: MetricRule, now: Measured | None, before: Sequence[Measured], test_samples: int | None
) -> Check:
    """Return the check of one score, or of a validation value that stands in for one.

    Args:
        name: of the score.
        rule: how it is judged; not "off".
        now: the judged run's; None where it did not measure it.
        before: the reference runs', newest first; a seed that several have counts once, as the newest has it.
        test_samples: size of the test set, for the margin used with few runs.

    Returns:
        An answered check, or one that waits (`waits`) for `settled`.
    """
    draft = Check(
        name=name,
        kind="metric",
        rule=rule.test,
        severity="warning" if rule.severity == "warning" else "error",
        status="missing",
        reason=Reason(code="metric_gone" if now is None else "metric_new"),
    )
    if now is None or not before:
        return draft
    for field in _DEFINITION:
        a, b = str(getattr(before[0].first, field)), str(getattr(now.first, field))
        if a != b:
            return _answered(draft, "missing", "definition", {"field": field, "a": a, "b": b})
    reference = _by_seed(before)
    way: Way = rule.direction or now.first.direction
    numbers = Numbers(
        unit=now.first.unit, direction=way, current=now.values, baseline=tuple(reference.values()), level=rule.level
    )
    draft = msgspec.structs.replace(draft, numbers=numbers)
    if now.kind == "stand-in":
        # Carried by every answer: what is said of validation data must not be taken for a test.
        draft = msgspec.structs.replace(draft, reason=Reason(code=_PENDING, values={"split": now.first.split}))
    for values, status, code in (
        (reference.values(), "missing", "baseline_undefined"),
        (now.values, "failed", "undefined"),
    ):
        lost = sum(not math.isfinite(value) for value in values)
        if lost:
            counts = {"lost": integer(lost), "runs": integer(len(values))}
            return _answered(draft, "missing" if status == "missing" else "failed", code, counts)
    loss = loss_of(now.values, tuple(reference.values()), way)
    reference_mean = mean(tuple(reference.values()))
    margin = rule.margin(reference_mean)
    draft = _with(draft, loss=loss, margin=margin)
    if all(reference.get(seed) == value for seed, value in zip(now.seeds, now.values, strict=True)):
        return _answered(draft, "passed", "same")
    if rule.test == "margin" or not now.seeded:
        allowed = margin or 0.0
        failed = exceeds(loss, allowed)
        code = "margin" if rule.test == "margin" else "fixed"
        return _answered(draft, "failed" if failed else "passed", f"{code}_{'failed' if failed else 'passed'}")
    spare = max(margin or 0.0, fallback_margin(now.first, reference_mean, test_samples))
    return _tested(draft, spare)


def loss_of(now: Sequence[float], before: Sequence[float], way: Way) -> float:
    """Return by how much the newer mean is worse; where any change counts, how far it moved."""
    difference = mean(now) - mean(before)
    return abs(difference) if way == "both" else -difference if way == "higher" else difference


def unequal_spreads(found: Numbers) -> tuple[float, float] | None:
    """Return the standard deviations of baseline and run where one is at least three times the other.

    The permutation test asks whether the two could be one sample. Means that are equal while the spreads are not make
    it fail more often than its level says: by simulation on 6 to 22 % of nights where the run spreads three times as
    widely. Five equal seeds on each side differ so much in about one of twenty pairs.
    """
    if min(len(found.current), len(found.baseline)) < FEWEST_FOR_SPREAD or found.loss is None:
        return None
    before, now = deviation(found.baseline), deviation(found.current)
    least, greatest = sorted((before, now))
    return (before, now) if least > 0 and greatest >= UNEQUAL * least else None


def exceeds(loss: float, margin: float) -> bool:
    """Return whether a loss is more than a margin, by more than rounding."""
    return loss > margin + 1e-9 * max(abs(margin), abs(loss))


def one_sided(test: statistics.Test, loss: float, way: Way) -> float:
    """Return the p of a test towards a loss: half of the two-sided one, which is twice the smaller tail."""
    if way == "both":
        return test.p
    return test.p / 2 if loss > 0 else 1 - test.p / 2


def least_p(now: int, before: int, way: Way) -> float:
    """Return the smallest p that this number of runs can give; a single run on one side says nothing: 1."""
    two_sided = statistics.least_p(before, now)
    return two_sided if way == "both" or two_sided >= 1 else two_sided / 2


def waits(one: Check) -> bool:
    """Return whether a check waits for the correction over all labs."""
    return one.reason.code == _PENDING


def p_value(one: Check) -> float:
    """Return the p of a waiting check; 1 where there are too few runs for a test."""
    return one.numbers.p if one.numbers is not None and one.numbers.p is not None else 1.0


def least(one: Check) -> float:
    """Return the smallest p that the runs of a waiting check can give."""
    return one.numbers.least_p if one.numbers is not None and one.numbers.least_p is not None else 1.0


def level(one: Check) -> float | None:
    """Return the level that a check has for itself; None where it shares the common one."""
    return one.numbers.level if one.numbers is not None else None


def settled(one: Check, adjusted: float | None, level: float) -> Check:
    """Answer a waiting check.

    Args:
        one: as `check` returned it.
        adjusted: its corrected p; None where its runs are too few.
        level: what the corrected p is measured by.
    """
    found = one.numbers
    if found is None or found.loss is None:
        raise ValueError(f"{one.name} does not wait for an answer.")
    spare = float(one.reason.values["spare"])
    one = _with(one, adjusted_p=adjusted, level=level)
    if adjusted is None:
        one = _with(one, margin=spare)
        failed = exceeds(found.loss, spare)
        return _answered(one, "failed" if failed else "inconclusive", "few_failed" if failed else "few")
    if adjusted > level + 1e-12:
        return _answered(one, "passed", "none")
    if found.margin is not None and not exceeds(found.loss, found.margin):
        return _answered(one, "passed", "small")
    return _answered(one, "failed", "worse")


def amount(value: float, unit: str, *, difference: bool = False) -> str:
    """Return a value in its unit as text: shares in percent, differences of shares in percentage points."""
    if unit != "share":
        return number(value)
    return f"{points(value, 2)}" if difference else percent(value, 2)


def _tested(draft: Check, spare: float) -> Check:
    found = draft.numbers
    assert found is not None
    assert found.loss is not None
    p, interval, shown = None, None, None
    if min(len(found.current), len(found.baseline)) > 1:
        test = statistics.permutation_tests([found.baseline], [found.current])[0]
        p, interval, shown = one_sided(test, found.loss, found.direction), test.interval, test.shown_from
    draft = _with(
        draft,
        p=p,
        least_p=least_p(len(found.current), len(found.baseline), found.direction),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        shown_from=shown,
    )
    return msgspec.structs.replace(draft, reason=Reason(code=_PENDING, values={"spare": repr(spare), **_split(draft)}))


def _answered(one: Check, status: CheckStatus, code: str, values: Mapping[str, str] | None = None) -> Check:
    if status == "failed" and one.severity == "warning":
        status = "warned"
    known = {**_values(one), **_split(one), **(values or {})}
    return msgspec.structs.replace(one, status=status, reason=Reason(code=code, values=known))


def _split(one: Check) -> dict[str, str]:
    """Return on which part of the data a check is made, where that is not the test set."""
    return {"split": one.reason.values["split"]} if "split" in one.reason.values else {}


def _values(one: Check) -> dict[str, str]:
    """Return the numbers of a check as the sentences want them."""
    found = one.numbers
    if found is None:
        return {}
    values = {"current": integer(len(found.current)), "baseline": integer(len(found.baseline))}
    spreads = unequal_spreads(found) if found.p is not None else None
    before, now = spreads or (None, None)
    for name, value in (
        ("loss", found.loss),
        ("margin", found.margin),
        ("shown", found.shown_from),
        ("spread_before", before),
        ("spread_now", now),
    ):
        if value is not None:
            values[name] = amount(value, found.unit, difference=True)
            if found.unit == "share":
                values[f"{name}_unit"] = "points"
    for name, value in (("p", found.p), ("adjusted", found.adjusted_p)):
        if value is not None:
            values[name] = number(value, 3) if value >= 0.01 else number(value)
    if found.level is not None:
        values["level"] = exact(found.level)
    return values


def _with(one: Check, **changes: float | None) -> Check:
    if one.numbers is None:
        raise ValueError(f"{one.name} has no numbers.")
    return msgspec.structs.replace(one, numbers=msgspec.structs.replace(one.numbers, **changes))


def _by_seed(before: Sequence[Measured]) -> dict[int | None, float]:
    found: dict[int | None, float] = {}
    for part in before:
        for seed, value in zip(part.seeds, part.values, strict=True):
            found.setdefault(seed, value)
    return found
