"""Modules that are compiled from their source each time, so that what runs is what was hashed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any


class FreshLoader(SourceFileLoader):
    """Compiles the source each time: what runs is what the identity of the run was made from.

    Python takes compiled code for that of a source with the same size and the same second of its last change, which a
    version that a program has written over another one may have.
    """

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Say that nothing is known of the file, so that compiled code is neither taken nor written."""
        raise OSError(path)


class FreshFinder(MetaPathFinder):
    """Finds what Python finds, and has the modules of one folder compiled each time.

    Args:
        folder: with the modules; those that are installed inside of it, in an environment, are left as they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder) + os.sep

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of the folder is; None for all others."""
        found = PathFinder.find_spec(fullname, path)
        if found is None or type(found.loader) is not SourceFileLoader:
            return None
        place = found.loader.path
        if not place.startswith(self._folder) or "site-packages" in place:
            return None
        found.loader = FreshLoader(found.loader.name, place)
        return found


def compile_each_time(folder: Path) -> None:
    """Have the modules of a folder compiled from their source, whatever lies in its `__pycache__`."""
    before = next((index for index, finder in enumerate(sys.meta_path) if finder is PathFinder), len(sys.meta_path))
    sys.meta_path.insert(before, FreshFinder(folder))
