"""The work of a stored run, done once more: what its record says goes in, a new Result comes out.

Nothing is stored, so a repetition is never taken for a newer run. What can't be repeated is refused with its reason:
an unequal repetition must mean that the work gives other numbers, not that other work was done.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from labreport.experiments import registry
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.lab.files import unix_text
from labreport.experiments.lab.session import Progress
from labreport.experiments.result import Result, Script
from labreport.experiments.running import identity, preparation, provenance
from labreport.experiments.system import home, reading
from labreport.report.configuration import Configuration
from labreport.report.errors import ExperimentError, UsageError
from labreport.report.running import execution
from labreport.report.store import sources as kept_sources
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
            again = _record(order, result, own.script, announce)
    else:
        how = "imported from a log" if own.door == "import" else "handed over by code of your own"
        raise ExperimentError(f"{result.run_id} was {how}: there is nothing that labreport could run again.")
    if again.status != "complete":
        reason = f"{again.failure.kind}: {again.failure.message}" if again.failure else again.status
        raise ExperimentError(f"The repetition of {result.run_id} failed: {reason}")
    return again


def _lab(result: Result, configuration: Configuration, store: Store, progress: Progress, announce: Announce) -> Result:
    with _source_of_the_run(result, configuration.paths.get(result.lab), store, announce) as path:
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


@contextlib.contextmanager
def _source_of_the_run(result: Result, path: Path | None, store: Store, announce: Announce) -> Iterator[Path | None]:
    """Give the file of a user's lab as it was: from its place, or from the store, which keeps the source of each run.

    A lab that is installed has no file of the user's: None.
    """
    if path is None and result.lab in registry.names():
        yield None
        return
    wanted = result.key_parts.get("lab", "")
    with contextlib.suppress(LabError):
        lab = registry.load(result.lab, path)
        own, _ = identity.used_files(lab)
        now = identity.listing(own, lab.home.root) if own else unix_text(reading.content(lab.file))
        if path is not None and sha256(now).hexdigest() == wanted:
            yield path
            return
    held = kept_sources.kept(store.root, wanted)
    entry = path.name if path is not None else f"{result.lab}.py"
    if held is None or not (set(held) == {""} or entry in held):
        yield path
        return
    announce(f"{result.lab}: with its source as it was, which the store keeps")
    with tempfile.TemporaryDirectory(prefix="labreport-repeat-", ignore_cleanup_errors=True) as folder:
        for name, text in held.items():
            file = Path(folder) / (name or entry)
            if ".." in file.parts:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="")
        yield Path(folder) / entry


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
    there = sources.ScriptSource.of(order.kind, order.program)
    beside = sources.modules_now(there, script.modules, Path.cwd())
    if order.kind == "program" or (there.digest == script.sha256 and beside == dict(script.modules)):
        yield order
        return
    with tempfile.TemporaryDirectory(prefix="labreport-repeat-", ignore_cleanup_errors=True) as folder:
        kept = _kept_source(result, script, Path(folder), order.kind)
        what = "has changed" if there.content is not None else "is not here"
        if kept is None:
            raise ExperimentError(
                f"{result.run_id} can't be repeated: {script.name} or a module of its own {what}, "
                "and the record does not hold all of its source."
            )
        yield replace(order, program=str(kept))


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


def _kept_source(result: Result, script: Script, folder: Path, kind: str) -> Path | None:
    """Write the script and its modules as the record holds them; None where it holds them not, or not whole."""
    held = {listing.name: listing.source for listing in result.findings.listings}
    wanted = {script.name: script.sha256, **script.modules}
    if kind != "script":
        return None
    for name, digest in wanted.items():
        text = held.get(name)
        if text is None or sha256(text.encode()).hexdigest() != digest or ".." in Path(name).parts:
            return None
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder / script.name


def _record(order: Order, result: Result, recorded: Script, announce: Announce) -> Result:
    from labreport.experiments.recording import sources
    from labreport.experiments.recording.record import record

    script = sources.ScriptSource.of(order.kind, order.program)
    beside = sources.modules_now(script, recorded.modules, Path.cwd())
    _check(result, sources.inputs(script, order.arguments, order.files, order.seeds, beside))
    done = record(order, announce)
    for remark in done.remarks:
        announce(remark)
    if done.result is None:
        raise ExperimentError(f"The repetition of {result.run_id} measured nothing; it ended with {done.exit_code}.")
    return done.result
