"""What a run has finished, saved in files while it is under way.

After an interruption, or a kill, the same run (same key, same numbers) takes its finished seeds and folds from here.
Each lies in a file of its own, written beside its place and renamed, with a hash before its content, so that half a
file is never taken for a whole one. Once the run is complete and stored, they are deleted.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from labreport.experiments.errors import LabError
from labreport.experiments.system import reading

SAVED = ".msgpack"
"""End of the name of a saved part."""
_HASH_BYTES = sha256().digest_size

T = TypeVar("T")


class DamagedError(LabError):
    """Something that was saved can't be read."""


def encode(record: Any) -> bytes:
    """Return a record as bytes: every float exactly, also those that are not finite."""
    content = msgspec.msgpack.encode(record)
    return sha256(content).digest() + content


def decode(data: bytes, kind: type[T]) -> T:
    """Return the record that `encode` made bytes of.

    Raises:
        DamagedError: the bytes are not what was written, or come from another version.
    """
    content = data[_HASH_BYTES:]
    if sha256(content).digest() != data[:_HASH_BYTES]:
        raise DamagedError("damaged or cut off")
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise DamagedError("not of this version") from error


class Checkpoints:
    """The finished parts of one run in a folder.

    Args:
        folder: it need not exist yet; None saves nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def load(self, name: str, kind: type[T]) -> T | None:
        """Return a part that was finished before; None where it was not.

        Args:
            name: of the part, e.g. "seed-3".
            kind: the type of what was saved.

        Raises:
            DamagedError: it is there, but can't be used.
        """
        if self._folder is None:
            return None
        try:
            data = reading.content(self._file(self._folder, name))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedError(error.strerror or str(error)) from error
        return decode(data, kind)

    def put(self, name: str, content: bytes) -> None:
        """Save a part as `encode` gave it; where nothing can be written, the run continues without."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                write_atomically(self._file(self._folder, name), content)

    def contents(self, beginning: str) -> dict[str, bytes]:
        """Return all that is saved under names that begin so, as `encode` gave it."""
        found = {}
        for path in () if self._folder is None else sorted(self._folder.glob(f"{beginning}*{SAVED}")):
            with contextlib.suppress(OSError):
                found[path.name.removesuffix(SAVED)] = reading.content(path)
        return found

    @staticmethod
    def _file(folder: Path, name: str) -> Path:
        return folder / f"{name}{SAVED}"


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file beside its place, and rename it once all of it is on the disk.

    Raises:
        OSError: it can't be written; nothing is left behind.
    """
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
