"""The identity of a run: what went into it, as one hash, found without training and without TensorFlow.

Two runs with the same key would measure the same, so the second need not be made. Each part keeps a name, so that
whoever finds a run out of date is told which input has changed.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from labreport.experiments.errors import LabError
from labreport.experiments.result import DataFile, Setting

PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package whose modules belong to the engine."""

NAME = __name__.split(".")[0]
"""The name under which everything is imported."""

DISTRIBUTIONS = {"keras": ("keras",), "tensorflow": ("tensorflow", "tensorflow-cpu"), "numpy": ("numpy",)}
"""Packages whose version is part of a run's identity, and the distributions that may provide each."""


def key_parts(
    lab_file: Path,
    settings: Mapping[str, Setting],
    files: Sequence[DataFile],
    seeds: Sequence[int],
    *,
    profile: str = "full",
) -> dict[str, str]:
    """Return each input of a run by name, as a hash or a readable value.

    Args:
        lab_file: source file of the lab (`registry.source_file`).
        settings: all settings after profile and user have had their say.
        files: files that the data are read from; empty for a lab without data.
        seeds: seeds of the run, in order.
        profile: `full` or `quick`; a quick run never stands in for a full one, even with equal settings.

    Returns:
        The parts lab, engine, settings, data, seeds, profile, keras, tensorflow and numpy.
    """
    return {
        "lab": sha256(lab_file.read_bytes()).hexdigest(),
        "engine": _hash_of_files(engine_files(lab_file)),
        "settings": json.dumps(dict(settings), sort_keys=True, ensure_ascii=False),
        "data": data_part(files),
        "seeds": ",".join(str(seed) for seed in seeds),
        "profile": profile,
        **{package: package_version(package) for package in DISTRIBUTIONS},
    }


def data_part(files: Sequence[DataFile]) -> str:
    """Return the part of a run's identity that names its data: each file with its hash, or "none"."""
    return " ".join(f"{file.name}:{file.sha256}" for file in files) or "none"


def key(parts: Mapping[str, str]) -> str:
    """Return the hash of all parts, 64 hexadecimal digits."""
    return sha256(json.dumps(dict(parts), sort_keys=True).encode()).hexdigest()


def changed_parts(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the parts that differ, those of `new` first."""
    return tuple(name for name in {**new, **old} if old.get(name) != new.get(name))


def package_version(package: str) -> str:
    """Return the installed version of a package, or "none", without importing it."""
    for distribution in DISTRIBUTIONS.get(package, (package,)):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "none"


def engine_files(lab_file: Path) -> tuple[Path, ...]:
    """Return the files of this package that a lab uses, directly or through others, in the order of their names.

    Found by reading the import statements, also those inside functions. The lab's own file is not among them.
    """
    found: set[Path] = set()
    waiting = [lab_file.resolve()]
    while waiting:
        for used in _imported_files(waiting.pop()):
            if used not in found:
                found.add(used)
                waiting.append(used)
    return tuple(sorted(found - {lab_file.resolve()}))


def _hash_of_files(paths: Sequence[Path]) -> str:
    digest = sha256()
    for path in paths:
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _imported_files(path: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise LabError(f"{path.name} is no readable Python source: {error}.") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # One form names a module of the package, the other a part of a module: try both.
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in modules:
            yield from _files_of_module(module)


def _files_of_module(module: str) -> Iterator[Path]:
    """Files that importing a module of this package reads: its own and those of the packages it lies in."""
    top, *rest = module.split(".")
    if top != NAME or not rest or rest.pop(0) != PACKAGE.name:
        return
    for depth in range(1, len(rest) + 1):
        base = PACKAGE.joinpath(*rest[:depth])
        candidates = (base.with_name(f"{base.name}.py"), base / "__init__.py")
        yield from (file for file in candidates if file.is_file())
