"""Running labs with words on the terminal; shared by `run` and `build`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from labreport.experiments.errors import plain
from labreport.report.commands.console import Reporter, shown
from labreport.report.configuration import Configuration
from labreport.report.findings import analysis
from labreport.report.findings.training_words import sentences
from labreport.report.languages import TERMINAL
from labreport.report.numbers import duration
from labreport.report.running.execution import Done, execute
from labreport.report.running.planning import Plan, make_plans
from labreport.report.store.runs import Store
from labreport.report.words import Words


def ran(configuration: Configuration, assignments: Sequence[str], reporter: Reporter, *, force: bool) -> list[Done]:
    """Plan, run and store the chosen labs, reporting each.

    Raises:
        ReportError, LabError: wrong usage; a lab that fails raises nothing, its result says so.
    """
    store = Store(configuration.runs_dir.absolute())
    with reporter.bars():
        reporter.stage("run: reading labs and data")
        plans = make_plans(configuration, assignments, store)
        for plan in plans:
            if plan.stored is None and plan.stale:
                reporter.detail(f"{plan.lab}: changed since its last run: {', '.join(plan.stale)}")
        reporter.stage("run: training")
        return _ran(plans, configuration, store, reporter, force=force)


def _ran(
    plans: Sequence[Plan], configuration: Configuration, store: Store, reporter: Reporter, *, force: bool
) -> list[Done]:
    waiting = {plan.lab for plan in plans if force or plan.stored is None}
    labs = len(waiting)
    reporter.whole("run, labs", 0, labs, alike=False)

    def finished(done: Done) -> None:
        result = done.result
        waiting.discard(done.plan.lab)
        reporter.whole("run, labs", labs - len(waiting), labs, alike=False)
        if done.reported:
            return
        if not done.trained:
            reporter.say(f"{done.plan.lab}: unchanged, taken from {shown(done.stored.path.parent)}")
        elif result.status == "complete":
            seconds = duration(analysis.seconds(result))
            reporter.say(f"{done.plan.lab}: finished in {seconds}, stored in {shown(done.stored.path.parent)}")
            if result.findings.engine:
                reporter.detail(f"{done.plan.lab}: {' '.join(sentences(result.findings.engine, Words(TERMINAL)))}")
        else:
            failure = result.failure
            reason = plain(f"{failure.kind}: {failure.message}") if failure else result.status
            click.echo(f"Error: {done.plan.lab} failed: {reason}", err=True)

    return execute(
        plans,
        configuration,
        store,
        force=force,
        command=sys.argv,
        progress=reporter.advance,
        announce=reporter.say,
        finished=finished,
    )
