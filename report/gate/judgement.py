"""The judging: runs and their references go in, checks come out. Nothing is read, trained or written here.

Each score is tested by itself (`metrics`); then all tests of the night are corrected together, so that the whole suite
raises a false alarm on no more nights than the rules allow. Claims need no test: they hold or they don't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from labreport.experiments.result import Result
from labreport.report.chapters.marks import is_sample
from labreport.report.chapters.notes_in_use import SHIPPED, NotesInUse
from labreport.report.comparison import differences
from labreport.report.comparison.passages import plain
from labreport.report.comparison.record import Reason
from labreport.report.findings import analysis, claims
from labreport.report.findings.claims import Claim
from labreport.report.findings.stand_ins import judged_scores
from labreport.report.findings.statistics import holm
from labreport.report.gate import metrics
from labreport.report.gate.reference import FIRST, UNKNOWN, Reference
from labreport.report.gate.rules import (
    LabRules,
    MetricRule,
    Rules,
    Severity,
    check_metrics,
    claim_severity,
    metric_rule,
)
from labreport.report.gate.verdict import Check, CheckStatus, LabVerdict
from labreport.report.numbers import UNKNOWN as UNKNOWN_VALUE
from labreport.report.numbers import integer

FEW_SEEDS = 10
"""Below this number of seeds of a baseline, their chance decides how often equal versions fail against it."""
_HARDWARE = ("system", "processor", "logical_processors", "deterministic")
"""Facts about a machine on which numbers may depend."""
_HARMLESS = ("labreport", "msgspec", "matplotlib", "jinja2", "markdown-it-py", "weasyprint")
"""Packages that make pages, not numbers; what of labreport trains is part of the version itself."""
NO_RUN = Check(name="run", kind="run", status="missing", reason=Reason(code="no_run"))


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One lab to judge."""

    lab: str
    current: Result | None
    """The judged run; None where nothing was measured."""
    reference: Reference
    absent: Check = NO_RUN
    """What is said where nothing was measured."""
    pooled: tuple[str, ...] = ()
    """Earlier runs of the same version whose seeds stand in `current` too."""


def judge(candidates: Sequence[Candidate], rules: Rules, *, notes: NotesInUse = SHIPPED) -> tuple[LabVerdict, ...]:
    """Judge the newest run of each lab.

    Args:
        candidates: the labs, in the order in which they are reported.
        rules: of the configuration.
        notes: whose chapters are judged, and named.

    Raises:
        UsageError: a rule names a metric that neither the run nor its baseline has.
    """
    found = [_lab(candidate, rules.of(candidate.lab), notes) for candidate in candidates]
    return _settled(found, rules)


def corrected(p_values: Sequence[float], least: Sequence[float], level: float) -> tuple[float | None, ...]:
    """Return p values corrected for their number; None for a test of too few runs.

    Too few are those that cannot reach their share of the level, however large the difference. Only tests that could
    reach the level divided by their number are counted: the others can raise no alarm, so they must not cost those
    that can. How many runs there are does not depend on what they measured, so choosing by it keeps the level
    (Tarone, "A modified Bonferroni method for discrete data", 1990); among the chosen ones the correction is Holm's.
    Where tests with equal numbers of runs don't all fit, the first ones count.
    """
    order = sorted(range(len(least)), key=lambda index: least[index])
    # Sorted, the last test of a set has the largest least p: if that one reaches its share, all of them do.
    sizes = [size for size, index in enumerate(order, 1) if least[index] * size <= level + 1e-12]
    chosen = order[: max(sizes, default=0)]
    found: list[float | None] = [None] * len(p_values)
    for index, value in zip(chosen, holm([p_values[index] for index in chosen]), strict=True):
        found[index] = value
    return tuple(found)


def _lab(candidate: Candidate, rules: LabRules, notes: NotesInUse) -> LabVerdict:
    current, reference = candidate.current, candidate.reference
    titles = {language: plain(title) for language, title in notes.titles(candidate.lab).items()}
    if current is None:
        return LabVerdict(lab=candidate.lab, titles=titles, run_id=None, checks=(candidate.absent,))
    checks: list[Check] = [_run(current)]
    if current.status == "complete":
        checks += _metrics(current, reference, rules)
        checks += _claims(current, reference, rules, notes)
    return LabVerdict(
        lab=candidate.lab,
        titles=titles,
        run_id=current.run_id,
        seeds=current.seeds,
        started=current.provenance.started,
        seconds=analysis.seconds(current) or 0.0,
        commit=current.provenance.git_commit,
        sample=is_sample(current),
        baseline_runs=tuple(result.run_id for result in reference.results),
        pooled_runs=candidate.pooled,
        environment=_environment(current, reference),
        checks=tuple(checks),
    )


def _environment(current: Result, reference: Reference) -> dict[str, tuple[str, str]]:
    """Return in what the run's machine and libraries differ from those of the baseline's newest run."""
    if not reference.results:
        return {}
    found = differences.facts(reference.results[0], current)
    return {
        one.name: (one.a or UNKNOWN_VALUE, one.b or UNKNOWN_VALUE)
        for one in found
        if one.changed and (one.group == "package" or (one.group == "machine" and one.name in _HARDWARE))
        if one.name not in _HARMLESS
    }


