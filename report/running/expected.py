"""How long a run will take, from earlier runs of the store."""

from __future__ import annotations

from collections.abc import Sequence

from labreport.report.running.planning import Plan
from labreport.report.store.runs import StoredRuns


def estimate(plan: Plan, listing: StoredRuns) -> float | None:
    """Return how many seconds a lab is expected to take, or None where there is no earlier run.

    Args:
        plan: of the lab.
        listing: all runs of the store.
    """
    alike = listing.runs.of_labs((plan.lab,)).that("profile = ?", plan.profile)
    complete = next((run.entry for run in alike.complete if run.entry.seconds is not None), None)
    # Those that were stopped at the same work; each attempt of the present version has this key.
    stopped = [
        run.entry
        for run in alike.that("status = 'interrupted'").with_keys([plan.key] if plan.key else [])
        if run.entry.seconds is not None
    ]
    # A script that seeds itself has no seeds and is one training.
    times = [(entry.seconds or 0) / max(len(entry.seeds), 1) for entry in (*([complete] if complete else []), *stopped)]
    return max(times) * max(len(plan.seeds), 1) if times else None


def longest_first(plans: Sequence[Plan], listing: StoredRuns) -> list[Plan]:
    """Return the plans, the longest first, so that of several processes none has long to work alone at the end.

    What was never run may take any time, and comes before all others; ties in the order of the plans.
    """
    times = {plan.lab: estimate(plan, listing) for plan in plans}
    return sorted(plans, key=lambda plan: -(float("inf") if (known := times[plan.lab]) is None else known))
