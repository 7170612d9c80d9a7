"""The work of a night: train while time is left, then report, trend and check, none of which takes another with it.

One run id goes from the training through the report to the verdict: judged are exactly the runs that the night trained
or found unchanged. A lab that was skipped is named in the verdict as not measured; its older run is shown in the
report, and never judged in place of the one that is missing.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import click

from labreport.experiments.result import Result
from labreport.report import publish
from labreport.report.configuration import override
from labreport.report.errors import UsageError, explained
from labreport.report.gate import checking, reference
from labreport.report.gate import folder as gate_folder
from labreport.report.languages import TERMINAL
from labreport.report.nightly import answer, record, schedule
from labreport.report.nightly.record import NO_RUN, LabNight, Night, NightStep, in_a_terminal
from labreport.report.nightly.task import Task, night_of
from labreport.report.running.execution import execute
from labreport.report.running.expected import estimate
from labreport.report.running.orders import Ordered
from labreport.report.running.planning import Plan, make_plans
from labreport.report.running.time_limit import TimeSpentError, interrupted_after
from labreport.report.store import manifest
from labreport.report.store.baselines import NO_DATA, Baselines, Key, data_of
from labreport.report.store.entries import Stored, read
from labreport.report.trend import folder as trend_folder
from labreport.report.trend import links
from labreport.report.trend.history import history
from labreport.report.words import Words

LINKED = (".html", ".pdf", ".md")


def prepare(task: Task) -> None:
    """Refuse a night that could give no answer before it begins, and take away the answer of yesterday.

    Raises:
        ReportError: a page could not be written, a rule is wrong, or no baseline is named.
    """
    publish.prepare(override(task.configuration, output=task.target))
    listing = task.store.list(whole=False)
    rules = checking.read_rules(task.configuration, listing)
    if task.check:
        for problem in checking.doubtful_rules(rules, task.configuration, listing):
            task.reporter.say(f"Note: {problem}")
        if not (task.baseline or rules.baseline):
            raise UsageError(
                "Which baseline? Give --baseline with a name, a path or last:N, or set gate.baseline in the "
                "configuration; --no-check builds without a gate."
            )
    name = task.baseline or rules.baseline
    if task.first_night:
        _check_first_night(task, name)
    elif task.check and name and name.startswith(reference.ANCESTOR):
        reference.read(name, task.store)  # git may not know the revision
    for name in (answer.DATA, answer.SUMMARY, *gate_folder.FILES):
        with contextlib.suppress(OSError):
            (task.target / name).unlink()


def _check_first_night(task: Task, name: str | None) -> None:
    """Refuse a first night that is none: a flag that stays in a job would make a lost baseline pass unseen.

    Raises:
        UsageError: there is a baseline already, or none can come of this night.
    """
    if not task.check or not name:
        raise UsageError("--first-night sets the baseline of the gate, which --no-check leaves out.")
    baselines = Baselines(task.store.root)
    baselines.place(name)
    if task.configuration.profile == "quick":
        raise UsageError("A first night needs full runs: a quick run is a smoke test and never becomes a baseline.")
    keys = [entry.key for entry in baselines.entries(name)] if name in baselines.names() else []
    plans = make_plans(task.configuration, task.assignments, task.store) if keys else []
    if known := sorted({plan.lab for plan in plans if any(_may_judge(key, plan) for key in keys)}):
        raise UsageError(
            f"This is not the first night: the baseline '{name}' has {', '.join(known)} on these data already.\n"
            "Leave --first-night out."
        )


def _may_judge(key: Key, plan: Plan) -> bool:
    """Return whether a run of the plan may be judged against the baseline with this key."""
    if isinstance(plan.prepared, Ordered):
        return key.lab == plan.lab  # what a script reads is seen when it runs
    data = plan.prepared.data
    # Of data that are still to be downloaded it is not known which they will be; a lab need not describe its data.
    known = plan.prepared.problem is None and not (data and data.wanted) and key.data != NO_DATA
    return (key.lab, key.profile) == (plan.lab, plan.profile) and (
        not known or key.data == data_of(data.files if data else ())
    )


def work(task: Task) -> Night:
    """Do everything and return what became of it.

    Raises:
        ReportError, LabError: wrong usage, or the store or the folder can't be written.
    """
    with task.reporter.bars():
        labs = _train(task)
    shown = _shown_runs(task, labs)
    report, pages = _guarded("report", lambda: _report(task, shown))
    trend, drawn = _guarded("trend", lambda: _trend(task))
    steps, made = [report, trend], [*pages, *drawn]
    if task.check:
        check, made = _guarded("check", lambda: answer.judged(task, labs, steps, pages, drawn), made)
        steps.append(check)
    return answer.write(task, night_of(task, labs, steps), made)


def _train(task: Task) -> tuple[LabNight, ...]:
    """Run what is stale while time is left; return every chosen lab in the order of the book."""
    training = math.inf if task.budget is None else schedule.for_training(task.budget)
    task.reporter.stage("nightly: reading labs and data")
    plans = make_plans(task.configuration, task.assignments, task.store)
    listing = task.store.list(whole=False)
    found: dict[str, LabNight] = {}
    task.reporter.stage("nightly: training")
    waiting = [plan.lab for plan in plans if plan.stored is None]
    task.reporter.whole("nightly, labs", 0, len(waiting), alike=False)
    for plan in schedule.in_order(plans, listing):
        expected = estimate(plan, listing)
        left = training - (perf_counter() - task.begun)
        action = schedule.decide(plan, expected, left, training)
        if action == "take":
            assert plan.stored is not None
            found[plan.lab] = LabNight(lab=plan.lab, state="fresh", run_id=plan.stored.result.run_id)
        elif action == "train":
            found[plan.lab] = _run(plan, task, left)
        else:
            found[plan.lab] = LabNight(lab=plan.lab, state=action, seconds=expected or 0.0)
        done = sum(lab in found for lab in waiting)
        task.reporter.whole("nightly, labs", done, len(waiting), alike=False)
        task.reporter.say(f"{plan.lab}: {in_a_terminal(found[plan.lab], Words(TERMINAL))}")
    task.reporter.stage("")
    return tuple(found[plan.lab] for plan in plans)


def _run(plan: Plan, task: Task, left: float) -> LabNight:
    begun = perf_counter()
    result: Result | None = None
    with contextlib.suppress(TimeSpentError), interrupted_after(left):
        done = execute(
            [plan],
            task.configuration,
            task.store,
            force=False,
            command=sys.argv,
            progress=task.reporter.advance,
            announce=task.reporter.say,
            finished=lambda _done: None,
        )
        result = done[0].result
    seconds = perf_counter() - begun
    if result is None:
        newest = task.store.list(whole=False).newest(plan.lab)
        entry = newest.entry if newest and newest.entry.key == plan.key else None
        # The run may have come to its end in the very moment in which the time was over.
        state: record.State = "trained" if entry and entry.status == "complete" else "stopped"
        return LabNight(lab=plan.lab, state=state, run_id=entry.run_id if entry else None, seconds=seconds)
    failure = result.failure
    return LabNight(
        lab=plan.lab,
        state="trained" if result.status == "complete" else "failed",
        run_id=result.run_id,
        seconds=seconds,
        reason=f"{failure.kind}: {failure.message}" if failure else "",
    )


def _shown_runs(task: Task, labs: Sequence[LabNight]) -> dict[str, Stored]:
    """Return the run of each lab that the report shows: tonight's, or the newest complete one of a lab left out."""
    configuration, listing = task.configuration, task.store.list(whole=False)
    found: dict[str, Stored] = {}
    for lab in labs:
        if lab.measured:
            known = list(listing.named(lab.lab, lab.run_id or ""))
        else:
            known = list(listing.of(lab.lab, configuration.profile, configuration.data).complete[:1])
        if known:
            found[lab.lab] = known[0]
    return found


