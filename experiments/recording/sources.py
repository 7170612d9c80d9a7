"""The program of a user's run: its source, the modules beside it, its arguments as settings, its identity."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from labreport.experiments.recording.launch import ProgramKind
from labreport.experiments.recording.owned import KEPT_TEXT, shortened
from labreport.experiments.result import DataFile, Listing, Setting
from labreport.experiments.running import provenance
from labreport.experiments.system import reading

PACKAGES = ("keras", "tensorflow", "torch", "numpy", "scikit-learn", "lightning", "transformers")
"""Packages whose version decides what a script measures."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_WHOLE = re.compile(r"[-+]?\d{1,18}")
_MOST_LISTINGS = 40


def source_path(kind: ProgramKind, program: str) -> Path | None:
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


@dataclass(frozen=True, kw_only=True)
class ScriptSource:
    """A program as it was before it ran."""

    name: str
    """File name without folder, package.module, or what was called."""
    path: Path | None
    """Its file; None for another program, or a module that is not found."""
    content: bytes | None
    """None where it can't be read."""

    @property
    def digest(self) -> str | None:
        """Hash of its bytes."""
        return None if self.content is None else sha256(self.content).hexdigest()

    @property
    def folder(self) -> Path | None:
        """Where it lies."""
        return self.path.resolve().parent if self.path else None

    @classmethod
    def of(cls, kind: ProgramKind, program: str) -> ScriptSource:
        """Read a program now."""
        path = source_path(kind, program)
        name = program if kind == "module" else Path(program).name
        content = None
        if path is not None and path.is_file():
            with contextlib.suppress(OSError):
                content = reading.content(path)
        return cls(name=name, path=path.absolute() if path else None, content=content)


def modules(script: ScriptSource, files: Sequence[str], place: Path) -> dict[str, str]:
    """Return each imported module beside the script with its hash, by its path relative to the script or the folder."""
    found = {}
    for name, path in _own(script, files, place):
        content = _hash(path)
        if content is not None:
            found[name] = content
    return found


def modules_now(script: ScriptSource, names: Iterable[str], place: Path) -> dict[str, str]:
    """Return the modules of an earlier run by name, with the hashes that they have now."""
    found = {}
    for name in names:
        candidates = (folder / name for folder in (script.folder or place, place))
        path = next((path for path in candidates if path.is_file()), None)
        found[name] = (_hash(path) if path else None) or "missing"
    return found


def _own(script: ScriptSource, files: Sequence[str], place: Path) -> Iterator[tuple[str, Path]]:
    """Return the modules that lie beside the script or in the folder where it was started, without the script."""
    itself = script.path.resolve() if script.path else None
    for file in files:
        path = Path(file).resolve()
        for folder in (script.folder or place, place):
            if path != itself and path.is_relative_to(folder):
                yield path.relative_to(folder).as_posix(), path
                break


def listings(script: ScriptSource, files: Sequence[str], place: Path) -> tuple[Listing, ...]:
    """Return the source of the script and of its own modules, without secrets; long ones are cut."""
    texts = [] if script.content is None or script.path is None else [(script.path.name, script.content)]
    for name, path in _own(script, files, place):
        with contextlib.suppress(OSError):
            texts.append((name, reading.content(path)))
    made = []
    for name, content in texts[:_MOST_LISTINGS]:
        whole = content.decode("utf-8-sig", errors="replace")
        text, _ = shortened(provenance.without_secrets(whole, code=True), KEPT_TEXT)
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
    script: ScriptSource,
    arguments: Sequence[str],
    files: Sequence[DataFile],
    seeds: Sequence[int],
    own_modules: Mapping[str, str],
) -> dict[str, str]:
    """Return each input of a run by name: the parts of its key.

    Args:
        script: the program.
        arguments: its own; in the key as a hash, as they may hold secrets.
        files: data files that were declared.
        seeds: given for its processes.
        own_modules: modules beside it, by name, each with its hash.
    """
    from labreport.experiments.running.identity import data_part  # brings what labs need; not before a script starts

    return {
        "script": script.digest or script.name,
        "modules": json.dumps(dict(own_modules), sort_keys=True, ensure_ascii=False),
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
        return reading.digest(path)
    except OSError:
        return None
