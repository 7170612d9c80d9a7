"""Before the gate says "regressed": the suspicious labs run again with seeds that were never used, and must agree.

A check that failed is asked again of the fresh run alone, at the full level: the first runs have done their part by
raising the suspicion, and what was chosen for being bad must not be counted twice. Agreement makes the failure stand;
disagreement makes it "unconfirmed", which does not fail the gate. A fresh run that does not finish is an error of the
tool, neither of the two. Where chance has no part, there is nothing to confirm: a seed that gave no number, or a number
that no seed moves, stands whatever other seeds say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from labreport.experiments.definitions import ClaimDefinition
from labreport.experiments.errors import LabError
from labreport.experiments.result import Result
from labreport.report.chapters.notes_in_use import SHIPPED, NotesInUse
from labreport.report.comparison.record import Reason
from labreport.report.errors import ReportError
from labreport.report.findings import claims
from labreport.report.findings.stand_ins import judged_scores
from labreport.report.gate import metrics
from labreport.report.gate.judgement import Candidate
from labreport.report.gate.reference import same_version
from labreport.report.gate.rules import Rules, metric_rule
from labreport.report.gate.verdict import Check, LabVerdict
from labreport.report.numbers import integer

FEWEST = 3
"""Fresh seeds at least, also where the judged run has fewer."""
MOST = 10
"""Fresh seeds at most, also where the judged run has more, as one has that is pooled over many nights."""

CERTAIN = ("undefined", "fixed_failed")
"""Reasons of failures that other seeds can't speak against."""

Rerun = Callable[[Result, tuple[int, ...]], Result]
"""Runs the lab of a Result again as it was, with these seeds."""


class ChangedError(ReportError):
    """The lab is no longer what it was when the judged run was made, so a fresh run would measure something else."""

    exit_code = 3


def suspicious(verdict: LabVerdict) -> bool:
    """Return whether some check of a lab failed that chance may have made."""
    return any(map(_doubtful, verdict.checks))


def _doubtful(check: Check) -> bool:
    return check.status == "failed" and check.reason.code not in CERTAIN


def fresh_seeds(candidate: Candidate) -> tuple[int, ...]:
    """Return as many seeds as the judged run has (three to ten), which neither it nor its baseline used."""
    assert candidate.current is not None
    used = {seed for result in (candidate.current, *candidate.reference.results) for seed in result.seeds}
    first = max(used, default=-1) + 1
    return tuple(range(first, first + min(MOST, max(FEWEST, len(candidate.current.seeds)))))


def confirmed(
    labs: Sequence[LabVerdict],
    candidates: Sequence[Candidate],
    rules: Rules,
    rerun: Rerun,
    *,
    notes: NotesInUse = SHIPPED,
) -> tuple[LabVerdict, ...]:
    """Return the verdicts after every suspicious lab was asked again.

    Args:
        labs: as judged.
        candidates: what they were judged from, in the same order.
        rules: as for judging.
        rerun: trains; may raise ReportError or LabError, which becomes an error of that lab.
        notes: as for judging.
    """
    return tuple(
        _asked_again(lab, candidate, rules, rerun, notes) if suspicious(lab) else lab
        for lab, candidate in zip(labs, candidates, strict=True)
    )


def _asked_again(lab: LabVerdict, candidate: Candidate, rules: Rules, rerun: Rerun, notes: NotesInUse) -> LabVerdict:
    current = candidate.current
    assert current is not None
    seeds = fresh_seeds(candidate)
    try:
        fresh = rerun(current, seeds)
        if fresh.status == "complete" and not same_version(current, fresh):
            raise ChangedError("its source, settings, data or versions have changed since the run")
    except (ReportError, LabError) as error:
        return _unsure(lab, str(error), seeds)
    if fresh.status != "complete":
        failure = fresh.failure
        return _unsure(lab, f"{failure.kind}: {failure.message}" if failure else fresh.status, seeds)
    own = notes.own(lab.lab).claims
    checks = tuple(
        _again(check, fresh, candidate, rules, seeds, own) if _doubtful(check) else check for check in lab.checks
    )
    return msgspec.structs.replace(lab, checks=checks)


def _unsure(lab: LabVerdict, message: str, seeds: tuple[int, ...]) -> LabVerdict:
    """Turn every doubtful check of a lab into an error: the answer is not known."""
    reason = Reason(code="confirmation_failed", values={"message": message.partition("\n")[0]})
    checks = tuple(
        msgspec.structs.replace(check, status="error", reason=reason, fresh_seeds=seeds) if _doubtful(check) else check
        for check in lab.checks
    )
    return msgspec.structs.replace(lab, checks=checks)


def _again(
    check: Check,
    fresh: Result,
    candidate: Candidate,
    rules: Rules,
    seeds: tuple[int, ...],
    own: Mapping[str, ClaimDefinition],
) -> Check:
    if check.kind == "claim":
        agrees = claims.state(check.name, fresh, own).verdict != "true"
    else:
        agrees = _metric_agrees(check, fresh, candidate, rules)
    values = {**check.reason.values, "fresh": integer(len(seeds)), "fresh_range": f"{seeds[0]}–{seeds[-1]}"}
    return msgspec.structs.replace(
        check,
        status="failed" if agrees else "unconfirmed",
        reason=Reason(code=check.reason.code if agrees else "unconfirmed", values=values),
        fresh_seeds=seeds,
    )


def _metric_agrees(check: Check, fresh: Result, candidate: Candidate, rules: Rules) -> bool:
    now = judged_scores(fresh).get(check.name)
    before = [
        found[check.name] for result in candidate.reference.results if check.name in (found := judged_scores(result))
    ]
    if now is None:
        return True  # what the fresh run does not even measure can't speak for the version
    rule = rules.of(fresh.lab).metrics.get(check.name) or metric_rule(now.first, now.kind)
    assert rule is not None
    samples = fresh.findings.data.test_samples if fresh.findings.data else None
    again = metrics.check(check.name, rule, now, before, samples)
    if metrics.waits(again):
        level = rule.level or rules.level
        able = metrics.least(again) <= level + 1e-12
        again = metrics.settled(again, metrics.p_value(again) if able else None, level)
    return again.status == "failed"
