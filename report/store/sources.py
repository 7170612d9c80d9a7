"""The source of labs, kept with the store by its content: once, however many runs are made from it.

    runs/sources/<SHA-256>.txt

The parts `lab` and `engine` of a run's identity are the names: of a lab in one file its text, of several files a list
with the name and the hash of each, which are kept under those hashes in turn. So a record needs no further field, and
what is kept proves itself. Line ends are those of Unix, as in the hash.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from labreport.experiments.registry import Lab
from labreport.experiments.running import identity
from labreport.experiments.system import reading
from labreport.report.store import files

FOLDER = "sources"
_SEPARATOR = "\0"
"""Between name and hash in a list; no source holds it."""


def place(root: Path, digest: str) -> Path:
    """Return the file of a text with this hash, in the store of a folder."""
    return root / FOLDER / f"{digest}.txt"


def keep(root: Path, lab: Lab) -> None:
    """Keep the source of a lab and of the engine that it uses; what is there already is not written again.

    Raises:
        OutputError: the folder can't be written.
        LabError: a source is not readable Python.
        OSError: a source can't be read.
    """
    for content in _contents(lab):
        path = place(root, sha256(content).hexdigest())
        if not path.exists():
            files.write(path, content)


def kept(root: Path, digest: str) -> dict[str, str] | None:
    """Return the files under a hash by name, or None where not all of them are kept. A single file has no name."""
    found = _text(root, digest)
    if found is None or _SEPARATOR not in found:
        return None if found is None else {"": found}
    parts = {}
    for line in found.splitlines():
        name, _, inner = line.partition(_SEPARATOR)
        content = _text(root, inner)
        if content is None:
            return None
        parts[name] = content
    return parts


def _contents(lab: Lab) -> Iterator[bytes]:
    own, engine = identity.used_files(lab)
    yield from (reading.unix_text(reading.content(path)) for path in dict.fromkeys((lab.file, *own, *engine)))
    if own:
        yield identity.listing(own, lab.home.root)
    yield identity.listing(engine, identity.PACKAGE)


def _text(root: Path, digest: str) -> str | None:
    """Return a text that is kept, if it is still what its name says."""
    if len(digest) != 64 or not digest.isalnum():
        return None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        content = reading.content(place(root, digest), reading.LARGEST_TEXT)
        if sha256(content).hexdigest() == digest:
            return content.decode()
    return None
