"""The records of a verdict: what was checked, with which numbers, and what it means for the exit code.

They hold codes and numbers, no words of any language; `result.json` of a check is a `Verdict`, so its fields are named
for a reader who has nothing else. Losses are positive where the newer run is worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from labreport.report.comparison.record import Reason

FORMAT = 1
"""Number of the format of result.json."""

CheckStatus = Literal[
    "passed", "first", "failed", "warned", "unconfirmed", "inconclusive", "missing", "skipped", "error"
]
"""Of a check. passed: nothing speaks against it. first: not judged, because the user said that this is the first night,
whose runs become the baseline. failed: a rule is broken. warned: the same, where the rule only warns.
unconfirmed: looked broken, but fresh seeds don't agree. inconclusive: too few runs to tell. missing: nothing to
compare, or nothing measured. skipped: the lab was left out for want of time, and comes first the next night. error: the
lab or its confirmation did not finish; that says nothing about the numbers."""
GateOutcome = Literal["passed", "first", "regressed", "failed", "unreadable", "nothing", "inconclusive"]
"""Of everything. first: a first night, as the user said. regressed: a gate failed. failed: a lab did. nothing: nothing
was compared, or something not measured."""

EXIT_CODES: dict[GateOutcome, int] = {
    "passed": 0,
    "first": 0,
    "regressed": 1,
    "failed": 3,
    "unreadable": 2,
    "nothing": 5,
    "inconclusive": 6,
}
"""Exit code of each outcome, unless an inconclusive one is let pass."""


class VerdictRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every record of a verdict."""


class Numbers(VerdictRecord, frozen=True, kw_only=True):
    """What a metric's check rests on."""

    unit: str
    direction: Literal["higher", "lower", "both"]
    """Which way is good; both: neither, any change counts."""
    current: tuple[float, ...]
    """One value for each seed of the newer run."""
    baseline: tuple[float, ...]
    loss: float | None = None
    """By how much the newer mean is worse; None where a value is not finite or there is no baseline."""
    margin: float | None = None
    """The loss that does not matter."""
    p: float | None = None
    """Of the permutation test, one-sided towards a loss (two-sided where any change counts)."""
    adjusted_p: float | None = None
    """Corrected for the tests of the whole night; equal to p where the rule has a level of its own."""
    least_p: float | None = None
    """The smallest p that this number of runs can give."""
    level: float | None = None
    low: float | None = None
    """Interval of the difference newer minus baseline, at 95 %, from the same test."""
    high: float | None = None
    shown_from: float | None = None
    """The smallest difference that a single two-sided test at 5 % would have shown with these runs."""


class Check(VerdictRecord, frozen=True, kw_only=True):
    """One question and its answer."""

    name: str
    """run, baseline, the name of a metric or of a claim."""
    kind: Literal["run", "baseline", "metric", "claim"]
    rule: Literal["", "statistical", "margin"] = ""
    severity: Literal["error", "warning"] = "error"
    status: CheckStatus
    reason: Reason
    numbers: Numbers | None = None
    fresh_seeds: tuple[int, ...] = ()
    """Seeds run again before the answer was given."""


class LabVerdict(VerdictRecord, frozen=True, kw_only=True):
    """All checks of one lab."""

    lab: str
    titles: dict[str, str] = {}
    """Title of the lab's chapter in each language."""
    run_id: str | None
    seeds: tuple[int, ...] = ()
    started: str | None = None
    seconds: float = 0.0
    commit: str | None = None
    sample: bool = False
    """Whether the run used the sample data."""
    baseline_runs: tuple[str, ...] = ()
    pooled_runs: tuple[str, ...] = ()
    """Earlier runs of the same version whose seeds are judged with those of the run."""
    environment: dict[str, tuple[str, str]] = {}
    """Processor, system and versions of libraries that differ: in the baseline, and in the run."""
    checks: tuple[Check, ...] = ()


class Verdict(VerdictRecord, frozen=True, kw_only=True):
    """The answer of the gate."""

    format: int = FORMAT
    tool_version: str
    baseline: str
    """As the user named it, without folders."""
    level: float
    """Share of nights on which equal versions may raise an alarm."""
    moment: str
    """Date of the report in UTC, ISO 8601: the end of the newest run."""
    labs: tuple[LabVerdict, ...]
    unreadable: tuple[str, ...] = ()
    """Runs of the store that can't be read; they were passed over."""
    left_out: tuple[str, ...] = ()
    """Labs of the baseline that a night of all labs does not have: renamed, or no longer in the configuration."""

    def checks(self) -> Iterator[tuple[LabVerdict, Check]]:
        """Yield every check with its lab."""
        for lab in self.labs:
            for check in lab.checks:
                yield lab, check

    def outcome_of(self, lab: LabVerdict) -> GateOutcome:
        """Return the outcome of one lab by itself."""
        return msgspec.structs.replace(self, labs=(lab,), unreadable=()).outcome

    def count(self, *statuses: CheckStatus) -> int:
        """Return how many checks have one of these answers."""
        return sum(check.status in statuses for _, check in self.checks())

    @property
    def outcome(self) -> GateOutcome:
        """The worst thing that is certain: a broken rule, then whatever kept the gate from judging."""
        found = {check.status for _, check in self.checks() if check.severity == "error"}
        gates = [check for _, check in self.checks() if check.kind in ("metric", "claim")]
        if "failed" in found:
            return "regressed"
        if "error" in found:
            return "failed"
        if self.unreadable:
            return "unreadable"
        if "missing" in found or not (gates or "first" in found):
            return "nothing"
        if "first" in found:
            return "first"
        return "inconclusive" if "inconclusive" in found else "passed"

    def exit_code(self, *, inconclusive_fails: bool = False) -> int:
        """Return the exit code of `labreport check`."""
        if self.outcome == "inconclusive" and not inconclusive_fails:
            return 0
        return EXIT_CODES[self.outcome]
