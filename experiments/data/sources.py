"""Where a data set's files are found: a folder named by the user, a cache, a download, or the embedded sample.

What comes out are bytes whose SHA-256 has been verified. A file is read once, and what was hashed is what is used,
so it can't be exchanged in between; nothing is unpickled before that.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import os
from collections.abc import Callable
from pathlib import Path

from labreport.experiments.data.catalogue import KnownFile, KnownSet
from labreport.experiments.data.download import DownloadError, fetch
from labreport.experiments.errors import DataError
from labreport.experiments.system import home, reading

Announce = Callable[[str], None]

MANIFEST = "SHA256SUMS"
"""Name of the list of the samples' checksums, in the form of the command sha256sum."""


def from_folder(known: KnownSet, folder: Path) -> tuple[bytes, ...]:
    """Return the verified bytes of a set's files from the folder that the user named.

    Raises:
        DataError: the folder or a file is missing, unreadable, or a file has a wrong checksum.
    """
    if not folder.is_dir():
        raise DataError(
            f"The data folder {folder} is not there or is not a folder. Give --data-dir the folder of the .npz files."
        )
    contents = []
    for file in known.files:
        path = folder / file.name
        try:
            content = reading.content(path, reading.LARGEST_DATA)
        except FileNotFoundError:
            raise DataError(
                f"{file.name} is not in the data folder {folder}. Put Keras' own file there, or leave out --data-dir."
            ) from None
        except OSError as error:
            raise DataError(f"Can't read {path}: {error.strerror}. Check the permissions of the folder.") from error
        found = hashlib.sha256(content).hexdigest()
        if found != file.sha256:
            raise DataError(
                f"{path} is not Keras' own file and was not opened: its SHA-256 is {found[:12]}…, expected "
                f"{file.sha256[:12]}…. Replace it with the file of keras.datasets."
            )
        contents.append(content)
    return tuple(contents)


def from_cache(known: KnownSet, announce: Announce) -> tuple[bytes, ...] | None:
    """Return the verified bytes of a set's files from Keras' cache or our own; None unless all are there."""
    contents = [_cached(file, announce) for file in known.files]
    found = tuple(content for content in contents if content is not None)
    return found if len(found) == len(contents) else None


def from_download(known: KnownSet, announce: Announce) -> tuple[bytes, ...]:
    """Return the verified bytes of a set's files, fetching those that no cache has.

    Raises:
        DownloadError: a file could not be fetched.
    """
    return tuple(_cached(file, _silent) or fetch(file, cache_folders(), announce) for file in known.files)


def from_sample(known: KnownSet) -> tuple[str, bytes, str]:
    """Return name, verified bytes and SHA-256 of a set's embedded sample.

    Raises:
        DataError: the set has no sample, or the installed file is damaged.
    """
    if known.sample_file is None:
        raise DataError(
            f"{known.name} has no embedded sample. Run with a network connection, or put {known.files[0].name} into a "
            "folder and name it with --data-dir."
        )
    folder = importlib.resources.files("labreport.experiments.data.samples")
    try:
        content = (folder / known.sample_file).read_bytes()
        manifest = (folder / MANIFEST).read_text(encoding="ascii")
    except OSError as error:
        raise DataError(f"The embedded sample {known.sample_file} can't be read. Install labreport again.") from error
    digest = hashlib.sha256(content).hexdigest()
    if f"{digest}  {known.sample_file}" not in manifest.splitlines():
        raise DataError(f"The embedded sample {known.sample_file} is damaged. Install labreport again.")
    return known.sample_file, content, digest


def cache_folders() -> tuple[Path, ...]:
    """Return the folders searched for full sets: Keras' cache, then our own of this user."""
    stated = os.environ.get("KERAS_HOME")
    keras = Path(home.expanded(stated)) if stated else home.home() / ".keras"
    own = home.cache()
    return (keras / "datasets", own / "datasets") if own else (keras / "datasets",)


def _cached(file: KnownFile, announce: Announce) -> bytes | None:
    """Return a file's bytes from the first cache that has it right; a wrong one is reported and left alone."""
    for folder in cache_folders():
        path = folder / file.name
        try:
            content = reading.content(path, reading.LARGEST_DATA)
        except OSError:  # not there, or not ours to read: the same as no cache
            continue
        if hashlib.sha256(content).hexdigest() == file.sha256:
            return content
        announce(f"{path} is not Keras' own file (wrong checksum): not used.")
    return None


def _silent(_message: str) -> None:
    """Say nothing."""


__all__ = [
    "MANIFEST",
    "Announce",
    "DownloadError",
    "cache_folders",
    "from_cache",
    "from_download",
    "from_folder",
    "from_sample",
]
