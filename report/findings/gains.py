"""Several networks, each set beside the same base network: what each gains, and which gains are more than chance.

Who compares six networks with a seventh finds a difference by chance six times as easily as who compares one. So the p
of each comparison is corrected for their number, and every page that speaks of them takes it from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from labreport.experiments.result import Result, Score
from labreport.report.findings.analysis import MissingValueError, score
from labreport.report.findings.paired import SIGNIFICANT, Beyond, compared, reach
from labreport.report.findings.scores import Measured, alike, measured
from labreport.report.findings.statistics import holm

BASE = "final"
"""Role of the network that the others are set beside."""
JUDGED = "test_accuracy"
"""The base network's score by which they are compared; those of the others have their role added."""


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What one network reaches beside the base network."""

    role: str
    score: Measured
    base: Measured
    found: Beyond
    p: float
    """Two-sided, corrected by Holm's procedure for the number of networks set beside the base."""
    reach: float | None
    """Half the width of the interval around the difference, not corrected; None: unknown."""

    @property
    def ahead(self) -> bool | None:
        """Whether it is ahead of the base network beyond chance; False: it is behind; None: that is not known."""
        return self.found.difference > 0 if self.p <= SIGNIFICANT and self.found.difference else None


def gains(result: Result) -> tuple[Gain, ...]:
    """Return what each network of a run gains over the base network, in the order of the record.

    Raises:
        MissingValueError: the run has no base network or no other one, or does not hold what a comparison needs.
    """
    base = score(result, JUDGED)
    others = [one for name, one in measured(result).items() if name != JUDGED and _beside(one.first, base.first)]
    if not others:
        raise MissingValueError(f"The run of {result.lab} has no network beside the base network.")
    found = [compared(result, one, base) for one in others]
    return tuple(
        Gain(role=one.first.model, score=one, base=base, found=beyond, p=p, reach=reach(result, one, base))
        for one, beyond, p in zip(others, found, holm([each.p for each in found]), strict=True)
    )


def gain(result: Result, role: str) -> Gain:
    """Return what one network gains.

    Raises:
        MissingValueError: as `gains`, or no network has this role.
    """
    found = {one.role: one for one in gains(result)}
    if role not in found:
        raise MissingValueError(f"The run of {result.lab} has no network '{role}'; it has {', '.join(found)}.")
    return found[role]


def _beside(one: Score, base: Score) -> bool:
    return one.name == f"{JUDGED}_{one.model}" and alike(one, base)
