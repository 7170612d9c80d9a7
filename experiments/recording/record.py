"""A user's script or program, run under watch, as a Result."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter

import msgspec

from labreport.experiments.errors import LabError, plain
from labreport.experiments.lab import Progress, silent
from labreport.experiments.recording import assembled, printed, sources
from labreport.experiments.recording.assembled import Grouping
from labreport.experiments.recording.following import followed
from labreport.experiments.recording.launch import Ended, Launcher, ProgramKind
from labreport.experiments.recording.observed import Observed, observed, printed_trainings
from labreport.experiments.recording.owned import KEPT_TEXT, made, shortened
from labreport.experiments.result import (
    Course,
    DataFile,
    Failure,
    Findings,
    Measure,
    Model,
    OwnRun,
    Picture,
    Result,
    Score,
    Script,
    SeedCall,
    Status,
    Training,
)
from labreport.experiments.running import provenance
from labreport.experiments.system import temporary

_PICTURES = 4_000_000
"""Bytes of all pictures of a run together."""
_NOTHING = "No fit was seen, and no printed line names an epoch."


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be run."""

    name: str
    kind: ProgramKind
    program: str
    arguments: tuple[str, ...] = ()
    title: str = ""
    """That the user gave it; empty: the name."""
    seeds: tuple[int, ...] = ()
    """One process each; empty: one process that seeds as it likes."""
    jobs: int = 1
    on: str = ""
    """Address of a Dask scheduler, or its file, whose workers run them; empty: this machine."""
    mixed: bool = False
    """Whether workers there may have other versions."""
    files: tuple[DataFile, ...] = ()
    """Data files that the user declared."""
    data: tuple[Path, ...] = ()
    """Where they lie."""
    timeout: float | None = None
    """Seconds that each process may take."""
    template: str | None = None
    groups: Grouping | None = None
    command: tuple[str, ...] = ()
    """The whole command line, for the record."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What came of it."""

    result: Result | None
    """None where nothing was measured."""
    exit_code: int
    """The program's own; of several the first that is not 0."""
    remarks: tuple[str, ...]
    """What the user should know."""
    stored: tuple[str, ...] = ()
    """Runs that the program stored itself, through calls in its code."""
    signal: int = 0
    """The signal that asked for the end; 0: none did."""


@dataclass(frozen=True, kw_only=True)
class _Process:
    """One process that has ended."""

    seed: int | None
    ended: Ended
    seen: Observed
    trainings: list[Training]
    models: list[Model]
    scores: list[Score]
    measures: list[Measure]
    template: str = ""


def record(
    order: Order, announce: Callable[[str], None], *, unattended: bool = False, progress: Progress = silent
) -> Recorded:
    """Run a program with each of its seeds, and return what was measured.

    Args:
        order: the program, its arguments and seeds.
        announce: called when a seed begins.
        unattended: the program has no keyboard, and one that measures nothing gives a failed result that says why.
        progress: called after each epoch that is seen while the program runs.

    Raises:
        LabError: the template of `--as` can't be used, or the program can't be started.
    """
    started, begun = datetime.now(UTC), perf_counter()
    place = Path.cwd()
    if order.template is not None:
        printed.by_template("", order.template)
    # Before anything runs: if the script is edited while it trains, the record has the text that ran.
    script = sources.ScriptSource.of(order.kind, order.program)
    launcher = Launcher(unattended=unattended)
    with launcher.listening():
        done = _processes(order, launcher, announce, progress)
    code = next((one.ended.exit_code for one in done if one.ended.exit_code), 0)
    remarks = list(dict.fromkeys(f"the watcher failed: {fault}" for one in done for fault in one.seen.faults))
    measured = [one for one in done if _measured(one)]
    if not measured and not (unattended and done):
        stored = tuple(path for one in done for path in one.seen.stored)
        return Recorded(result=None, exit_code=code, remarks=tuple(remarks), stored=stored, signal=launcher.signal)
    remarks += _told_of(measured) if measured and order.template is None else []
    kept, identical = _different(measured) if measured else (done, 0)
    if identical:
        own = list(dict.fromkeys(str(value) for _, value in kept[0].seen.seeding))
        whose = f": the script sets its own seed{'s' * (len(own) > 1)} {', '.join(own[:10])}" if own else ""
        remarks.append(f"all {identical + 1} runs have the same numbers, so they are one run{whose}")
    status, failure = _outcome(done, order.arguments)
    if status == "complete" and not measured:
        status, failure = "failed", Failure(kind="NothingMeasured", message=_NOTHING)
    result = made(
        name=order.name,
        title=order.title,
        findings=_findings(order, kept, identical, place, script),
        inputs=sources.inputs(
            script, order.arguments, order.files, order.seeds, sources.modules(script, kept[0].seen.modules, place)
        ),
        settings=sources.settings(order.arguments),
        status=status,
        failure=failure,
        started=started,
        seconds=perf_counter() - begun,
        peak=max(one.seen.peak for one in done),
        command=order.command,
        token=secrets.token_hex(3),
    )
    return Recorded(result=result, exit_code=code, remarks=tuple(remarks), signal=launcher.signal)


