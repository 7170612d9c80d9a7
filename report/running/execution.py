"""Running what is planned: each stale lab, in turn or side by side, its result stored as soon as it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.lab.session import Progress
from labreport.experiments.result import Result
from labreport.experiments.running.preparation import Prepared
from labreport.experiments.system import supervision
from labreport.report.configuration import Configuration
from labreport.report.errors import ExperimentError, ReportError, missing_extra
from labreport.report.running import lost, recorded
from labreport.report.running.expected import longest_first
from labreport.report.running.orders import Ordered
from labreport.report.running.planning import Plan, with_data
from labreport.report.store import live, sources
from labreport.report.store.entries import StoredResult
from labreport.report.store.files import OutputError
from labreport.report.store.runs import Store

if TYPE_CHECKING:
    from labreport.experiments.running.engines import Engine
    from labreport.experiments.running.runner import Asked


@dataclass(frozen=True, kw_only=True)
class Done:
    """A lab's run as it is stored, and whether it was trained now."""

    plan: Plan
    stored: StoredResult
    trained: bool
    reported: bool = False
    """Whether the user has heard of it before the process of this command was ended from within."""

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
    work = _Execution(store, force, command, progress, announce, finished)
    labs = [plan for plan in plans if isinstance(plan.prepared, Prepared)]
    with _engine([plan.prepared for plan in labs if work.must_run(plan)], configuration) as engine:
        # Imported here, because only a run may load Keras.
        from labreport.experiments.running.runner import run_labs

        # Side by side none is to have long to work alone at the end; in turn they come as they were asked for.
        begun = labs if engine.here else longest_first(labs, store.list(whole=False))
        run_labs(
            work.asked(begun), engine, command=command, progress=progress, announce=work.announce, finished=work.ran
        )
    for plan in plans:
        if isinstance(plan.prepared, Ordered):
            work.record(plan, plan.prepared)
    return [work.done[plan.lab] for plan in plans]


class _Execution:
    """What becomes of plans, one after the other or side by side."""

    def __init__(
        self,
        store: Store,
        force: bool,
        command: Sequence[str],
        progress: Progress,
        announce: Announce,
        finished: Callable[[Done], None],
    ) -> None:
        self._progress = progress
        self._store, self._force, self._command, self._finished = store, force, command, finished
        self._announce = announce
        self._said: set[str] = set()
        self._begun: dict[int, Plan] = {}
        self._noting: dict[str, contextlib.ExitStack] = {}
        self.done: dict[str, Done] = {}

    def must_run(self, plan: Plan) -> bool:
        """Whether no stored run answers for a plan."""
        return (plan.stored is None or self._force) and lost.settled(plan.lab, plan.prepared.key) is None

    def announce(self, line: str) -> None:
        """Say each line once, such as the remark on data that several labs read."""
        if line not in self._said:
            self._said.add(line)
            self._announce(line)

    def asked(self, plans: Iterable[Plan]) -> Iterator[Asked]:
        """Give the runs of plans one by one, each as it is to be begun."""
        from labreport.experiments.running.runner import Asked, begun

        for plan in plans:
            if self.must_run(plan):
                plan = with_data(plan, self._store, self.announce)
            if self._settled(plan):
                continue
            if plan.stored is not None and not self._force:
                self._have(plan, plan.stored, trained=False)
                continue
            assert isinstance(plan.prepared, Prepared)
            if self._force and plan.key is not None:
                self._store.forget(plan.lab, plan.key)
            with contextlib.suppress(LabError, OSError, OutputError):  # the run itself says what is wrong
                sources.keep(self._store.root, plan.prepared.lab)
            name = None
            if supervision.watched():
                beginning = begun(plan.prepared, self._command)
                name = beginning.run_id
                lost.note(self._store.root.absolute(), beginning)
            kept, prepared = self._store.kept(plan.lab), plan.prepared
            noting = self._noting[plan.lab] = contextlib.ExitStack()
            watched = noting.enter_context(live.noted(kept, plan.lab, prepared.key, prepared.profile, prepared.seeds))
            one = Asked(prepared=prepared, saved=kept, watched=watched, run_id=name)
            self._begun[id(one)] = plan
            yield one

    def ran(self, one: Asked, result: Result) -> None:
        """Store a result."""
        if noting := self._noting.pop(result.lab, None):
            noting.close()
        if missing := _missing_extra(result):
            raise missing
        stored = self._store.save(result)
        plan = self._begun[id(one)]
        lost.finish(stored, plan.lab, plan.prepared.key)
        if result.status == "complete":
            self._store.forget(result.lab, result.key)
        # One that was interrupted is stored and marked: it never answers for its key, but shows how far it had come.
        if result.status != "interrupted":
            self._have(plan, stored, trained=True)

    def record(self, plan: Plan, ordered: Ordered) -> None:
        """Run a script, if it must, and store what it measured."""
        if self._settled(plan):
            return
        if plan.stored is not None and not self._force:
            self._have(plan, plan.stored, trained=False)
            return
        if plan.remark:
            self.announce(f"{plan.lab}: {plan.remark}")
        result = recorded.run(ordered, self._store, self.announce, self._progress)
        stored = self._store.save(result)
        lost.finish(stored, plan.lab, plan.prepared.key)
        self._have(plan, stored, trained=True)

    def _settled(self, plan: Plan) -> bool:
        """Take the run that this command has made before its process was ended; return whether there is one."""
        known = lost.settled(plan.lab, plan.prepared.key)
        if known is not None:
            self._have(plan, known[0], trained=True, reported=not known[1])
        return known is not None

    def _have(self, plan: Plan, stored: StoredResult, *, trained: bool, reported: bool = False) -> None:
        self.done[plan.lab] = Done(plan=plan, stored=stored, trained=trained, reported=reported)
        self._finished(self.done[plan.lab])


def _engine(prepared: Sequence[Prepared | Ordered], configuration: Configuration) -> Engine:
    """Return what does the work of runs: no more processes than there are tasks at a time.

    Raises:
        ExperimentError: there is no such cluster, its workers have other versions, or it needs an extra.
    """
    from labreport.experiments.running import engines, schedule

    tasks = sum(schedule.at_a_time(one.lab, one.seeds) for one in prepared if isinstance(one, Prepared))
    if not tasks:
        return engines.chosen(1)
    try:
        return engines.chosen(min(configuration.jobs, tasks), configuration.on, mixed=configuration.mixed)
    except ModuleNotFoundError as error:
        raise missing_extra(str(error)) or error from error
    except engines.EngineError as error:
        raise ExperimentError(str(error)) from error


def trained(prepared: Prepared, configuration: Configuration, progress: Progress, announce: Announce) -> Result:
    """Run a lab and return its result; nothing is stored, finished seeds neither.

    Raises:
        KeyboardInterrupt: stopped by the user.
        ExperimentError: the lab needs Keras and TensorFlow, which are not installed.
    """
    from labreport.experiments.running.runner import run_lab

    result = run_lab(prepared, engine=_engine([prepared], configuration), progress=progress, announce=announce)
    if missing := _missing_extra(result):
        raise missing
    return result


def _missing_extra(result: Result) -> ReportError | None:
    """Return the error of a run that lacked a package; a record of it would say nothing about the lab."""
    failure = result.failure
    lacking = failure is not None and failure.kind == ModuleNotFoundError.__name__
    return missing_extra(failure.message) if failure is not None and lacking else None
