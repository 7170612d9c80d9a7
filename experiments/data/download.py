"""Fetching a file of Keras' public storage into a cache, with its checksum verified before it gets its name.

A machine without network must not wait: a connection gets ten seconds to start, name look-up included, and after one
that failed no other is tried by this process.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from labreport.experiments.data.catalogue import KnownFile

STORAGE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
"""Folder of Keras' data sets, as written in Keras' source."""

START_SECONDS = 10.0
"""Longest wait until the server answers, in seconds; also the longest silence while it sends."""

_CHUNK_BYTES = 1 << 18

_unreachable: list[str] = []
"""Why the storage could not be reached, once it could not: a second lab doesn't wait again."""


class DownloadError(Exception):
    """The file could not be fetched; the message says why, without a full stop."""


def fetch(known: KnownFile, folders: Sequence[Path], announce: Callable[[str], None]) -> bytes:
    """Return the verified bytes of a file, and leave it in the first of the folders that may be written to.

    Raises:
        DownloadError: no connection in time, a broken transfer, a wrong checksum, or no folder to write to.
    """
    if _unreachable:
        raise DownloadError(_unreachable[0])
    folder = next((folder for folder in folders if is_writable(folder)), None)
    if folder is None:
        raise DownloadError(f"none of the cache folders can be written to: {', '.join(map(str, folders))}")
    try:
        answer = _open_in_time(STORAGE + known.name)
    except DownloadError as error:
        if not isinstance(error.__cause__, urllib.error.HTTPError):  # which is an answer, if only "not found"
            _unreachable.append(str(error))
        raise
    size = f" ({known.bytes / 1e6:.1f} MB)" if known.bytes else ""
    announce(f"Downloading {known.name}{size} from {STORAGE}")
    with contextlib.closing(answer):
        return _keep(answer, known, folder)


def is_writable(folder: Path) -> bool:
    """Tell whether files may be made in a folder, or the folder itself made.

    A folder without any write permission counts as read-only even for the superuser: somebody meant it so.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return False
    return bool(existing.stat().st_mode & 0o222) and os.access(existing, os.W_OK | os.X_OK)


def _open_in_time(url: str) -> IO[bytes]:
    """Open an address, or give up after `START_SECONDS`.

    The time-out of a socket covers neither the name look-up nor the second address of a host, so the attempt runs
    in a thread of its own that the process doesn't wait for.
    """
    outcome: queue.SimpleQueue[IO[bytes] | Exception] = queue.SimpleQueue()

    def connect() -> None:
        try:
            outcome.put(urllib.request.urlopen(url, timeout=START_SECONDS))
        except Exception as error:  # handed to the waiting side, whatever it is
            outcome.put(error)

    threading.Thread(target=connect, daemon=True).start()
    try:
        answer = outcome.get(timeout=START_SECONDS)
    except queue.Empty:
        raise DownloadError(f"no answer within {START_SECONDS:g} seconds") from None
    if isinstance(answer, Exception):
        cause = answer.reason if isinstance(answer, urllib.error.URLError) else answer
        raise DownloadError(f"no connection to the data server: {cause}") from answer
    return answer


def _keep(answer: IO[bytes], known: KnownFile, folder: Path) -> bytes:
    """Write the answer beside its final name, and rename it when its checksum is right."""
    temporary: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(dir=folder, prefix=known.name + ".", suffix=".part")
        temporary = Path(path)
        digest = hashlib.sha256()
        content = bytearray()
        with os.fdopen(descriptor, "wb") as target:
            while chunk := answer.read(_CHUNK_BYTES):
                digest.update(chunk)
                content += chunk
                target.write(chunk)
        if digest.hexdigest() != known.sha256:
            raise DownloadError(f"{known.name} arrived with a wrong checksum")
        temporary.replace(folder / known.name)
        temporary = None
        return bytes(content)
    except OSError as error:
        raise DownloadError(f"{known.name} could not be fetched into {folder} ({error})") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