def _processes(order: Order, launcher: Launcher, announce: Callable[[str], None], progress: Progress) -> list[_Process]:
    if not order.on:
        return _each(order, launcher, announce, progress, order.jobs, partial(launcher.run, order.kind, order.program))
    # Only a cluster needs it.
    from labreport.experiments.recording.distant import Distant

    distant = Distant(order.on, order.kind, order.program, order.data, mixed=order.mixed)
    with distant.at_work():
        return _each(order, launcher, announce, progress, distant.room(), partial(distant.run, launcher))


def _each(
    order: Order,
    launcher: Launcher,
    announce: Callable[[str], None],
    progress: Progress,
    jobs: int,
    run: Callable[..., Ended],
) -> list[_Process]:
    """Run a program with each of its seeds, some at a time.

    Args:
        order: the program and its seeds.
        launcher: knows whether the user has asked for the end.
        announce: called when a seed begins.
        progress: called after each epoch that is seen.
        jobs: processes at a time.
        run: runs one, from its arguments, `folder`, `seed` and `timeout`.
    """

    def one(seed: int | None) -> _Process | None:
        if launcher.interrupted:
            return None
        if len(order.seeds) > 1:
            announce(f"{order.name}: seed {seed}")
        with temporary.folder() as folder:
            try:
                with followed(folder, "" if seed is None else f"seed {seed}", progress):
                    ended = run(order.arguments, folder=folder, seed=seed, timeout=order.timeout)
            except OSError as error:
                raise LabError(f"Can't start {order.program}: {error.strerror or error}.") from error
            return _process(order, seed, ended, observed(folder))

    seeds: Sequence[int | None] = order.seeds or (None,)
    if jobs == 1 or len(seeds) == 1:
        found = [one(seed) for seed in seeds]
    else:
        with ThreadPoolExecutor(jobs) as pool:
            found = list(pool.map(one, seeds))
    return [process for process in found if process is not None]


def _process(order: Order, seed: int | None, ended: Ended, seen: Observed) -> _Process:
    cut = "interrupted" if ended.interrupted or ended.timed_out else "failed"
    trainings, models, matched = assembled.trainings(seen, seed=seed, ended=cut, groups=order.groups)
    scores, measures = assembled.scores(seen, matched)
    template = ""
    if order.template is not None or not trainings:
        text = seen.printed
        lines = printed.by_template(text, order.template) if order.template else printed.recognised(text)
        if lines is not None:
            own = seen.seeding[-1][1] if seen.seeding else seed
            trainings = [msgspec.structs.replace(one, seed=own) for one in printed_trainings(lines.runs, lines.planned)]
            template = lines.template
    return _Process(
        seed=seed,
        ended=ended,
        seen=seen,
        trainings=trainings,
        models=models,
        scores=scores,
        measures=measures,
        template=template,
    )


def _measured(process: _Process) -> bool:
    return any(one.history for one in process.trainings) or bool(process.scores or process.measures)


def _told_of(measured: Sequence[_Process]) -> list[str]:
    template = measured[0].template
    if not template or measured[0].trainings[0].course is msgspec.UNSET:
        return []
    return [f"no call of fit was seen; the epochs were read from what was printed, as by --as '{template}'"]


