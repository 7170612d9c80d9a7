"""The work of a stored run, done once more: what its record says goes in, a new Result comes out.

Nothing is stored, so a repetition is never taken for a newer run. What can't be repeated is refused with its reason:
an unequal repetition must mean that the work gives other numbers, not that other work was done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from labreport.experiments import registry
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.lab.session import Progress
from labreport.experiments.result import Result, Script
from labreport.experiments.running import identity, preparation, provenance
from labreport.experiments.system import home
from labreport.report.configuration import Configuration
from labreport.report.errors import ExperimentError, UsageError
from labreport.report.running import execution, kept_code
from labreport.report.store.runs import Store

if TYPE_CHECKING:
    from labreport.experiments.recording.record import Order

_MAY_DIFFER = ("keras", "tensorflow", "numpy", "torch", "scikit-learn", "lightning", "transformers", "purpose")
"""Parts of an identity that do not stop a repetition: versions, which the answer names, and why a run was made."""

_WHY = {
    "lab": "the source of the lab has changed",
    "engine": "the training engine of labreport has changed",
    "settings": "the lab's settings are no longer the same",
    "data": "the data are not the same",
    "script": "the script has changed",
    "modules": "modules that it imports have changed",
    "arguments": "its arguments can't be restored, as secrets and private folders are not stored",
}
"""What an unequal part of an identity means."""


def repeated(
    result: Result,
    configuration: Configuration,
    store: Store,
    *,
    ordered: Callable[[Sequence[str]], Order],
    progress: Progress,
    announce: Announce,
) -> Result:
    """Do the work of a run once more and return what it gives now.

    Args:
        result: the stored run.
        configuration: where labs and data lie, how many processes train.
        store: keeps the source of labs as it was.
        ordered: returns the order that the words of a `labreport record` give.
        progress: called after each step of a training.
        announce: called with what the user should know.

    Raises:
        ExperimentError: it can't be repeated, or the repetition failed; says why.
        KeyboardInterrupt: stopped by the user.
    """
    own = result.findings.own
    if result.status != "complete":
        raise ExperimentError(f"{result.run_id} is {result.status}; only a complete run can be repeated.")
    if not own:
        again = _lab(result, configuration, store, progress, announce)
    elif own.door == "record" and own.script is not None:
        with _recorded_order(result, own.script, ordered) as order:
            again = _record(order, result, own.script, progress, announce)
    else:
        how = "imported from a log" if own.door == "import" else "handed over by code of your own"
        raise ExperimentError(f"{result.run_id} was {how}: there is nothing that labreport could run again.")
    if again.status != "complete":
        reason = f"{again.failure.kind}: {again.failure.message}" if again.failure else again.status
        raise ExperimentError(f"The repetition of {result.run_id} failed: {reason}")
    return again


def _lab(result: Result, configuration: Configuration, store: Store, progress: Progress, announce: Announce) -> Result:
    here = configuration.paths.get(result.lab)
    with kept_code.of_lab(result, here, store, announce) as kept:
        path = here if kept is None else kept.path  # what is not kept is refused below, with what has changed
        try:
            prepared = preparation.prepare(
                registry.load(result.lab, path),
                overrides=result.settings,
                seeds=result.seeds,
                profile=result.profile,
                source="auto" if result.findings.data is None else result.findings.data.source,
                data_dir=configuration.data_dir,
                offline=configuration.offline,
            )
        except LabError as error:
            raise ExperimentError(f"{result.run_id} can't be repeated: {error}") from error
        prepared = preparation.with_data(prepared, announce)
        if prepared.problem is not None:
            raise ExperimentError(f"{result.run_id} can't be repeated: {prepared.problem}")
        _check(result, prepared.parts)
        return execution.trained(prepared, configuration, progress, announce)


def _check(result: Result, parts: Mapping[str, str]) -> None:
    """Refuse a repetition of other work.

    Raises:
        ExperimentError: a part of the identity differs that decides what is done.
    """
    changed = [name for name in identity.changed_parts(result.key_parts, parts) if name not in _MAY_DIFFER]
    if not changed:
        return
    reasons = " and ".join(_WHY.get(name, f"its {name} differs") for name in changed)
    commit = result.provenance.git_commit
    at = f" It was made at commit {commit[:10]}." if commit else ""
    dirty = " (The folder had changes that were not committed.)" if commit and result.provenance.git_dirty else ""
    raise ExperimentError(f"{result.run_id} can't be repeated: {reasons}.{at}{dirty}")


@contextlib.contextmanager
def _recorded_order(result: Result, script: Script, ordered: Callable[[Sequence[str]], Order]) -> Iterator[Order]:
    """Give the order by which a script was recorded, with the script as it was: from its place, or from the record."""
    from labreport.experiments.recording import sources

    order = _order_of(result, ordered)
    with kept_code.of_script(result, script, order.kind, order.program) as program:
        if program is None:
            gone = sources.ScriptSource.of(order.kind, order.program).content is None
            raise ExperimentError(
                f"{result.run_id} can't be repeated: {script.name} or a module of its own "
                f"{'is not here' if gone else 'has changed'}, and the record does not hold all of its source."
            )
        yield order if program == order.program else replace(order, program=program)


def _order_of(result: Result, ordered: Callable[[Sequence[str]], Order]) -> Order:
    command = result.provenance.command
    if command[1:2] != ("record",):
        raise ExperimentError(f"{result.run_id} can't be repeated: the record does not hold how it was started.")
    if any(provenance.HIDDEN in word for word in command):
        raise ExperimentError(f"{result.run_id} can't be repeated: {_WHY['arguments']}.")
    try:
        return ordered([home.expanded(word) for word in command[2:]])
    except UsageError as error:
        raise ExperimentError(f"{result.run_id} can't be repeated: {error}") from error


def _record(order: Order, result: Result, recorded: Script, progress: Progress, announce: Announce) -> Result:
    from labreport.experiments.recording import sources
    from labreport.experiments.recording.record import record

    script = sources.ScriptSource.of(order.kind, order.program)
    beside = sources.modules_now(script, recorded.modules, Path.cwd())
    _check(result, sources.inputs(script, order.arguments, order.files, order.seeds, beside))
    done = record(order, announce, progress=progress)
    for remark in done.remarks:
        announce(remark)
    if done.result is None:
        raise ExperimentError(f"The repetition of {result.run_id} measured nothing; it ended with {done.exit_code}.")
    return done.result
