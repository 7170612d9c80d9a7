"""What of the installed program decides the bytes of a report: its code, templates and words, and its packages.

Finished work that is cached carries the hash of all this in its key, so that nothing of another version is taken for
what this one would make.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import sha256
from importlib import resources
from pathlib import Path, PurePosixPath

from labreport.experiments import plugins
from labreport.experiments.running.identity import package_version
from labreport.experiments.system import reading

DECIDING = {
    "labreport.report": (
        "chapters",
        "configuration",
        "document.py",
        "errors.py",
        "figures",
        "findings",
        "languages.py",
        "look.py",
        "numbers.py",
        "publish",
        "rendering",
        "store",
        "words.py",
    ),
    "labreport.experiments": (
        "data",
        "definitions.py",
        "errors.py",
        "lab",
        "plugins.py",
        "recording",
        "registry",
        "result",
        "selection.py",
        "settings.py",
        "system",
        "training",
    ),
    "labreport.templates": ("",),
}
"""Packages, and which of their rooms decide the bytes of a report; a test looks at what is imported for one."""
_APART = ("compare", "course", "gate", "nightly", "trend", "view")
"""Templates and words of what is not a report."""
PACKAGES = (
    "weasyprint",
    "jinja2",
    "matplotlib",
    "markdown-it-py",
    "pygments",
    "fonttools",
    "ziamath",
    "latex2mathml",
    "nbformat",
    "segno",
)
"""Packages that draw and typeset."""


def sources() -> Iterator[tuple[str, str]]:
    """Yield the files of this distribution that decide: the place of each inside, and the hash of its text."""
    for name, path in _files():
        status = path.stat()
        yield name, _hash(path, status.st_mtime_ns, status.st_size)


def _files() -> Iterator[tuple[str, Path]]:
    for package, rooms in DECIDING.items():
        folder = Path(str(resources.files(package)))
        for room in rooms:
            place = folder / room
            for path in [place] if place.is_file() else sorted(filter(_decides, place.rglob("*"))):
                yield f"{package}/{path.relative_to(folder).as_posix()}", path


@lru_cache(maxsize=4096)
def _hash(path: Path, _changed: int, _size: int) -> str:
    """Return the hash of a file; a course asks for those of a thousand files at each of its documents."""
    return reading.text_hash(reading.content(path))


def _decides(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.name.partition(".")[0] not in _APART


@cache
def fingerprint() -> str:
    """Return the hash of all that decides every chapter alike; notes and style sheets are not in it.

    A note decides its own chapter, and its text is in the key of that one; a style sheet decides how the whole page
    looks, and no markup. A server that notices a changed file clears this cache.
    """
    digest = sha256(repr(([package_version(package) for package in PACKAGES], plugins.foreign())).encode())
    for name, found in sources():
        place = PurePosixPath(name)
        if place.suffix != ".css" and not (place.suffix == ".md" and place.parent.name == "notes"):
            digest.update(f"{name} {found}\n".encode())
    return digest.hexdigest()
