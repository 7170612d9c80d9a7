"""Work worth keeping from one command to the next: finished bytes in the user's cache folder, found by their inputs.

What comes out is the same with the cache and without: a file that can't be read, was cut off or changed counts as
absent, and one that can't be written is done without.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from labreport.experiments.system import home, reading
from labreport.report.errors import ReportError
from labreport.report.store import files

T = TypeVar("T")

MOST = 64
"""Files of one kind that are cached, unless the caller has room for more; those used longest ago go first."""
_DIGEST = 32
_RARELY = 16
"""After how many new files a folder is tidied: to look through a thousand names costs more than to write one."""
_written: dict[Path, int] = {}


def folder(kind: str) -> Path | None:
    """Return where things of a kind are cached; None where the user has no folder for it."""
    cache = home.cache()
    return cache / kind if cache else None


def kept(kind: str, key: str, make: Callable[[], bytes], *, most: int | None = None) -> bytes:
    """Return what `make` returns, from the cache if it was made before.

    Args:
        kind: name of the folder.
        key: name of the file; must depend on everything that decides the bytes.
        make: called where the cache has nothing to offer.
        most: files of this kind that are cached; None: `MOST`.
    """
    found = looked_up(kind, key)
    if found is None:
        found = make()
        lay_down(kind, key, found, most=most)
    return found


def looked_up(kind: str, key: str) -> bytes | None:
    """Return what was laid down under a key; None where there is nothing, or it can't be read, or is damaged."""
    place = folder(kind)
    if place is None:
        return None
    found = b""
    with contextlib.suppress(OSError):
        found = reading.content(place / key)
        os.utime(place / key)  # those used longest ago go first
    digest, content = found[:_DIGEST], found[_DIGEST:]
    return content if content and sha256(content).digest() == digest else None


def lay_down(kind: str, key: str, content: bytes, *, most: int | None = None) -> None:
    """Keep bytes under a key for the next command; without a folder, or room in it, nothing happens."""
    place = folder(kind)
    if place is None:
        return
    with contextlib.suppress(ReportError, OSError):
        files.write(place / key, sha256(content).digest() + content, lasting=False)  # a damaged one is noticed
        _written[place] = _written.get(place, 0) + 1
        if most is None or _written[place] % _RARELY == 1:
            _tidy(place, MOST if most is None else most)


def record(kind: str, key: str, form: type[T]) -> T | None:
    """Return the record that was laid down under a key; None where there is none of that type."""
    found = looked_up(kind, key)
    if found is None:
        return None
    try:
        return msgspec.msgpack.decode(unpacked(found), type=form)
    except ValueError:
        return None  # what lies there is not what was put there


def lay_down_record(kind: str, key: str, value: Any, *, most: int | None = None) -> None:
    """Keep a record under a key, but for one that bytes can't say: a text knows it if another language lent it."""
    with contextlib.suppress(TypeError):
        lay_down(kind, key, packed(msgspec.msgpack.encode(value)), most=most)


def packed(content: bytes) -> bytes:
    """Return bytes in less room: text takes a fifth of it, and a millisecond."""
    return zlib.compress(content, 1)


def unpacked(content: bytes) -> bytes:
    """Return what was packed.

    Raises:
        ValueError: it was not packed.
    """
    try:
        return zlib.decompress(content)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _tidy(place: Path, most: int) -> None:
    ages = sorted((path.stat().st_mtime_ns, path) for path in place.iterdir())
    for _, path in ages[:-most]:
        path.unlink(missing_ok=True)
