"""The work of a night: train while time is left, then report, trend and check, none of which takes another with it.

One run id goes from the training through the report to the verdict: judged are exactly the runs that the night trained
or found unchanged. A lab that was skipped is named in the verdict as not measured; its older run is shown in the
report, and never judged in place of the one that is missing.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import click

from labreport.experiments.result import Result
from labreport.report import publish
from labreport.report.comparison.record import Reason
from labreport.report.configuration import Configuration, override
from labreport.report.errors import ExperimentError, UsageError, explained
from labreport.report.gate import checking, reference
from labreport.report.gate import folder as gate_folder
from labreport.report.gate.confirmation import Rerun
from labreport.report.gate.verdict import Check, CheckStatus, Verdict
from labreport.report.languages import TERMINAL
from labreport.report.nightly import record, schedule
from labreport.report.nightly.progress import ProgressReporter
from labreport.report.nightly.record import LabNight, Night, NightStep, Remark, in_a_terminal
from labreport.report.publish import Outcome
from labreport.report.running.execution import execute
from labreport.report.running.expected import estimate
from labreport.report.running.orders import Ordered
from labreport.report.running.planning import Plan, make_plans
from labreport.report.running.time_limit import TimeSpentError, interrupted_after
from labreport.report.store import files, manifest, promotions
from labreport.report.store.baselines import NO_DATA, Baselines, Key, data_of
from labreport.report.store.entries import Stored, StoredResult, read
from labreport.report.store.runs import Store
from labreport.report.trend import folder as trend_folder
from labreport.report.trend import links
from labreport.report.trend.history import history
from labreport.report.words import Words

DATA, SUMMARY = "nightly.json", "nightly.md"
LINKED = (".html", ".pdf", ".md")
NO_RUN = Remark(key="nightly.no_run")


Render = Callable[[Sequence[StoredResult], Configuration], Outcome]
"""Renders results with what a configuration says, and reports it to the user."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a night is to do, and with what."""

    configuration: Configuration
    """Labs, data, rules and languages."""
    store: Store
    reporter: ProgressReporter
    render: Render
    target: Path
    """The folder of the night."""
    begun: float
    """When it began, by `perf_counter`."""
    budget: float | None = None
    """Seconds for everything; None for no end."""
    assignments: tuple[str, ...] = ()
    """Settings given on the command line."""
    baseline: str | None = None
    first_night: bool = False
    """Whether there is no baseline yet, and the runs of the night are to become it."""
    pool: bool = False
    """Whether a run is judged together with the other seeds that its version was run with."""
    check: bool = True
    """Whether the gate judges the night."""
    confirm: bool = False
    inconclusive_fails: bool = False
    url: str = ""
    """Where the folder will be published, for the links of the feed."""

    @property
    def end(self) -> float:
        """When the budget is spent, by `perf_counter`."""
        return math.inf if self.budget is None else self.begun + self.budget


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
    for name in (DATA, SUMMARY, *gate_folder.FILES):
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
        check, made = _guarded("check", lambda: _check(task, labs, steps, pages, drawn), made)
        steps.append(check)
    night = _night(task, labs, steps)
    _write(task, night, made)
    return night


def _night(task: Task, labs: Sequence[LabNight], steps: Sequence[NightStep]) -> Night:
    seconds = perf_counter() - task.begun
    return Night(labs=tuple(labs), steps=tuple(steps), budget=task.budget, seconds=seconds)


def _train(task: Task) -> tuple[LabNight, ...]:
    """Run what is stale while time is left; return every chosen lab in the order of the book."""
    training = math.inf if task.budget is None else schedule.for_training(task.budget)
    task.reporter.stage("nightly: reading labs and data")
    plans = make_plans(task.configuration, task.assignments, task.store)
    listing = task.store.list(whole=False)
    found: dict[str, LabNight] = {}
    task.reporter.stage("nightly: training")
    waiting = [plan.lab for plan in plans if plan.stored is None]
    task.reporter.whole("nightly, labs", 0, len(waiting))
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
        task.reporter.whole("nightly, labs", sum(lab in found for lab in waiting), len(waiting))
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
    inside = override(task.configuration, output=task.target / manifest.REPORT)
    runs = [run.path for run in shown.values()]
    outcome = task.render([read(path) for path in runs], inside)
    links.record(task.store, runs, links.job_address(os.environ) or links.address_of(inside.output, task.store))
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


