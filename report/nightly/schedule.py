"""A night's work in a time budget: which labs to train, in which order, and which no longer fit.

    [tool.labreport.nightly]
    budget = "40m"               # as --budget
    confirm = true               # as --confirm
    seeds = "rotate:5"           # other seeds each night, pooled with those of earlier nights; or a list, as --seeds

A lab's time is estimated from its earlier runs: the newest one of the same profile, in proportion to the seeds. A run
that was stopped has taken at least its time. What was left out comes first the next night: the lab that was tried
longest ago is trained first, so that no lab is always the one that no longer fits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from labreport.report.configuration import converted, parse_seeds, parse_time
from labreport.report.errors import UsageError
from labreport.report.running.planning import Plan
from labreport.report.store.runs import StoredRuns

FINISHING_SHARE = 0.2
"""Part of the budget that is reserved for reports, gate and trend."""
FINISHING_SECONDS = 120.0
"""The most that is reserved for them, in seconds."""
ROTATE = "rotate:"
"""Before the number of seeds that are others each night."""

Action = Literal["take", "train", "late", "long"]
"""take: unchanged, take the stored run. train: start it. late: no longer fits tonight. long: takes more than the whole
budget."""


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says of every night."""

    budget: Annotated[str, Meta(description='a length of time such as "30m"')] | None = None
    """Time for everything; None: no end."""
    confirm: bool = False
    """Whether suspicious labs run again with fresh seeds."""
    seeds: str | None = None
    """Seeds of a night; None: those of the configuration."""


def parse_budget(text: str) -> float:
    """Return the seconds that "30m", "1h30m", "90s" or "45" (minutes) mean.

    Raises:
        UsageError: not a length of time, or none at all.
    """
    return parse_time(text, "budget", bare="m")


def parse(table: Mapping[str, Any]) -> Habits:
    """Read the table `nightly` of the configuration.

    Raises:
        UsageError: an unknown key (names the nearest), or a value of the wrong type.
    """
    habits = converted(table, Habits, "nightly")
    if habits.budget is not None:
        parse_budget(habits.budget)
    if habits.seeds is not None:
        parse_seeds(tonight(habits.seeds, date(2026, 1, 1)))
    return habits


def tonight(seeds: str, day: date) -> str:
    """Return the seeds of a night, as a list such as "5-9".

    Args:
        seeds: a list, which stays as it is; or "rotate:N", N seeds that are others each night; or "rotate:N/M", which
            begins again after M seeds in all. Without M, ten nights are a round.
        day: of the night. It decides which seeds those are, so that a night that is run twice trains nothing the
            second time, and all shards of a night agree.

    Raises:
        UsageError: not such words, no seed at all, or fewer in all than on one night.
    """
    if not seeds.startswith(ROTATE):
        return seeds
    found = re.fullmatch(r"(\d{1,4})(?:/(\d{1,5}))?", seeds.removeprefix(ROTATE))
    count = int(found[1]) if found else 0
    whole = int(found[2]) if found and found[2] else 10 * count
    if not count or whole < count:
        raise UsageError(
            f"Can't read the seeds '{seeds}': write rotate:5 for five other seeds each night, or rotate:5/50 for fifty "
            "in all."
        )
    first = day.toordinal() % (whole // count) * count
    return f"{first}-{first + count - 1}"


def for_training(budget: float) -> float:
    """Return how much of a budget (seconds) may be spent on training; the rest is for what must be done in any case."""
    return budget - min(FINISHING_SHARE * budget, FINISHING_SECONDS)


def in_order(plans: Sequence[Plan], listing: StoredRuns) -> tuple[Plan, ...]:
    """Return the plans, those that were tried longest ago first; ties in the order of the book."""
    newest = {plan.lab: next((run.entry.started for run in listing.runs.of_labs((plan.lab,))), "") for plan in plans}
    return tuple(sorted(plans, key=lambda plan: newest[plan.lab]))


def decide(plan: Plan, expected: float | None, left: float, whole: float) -> Action:
    """Return what to do with a lab.

    Args:
        plan: of the lab.
        expected: seconds it should take, if known.
        left: seconds of training that are left tonight; infinite without a budget.
        whole: seconds of training that the budget allows in all.
    """
    if plan.stored is not None:
        return "take"
    if expected is not None and expected > whole:
        return "long"
    if left <= 0 or (expected is not None and expected > left):
        return "late"
    return "train"