def _run(current: Result) -> Check:
    if current.status != "complete":
        failure = current.failure
        message = f"{failure.kind}: {failure.message}".partition("\n")[0] if failure else current.status
        return Check(
            name="run", kind="run", status="error", reason=Reason(code=current.status, values={"message": message})
        )
    if current.findings == type(current.findings)():
        return Check(name="run", kind="run", status="missing", reason=Reason(code="empty"))
    values = {"seeds": integer(len(current.seeds))}
    return Check(name="run", kind="run", status="passed", reason=Reason(code="finished", values=values))


def _metrics(current: Result, reference: Reference, rules: LabRules) -> list[Check]:
    now = judged_scores(current)
    before = [judged_scores(result) for result in reference.results]
    names = list(dict.fromkeys([*now, *(name for found in before for name in found)]))
    shapes = {name: now.get(name) or next(found[name] for found in before if name in found) for name in names}
    check_metrics(current.lab, rules, {name: one.first.direction for name, one in shapes.items()})
    judged: list[tuple[str, MetricRule]] = []
    for name, known in shapes.items():
        rule = rules.metrics.get(name) or metric_rule(known.first, known.kind)
        if rule is not None and rule.severity != "off":
            judged.append((name, rule))
    unknown = reference.problem is not None and reference.problem.code in (UNKNOWN, FIRST)
    if not judged and not unknown:
        return []
    if reference.problem is not None:
        status: CheckStatus = "first" if reference.problem.code == FIRST else "missing"
        return [Check(name="baseline", kind="baseline", status=status, reason=reference.problem)]
    remark = reference.remark or _baseline(reference)
    found = [Check(name="baseline", kind="baseline", status="passed", reason=remark)]
    samples = current.findings.data.test_samples if current.findings.data else None
    for name, rule in judged:
        found.append(metrics.check(name, rule, now.get(name), [part[name] for part in before if name in part], samples))
    return found


def _baseline(reference: Reference) -> Reason:
    """Return what the baseline consists of; where its seeds are few, also how often it may raise false alarms."""
    seeds = {seed for result in reference.results for seed in result.seeds}
    values = {"runs": integer(len(reference.results)), "seeds": integer(len(seeds))}
    return Reason(code="baseline_few" if 1 < len(seeds) < FEW_SEEDS else "baseline", values=values)


def _claims(current: Result, reference: Reference, rules: LabRules, notes: NotesInUse) -> list[Check]:
    earlier = reference.results[0] if reference.results else None
    found = []
    own = notes.own(current.lab).claims
    for name in dict.fromkeys([*(notes.claims(current.lab) or ()), *rules.claims]):
        severity = rules.claims.get(name) or claim_severity(claims.defined(name, own))
        if severity != "off":
            now = claims.state(name, current, own)
            before = claims.state(name, earlier, own) if earlier else None
            found.append(_claim(now, before, severity, given=name in rules.claims))
    return found


def _claim(now: Claim, before: Claim | None, severity: Severity, *, given: bool) -> Check:
    known = before is not None and before.verdict != "unknown"
    status: CheckStatus
    if now.verdict == "unknown" and now.numbers and not given:
        # A difference on the edge of chance may be decided one night and open the next: not a change to warn of.
        code, status = "claim_open", "inconclusive" if severity == "error" else "passed"
    elif now.verdict == "unknown":
        code = "claim_lost" if known else "claim_unknown"
        status = "missing" if known or given else "inconclusive"
    elif severity == "error":
        code = "claim_holds" if now.verdict == "true" else "claim_fails"
        status = "passed" if now.verdict == "true" else "failed"
    else:
        # What only some seeds show may be chance; a warning is due where all of them have turned.
        turned = before is not None and before.verdict == "true" and now.verdict == "false"
        code = "claim_turned" if turned else f"claim_{now.verdict}"
        status = "warned" if turned else "passed"
    values = {"holds": integer(now.holds), "seeds": integer(now.seeds), "fails": integer(now.seeds - now.holds)}
    return Check(
        name=now.name,
        kind="claim",
        severity="warning" if severity == "warning" else "error",
        status="warned" if severity == "warning" and status == "missing" else status,
        reason=Reason(code=code, values=values),
    )


def _settled(labs: Sequence[LabVerdict], rules: Rules) -> tuple[LabVerdict, ...]:
    """Answer the checks that wait for the correction over all labs."""
    answers: dict[tuple[int, int], Check] = {}
    for severity in ("error", "warning"):
        waiting = [
            (place, position, check)
            for place, lab in enumerate(labs)
            for position, check in enumerate(lab.checks)
            if check.severity == severity and metrics.waits(check)
        ]
        common = [item for item in waiting if metrics.level(item[2]) is None]
        family = corrected(
            [metrics.p_value(check) for _, _, check in common],
            [metrics.least(check) for _, _, check in common],
            rules.level,
        )
        for (place, position, check), adjusted in zip(common, family, strict=True):
            answers[place, position] = metrics.settled(check, adjusted, rules.level)
        for place, position, check in waiting:
            if (own := metrics.level(check)) is not None:
                able = metrics.least(check) <= own + 1e-12
                answers[place, position] = metrics.settled(check, metrics.p_value(check) if able else None, own)
    return tuple(
        msgspec.structs.replace(
            lab,
            checks=tuple(answers.get((place, position), check) for position, check in enumerate(lab.checks)),
        )
        for place, lab in enumerate(labs)
    )
