"""Running what is planned: each stale lab in turn, its result stored as soon as it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.lab.session import Progress
from labreport.experiments.result import Result
from labreport.experiments.running.preparation import Prepared
from labreport.experiments.system import supervision
from labreport.report.configuration import Configuration
from labreport.report.errors import ReportError, missing_extra
from labreport.report.running import lost, recorded
from labreport.report.running.orders import Ordered
from labreport.report.running.planning import Plan, with_data
from labreport.report.store import live, sources
from labreport.report.store.entries import StoredResult
from labreport.report.store.files import OutputError
from labreport.report.store.runs import Store


@dataclass(frozen=True, kw_only=True)
class Done:
    """A lab's run as it is stored, and whether it was trained now."""

    plan: Plan
    stored: StoredResult
    trained: bool

    @property
    def result(self) -> Result:
        """What the run measured, or why it failed."""
        return self.stored.result


def execute(
    plans: Sequence[Plan],
    configuration: Configuration,
    store: Store,
    *,
    force: bool,
    command: Sequence[str],
    progress: Progress,
    announce: Announce,
    finished: Callable[[Done], None],
) -> list[Done]:
    """Run each plan whose identity has no stored run, and store the result.

    Args:
        plans: as `planning.make_plans` gives them.
        configuration: how many processes train.
        store: where results go.
        force: run also what is stored already, and train again seeds that were finished before an interruption.
        command: the user's command line, for provenance.
        progress: called after each step of a training.
        announce: called with remarks, such as the use of sample data.
        finished: called with each lab when it is done.

    Returns:
        One run for each plan, in order; a failed one has the status `failed`.

    Raises:
        KeyboardInterrupt: stopped by the user; all finished labs are stored, and all finished seeds of the one at work.
        OutputError: the store can't be written.
        ExperimentError: a lab needs Keras and TensorFlow, which are not installed; nothing is stored of it.
    """
    if any(plan.stored is None or force for plan in plans):
        store.prepare()
    done: list[Done] = []
    said: set[str] = set()

    def announce_once(line: str) -> None:
        if line not in said:
            said.add(line)
            announce(line)

    for plan in plans:
        if plan.stored is None or force:
            plan = with_data(plan, store, announce_once)
        if plan.stored is not None and not force:
            one = Done(plan=plan, stored=plan.stored, trained=False)
        else:
            if force and plan.key is not None:
                store.forget(plan.lab, plan.key)
            result = _run(plan, configuration.jobs, store, command, progress, announce_once)
            if missing := _missing_extra(result):
                raise missing
            one = Done(plan=plan, stored=store.save(result), trained=True)
            lost.forget()
            if result.status == "complete":
                store.forget(result.lab, result.key)
        finished(one)
        done.append(one)
    return done


def trained(prepared: Prepared, *, jobs: int, progress: Progress, announce: Announce) -> Result:
    """Run a lab and return its result; nothing is stored, finished seeds neither.

    Raises:
        KeyboardInterrupt: stopped by the user.
        ExperimentError: the lab needs Keras and TensorFlow, which are not installed.
    """
    from labreport.experiments.running.runner import run_lab

    result = run_lab(prepared, jobs=jobs, progress=progress, announce=announce)
    if missing := _missing_extra(result):
        raise missing
    return result


def _run(
    plan: Plan,
    jobs: int,
    store: Store,
    command: Sequence[str],
    progress: Progress,
    announce: Announce,
) -> Result:
    if isinstance(plan.prepared, Ordered):
        if plan.remark:
            announce(f"{plan.lab}: {plan.remark}")
        return recorded.run(plan.prepared, store, announce, progress)
    with contextlib.suppress(LabError, OSError, OutputError):  # the run itself says what is wrong
        sources.keep(store.root, plan.prepared.lab)
    # Imported here, because only a run may load Keras.
    from labreport.experiments.running.runner import RunInterrupted, begun, run_lab

    if supervision.watched():
        lost.note(store.root.absolute(), begun(plan.prepared, command))
    prepared = plan.prepared
    try:
        with live.noted(
            store.kept(plan.lab), plan.lab, prepared.key, prepared.profile, prepared.seeds, progress
        ) as advance:
            return run_lab(
                prepared,
                jobs=jobs,
                saved=store.kept(plan.lab),
                command=command,
                progress=advance,
                announce=announce,
            )
    except RunInterrupted as stopped:
        # Stored and marked: it never answers for its key, but shows how far the run had come.
        store.save(stopped.result)
        lost.forget()
        raise


def _missing_extra(result: Result) -> ReportError | None:
    """Return the error of a run that lacked a package; a record of it would say nothing about the lab."""
    failure = result.failure
    lacking = failure is not None and failure.kind == ModuleNotFoundError.__name__
    return missing_extra(failure.message) if failure is not None and lacking else None
