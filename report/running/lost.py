"""A run whose process was ended from within: stored all the same, as failed, so that it is known.

The process that watches the command is given a note of every run that is at work, and of every run that the command has
stored. A run has its name from the beginning; so one that was stored in the very moment in which the program ended is
found by that name, and never stored a second time.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from labreport.experiments.result import Failure, Result
from labreport.experiments.running import provenance
from labreport.experiments.running.checkpoints import SAVED, Checkpoints, DamagedError, encode
from labreport.experiments.system import supervision
from labreport.experiments.system.stale import is_there
from labreport.report.errors import UnreadableError
from labreport.report.store.entries import RESULT, StoredResult, read
from labreport.report.store.files import OutputError
from labreport.report.store.runs import Store

BEGUN = "begun"
"""Name under which a run is noted beside its finished seeds, where it is too large for the shared page."""
_SMALL = 16 * 1024
"""Bytes of a run in the shared page; a larger one is noted in the store."""


class RunAtWork(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has begun, as far as it is known then."""

    root: str
    """Folder of the store."""
    lab: str
    key: str
    run_id: str
    result: Result | None
    """As it will be stored if the process ends; its end, and the state of git, are found out then. None: it is noted in
    the store."""


class RunStored(msgspec.Struct, frozen=True, kw_only=True):
    """A run that this command has stored."""

    lab: str
    key: str
    path: str
    """Of its result."""


class WorkNoted(msgspec.Struct, frozen=True, kw_only=True):
    """What the watching process is given."""

    at_work: tuple[RunAtWork, ...] = ()
    stored: tuple[RunStored, ...] = ()


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """A run that this command has made before its process was ended; it is not to be made again."""

    path: Path
    lost: bool
    """Whether the process ended while it was at work, so that the user has heard nothing of it yet."""


_noted = WorkNoted()
_settled: dict[tuple[str, str], Settled] = {}
"""By lab and key."""


def note(root: Path, result: Result) -> None:
    """Note a run that begins now, for the process that watches this one.

    Args:
        root: folder of the store.
        result: the run, with the name under which it will be stored.
    """
    known: Result | None = result
    if len(msgspec.msgpack.encode(result)) > _SMALL:
        Checkpoints(_beside(root, result.lab, result.key)).put(BEGUN, encode(result))
        known = None
    one = RunAtWork(root=str(root), lab=result.lab, key=result.key, run_id=result.run_id, result=known)
    _write(msgspec.structs.replace(_noted, at_work=(*_noted.at_work, one)))


def finish(stored: StoredResult, lab: str, key: str) -> None:
    """Note that a run is stored.

    Args:
        stored: the run.
        lab: name of what was to be run.
        key: identity with which it was planned.
    """
    name = stored.result.run_id
    for one in _noted.at_work:
        if one.run_id == name and one.result is None:
            _forget(one)
    _write(
        WorkNoted(
            at_work=tuple(one for one in _noted.at_work if one.run_id != name),
            stored=(*_noted.stored, RunStored(lab=lab, key=key, path=str(stored.path.absolute()))),
        )
    )


def _write(work: WorkNoted) -> None:
    global _noted
    while len(content := msgspec.msgpack.encode(work)) > supervision.ROOM and work.stored:
        # The oldest were stored thousands of runs ago; without --force they are found in the store all the same.
        work = msgspec.structs.replace(work, stored=work.stored[len(work.stored) // 2 + 1 :])
    _noted = work
    supervision.at_work(content)


def settle(noted: bytes, *, words: str, interrupted: bool) -> tuple[StoredResult, ...]:
    """Store the runs that were at work when their process ended; those that are stored already are left as they are.

    Args:
        noted: as the watching process was given it.
        words: what ended the process.
        interrupted: whether the user stopped it.

    Returns:
        The runs that were at work, in the order in which they began.

    Raises:
        OutputError: the store can't be written, or a run could not be noted.
    """
    work = msgspec.msgpack.decode(noted, type=WorkNoted)
    _settled.update({(one.lab, one.key): Settled(path=Path(one.path), lost=False) for one in work.stored})
    found = [_stored(one, words, interrupted, alone=len(work.at_work) == 1) for one in work.at_work]
    if not interrupted:
        for one, stored in zip(work.at_work, found, strict=True):
            _settled[one.lab, one.key] = Settled(path=stored.path, lost=True)
    return tuple(found)


def _stored(one: RunAtWork, words: str, interrupted: bool, *, alone: bool) -> StoredResult:
    store = Store(Path(one.root))
    path = store.root / one.lab / one.run_id / RESULT
    if is_there(path):  # the process ended between storing it and saying so
        with contextlib.suppress(UnreadableError):
            return read(path)
    begun = one.result
    if begun is None:
        with contextlib.suppress(DamagedError):
            begun = Checkpoints(_beside(store.root, one.lab, one.key)).load(BEGUN, Result)
    if begun is None:
        raise OutputError(f"The run of {one.lab} is lost: nothing could be written into {store.root}.")
    commit, dirty = provenance.git_state(Path())
    origin = msgspec.structs.replace(
        begun.provenance, git_commit=commit, git_dirty=dirty, ended=provenance.utc_text(datetime.now(UTC))
    )
    who = "it" if alone else "it, or another one that was at work at the same time,"
    failure = Failure(kind="ProcessEnded", message=f"{who} ended the whole program ({words})", stage="train")
    result = msgspec.structs.replace(
        begun,
        provenance=origin,
        status="interrupted" if interrupted else "failed",
        failure=None if interrupted else failure,
    )
    stored = store.save(result, claimed=True)
    _forget(one)
    return stored


def settled(lab: str, key: str) -> tuple[StoredResult, bool] | None:
    """Return the run of a lab that this command has made before its process was ended; None where it has not.

    Returns:
        The run, and whether it was lost then.
    """
    known = _settled.get((lab, key))
    with contextlib.suppress(UnreadableError):
        return None if known is None else (read(known.path), known.lost)
    return None


def count() -> int:
    """Return how many runs of this command are not to be made again."""
    return len(_settled)


def _beside(root: Path, lab: str, key: str) -> Path:
    return Store(root).kept(lab) / key


def _forget(one: RunAtWork) -> None:
    """Delete the note of a run in the store, and its folders where nothing else lies in them."""
    folder = _beside(Path(one.root), one.lab, one.key)
    with contextlib.suppress(OSError):
        (folder / f"{BEGUN}{SAVED}").unlink(missing_ok=True)
        folder.rmdir()
        folder.parent.rmdir()
