"""From the name of a lab to the lab, importing nothing before it is needed.

Three sources, one kind of answer: the labs shipped here, labs of other packages (entry points of the group
`labreport.experiments`), and a single file of the user, loaded under a private name so that it can neither hide nor
be hidden by a module of the same name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from hashlib import sha256
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from labreport.experiments import stdout
from labreport.experiments.errors import LabError, told
from labreport.experiments.result import Findings, Setting
from labreport.experiments.settings import SettingError, setting_types
from labreport.experiments.suggestion import unknown_name

if TYPE_CHECKING:
    from labreport.experiments.data.sets import Dataset
    from labreport.experiments.lab import Session

GROUP = "labreport.experiments"
"""Entry-point group in which another package names its labs."""

BUILT_IN = {
    "tensors": "labreport.experiments.tensors",
    "workflow": "labreport.experiments.workflow",
    "mnist": "labreport.experiments.mnist",
    "imdb": "labreport.experiments.imdb",
    "reuters": "labreport.experiments.reuters",
    "boston": "labreport.experiments.boston",
}
"""The labs of this package by name, in the order of the book. A new lab is one more line here."""


class UnknownLabError(LabError):
    """No lab has this name."""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A lab that has been imported."""

    name: str
    title: str
    """Short English title; the report has its own titles per language."""
    version: str
    dataset: str | None
    """Name of the data set, or None where a lab reads no data."""
    settings: type[Any]
    """Frozen dataclass of the lab's settings."""
    quick: Mapping[str, Setting]
    """Settings that the profile `quick` changes."""
    run: Callable[[Any, Dataset | None, Session], Findings]
    file: Path
    """The source file, whose bytes are part of a run's identity."""


def names() -> tuple[str, ...]:
    """Return the names of all labs: those shipped here in the order of the book, then the others by name."""
    return (*BUILT_IN, *sorted(_other_entry_points()))


def load(name: str, path: Path | None = None) -> Lab:
    """Import a lab and return it.

    Args:
        name: name of a known lab, or the name to give to the lab in `path`.
        path: a Python file holding a lab.

    Raises:
        UnknownLabError: no lab has this name; the message lists the known ones and the nearest.
        LabError: the file is missing or can't be imported, or it lacks a part that every lab has.
    """
    if path is not None:
        place = _existing(name, path).resolve()
        return _described(name, _load_file(name, path, place), place)
    module_name = _module_name(name)
    try:
        with stdout.kept_for_results():
            module = import_module(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise LabError(f"The lab {name!r} can't be imported from {module_name}: {_named(error)}.") from error
    return _described(name, module, source_file(name))


def source_file(name: str, path: Path | None = None) -> Path:
    """Return the source file of a lab without importing the lab.

    Raises:
        UnknownLabError: no lab has this name.
        LabError: the module or file is missing.
    """
    if path is not None:
        return _existing(name, path)
    module_name = _module_name(name)
    try:
        found = find_spec(module_name)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise LabError(f"The lab {name!r} names the module {module_name}, which is not installed.")
    return Path(found.origin)


def load_module(name: str, path: Path | None, file: Path) -> ModuleType:
    """Import the module of a lab, or another file beside it, and return it.

    Args:
        name: of the lab.
        path: the lab's file, where it is given by one.
        file: the file to import: that of the lab, or one beside it.

    Raises:
        LabError: it can't be imported.
    """
    module_name = "" if path is not None else _module_name(name)
    package, _, last = module_name.rpartition(".")
    if not module_name or (last != file.stem and not package):
        return _load_file(name, file, file.resolve())
    try:
        with stdout.kept_for_results():
            return import_module(module_name if last == file.stem else f"{package}.{file.stem}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise LabError(f"The lab {name!r} can't be imported from {file.name}: {_named(error)}.") from error


def dataset_name(lab: Lab, settings: Any) -> str | None:
    """Return the data set that a run reads: the setting `dataset` where the lab has one, else the lab's own.

    Raises:
        LabError: the setting is no name.
    """
    name: object = getattr(settings, "dataset", lab.dataset)
    if name is not None and not isinstance(name, str):
        raise LabError(f"The setting dataset of {lab.name} must be the name of a data set, not {name!r}.")
    return name


def _module_name(name: str) -> str:
    others = _other_entry_points()
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name in others:
        return others[name].module
    raise UnknownLabError(unknown_name("lab", name, names()))


def _other_entry_points() -> dict[str, EntryPoint]:
    """Entry points of other packages; one that takes the name of a lab shipped here is passed over."""
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in BUILT_IN}


def _existing(name: str, path: Path) -> Path:
    if not path.is_file():
        raise LabError(f"The lab {name!r} should be in {path}, but there is no such file.")
    return path


def _load_file(name: str, path: Path, place: Path) -> ModuleType:
    private_name = f"_labreport_lab_{sha256(str(place).encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(private_name, place)
    if spec is None or spec.loader is None:
        raise LabError(f"The lab {name!r} can't be read: {path} is not a Python file.")
    module = module_from_spec(spec)
    sys.modules[private_name] = module  # dataclasses and inspect look their module up there
    try:
        with stdout.kept_for_results():
            spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # Anything: a lab that leaves the program while it is imported must not take the others with it.
        del sys.modules[private_name]
        raise LabError(f"The lab {name!r} can't be imported from {path}: {_named(error)}.") from error
    return module


def _described(name: str, module: ModuleType, file: Path) -> Lab:
    parts = vars(module)
    missing = [part for part in ("TITLE", "VERSION", "DATASET", "Settings", "run") if part not in parts]
    if missing:
        raise LabError(f"The lab {name!r} lacks {', '.join(missing)}; see a lab of the package for the form.")
    settings, quick = parts["Settings"], parts.get("QUICK", {})
    if not isinstance(settings, type) or not is_dataclass(settings):
        raise LabError(f"The lab {name!r} has Settings that are no dataclass.")
    for part, fits, expected in (
        ("TITLE", isinstance(parts["TITLE"], str), "a text"),
        ("VERSION", isinstance(parts["VERSION"], str | int | float), "a text or a number"),
        ("DATASET", isinstance(parts["DATASET"], str | None), "the name of a data set, or None"),
        ("QUICK", isinstance(quick, Mapping), "a table of settings"),
        ("run", callable(parts["run"]), "a function"),
    ):
        if not fits:
            raise LabError(f"The lab {name!r} has a {part} that is not {expected}.")
    try:
        setting_types(settings)
    except SettingError as error:
        raise LabError(f"The lab {name!r} can't be used. {error}") from error
    return Lab(
        name=name,
        title=parts["TITLE"],
        version=str(parts["VERSION"]),
        dataset=parts["DATASET"],
        settings=settings,
        quick=quick,
        run=parts["run"],
        file=file,
    )


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {told(error)}".rstrip(".: ")
