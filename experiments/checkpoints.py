"""What a run has finished, kept in files while it is under way.

Whoever stops a run, or kills it, finds its finished seeds and folds again when the same run is asked for: same key,
same numbers. Each lies in a file of its own, written beside its place and renamed, with a hash before its content, so
that half a file is never taken for a whole one. Once the run is complete and stored, nobody needs them any more.
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

_HASH_BYTES = sha256().digest_size

T = TypeVar("T")


class DamagedError(LabError):
    """Something that was kept can't be read."""


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


class Kept:
    """The finished parts of one run in a folder.

    Args:
        folder: it need not exist yet; None keeps nothing. It may be set later, once the run's key is known.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def load(self, name: str, kind: type[T]) -> T | None:
        """Return a part that was finished before; None where it was not.

        Args:
            name: of the part, e.g. "seed-3".
            kind: the type of what was saved.

        Raises:
            DamagedError: it is there, but can't be used.
        """
        if self.folder is None:
            return None
        try:
            data = self._file(self.folder, name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedError(error.strerror or str(error)) from error
        return decode(data, kind)

    def save(self, name: str, record: Any) -> None:
        """Keep a part; where nothing can be written, the run goes on without."""
        if self.folder is None:
            return
        temporary: str | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            target = self._file(self.folder, name)
            descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{target.stem}.", suffix=".part")
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode(record))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except OSError:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()

    @staticmethod
    def _file(folder: Path, name: str) -> Path:
        return folder / f"{name}.msgpack"