def _check(
    task: Task, labs: Sequence[LabNight], before: Sequence[NightStep], pages: Sequence[Path], drawn: Sequence[Path]
) -> tuple[NightStep, list[Path]]:
    """Judge exactly the runs of the night."""
    rerun = _rerun(task) if task.confirm and perf_counter() < task.end else None
    runs = {lab.lab: lab.run_id if lab.measured and lab.run_id else _skipped(lab) for lab in labs}
    with task.reporter.bars():
        task.reporter.stage("nightly: judging the runs")
        found = checking.check(
            task.configuration,
            task.baseline,
            store=task.store,
            runs=runs,
            rerun=rerun,
            first_night=task.first_night,
            pool=task.pool,
        )
    code = found.verdict.exit_code(inconclusive_fails=task.inconclusive_fails)
    remark = Remark(key=f"gate.reason_{found.problem.code}", values=found.problem.values) if found.problem else ""
    if task.first_night:
        remark = _first_baseline(task, found.verdict)
    step = NightStep(name="check", code=code, remark=remark, files=(gate_folder.INDEX, gate_folder.SUMMARY))
    # Every artifact names the code with which the night will end.
    whole = _night(task, labs, [*before, step]).code
    made = gate_folder.write(
        found.verdict,
        task.target,
        task.configuration.lang,
        whole,
        pages,
        drawn,
        night=SUMMARY,
        look=task.configuration.look,
    )
    checking.remember(task.store, found.verdict)
    if any(path.name == trend_folder.FEED for path in drawn):
        seen = history(task.store.root, task.store.list(), held=True)
        trend_folder.write_feed(
            seen, task.target, task.configuration.lang[0], base=task.url, look=task.configuration.look
        )
    if message := gate_folder.append_verdict(found.verdict, task.configuration.lang, os.environ):
        click.echo(f"Note: {message}", err=True)
    if found.message:
        click.echo(f"Error: {found.message}", err=True)
    return step, list(made)


def _first_baseline(task: Task, verdict: Verdict) -> Remark:
    """Make the runs of a first night the baseline, and return what is to be said of it."""
    first = {
        (lab.lab, lab.run_id)
        for lab in verdict.labs
        if any(check.status == "first" for check in lab.checks) and verdict.outcome_of(lab) == "first"
    }
    listing = task.store.list(whole=False)
    paths = [run.path for lab, name in sorted(first) for run in listing.named(lab, name or "")]
    if not paths:
        return NO_RUN
    baselines = Baselines(task.store.root)
    promotions.move(baselines, "set", baselines.proposed(verdict.baseline, paths), reason="first night")
    labs = ", ".join(sorted(lab for lab, _ in first if lab))
    return Remark(key="nightly.first_night", values={"name": verdict.baseline, "labs": labs})


def _skipped(lab: LabNight) -> Check:
    """Return what the verdict says of a lab that was not measured tonight."""
    # What was late comes first the next night and is not a failure of this one; the code of the night is found alike.
    status: CheckStatus = "skipped" if lab.state == "late" else "missing"
    return Check(name="run", kind="run", status=status, reason=Reason(code=f"skipped_{lab.state}"))


def _rerun(task: Task) -> Rerun:
    again = checking.rerunner(
        task.configuration, task.store, progress=task.reporter.advance, announce=task.reporter.say
    )

    def in_time(result: Result, seeds: tuple[int, ...]) -> Result:
        try:
            with interrupted_after(task.end - perf_counter()):
                return again(result, seeds)
        except TimeSpentError:
            raise ExperimentError("the budget was spent before the fresh seeds were done") from None

    return in_time


def _write(task: Task, night: Night, made: Sequence[Path]) -> None:
    """Write the night's own files, and a manifest that knows every file of the folder."""
    text = record.summary(night, task.configuration.lang)
    own = {SUMMARY: text, DATA: json.dumps(record.data(night), ensure_ascii=False, indent=1) + "\n"}
    for name, content in own.items():
        files.write(task.target / name, content.encode())
    outputs = [path for path in made if path != task.target / manifest.NAME]
    manifest.write(task.target, "", sorted({*outputs, *(task.target / name for name in own)}))
    gate_folder.append_to_step([text], os.environ)  # a page that can't be written changes nothing of the night
