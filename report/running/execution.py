"""Running what is planned: each stale lab in turn, its result stored as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from labreport.experiments.result import Result
from labreport.experiments.running import identity
from labreport.report.configuration import Configuration
from labreport.report.errors import ReportError, missing_extra
from labreport.report.running.planning import Plan
from labreport.report.store.runs import PURPOSE, Store, StoredResult


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
    progress: Callable[[str, int, int, dict[str, float]], None],
    announce: Callable[[str], None],
    finished: Callable[[Done], None],
) -> list[Done]:
    """Run each plan whose identity has no stored run, and store the result.

    Args:
        plans: as `planning.make_plans` gives them.
        configuration: where the data are.
        store: where results go.
        force: run also what is stored already, and train again seeds that were finished before an interruption.
        command: the user's command line, for provenance.
        progress: told of each step of a training.
        announce: told of remarks, such as the use of sample data.
        finished: told of each lab when it is done.

    Returns:
        One run for each plan, in order; a failed one has the status `failed`.

    Raises:
        KeyboardInterrupt: the user stops; every finished lab is stored, and every finished seed of the one at work.
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
        if plan.stored is not None and not force:
            one = Done(plan=plan, stored=plan.stored, trained=False)
        else:
            if force and plan.key is not None:
                store.forget(plan.lab, plan.key)
            result = _run(plan, configuration, store, command, progress, announce_once)
            if missing := _missing_extra(result):
                raise missing
            one = Done(plan=plan, stored=store.save(_marked(result, plan)), trained=True)
            if result.status == "complete":
                store.forget(result.lab, result.key)
        finished(one)
        done.append(one)
    return done


def _run(
    plan: Plan,
    configuration: Configuration,
    store: Store,
    command: Sequence[str],
    progress: Callable[[str, int, int, dict[str, float]], None],
    announce: Callable[[str], None],
) -> Result:
    # Imported here, because only a run may load Keras.
    from labreport.experiments.running.runner import RunInterrupted, RunRequest, run_lab

    request = RunRequest(
        lab=plan.lab,
        path=plan.path,
        overrides=dict(plan.overrides),
        seeds=plan.seeds,
        profile=plan.profile,
        source=configuration.data,
        data_dir=configuration.data_dir,
        offline=configuration.offline,
        command=tuple(command),
        jobs=configuration.jobs,
        kept=store.kept(plan.lab),
    )
    try:
        return run_lab(request, progress=progress, announce=announce)
    except RunInterrupted as stopped:
        # Kept and marked: it never answers for its key, but shows how far the run had come.
        store.save(_marked(stopped.result, plan))
        raise


def _missing_extra(result: Result) -> ReportError | None:
    """Return the error of a run that lacked a package; a record of it would say nothing about the lab."""
    failure = result.failure
    lacking = failure is not None and failure.kind == ModuleNotFoundError.__name__
    return missing_extra(failure.message) if failure is not None and lacking else None


def _marked(result: Result, plan: Plan) -> Result:
    """Return the result with the purpose of its plan in its identity, where the plan has one."""
    if PURPOSE not in plan.parts:
        return result
    parts = {**result.key_parts, PURPOSE: plan.parts[PURPOSE]}
    return msgspec.structs.replace(result, key=identity.key(parts), key_parts=parts)
