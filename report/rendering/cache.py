"""Work worth keeping from one command to the next: finished bytes in the user's cache folder, found by their inputs.

What comes out is the same with the cache and without: a file that can't be read, was cut off or changed counts as
absent, and one that can't be written is done without.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from labreport.experiments.system import home, reading
from labreport.report.errors import ReportError
from labreport.report.store import files

MOST = 64
"""Files of one kind that are cached; the oldest go first."""
_DIGEST = 32


def folder(kind: str) -> Path | None:
    """Return where things of a kind are cached; None where the user has no folder for it."""
    cache = home.cache()
    return cache / kind if cache else None


def kept(kind: str, key: str, make: Callable[[], bytes]) -> bytes:
    """Return what `make` returns, from the cache if it was made before.

    Args:
        kind: name of the folder.
        key: name of the file; must depend on everything that decides the bytes.
        make: called where the cache has nothing to offer.
    """
    place = folder(kind)
    if place is None:
        return make()
    path = place / key
    found = b""
    with contextlib.suppress(OSError):
        found = reading.content(path)
    digest, content = found[:_DIGEST], found[_DIGEST:]
    if content and sha256(content).digest() == digest:
        return content
    content = make()
    with contextlib.suppress(ReportError, OSError):
        files.write(path, sha256(content).digest() + content)
        _tidy(path.parent)
    return content


def _tidy(place: Path) -> None:
    ages = sorted((path.stat().st_mtime_ns, path) for path in place.iterdir())
    for _, path in ages[:-MOST]:
        path.unlink(missing_ok=True)
