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
from labreport.experiments.system.stale import asked_again

SAVED = ".msgpack"
"""End of the name of a saved part."""
_FOLD = "-fold-"
"""Stands in the name of a fold between its seed and its number."""
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
        self._folds: dict[str, list[str]] | None = None

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
            self._note(name)
            with contextlib.suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                write_atomically(self._file(self._folder, name), content)

    def folds(self, name: str) -> dict[str, bytes]:
        """Return the finished folds of a seed by name, as `encode` gave them.

        Args:
            name: of the seed, as "seed-3".
        """
        if self._folder is None:
            return {}
        if self._folds is None:  # looked for once: a folder may hold a file for each of many seeds
            self._folds = {}
            for path in sorted(self._folder.glob(f"*{_FOLD}*{SAVED}")):
                self._note(path.name.removesuffix(SAVED))
        found = {}
        for fold in self._folds.get(name, ()):
            with contextlib.suppress(OSError):
                found[fold] = reading.content(self._file(self._folder, fold))
        return found

    def _note(self, name: str) -> None:
        seed, separator, _ = name.partition(_FOLD)
        if separator and self._folds is not None and name not in self._folds.setdefault(seed, []):
            self._folds[seed].append(name)

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
        asked_again(lambda: Path(temporary).replace(target))
    except OSError:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
