"""A run whose process was ended from within: stored all the same, as failed, so that it is known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from labreport.experiments.result import Failure, Result
from labreport.experiments.running import provenance
from labreport.experiments.system import supervision
from labreport.report.store.entries import StoredResult
from labreport.report.store.runs import Store

_settled: dict[tuple[str, str], StoredResult] = {}
"""Runs of this command that are lost, by lab and key: the work that goes on without them is not to begin them again."""


class RunAtWork(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has begun, as far as it is known then."""

    root: str
    """Folder of the store."""
    result: Result
    """As it will be stored if the process ends; its end, and the state of git, are found out then."""


def note(root: Path, result: Result) -> None:
    """Note the run that is at work now, for the process that watches this one."""
    supervision.at_work(msgspec.msgpack.encode(RunAtWork(root=str(root), result=result)))


def forget() -> None:
    """Note that no run is at work."""
    supervision.at_work()


def store(noted: bytes, *, words: str, interrupted: bool) -> StoredResult:
    """Store a run whose process has ended.

    Args:
        noted: as `note` gave it to the watching process.
        words: what ended the process.
        interrupted: whether the user stopped it.

    Raises:
        OutputError: the store can't be written.
    """
    begun = msgspec.msgpack.decode(noted, type=RunAtWork)
    commit, dirty = provenance.git_state(Path())
    origin = msgspec.structs.replace(
        begun.result.provenance, git_commit=commit, git_dirty=dirty, ended=provenance.utc_text(datetime.now(UTC))
    )
    failure = Failure(kind="ProcessEnded", message=f"it ended the whole program ({words})", stage="train")
    result = msgspec.structs.replace(
        begun.result,
        provenance=origin,
        status="interrupted" if interrupted else "failed",
        failure=None if interrupted else failure,
    )
    stored = Store(Path(begun.root)).save(result)
    if not interrupted:
        _settled[result.lab, result.key] = stored
    return stored


def settled(lab: str, key: str | None) -> StoredResult | None:
    """Return the run of a lab that this command has lost before; None where it is still to be made."""
    return _settled.get((lab, key)) if key is not None else None


def count() -> int:
    """Return how many runs this command has lost."""
    return len(_settled)
