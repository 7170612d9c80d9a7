"""The work of a night: train while time is left, then report, trend and check, none of which takes another with it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import click

from labreport.experiments.errors import LabError
from labreport.experiments.result import Result
from labreport.report import publish
from labreport.report.configuration import Configuration, override
from labreport.report.errors import FAULT, ExperimentError, ReportError, UsageError
from labreport.report.gate import checking
from labreport.report.gate import folder as gate_folder
from labreport.report.gate.confirmation import Rerun
from labreport.report.gate.summary import LIMIT
from labreport.report.nightly import record, schedule
from labreport.report.nightly.record import LabNight, Night, Step, told
from labreport.report.nightly.time_limit import TimeSpentError, interrupted_after
from labreport.report.publish import Outcome
from labreport.report.running.execution import execute
from labreport.report.running.planning import Plan, choose, make_plans
from labreport.report.store import files
from labreport.report.store.runs import Store, Stored, StoredResult, read
from labreport.report.trend import folder as trend_folder
from labreport.report.trend import links
from labreport.report.trend.history import history
from labreport.report.words import Words

DATA, SUMMARY = "nightly.json", "nightly.md"
LINKED = (".html", ".pdf", ".md")


class Reporter(Protocol):
    """Who tells the user of the work."""

    def say(self, line: str) -> None:
        """Print a line that the user should know."""

    def advance(self, what: str, done: int, total: int, values: dict[str, float] | None = None) -> None:
        """Show how far one piece of work is."""

    def bars(self) -> AbstractContextManager[None]:
        """Show progress while the block runs."""


Rendered = Callable[[Sequence[StoredResult], Configuration], Outcome]
"""Renders results with what a configuration says, telling of it."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the command line asks for, apart from the configuration."""

    assignments: tuple[str, ...]
    baseline: str | None
    check: bool
    confirm: bool
    inconclusive_fails: bool
    url: str
    rendered: Rendered


def prepare(configuration: Configuration, given: Given, target: Path) -> None:
    """Refuse a night that could give no answer before it begins, and take away the answer of yesterday."""
    publish.prepare(override(configuration, output=target))
    rules = checking.read_rules(configuration, Store(configuration.runs_dir).list())
    if given.check and not (given.baseline or rules.baseline):
        raise UsageError(
            "Which baseline? Give --baseline with a name, a path or last:N, or set gate.baseline in the configuration; "
            "--no-check builds without a gate."
        )
    for name in (DATA, SUMMARY, *gate_folder.FILES):
        with contextlib.suppress(OSError):
            (target / name).unlink()


def work(
    configuration: Configuration,
    given: Given,
    reporter: Reporter,
    target: Path,
    begun: float,
    whole: float | None,
) -> Night:
    """Do everything and return what became of it.

    Args:
        configuration: labs, data, store and languages.
        given: what else the command line asks for.
        reporter: tells of progress.
        target: the folder of the night.
        begun: when it began, by `perf_counter`.
        whole: the budget in seconds; None for no end.

    Raises:
        ReportError, LabError: wrong usage, or the store or the folder can't be written.
    """
    store = Store(configuration.runs_dir)
    training = math.inf if whole is None else schedule.for_training(whole)
    end = math.inf if whole is None else begun + whole
    labs = _train(configuration, given, store, reporter, begun, training)
    steps = _steps(configuration, given, store, reporter, target, labs, end)
    night = Night(labs=labs, steps=steps, budget=whole, seconds=perf_counter() - begun)
    _write(night, configuration, target)
    return night


def _train(
    configuration: Configuration, given: Given, store: Store, reporter: Reporter, begun: float, training: float
) -> tuple[LabNight, ...]:
    """Run what is stale while time is left; return every chosen lab in the order of the book."""
    plans = make_plans(configuration, given.assignments, store)
    entries = [run.entry for run in store.list().runs]
    found: dict[str, LabNight] = {}
    for plan in schedule.in_order(plans, entries):
        expected = schedule.estimate(plan, entries)
        left = training - (perf_counter() - begun)
        decision = schedule.decide(plan, expected, left, training)
        if decision.verdict == "fresh":
            assert plan.stored is not None
            found[plan.lab] = LabNight(lab=plan.lab, state="fresh", run_id=plan.stored.result.run_id)
        elif decision.verdict == "train":
            found[plan.lab] = _run(plan, configuration, store, reporter, left)
        else:
            found[plan.lab] = LabNight(lab=plan.lab, state=decision.verdict, seconds=expected or 0.0)
        reporter.say(f"{plan.lab}: {told(found[plan.lab], Words('en'))}")
    return tuple(found[plan.lab] for plan in plans)


def _run(plan: Plan, configuration: Configuration, store: Store, reporter: Reporter, left: float) -> LabNight:
    begun = perf_counter()
    result: Result | None = None
    with contextlib.suppress(TimeSpentError), reporter.bars(), interrupted_after(left):
        done = execute(
            [plan],
            configuration,
            store,
            force=False,
            command=sys.argv,
            progress=reporter.advance,
            announce=reporter.say,
            finished=lambda _done: None,
        )
        result = done[0].result
    seconds = perf_counter() - begun
    if result is None:
        newest = store.list(plan.lab).newest(plan.lab)
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


