"""Finished seeds, kept in files while a run of several seeds is under way.

Whoever stops a run, or kills it, finds its finished seeds again when the same run is asked for: same key, same
numbers. Each lies in a file of its own, written beside its place and renamed, with a hash before its content, so that
half a file is never taken for a seed. Once the run is complete and stored, nobody needs them any more.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from hashlib import sha256
from pathlib import Path

import msgspec

from experiments.errors import LabError
from experiments.lab import Session
from experiments.result import Findings, Record

_HASH_BYTES = sha256().digest_size


class DamagedError(LabError):
    """A kept seed can't be read."""


class Finished(Record, frozen=True, kw_only=True):
    """What a lab found for one seed."""

    seed: int
    findings: Findings
    timings: dict[str, float]
    """Seconds per stage that this seed has taken."""


class Mark:
    """Where a seed began in a session: what its draft held then, and the time that its stages had taken.

    Args:
        session: in which the seed is trained next.
    """

    def __init__(self, session: Session) -> None:
        self._lengths = session.draft.lengths()
        self._timings = dict(session.timings)

    def cut(self, seed: int, session: Session) -> Finished:
        """Take what the seed has added out of the draft, and return it."""
        timings = {stage: seconds - self._timings.get(stage, 0.0) for stage, seconds in session.timings.items()}
        return Finished(
            seed=seed,
            findings=session.draft.cut(self._lengths),
            timings={stage: seconds for stage, seconds in timings.items() if seconds},
        )


def encode(finished: Finished) -> bytes:
    """Return the record as bytes: every float exactly, also those that are not finite."""
    content = msgspec.msgpack.encode(finished)
    return sha256(content).digest() + content


def decode(data: bytes) -> Finished:
    """Return the record that `encode` made bytes of.

    Raises:
        DamagedError: the bytes are not what was written, or come from another version.
    """
    content = data[_HASH_BYTES:]
    if sha256(content).digest() != data[:_HASH_BYTES]:
        raise DamagedError("damaged or cut off")
    try:
        return msgspec.msgpack.decode(content, type=Finished)
    except msgspec.DecodeError as error:
        raise DamagedError("not of this version") from error


class Kept:
    """The finished seeds of one run in a folder.

    Args:
        folder: it need not exist yet; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def load(self, seed: int) -> Finished | None:
        """Return a seed that was finished before; None where it was not.

        Raises:
            DamagedError: it is there, but can't be used.
        """
        if self.folder is None:
            return None
        try:
            data = self._file(self.folder, seed).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedError(error.strerror or str(error)) from error
        finished = decode(data)
        if finished.seed != seed:
            raise DamagedError(f"it holds seed {finished.seed}")
        return finished

    def save(self, finished: Finished) -> None:
        """Keep a seed; where nothing can be written, the run goes on without."""
        if self.folder is None:
            return
        temporary: str | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            target = self._file(self.folder, finished.seed)
            descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{target.stem}.", suffix=".part")
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode(finished))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except OSError:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()

    @staticmethod
    def _file(folder: Path, seed: int) -> Path:
        return folder / f"seed-{seed}.msgpack"
