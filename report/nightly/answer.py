"""The answer of a night: its verdict and its summary. Once there is a verdict, nothing that fails later takes it away.

A disk that is full, or a page that can't be made, costs what could not be written, and decides the exit code only where
nothing graver does: a night that found a loss ends with 1 whatever became of its files.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import click

from labreport.experiments.result import Result
from labreport.report.comparison.record import Reason
from labreport.report.errors import FAULT, ExperimentError, explained
from labreport.report.gate import checking
from labreport.report.gate import folder as gate_folder
from labreport.report.gate.confirmation import Rerun
from labreport.report.gate.verdict import Check, CheckStatus, Verdict
from labreport.report.nightly import record
from labreport.report.nightly.record import NO_RUN, LabNight, Night, NightStep, Remark
from labreport.report.nightly.task import Task, night_of
from labreport.report.running.time_limit import TimeSpentError, interrupted_after
from labreport.report.store import files, manifest, promotions
from labreport.report.store.baselines import Baselines
from labreport.report.store.files import OutputError
from labreport.report.trend import folder as trend_folder
from labreport.report.trend.history import history

DATA, SUMMARY = "nightly.json", "nightly.md"
STORED = 2.0
"""Seconds in which a confirmation that is stored is read, which the budget does not end."""


def judged(
    task: Task, labs: Sequence[LabNight], before: Sequence[NightStep], pages: Sequence[Path], drawn: Sequence[Path]
) -> tuple[NightStep, list[Path]]:
    """Judge exactly the runs of the night, and write the verdict in every form.

    Args:
        task: of the night.
        labs: what became of each lab.
        before: the steps that are done.
        pages: files of the report.
        drawn: files of the trend.

    Returns:
        The step, and every file of the folder that belongs to it.
    """
    rerun = _rerun(task) if task.confirm else None
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
            whole=task.whole,
        )
    checking.remember(task.store, found.verdict)
    remark = Remark(key=f"gate.reason_{found.problem.code}", values=found.problem.values) if found.problem else ""
    if task.first_night:
        remark = _first_baseline(task, found.verdict)
    if found.message:
        click.echo(f"Error: {found.message}", err=True)
    step = NightStep(
        name="check",
        code=found.verdict.exit_code(inconclusive_fails=task.inconclusive_fails),
        remark=remark,
        files=(gate_folder.INDEX, gate_folder.SUMMARY),
        verdict=found.verdict,
    )
    try:
        # Every artifact names the code with which the night will end.
        made = _written(task, found.verdict, night_of(task, labs, [*before, step]).code, pages, drawn)
    except Exception as error:
        code, message = _said(error)
        there = [path for name in gate_folder.FILES if (path := task.target / name).is_file()]
        step = replace(
            step,
            code=record.gravest([step.code, code]),
            remark=message,
            files=tuple(name for name in step.files if task.target / name in there),
        )
        with contextlib.suppress(Exception):  # it was written first, with a code that nothing was added to
            gate_folder.write_result(found.verdict, task.target, night_of(task, labs, [*before, step]).code)
        return step, [*there, *pages, *drawn]
    return step, made


def _written(task: Task, verdict: Verdict, code: int, pages: Sequence[Path], drawn: Sequence[Path]) -> list[Path]:
    languages, look = task.configuration.lang, task.configuration.look
    made = gate_folder.write(verdict, task.target, languages, code, pages, drawn, night=SUMMARY, look=look)
    if any(path.name == trend_folder.FEED for path in drawn):
        seen = history(task.store.root, task.store.list(), held=True)
        trend_folder.write_feed(seen, task.target, languages[0], base=task.url, look=look)
    return list(made)


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
            with interrupted_after(max(task.end - perf_counter(), STORED)):
                return again(result, seeds)
        except TimeSpentError:
            raise ExperimentError("the budget was spent before the fresh seeds were done") from None

    return in_time


def write(task: Task, night: Night, made: Sequence[Path]) -> Night:
    """Write the night's own files, and a manifest that knows every file of the folder.

    Returns:
        The night, with what its files could not be written for.
    """
    languages = task.configuration.lang
    try:
        _write_files(task, night, made)
    except Exception as error:
        night = replace(night, unwritten=_said(error)[0])
        with contextlib.suppress(Exception):  # for what there is room, with the code that this has
            _write_files(task, night, made)
    # Of the page of a step, no link leads to the files of the night.
    if problem := gate_folder.append_night(
        record.summary(night, languages, linked=False), night.verdict, languages, night.code, os.environ
    ):
        click.echo(f"Note: {problem}", err=True)  # a page that can't be written changes nothing of the night
    return night


def _write_files(task: Task, night: Night, made: Sequence[Path]) -> None:
    own = {
        DATA: json.dumps(record.data(night), ensure_ascii=False, indent=1) + "\n",
        SUMMARY: record.summary(night, task.configuration.lang),
    }
    for name, content in own.items():
        files.write(task.target / name, content.encode())
    outputs = [path for path in made if path != task.target / manifest.NAME]
    manifest.write(task.target, "", sorted({*outputs, *(task.target / name for name in own)}))


def _said(error: Exception) -> tuple[int, str]:
    """Print why something could not be written, and return the exit code and the message."""
    code, message = explained(error)
    click.echo(f"Error: {message}", err=True)
    return (code if code == FAULT else OutputError.exit_code), message