def _steps(
    configuration: Configuration,
    given: Given,
    store: Store,
    reporter: Reporter,
    target: Path,
    labs: Sequence[LabNight],
    end: float,
) -> tuple[Step, ...]:
    """Do the rest of the night; no step takes another with it."""
    made: list[Path] = []
    drawn: list[Path] = []

    def report() -> Step:
        runs = _shown_runs(configuration, store, labs)
        if not runs:
            return Step(name="report", code=5, remark="There is no run to render.")
        inside = override(configuration, output=target / gate_folder.REPORT)
        outcome = given.rendered([read(path) for path in runs], inside)
        made.extend(outcome.outputs)
        links.record(store, runs, links.job_address(os.environ) or links.address_of(inside.output, store))
        return Step(
            name="report",
            code=4 if outcome.problems else 0,
            remark="; ".join(outcome.problems),
            files=tuple(path.relative_to(target).as_posix() for path in outcome.outputs if path.suffix in LINKED),
        )

    def check() -> Step:
        return _check(configuration, given, store, reporter, target, made, drawn, end)

    def trend() -> Step:
        listing = store.list()
        found = history(store.root, listing)
        if not found.groups:
            return Step(name="trend", code=5, remark="There is no run to show.")
        paths = trend_folder.write(found, target, configuration.lang, base=given.url)
        drawn.extend(paths)
        return Step(
            name="trend",
            code=2 if found.unreadable else 0,
            remark=" ".join(found.unreadable),
            files=tuple(path.name for path in paths),
        )

    steps = [_guarded("report", report), _guarded("trend", trend)]
    return (*steps, _guarded("check", check)) if given.check else tuple(steps)


def _guarded(name: Any, step: Callable[[], Step]) -> Step:
    try:
        return step()
    except (ReportError, LabError) as error:
        click.echo(f"Error: {error}", err=True)
        return Step(name=name, code=error.exit_code if isinstance(error, ReportError) else 3, remark=str(error))
    except Exception as error:
        traceback.print_exc()
        return Step(name=name, code=FAULT, remark=f"A fault of labreport itself: {type(error).__name__}: {error}")


def _shown_runs(configuration: Configuration, store: Store, labs: Sequence[LabNight]) -> list[Path]:
    """Return the result of each lab that the report shows: tonight's, or the newest complete one of a lab left out."""
    runs = store.list().runs
    found = []
    for lab in labs:
        known = _of(lab.lab, configuration, runs)
        if lab.state in ("late", "long", "stopped"):
            known = [run for run in known if run.entry.status == "complete"]
        else:
            known = [run for run in runs if (run.entry.lab, run.entry.run_id) == (lab.lab, lab.run_id)]
        found += [run.path for run in known[:1]]
    return found


def _of(lab: str, configuration: Configuration, runs: Sequence[Stored]) -> list[Stored]:
    """Return the runs of a lab with the wanted profile and data, newest first."""
    return [
        run
        for run in runs
        if run.entry.lab == lab
        and run.entry.profile == configuration.profile
        and (configuration.data == "auto" or run.entry.source in (None, configuration.data))
    ]


def _check(
    configuration: Configuration,
    given: Given,
    store: Store,
    reporter: Reporter,
    target: Path,
    made: Sequence[Path],
    drawn: Sequence[Path],
    end: float,
) -> Step:
    runs = store.list().runs
    newest = {lab: _of(lab, configuration, runs)[:1] for lab in choose(configuration)}
    # A run that the budget cut off measured nothing to judge; the night says so by itself.
    judged = tuple(lab for lab, found in newest.items() if found and found[0].entry.status != "interrupted")
    if not judged:
        return Step(name="check", code=5, remark="There is no run to check.")
    inside = override(configuration, labs=judged)
    rerun = _rerun(inside, reporter, end) if given.confirm and perf_counter() < end else None
    with reporter.bars():
        found = checking.check(inside, given.baseline, rerun=rerun)
    code = found.verdict.exit_code(inconclusive_fails=given.inconclusive_fails)
    gate_folder.write(found.verdict, target, configuration.lang, code, made, drawn)
    if remark := gate_folder.append_step_summary(found.verdict, configuration.lang, os.environ):
        click.echo(f"Note: {remark}", err=True)
    if found.problem:
        click.echo(f"Error: {found.problem}", err=True)
    return Step(name="check", code=code, remark=found.problem, files=(gate_folder.INDEX, gate_folder.SUMMARY))


def _rerun(configuration: Configuration, reporter: Reporter, end: float) -> Rerun:
    again = checking.rerunner(configuration, progress=reporter.advance, announce=reporter.say)

    def in_time(result: Result, seeds: tuple[int, ...]) -> Result:
        try:
            with interrupted_after(end - perf_counter()):
                return again(result, seeds)
        except TimeSpentError:
            raise ExperimentError("the budget was spent before the fresh seeds were done") from None

    return in_time


def _write(night: Night, configuration: Configuration, target: Path) -> None:
    text = record.summary(night, configuration.lang)
    files.write(target / SUMMARY, text.encode())
    files.write(target / DATA, json.dumps(record.data(night), ensure_ascii=False, indent=1).encode() + b"\n")
    page = os.environ.get(gate_folder.STEP_SUMMARY)
    if not page:
        return
    with contextlib.suppress(OSError):  # a page that can't be written changes nothing of the night
        path = Path(page)
        if (path.stat().st_size if path.exists() else 0) + len(text.encode()) < LIMIT:
            with path.open("a", encoding="utf-8") as file:
                file.write(text + "\n")
