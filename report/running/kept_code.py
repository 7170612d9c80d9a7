"""The code of a run as it was: from its place where it is still the same, else from what is kept with the run.

The source of a lab is kept with the store by its content, that of a script in its record. Where neither has all of it,
the answer is None: half of a program is another program.
"""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from labreport.experiments import registry
from labreport.experiments.data.sources import Announce
from labreport.experiments.errors import LabError
from labreport.experiments.recording import sources as recorded_sources
from labreport.experiments.recording.launch import ProgramKind
from labreport.experiments.result import Result, Script
from labreport.experiments.running import identity
from labreport.experiments.system import reading
from labreport.report.configuration import Configuration
from labreport.report.store import sources as stored_sources
from labreport.report.store.runs import Store

OF_CODE = ("lab", "script", "modules")
"""Parts of an identity that are the code of a lab or a script."""

StoredTable = Callable[[Sequence[str]], Mapping[str, Any]]
"""Gives the table of the configuration that a stored `labreport record` command stands for."""


@dataclass(frozen=True, kw_only=True)
class KeptLab:
    """A lab as it was."""

    path: Path | None
    """Its file; None for one that is installed and has not changed."""


@dataclass(frozen=True, kw_only=True)
class Codes:
    """The code of two runs, at hand as it was."""

    a: Path | None
    """The file of the lab or script; None: a lab that is installed and has not changed."""
    b: Path | None


@contextlib.contextmanager
def both_codes(
    a: Result, b: Result, configuration: Configuration, store: Store, recorded: StoredTable, announce: Announce
) -> Iterator[Codes | None]:
    """Give the code of both runs as it was, or None where it is the same, or where that of one is not to be had.

    Args:
        a: the reference.
        b: the run that differs.
        configuration: where the labs of the user lie.
        store: keeps the source of labs; that of a script is in its record.
        recorded: what a stored recording was started with.
        announce: called with what the user should know.
    """
    if a.lab != b.lab or not any(a.key_parts.get(part) != b.key_parts.get(part) for part in OF_CODE):
        yield None
        return
    with contextlib.ExitStack() as opened:
        found: list[Path | None] = []
        for one in (a, b):
            own = one.findings.own
            if own and own.script:
                before = program_of(one, recorded)
                alone = len(before) == 1 and before[0] != "-m"
                program = opened.enter_context(of_script(one, own.script, "script" if alone else "module", before[-1]))
                place = Path(program).absolute() if program and alone else None
                missing = place is None
            else:
                kept = opened.enter_context(of_lab(one, configuration.paths.get(one.lab), store, announce))
                place, missing = (kept.path if kept else None), kept is None
            if missing:
                yield None
                return
            found.append(place)
        yield Codes(a=found[0], b=found[1])


@contextlib.contextmanager
def of_lab(result: Result, path: Path | None, store: Store, announce: Announce) -> Iterator[KeptLab | None]:
    """Give a lab as it was when a run was made.

    Args:
        result: the run.
        path: where the user's lab lies now; None for a lab that is installed, or one whose place is not known.
        store: keeps the source of labs.
        announce: called where the source is taken from the store.

    Yields:
        The lab, in `path` itself where nothing has changed. None where its source is not to be had.
    """
    wanted = result.key_parts.get("lab", "")
    if (path is not None or result.lab in registry.names()) and _digest(result.lab, path) == wanted:
        yield KeptLab(path=path)
        return
    held = stored_sources.kept(store.root, wanted)
    entry = path.name if path is not None else f"{result.lab}.py"
    if held is None or not (set(held) == {""} or entry in held):
        yield None
        return
    announce(f"{result.lab}: with its source as it was, which the store keeps")
    with _written({name or entry: text for name, text in held.items()}) as folder:
        yield KeptLab(path=folder / entry) if folder else None


@contextlib.contextmanager
def of_script(result: Result, script: Script, kind: ProgramKind, program: str) -> Iterator[str | None]:
    """Give the program of a recorded run as it was: `program` itself where nothing has changed.

    Args:
        result: the run; the modules are looked for in the current folder.
        script: what its record says of the script.
        kind: script, module or another program; of another program no source is known, so it is taken as it is.
        program: its name or path, as it was started.

    Yields:
        The path of the script, or None where the record does not hold all of its source.
    """
    there = recorded_sources.ScriptSource.of(kind, program)
    beside = recorded_sources.modules_now(there, script.modules, Path.cwd())
    if kind == "program" or (there.digest == script.sha256 and beside == dict(script.modules)):
        yield program
        return
    held = {listing.name: listing.source for listing in result.findings.listings}
    wanted = {script.name: script.sha256, **script.modules}
    texts = {name: held[name] for name in wanted if name in held}
    whole = all(name in texts and sha256(texts[name].encode()).hexdigest() == wanted[name] for name in wanted)
    if kind != "script" or not whole:
        yield None
        return
    with _written(texts) as folder:
        yield str(folder / script.name) if folder else None


def program_of(result: Result, recorded: StoredTable) -> list[str]:
    """Return how the program of a recording was named: the words of its command before those that it takes itself."""
    words = shlex.split(recorded(result.provenance.command)["command"])
    return words[: len(words) - len(arguments_of(result))]


def arguments_of(result: Result) -> tuple[str, ...]:
    """Return the arguments of a recorded script."""
    own = result.findings.own
    return own.script.arguments if own and own.script else ()


@contextlib.contextmanager
def _written(texts: Mapping[str, str]) -> Iterator[Path | None]:
    """Give a folder with these files; None where one of them would lie outside of it."""
    if any(".." in Path(name).parts or Path(name).is_absolute() for name in texts):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="labreport-kept-", ignore_cleanup_errors=True) as folder:
        for name, text in texts.items():
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="")
        yield Path(folder)


def _digest(name: str, path: Path | None) -> str | None:
    """Return the part of an identity that the source of a lab has now; None where it can't be read."""
    with contextlib.suppress(LabError):
        lab = registry.load(name, path)
        own, _ = identity.used_files(lab)
        now = identity.listing(own, lab.home.root) if own else reading.unix_text(reading.content(lab.file))
        return sha256(now).hexdigest()
    return None
