"""`labreport status`: what would run, and why."""

from __future__ import annotations

from typing import Any

import click

from labreport.report.commands import options
from labreport.report.commands.columns import print_table
from labreport.report.commands.console import print_json, shown
from labreport.report.running.planning import Plan, make_plans
from labreport.report.store.runs import Store


@click.command("status", epilog="\b\nExamples:\n  labreport status\n  labreport status boston -P epochs=100")
@options.LABS
@options.run_options
@options.AS_JSON
def command(assignments: tuple[str, ...], as_json: bool, **flags: Any) -> int:
    """Show which labs are up to date, and name the input that made another stale."""
    configuration = options.resolve(**flags)
    plans = make_plans(configuration, assignments, Store(configuration.runs_dir))
    if as_json:
        print_json(
            [
                {
                    "lab": plan.lab,
                    "state": _state(plan),
                    "changed": list(plan.stale),
                    "run": plan.stored.result.run_id if plan.stored else None,
                    "problem": plan.problem,
                }
                for plan in plans
            ]
        )
        return 0
    print_table(("LAB", "STATE", "BECAUSE"), [(plan.lab, _state(plan), _because(plan)) for plan in plans])
    return 0


def _state(plan: Plan) -> str:
    if plan.stored:
        return "up to date"
    if plan.problem:
        return "no data"
    return "stale" if plan.stale or plan.remark else "never run"


def _because(plan: Plan) -> str:
    if plan.stored:
        return shown(plan.stored.path.parent)
    if plan.problem:
        return plan.problem.partition("\n")[0]
    return f"changed: {', '.join(plan.stale)}" if plan.stale else plan.remark