def _different(measured: Sequence[_Process]) -> tuple[list[_Process], int]:
    """Return the processes to keep: where all gave the same numbers they are one run, whatever their seeds."""
    histories = [repr([one.history for one in process.trainings]) for process in measured]
    if len(measured) > 1 and len(set(histories)) == 1:
        return [measured[0]], len(measured) - 1
    return list(measured), 0


def _public(text: str, arguments: Sequence[str]) -> str:
    """Return text without secrets, also without those that were given as arguments."""
    for value in provenance.secret_values(arguments):
        text = text.replace(value, provenance.HIDDEN)
    return provenance.without_secrets(text)


def _outcome(done: Sequence[_Process], arguments: Sequence[str]) -> tuple[Status, Failure | None]:
    for one in done:
        ended, error = one.ended, one.seen.error
        if ended.timed_out:
            return "interrupted", Failure(kind="Timeout", message="The time was over; what was measured is saved.")
        if ended.interrupted or (error is not None and error["type"] == "KeyboardInterrupt"):
            return "interrupted", None
        if error is not None:
            message = provenance.scrub(_public(plain(error["message"]), arguments)) or "(without a message)"
            return "failed", Failure(kind=error["type"], message=message, stage=provenance.scrub(plain(error["where"])))
        if ended.code < 0:
            return "failed", Failure(kind="Killed", message=f"The process was ended by signal {-ended.code}.")
        if ended.code > 0:
            return "failed", Failure(kind="SystemExit", message=f"The program ended with exit code {ended.code}.")
    return "complete", None


def _findings(
    order: Order, kept: Sequence[_Process], identical: int, place: Path, script: sources.ScriptSource
) -> Findings:
    first = kept[0]
    several = len(kept) > 1
    owners = {one.seed for process in kept for one in process.trainings}
    shared = several and len(owners) < len(kept)

    def of(process: _Process, one: Training | Score | Measure) -> Training | Score | Measure:
        changed: Training | Score | Measure = one
        if shared:
            changed = msgspec.structs.replace(one, seed=process.seed)
        if isinstance(changed, Training) and several and isinstance(changed.course, Course):
            group = changed.course.group or "seed"
            return msgspec.structs.replace(changed, course=msgspec.structs.replace(changed.course, group=group))
        return changed

    trainings = [of(process, one) for process in kept for one in process.trainings]
    scores = [of(process, one) for process in kept for one in process.scores]
    measures = [of(process, one) for process in kept for one in process.measures]
    text, cut = shortened(_public(first.seen.printed, order.arguments), KEPT_TEXT)
    return Findings(
        trainings=tuple(one for one in trainings if isinstance(one, Training)),
        scores=tuple(one for one in scores if isinstance(one, Score)),
        measures=tuple(one for one in measures if isinstance(one, Measure)),
        models=tuple(first.models),
        listings=sources.listings(script, first.seen.modules, place),
        own=OwnRun(
            door="record",
            script=Script(
                name=script.name,
                arguments=provenance.scrub_words(order.arguments),
                sha256=script.digest,
                modules=sources.modules(script, first.seen.modules, place),
                exit_code=first.ended.code,
            ),
            seeding=tuple(dict.fromkeys(SeedCall(library=name, value=value) for name, value in first.seen.seeding)),
            identical=identical,
            data=assembled.data(first.seen),
            files=order.files,
            printed=text,
            printed_cut=cut,
            pictures=_pictures(first.seen.pictures),
            notes=tuple(
                dict.fromkeys(
                    f"The watcher failed ({provenance.scrub(plain(fault))}): what is recorded may be a part."
                    for process in kept
                    for fault in process.seen.faults
                )
            ),
        ),
    )


def _pictures(found: Sequence[tuple[str, bytes]]) -> tuple[Picture, ...]:
    kept: list[Picture] = []
    left = _PICTURES
    for name, png in found:
        left -= len(png)
        if left >= 0:
            kept.append(Picture(name=provenance.scrub(plain(os.fspath(name))), png=png))
    return tuple(kept)
