"""The identity of a run: what went into it, as one hash, found without training and without TensorFlow.

Two runs with the same key would measure the same, so the second need not be made. Each part keeps a name, so that
the user of an outdated run can see which input has changed.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from labreport.experiments.errors import LabError
from labreport.experiments.registry import Home, Lab
from labreport.experiments.result import DataFile, Setting
from labreport.experiments.system import reading

PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package whose modules belong to the engine."""

NAME = __name__.split(".")[0]
"""The name under which everything is imported."""

DISTRIBUTIONS = {"keras": ("keras",), "tensorflow": ("tensorflow", "tensorflow-cpu"), "numpy": ("numpy",)}
"""Packages whose version is part of a run's identity, and the distributions that may provide each."""


def key_parts(
    lab: Lab,
    settings: Mapping[str, Setting],
    files: Sequence[DataFile],
    seeds: Sequence[int],
    *,
    profile: str = "full",
) -> dict[str, str]:
    """Return each input of a run by name, as a hash or a readable value.

    Args:
        lab: its source and that of the modules of its own that it imports are inputs.
        settings: all settings after profile and user have had their say.
        files: files that the data are read from; empty for a lab without data.
        seeds: seeds of the run, in order.
        profile: `full` or `quick`; a quick run never stands in for a full one, even with equal settings.

    Returns:
        The parts lab, engine, settings, data, seeds, profile, keras, tensorflow and numpy.

    Raises:
        LabError: a source is not readable Python.
    """
    own, engine = used_files(lab)
    return {
        "lab": _hash_of_lab(lab, own),
        "engine": _hash_of_files(engine, PACKAGE),
        "settings": json.dumps(dict(settings), sort_keys=True, ensure_ascii=False),
        "data": data_part(files),
        "seeds": ",".join(str(seed) for seed in seeds),
        "profile": profile,
        **{package: package_version(package) for package in DISTRIBUTIONS},
    }


def lab_part(lab: Lab) -> str:
    """Return the part of a run's identity that names the source of its lab.

    Raises:
        LabError: a source is not readable Python.
    """
    return _hash_of_lab(lab, used_files(lab)[0])


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


def used_files(lab: Lab) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the files that a lab uses, directly or through others: of its own, and of this package.

    Found by reading the import statements, also those inside functions. Files of its own are its modules below its
    folder, or in the package that it is installed in, with the lab's file itself; there are none where it imports
    none. Each list is in the order of the names.
    """
    start, names = lab.file, lab.home.names()
    found: set[Path] = set()
    waiting = [(start, tuple(lab.home.package.split(".")) if lab.home.package else ())]
    while waiting:
        for used, package in _imported_files(*waiting.pop(), lab.home, names):
            if used not in found and used != start:
                found.add(used)
                waiting.append((used, package))
    engine = {path for path in found if path.is_relative_to(PACKAGE)}
    own = found - engine
    return tuple(sorted({*own, start})) if own else (), tuple(sorted(engine))


def listing(paths: Sequence[Path], root: Path) -> bytes:
    """Return a list of files whose hash is their identity: name below `root`, a null byte, hash of the text."""
    return "".join(
        f"{path.relative_to(root).as_posix()}\0{reading.text_hash(reading.content(path))}\n" for path in paths
    ).encode()


def _hash_of_lab(lab: Lab, own: Sequence[Path]) -> str:
    return _hash_of_files(own, lab.home.root) if own else reading.text_hash(reading.content(lab.file))


def _hash_of_files(paths: Sequence[Path], root: Path) -> str:
    return sha256(listing(paths, root)).hexdigest()


def _imported_files(
    path: Path, package: tuple[str, ...], home: Home, names: set[str]
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Return the files that a file imports, each with the package it lies in."""
    try:
        imports = _imports(reading.content(path))
    except (SyntaxError, ValueError) as error:
        raise LabError(f"{path.name} is not readable Python source: {error}.") from error
    for level, module, inside in imports:
        base = package[: len(package) - level + 1] if level else ()
        # One form names a module of the package, the other a part of a module: try both.
        for parts in ((*base, *module), *((*base, *module, name) for name in inside)):
            yield from _files_of_module(parts, home, names)


@lru_cache(maxsize=512)
def _imports(source: bytes) -> tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...]:
    """Return each import of a source: how many packages up it begins, the module, and what is taken out of it.

    Labs share most of the files that they use, and each is asked more than once in a command.

    Raises:
        SyntaxError, ValueError: the source is not readable.
    """
    found: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += ((0, tuple(alias.name.split(".")), ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = tuple(node.module.split(".")) if node.module else ()
            found.append((node.level, module, tuple(alias.name for alias in node.names)))
    return tuple(found)


def _files_of_module(parts: tuple[str, ...], home: Home, names: set[str]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Files that importing a module reads: its own and those of the packages it lies in."""
    if parts[:1] == (NAME,):
        if parts[1:2] != (PACKAGE.name,):
            return
        folder, skipped = PACKAGE, 2
    elif parts[:1] and parts[0] in names:
        folder, skipped = home.root, 0
    else:
        return
    for depth in range(skipped + 1, len(parts) + 1):
        base = folder.joinpath(*parts[skipped:depth])
        for file, package in (
            (base.with_name(f"{base.name}.py"), parts[: depth - 1]),
            (base / "__init__.py", parts[:depth]),
        ):
            if file.is_file():
                yield file, package
