"""From the name of a lab to the lab, importing nothing before it is needed.

Labs come by entry points of the group `labreport.labs`, those shipped here like those of other distributions, or from
a single file of the user. Such a file is imported under a private name, so that it can neither hide nor be hidden by a
module of the same name; while it is imported and run, and only then, modules are found in its folder, too.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from hashlib import sha256
from importlib import import_module, invalidate_caches
from importlib.abc import MetaPathFinder
from importlib.machinery import SOURCE_SUFFIXES, ModuleSpec, PathFinder, SourceFileLoader
from importlib.metadata import EntryPoint
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from labreport.experiments.errors import LabError, kind_of, message_of, plain, unknown_name
from labreport.experiments.plugins import PluginError, Registry
from labreport.experiments.result import Setting
from labreport.experiments.settings import SettingError, setting_types
from labreport.experiments.system import stdout
from labreport.experiments.system.fresh import FreshLoader

if TYPE_CHECKING:
    from labreport.experiments.lab import Files

CLASSIC = ("tensors", "workflow", "mnist", "imdb", "reuters", "boston")
"""The labs of the book by François Chollet, in its order: those that run where none is named."""
FURTHER = (
    "remedies",
    "convolution",
    "metrics",
    "uneven",
    "sequences",
)
"""Further labs in the order in which they follow; they run where they are named."""
BOOK = (*CLASSIC, *FURTHER)
"""All labs that are shipped here, in the order of their chapters."""

LABS: Registry[ModuleType] = Registry("lab", "labreport.labs", order=BOOK)
"""The installed labs by name. `pyproject.toml` names the modules of those shipped here."""


class UnknownLabError(LabError):
    """No lab has this name."""


@dataclass(frozen=True, kw_only=True)
class _NoSettings:
    """The settings of a lab that has none."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where the modules of a lab lie, so that its own imports are found: when it runs, and for its identity."""

    root: Path
    """Folder in which its top-level modules are looked up: that of a user's file, or of an installed package."""
    package: str = ""
    """Dotted name of the package that the lab's file lies in; empty for a file outside of one."""
    top: str = ""
    """The one top-level module of an installed lab; empty for a user's file, which may import all of its folder."""
    modules: dict[str, ModuleType] = field(default_factory=dict)
    """The modules of a user's lab, held here while no code of the lab is at work."""

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let the block import from the folder of a user's file, also where others have modules of these names.

        Modules that the user's own program has imported from the folder before are shared with it.
        """
        if self.top:
            yield
            return
        names = self.names()
        hidden = {
            name: module
            for name, module in sys.modules.items()
            if name.partition(".")[0] in names and not self._holds(module)
        }
        for name in hidden:
            del sys.modules[name]
        shared = set(sys.modules)
        sys.modules.update(self.modules)
        finder = _Finder(self.root, names)
        sys.meta_path.insert(0, finder)
        invalidate_caches()
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            for name in set(sys.modules) - shared:
                if name in self.modules or (name.partition(".")[0] in names and self._holds(sys.modules[name])):
                    self.modules[name] = sys.modules.pop(name)
            sys.modules.update(hidden)

    def names(self) -> set[str]:
        """Return the top-level modules that are the lab's own: in its folder, and neither Python's nor installed."""
        if self.top:
            return {self.top}
        modules = {path.stem for path in self.root.glob("*.py")} | {
            path.parent.name for path in self.root.glob("*/*.py")
        }
        installed = [place for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
        return {
            name
            for name in modules - sys.stdlib_module_names - {__name__.partition(".")[0]}
            if PathFinder.find_spec(name, installed) is None
        }

    def _holds(self, module: ModuleType) -> bool:
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        return any(place and Path(place).resolve().is_relative_to(self.root) for place in places)


class _Finder(MetaPathFinder):
    """Finds some modules in a folder, and no others, so that a file there hides nothing that is installed."""

    def __init__(self, folder: Path, names: set[str]) -> None:
        self._folder, self._names = str(folder), names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of the folder is, at the top or inside of a package; None for all others."""
        top, inner, _ = fullname.partition(".")
        if top not in self._names:
            return None
        found = PathFinder.find_spec(fullname, path if inner else [self._folder])
        if found is not None and isinstance(found.loader, SourceFileLoader):
            found.loader = FreshLoader(found.loader.name, found.loader.path)
        return found


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A lab that has been imported."""

    name: str
    title: str
    """For a chapter without a note; a note brings its own title."""
    version: str
    dataset: str | None
    """Name of the data set, or None where a lab reads none that is known here."""
    data: Files
    """The lab's own data files."""
    settings: type[Any]
    """Frozen dataclass of the lab's settings."""
    quick: Mapping[str, Setting]
    """Settings that the profile `quick` changes."""
    introduce: Callable[..., None] | None
    """Called once, with settings, data set and session."""
    train: Callable[..., None] | None
    """Called once for each seed, with settings, data set, session and seed; None where nothing depends on a seed."""
    train_baselines: Callable[..., None] | None
    """Called once for each seed as `train` is, perhaps elsewhere at the same time; what it finds comes after."""
    file: Path
    """The source file, whose text is part of a run's identity."""
    path: Path | None
    """The file as the user named it; None for an installed lab."""
    home: Home


def names() -> tuple[str, ...]:
    """Return the names of all installed labs: those shipped here in the order of the book, then the others by name."""
    return LABS.names()


