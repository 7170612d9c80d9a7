"""Running a script of the configuration as a lab is run: unattended, with a record of whatever became of it."""

from __future__ import annotations

import contextlib
import secrets
import signal
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from labreport.experiments.errors import plain
from labreport.experiments.lab.session import silent
from labreport.experiments.result import Result
from labreport.experiments.running import identity
from labreport.experiments.system import stdout
from labreport.report.errors import ExperimentError, missing_extra
from labreport.report.running.orders import Ordered
from labreport.report.store import live
from labreport.report.store.entries import PURPOSE
from labreport.report.store.runs import Store

if TYPE_CHECKING:
    from labreport.experiments.recording.record import Order, Recorded


def recorded(
    order: Order,
    store: Store,
    announce: Callable[[str], None],
    *,
    unattended: bool = False,
    progress: live.Advance = silent,
) -> Recorded:
    """Run a program under watch; while it runs the store knows how far it is.

    Args:
        order: the program.
        store: where its curves so far are kept for those who look.
        announce: called with what the user should know.
        unattended: whether no one sits before it.
        progress: called after each epoch that is seen.

    Raises:
        LabError: it can't be started.
        ExperimentError: there is no such cluster, it was lost, or it needs an extra.
    """
    # Only a run needs them, and they load much.
    from labreport.experiments.recording.record import record
    from labreport.experiments.running.engines import EngineError

    key = sha256(secrets.token_bytes(16)).hexdigest()  # what it runs on is known when it has ended
    with live.noted(store.kept(order.name), order.name, key, "full", order.seeds, progress) as advance:
        try:
            return record(order, announce, unattended=unattended, progress=advance)
        except EngineError as error:
            raise ExperimentError(str(error)) from error
        except ModuleNotFoundError as error:
            raise missing_extra(str(error)) or error from error


def run(ordered: Ordered, store: Store, announce: Callable[[str], None], progress: live.Advance = silent) -> Result:
    """Run a script and return what it measured, or why it failed; what it prints goes to standard error.

    Args:
        ordered: the script.
        store: keeps what was measured before an interruption.
        announce: called with what the user should know.
        progress: called after each epoch that is seen.

    Raises:
        KeyboardInterrupt: stopped by the user, or by a limit of time; what was measured is stored.
        LabError: it can't be started.
    """
    root = store.root.absolute()
    with stdout.kept_for_results(), contextlib.chdir(ordered.folder):
        done = recorded(ordered.order, Store(root), announce, unattended=True, progress=progress)
    for remark in done.remarks:
        announce(f"{ordered.name}: {plain(remark)}")
    result = done.result and _marked(done.result, ordered)
    if done.signal or result is None:
        if result is not None:
            Store(root).save(result)
        if done.signal:
            signal.raise_signal(done.signal)  # the caller learns of it by its own handler
        raise KeyboardInterrupt
    return result


def _marked(result: Result, ordered: Ordered) -> Result:
    """Return a result that says why it was made, if only to confirm a suspicion of the gate."""
    if PURPOSE not in ordered.parts:
        return result
    parts = {**result.key_parts, PURPOSE: ordered.parts[PURPOSE]}
    return msgspec.structs.replace(result, key_parts=parts, key=identity.key(parts))
