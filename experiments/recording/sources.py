"""The program of a user's run: its source, the modules beside it, its arguments as settings, its identity."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from labreport.experiments.recording.launch import Kind
from labreport.experiments.recording.observed import Observed
from labreport.experiments.recording.owned import KEPT_TEXT, shortened
from labreport.experiments.result import DataFile, Listing, Setting
from labreport.experiments.running import provenance
from labreport.experiments.running.identity import data_part

PACKAGES = ("keras", "tensorflow", "torch", "numpy", "scikit-learn", "lightning", "transformers")
"""Packages whose version decides what a script measures."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_WHOLE = re.compile(r"[-+]?\d{1,18}")
_MOST_LISTINGS = 40


def source_path(kind: Kind, program: str) -> Path | None:
    """Return the file of a script or module; None for another program, or a module that is not found."""
    if kind == "program":
        return None
    if kind == "script":
        return Path(program)
    candidates = (Path(*program.split(".")).with_suffix(".py"), Path(*program.split("."), "__main__.py"))
    for path in candidates:
        if path.is_file():
            return path
    try:
        found = find_spec(program)
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found and found.origin else None


def digest(kind: Kind, program: str) -> str | None:
    """Return the hash of the script's bytes; None where it can't be read."""
    path = source_path(kind, program)
    return None if path is None else _hash(path)


def shown_name(kind: Kind, program: str) -> str:
    """Return the name of the program as a report shows it, without its folder."""
    return program if kind == "module" else Path(program).name


def modules(kind: Kind, program: str, files: Sequence[str], place: Path) -> dict[str, str]:
    """Return each imported module beside the script with its hash, by its path relative to the script or the folder."""
    own = source_path(kind, program)
    found = {}
    for file in files:
        path = Path(file)
        if own is not None and own.exists() and path.exists() and path.samefile(own):
            continue
        name = _relative(path, own, place)
        content = _hash(path)
        if name is not None and content is not None:
            found[name] = content
    return found


def _relative(path: Path, own: Path | None, place: Path) -> str | None:
    for folder in (own.resolve().parent if own else place, place):
        if path.resolve().is_relative_to(folder):
            return path.resolve().relative_to(folder).as_posix()
    return None


def listings(kind: Kind, program: str, files: Sequence[str], place: Path) -> tuple[Listing, ...]:
    """Return the source of the script and of its own modules, without secrets; long ones are cut."""
    own = source_path(kind, program)
    found = [] if own is None else [(shown_name("script", str(own)), own)]
    for file in files:
        path = Path(file)
        name = _relative(path, own, place)
        if name is not None and path.is_file() and not (own and own.exists() and path.samefile(own)):
            found.append((name, path))
    made = []
    for name, path in found[:_MOST_LISTINGS]:
        try:
            text = path.read_text("utf-8", errors="replace")
        except OSError:
            continue
        text, _ = shortened(provenance.without_secrets(text, code=True), KEPT_TEXT)
        made.append(Listing(name=name, source=text, sha256=sha256(text.encode()).hexdigest()))
    return tuple(made)


def settings(arguments: Sequence[str]) -> dict[str, Setting]:
    """Return the arguments of a script as settings: `--epochs 8` is epochs = 8, a lone flag is true.

    Secrets are not among them in clear; an argument without a flag is named by its position.
    """
    found: dict[str, Setting] = {}
    words = list(provenance.scrub_words(arguments))
    place = 0
    while words:
        word = words.pop(0)
        if word.startswith("-") and not _NUMBER.fullmatch(word):
            name, equals, value = word.lstrip("-").partition("=")
            if not name:
                continue
            if equals:
                found[name] = _typed(value)
            elif words and (not words[0].startswith("-") or _NUMBER.fullmatch(words[0])):
                found[name] = _typed(words.pop(0))
            else:
                found[name] = True
        else:
            place += 1
            found[f"argument {place}"] = _typed(word)
    return found


def _typed(text: str) -> Setting:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        value = float(text)
        return value if abs(value) != float("inf") else text
    return {"true": True, "false": False}.get(text.lower(), text)


def inputs(
    kind: Kind,
    program: str,
    arguments: Sequence[str],
    files: Sequence[DataFile],
    seeds: Sequence[int],
    place: Path,
    seen: Observed | None = None,
    known_modules: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return each input of a run by name: the parts of its key.

    Args:
        kind: script, module or program.
        program: as it was given.
        arguments: its own; in the key as a hash, as they may hold secrets.
        files: data files that were declared.
        seeds: given for its processes.
        place: the folder in which it was started.
        seen: what was observed; before the run None, and `known_modules` are those of an earlier one.
        known_modules: modules of an earlier run, by name; their files are read again.
    """
    if seen is not None:
        found = modules(kind, program, seen.modules, place)
    else:
        own = source_path(kind, program)
        folders = (own.resolve().parent if own else place, place)
        found = {}
        for name in known_modules or {}:
            path = next((folder / name for folder in folders if (folder / name).is_file()), None)
            found[name] = (_hash(path) if path else None) or "missing"
    return {
        "script": digest(kind, program) or f"{kind} {program}",
        "modules": json.dumps(found, sort_keys=True, ensure_ascii=False),
        "arguments": sha256(json.dumps(list(arguments)).encode()).hexdigest(),
        "data": data_part(files),
        "seeds": ",".join(map(str, seeds)) or "none",
        **{name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    for distribution in (name, f"{name}-cpu"):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "none"


def _hash(path: Path) -> str | None:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
