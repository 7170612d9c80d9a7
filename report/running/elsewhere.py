"""Runs in another Python: with the versions of the libraries, and the training engine, that are installed there.

Such a run is a `labreport run` or `labreport record` of that Python in a process of its own, whose store is a folder
for the time being. What it measured is taken from there only if its inputs are those that were asked for.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from labreport.experiments import registry
from labreport.experiments.recording.sources import PACKAGES
from labreport.experiments.result import Result
from labreport.experiments.running import identity
from labreport.experiments.settings import as_record
from labreport.report.configuration import Configuration
from labreport.report.errors import ExperimentError, UsageError
from labreport.report.running.orders import Ordered
from labreport.report.running.planning import Plan
from labreport.report.store.entries import PURPOSE, load
from labreport.report.store.runs import Store

_VERSIONS = tuple(dict.fromkeys((*identity.DISTRIBUTIONS, *PACKAGES)))
_QUESTION = (
    "import json, sys; from labreport.experiments.running.identity import package_version; "
    "print(json.dumps({name: package_version(name) for name in sys.argv[1:]}))"
)
_PATIENCE = 120.0
"""Seconds that a Python may take to say which versions it has."""


@dataclass(frozen=True, kw_only=True)
class Pythons:
    """The Python of each of two runs; None: this one."""

    a: Path | None = None
    b: Path | None = None


def pythons(words: Sequence[str]) -> Pythons | None:
    """Return the Pythons that words such as `A=old/bin/python` name; None where there are none.

    Raises:
        UsageError: a word is not of this form, names a side twice, or a program that is not there.
    """
    found: dict[str, Path] = {}
    for word in words:
        side, _, place = word.partition("=")
        if side.upper() not in ("A", "B") or not place:
            raise UsageError(f"Can't read --python {word!r}: write A=PATH or B=PATH, with the Python of that run.")
        if side.lower() in found:
            raise UsageError(f"--python names {side.upper()} twice.")
        # Not resolved: the Python of a virtual environment is a link, and where it leads is another one.
        path = Path(place).expanduser().absolute()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise UsageError(f"--python {side.upper()}: {place} is not a program.")
        found[side.lower()] = path
    return Pythons(**found) if found else None


def environment_parts(result: Result) -> dict[str, str]:
    """Return the inputs of a run that its Python decides: versions, and with a lab the engine that came with them."""
    names = [*_VERSIONS]
    if not result.findings.own:
        # A lab that is installed belongs to its Python as the engine does.
        names += ["engine", *(["lab"] if result.lab in registry.names() else [])]
    return {name: result.key_parts[name] for name in names if name in result.key_parts}


def checked(result: Result, side: str, python: Path | None) -> None:
    """Check that a Python has the versions with which a run was made.

    Args:
        result: the run.
        side: A or B.
        python: the one to ask; None: this one.

    Raises:
        ExperimentError: it has others, or can't run labreport.
    """
    wanted = {name: version for name, version in environment_parts(result).items() if name in _VERSIONS}
    there = {name: identity.package_version(name) for name in wanted} if python is None else _asked(python, wanted)
    for name, version in wanted.items():
        if there[name] != version:
            where = f"this Python has {there[name]}; give --python {side}=…" if python is None else ""
            raise ExperimentError(f"{side} ran with {name} {version}, but {where or f'{python} has {there[name]}'}.")


def _asked(python: Path, names: Mapping[str, str]) -> dict[str, str]:
    try:
        done = subprocess.run(
            [str(python), "-c", _QUESTION, *names], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
        return {name: str(json.loads(done.stdout)[name]) for name in names}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
        why = (said or "").strip().splitlines()[-1:] or ["no answer"]
        raise ExperimentError(f"{python} can't run labreport: {why[0]}") from error


def run(plan: Plan, parts: Mapping[str, str], python: Path, configuration: Configuration, store: Store) -> Result:
    """Run a plan in another Python, store the result, and return it.

    Args:
        plan: a lab, or a script of the configuration.
        parts: the inputs that the run must have had, with the purpose for which it is stored.
        python: the other one.
        configuration: where data lie.
        store: where the result goes.

    Raises:
        ExperimentError: it failed, or had other inputs.
    """
    with tempfile.TemporaryDirectory(prefix="labreport-elsewhere-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        words, work = (
            _record_words(plan.prepared) if isinstance(plan.prepared, Ordered) else _words(plan, configuration, place)
        )
        command = [str(python), "-m", "labreport", words[0], "--runs-dir", str(place / "runs"), *words[1:]]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, errors="replace")
        made = Store(place / "runs").list(plan.lab).runs
        if not made:
            why = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
            raise ExperimentError(f"{plan.lab} can't be run with {python}: {why[0]}")
        result = load(made[0].path)
    other = [name for name in identity.changed_parts(result.key_parts, parts) if name != PURPOSE]
    if result.status == "complete" and other:
        raise ExperimentError(
            f"{plan.lab}, run with {python}, had other inputs than it was to have: {', '.join(other)}."
        )
    result = msgspec.structs.replace(result, key_parts=dict(parts), key=identity.key(parts))
    store.save(result)
    return result


def _words(plan: Plan, configuration: Configuration, place: Path) -> tuple[list[str], Path]:
    """Return the words of a `labreport run`, and the folder in which it finds the lab's file."""
    prepared = plan.prepared
    assert not isinstance(prepared, Ordered)
    if prepared.lab.path is not None:
        path = json.dumps(str(prepared.lab.file), ensure_ascii=False)
        (place / "labreport.toml").write_text(f"[paths]\n{plan.lab} = {path}\n", "utf-8")
    words = ["run", plan.lab, "--seeds", ",".join(map(str, plan.seeds)), "--profile", plan.profile, "-q"]
    words += ["--data", prepared.data.source if prepared.data else prepared.source]
    if configuration.data_dir is not None:
        words += ["--data-dir", str(configuration.data_dir.absolute())]
    words += ["--offline"] if configuration.offline else []
    for name, value in as_record(prepared.settings).items():
        words += ["-P", f"{plan.lab}.{name}={str(value).lower() if isinstance(value, bool) else value}"]
    return words, place


def _record_words(ordered: Ordered) -> tuple[list[str], Path]:
    return list(ordered.order.command[1:]), ordered.folder
