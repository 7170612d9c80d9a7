"""The manifest of a folder of reports: what went in, what came out, each file with its SHA-256."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from labreport.experiments.system import reading
from labreport.report.errors import UnreadableError
from labreport.report.store import codec, files

NAME = "manifest.json"
FORMAT = 1
REPORT = "report"
"""Folder of the report in that of a check or of a night; it has a manifest of its own, by which an unchanged report is
not rendered again."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rendering made."""

    format: int = FORMAT
    inputs: str
    """Hash of all that decides the bytes; empty where something went wrong, so that the next rendering tries again."""
    files: Mapping[str, str]
    """Path relative to the folder -> SHA-256, of this rendering and of earlier ones whose files still lie there."""
    made: tuple[str, ...] = ()
    """The files of this rendering."""


def write(folder: Path, inputs: str, outputs: Iterable[Path]) -> None:
    """Write the manifest of the files in a folder; files of earlier renderings that are unchanged stay in it.

    Raises:
        OutputError: it can't be written.
    """
    made = {path.relative_to(folder).as_posix(): _digest(path) for path in outputs}
    content = msgspec.to_builtins(Manifest(inputs=inputs, files=_earlier(folder) | made, made=tuple(made)))
    files.write(folder / NAME, json.dumps(content, indent=1).encode() + b"\n")


def _earlier(folder: Path) -> dict[str, str]:
    try:
        found = read(folder)
    except UnreadableError:
        return {}
    changed = {problem.partition(":")[0] for problem in differences(folder, found)}
    return {name: digest for name, digest in found.files.items() if name not in changed}


def read(folder: Path) -> Manifest:
    """Read the manifest of a folder.

    Raises:
        UnreadableError: there is none, or it is damaged or of a newer format.
    """
    path = folder / NAME
    try:
        found = codec.parse(reading.content(path), Manifest, str(path))
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error
    if found.format != FORMAT:
        raise UnreadableError(f"Can't read {path}: format {found.format}; this version reads {FORMAT}.")
    return found


def differences(folder: Path, manifest: Manifest) -> list[str]:
    """Return what is no longer as the manifest says, one line for each file."""
    problems: list[str] = []
    for name, digest in manifest.files.items():
        problem = "can't be read"
        # A name may be anything: too long, a ring of links, or one that no file can have.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            problem = _difference(folder, folder / name, digest)
        if problem:
            problems.append(f"{name}: {problem}")
    return problems


def _difference(folder: Path, path: Path, digest: str) -> str:
    if not path.resolve().is_relative_to(folder.resolve()):
        return "lies outside the folder"
    if not path.is_file():
        return "missing"
    return "" if _digest(path) == digest else "changed"


def problems(folder: Path) -> tuple[int, list[str]]:
    """Check a folder against its manifest, and each folder inside that has one of its own against that.

    Returns:
        How many files the manifests name, and a line for each that was changed, is missing, or is not named; hidden
        files are left out.

    Raises:
        UnreadableError: a manifest is missing in `folder`, damaged, or of a newer format.
    """
    found = read(folder)
    inner = sorted(path.parent for path in folder.rglob(NAME) if path.parent != folder and _shown(path, folder))
    names, lines = set(found.files), differences(folder, found)
    for part in inner:
        named = read(part)
        below = f"{part.relative_to(folder).as_posix()}/"
        lines += [line for problem in differences(part, named) if (line := below + problem) not in lines]
        names |= {below + name for name in named.files}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.name != NAME and name not in names and _shown(path, folder):
            lines.append(f"{name}: not rendered here")
    return len(names), lines


def _shown(path: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _digest(path: Path) -> str:
    return reading.digest(path)