def load(name: str, path: Path | None = None) -> Lab:
    """Import a lab and return it. A lab in a file is executed at each call.

    Args:
        name: name of an installed lab, or the name to give to the lab in `path`.
        path: a Python file holding a lab.

    Raises:
        UnknownLabError: no lab has this name; the message lists the known ones and the nearest.
        LabError: the file is missing or can't be imported, or it lacks a part that every lab has.
    """
    if path is None:
        point = _point(name)
        module = _imported(name, point.value, lambda: LABS.get(name))
        if not isinstance(module, ModuleType) or not module.__file__:
            raise LabError(f"The lab {name!r} should be a module, but {point.value} is not.")
        file, package = Path(module.__file__).resolve(), module.__package__ or ""
        depth = len(package.split(".")) if package else 0
        top = module.__name__.partition(".")[0]
        return _described(name, module, file, None, Home(root=file.parents[depth], package=package, top=top))
    place = _existing(name, path).resolve()
    home = Home(root=place.parent)
    return _described(name, _imported(name, str(path), lambda: _executed(name, path, place, home)), place, path, home)


def source_file(name: str, path: Path | None = None) -> Path:
    """Return the source file of a lab without importing the lab.

    Raises:
        UnknownLabError: no lab has this name.
        LabError: the module or file is missing.
    """
    if path is not None:
        return _existing(name, path)
    module = _point(name).value
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise LabError(f"The lab {name!r} names the module {module}, which is not installed.")
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
    package, _, last = ("", "", "") if path is not None else _point(name).value.rpartition(".")
    if package or last == file.stem:
        module = ".".join(filter(None, (package, file.stem)))
        return _imported(name, file.name, lambda: import_module(module))
    place = file.resolve()
    return _imported(name, str(file), lambda: _executed(name, file, place, Home(root=place.parent)))


def dataset_name(lab: Lab, settings: Any) -> str | None:
    """Return the data set that a run reads: the setting `dataset` where the lab has one, else the lab's own.

    Raises:
        LabError: the setting is not a name.
    """
    name: object = getattr(settings, "dataset", lab.dataset)
    if name is not None and not isinstance(name, str):
        raise LabError(f"The setting dataset of {lab.name} must be the name of a data set, not {name!r}.")
    return name


def _point(name: str) -> EntryPoint:
    if name not in LABS:
        raise UnknownLabError(unknown_name("lab", name, names()))
    return LABS.point(name)


def _existing(name: str, path: Path) -> Path:
    if not path.is_file():
        raise LabError(f"The lab {name!r} should be in {path}, but there is no such file.")
    return path


def _imported(name: str, place: str, imported: Callable[[], ModuleType]) -> ModuleType:
    try:
        with stdout.kept_for_results():
            return imported()
    except (KeyboardInterrupt, LabError):
        raise
    except PluginError as error:
        raise LabError(str(error)) from error
    except BaseException as error:
        # Anything: a lab that leaves the program while it is imported must not take the others with it.
        reason = f"{kind_of(error)}: {message_of(error)}".rstrip(".: ")
        raise LabError(f"The lab {name!r} can't be imported from {place}: {reason}.") from error


def _executed(name: str, path: Path, place: Path, home: Home) -> ModuleType:
    """Execute a user's file as a module that only its lab's home keeps."""
    private_name = f"_labreport_lab_{sha256(str(place).encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(private_name, place, loader=FreshLoader(private_name, str(place)))
    if place.suffix not in SOURCE_SUFFIXES or spec is None or spec.loader is None:
        raise LabError(f"The lab {name!r} can't be read: {path} is not a Python file.")
    module = module_from_spec(spec)
    home.modules[private_name] = module  # dataclasses, inspect and pickle look it up in sys.modules
    with home.entered():
        spec.loader.exec_module(module)
    return module


def _described(name: str, module: ModuleType, file: Path, path: Path | None, home: Home) -> Lab:
    from labreport.experiments.lab import Files  # with it comes what trains, which to name a lab does not need

    parts = {"DATASET": None, "DATA": Files(), "QUICK": {}, "Settings": _NoSettings, **vars(module)}
    missing = [part for part in ("TITLE", "VERSION") if part not in parts]
    if "introduce" not in parts and "train" not in parts:
        missing.append("introduce or train")
    if missing:
        raise LabError(f"The lab {name!r} lacks {', '.join(missing)}; see a lab of the package for the form.")
    settings = parts["Settings"]
    if not isinstance(settings, type) or not is_dataclass(settings):
        raise LabError(f"The lab {name!r} has Settings that are not a dataclass.")
    functions = {part: parts.get(part) for part in ("introduce", "train", "train_baselines")}
    for part, fits, expected in (
        ("TITLE", isinstance(parts["TITLE"], str), "a text"),
        ("VERSION", isinstance(parts["VERSION"], str | int | float), "a text or a number"),
        ("DATASET", isinstance(parts["DATASET"], str | None), "the name of a data set, or None"),
        ("DATA", isinstance(parts["DATA"], Files), "made by labreport.files"),
        ("QUICK", isinstance(parts["QUICK"], Mapping), "a table of settings"),
        *((part, function is None or callable(function), "a function") for part, function in functions.items()),
    ):
        if not fits:
            raise LabError(f"The lab {name!r} has a {part} that is not {expected}.")
    try:
        with home.entered():
            setting_types(settings)
    except SettingError as error:
        raise LabError(f"The lab {name!r} can't be used. {error}") from error
    return Lab(
        name=name,
        title=parts["TITLE"],
        version=plain(str(parts["VERSION"])),
        dataset=parts["DATASET"],
        data=parts["DATA"],
        settings=settings,
        quick=MappingProxyType(dict(parts["QUICK"])),
        **functions,
        file=file,
        path=path,
        home=home,
    )
