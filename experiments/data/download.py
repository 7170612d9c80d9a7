"""Fetching a file of Keras' public storage into a cache, with its checksum verified before it gets its name.

A machine without network must not wait: the server gets ten seconds to answer, and after a connection that failed no
other is tried by this process.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

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

    Args:
        known: its name and checksum.
        folders: caches, the preferred one first.
        announce: called with a line for the user before the transfer begins.

    Raises:
        DownloadError: no connection in time, a broken transfer, a wrong checksum, or no folder to write to.
    """
    if _unreachable:
        raise DownloadError(_unreachable[0])
    folder = next((folder for folder in folders if is_writable(folder)), None)
    if folder is None:
        raise DownloadError(f"none of the cache folders can be written to: {', '.join(map(str, folders))}")
    # Imported here: only a download needs them.
    import pooch
    import requests

    def download(url: str, target: str, _: object) -> None:
        with requests.get(url, stream=True, timeout=START_SECONDS) as answer:
            answer.raise_for_status()
            size = f" ({known.bytes / 1e6:.1f} MB)" if known.bytes else ""
            announce(f"Downloading {known.name}{size} from {STORAGE}")
            with Path(target).open("wb") as file:
                file.writelines(answer.iter_content(_CHUNK_BYTES))

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        path = pooch.retrieve(
            STORAGE + known.name,
            f"sha256:{known.sha256}",
            fname=known.name,
            path=folder,
            downloader=download,
        )
        return Path(path).read_bytes()
    except (requests.ConnectionError, requests.Timeout) as error:
        late = isinstance(error, requests.Timeout)
        reason = f"no answer within {START_SECONDS:g} seconds" if late else "no connection"
        _unreachable.append(f"{reason} from the data server")
        raise DownloadError(_unreachable[0]) from error
    except requests.HTTPError as error:  # an answer, if only "not found"
        raise DownloadError(f"the data server refuses {known.name}: {error}") from error
    except (OSError, requests.RequestException) as error:
        raise DownloadError(f"{known.name} could not be fetched into {folder} ({error})") from error
    except ValueError as error:
        raise DownloadError(f"{known.name} arrived with a wrong checksum") from error


def is_writable(folder: Path) -> bool:
    """Return whether files may be made in a folder, or the folder itself made.

    A folder without any write permission counts as read-only even for the superuser: that is deliberate.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return False
    return bool(existing.stat().st_mode & 0o222) and os.access(existing, os.W_OK | os.X_OK)
