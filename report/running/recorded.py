"""Running a script of the configuration as a lab is run: unattended, with a record of whatever became of it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable

import msgspec

from labreport.experiments.errors import plain
from labreport.experiments.result import Result
from labreport.experiments.running import identity
from labreport.experiments.system import stdout
from labreport.report.running.orders import Ordered
from labreport.report.store.entries import PURPOSE
from labreport.report.store.runs import Store


def run(ordered: Ordered, store: Store, announce: Callable[[str], None]) -> Result:
    """Run a script and return what it measured, or why it failed; what it prints goes to standard error.

    Args:
        ordered: the script.
        store: keeps what was measured before an interruption.
        announce: called with what the user should know.

    Raises:
        KeyboardInterrupt: stopped by the user, or by a limit of time; what was measured is stored.
        LabError: it can't be started.
    """
    # Only a run needs it, and it loads much.
    from labreport.experiments.recording.record import record

    root = store.root.absolute()
    with stdout.kept_for_results(), contextlib.chdir(ordered.folder):
        done = record(ordered.order, announce, unattended=True)
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