def _guarded(
    name: record.StepName, step: Callable[[], tuple[NightStep, list[Path]]], otherwise: Sequence[Path] = ()
) -> tuple[NightStep, list[Path]]:
    """Do a step and return it with its files; one that fails is a step with the code of its error."""
    try:
        return step()
    except Exception as error:
        code, message = explained(error)
        click.echo(f"Error: {message}", err=True)
        return NightStep(name=name, code=code, remark=message), list(otherwise)


def _report(task: Task, shown: dict[str, Stored]) -> tuple[NightStep, list[Path]]:
    if not shown:
        return NightStep(name="report", code=5, remark=NO_RUN), []
    task.reporter.stage("nightly: rendering the report")
    inside = override(task.configuration, output=task.target / manifest.REPORT)
    runs = [run.path for run in shown.values()]
    outcome = task.render([read(path) for path in runs], inside)
    links.record(task.store, runs, links.job_address(os.environ) or links.address_of(inside.output, task.store))
    task.reporter.stage("")
    step = NightStep(
        name="report",
        code=4 if outcome.problems else 0,
        remark="; ".join(outcome.problems),
        files=tuple(path.relative_to(task.target).as_posix() for path in outcome.outputs if path.suffix in LINKED),
    )
    return step, list(outcome.outputs)


def _trend(task: Task) -> tuple[NightStep, list[Path]]:
    task.reporter.stage("nightly: drawing the trend")
    found = history(task.store.root, task.store.list(), held=True)
    if not found.groups:
        return NightStep(name="trend", code=5, remark=NO_RUN), []
    paths = trend_folder.write(found, task.target, task.configuration.lang, base=task.url, look=task.configuration.look)
    task.reporter.stage("")
    step = NightStep(
        name="trend",
        code=2 if found.unreadable else 0,
        remark=" ".join(found.unreadable),
        files=tuple(path.name for path in paths),
    )
    return step, list(paths)
