"""Sizes and times of the files of runs, by which the index notices that one has changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labreport.report.store.entries import NOTED, RESULT

Stamp = tuple[int, int, int, int]
"""Size and time of the result, then of the notes; zeros for a file that is not there."""


def place_of(folder: Path) -> tuple[str, str]:
    """Return the names of the folders of a lab and of a run."""
    return folder.parent.name, folder.name


def stamp_of(folder: str | Path) -> Stamp:
    """Return sizes and times of the files of a run."""
    found = []
    for name in (RESULT, NOTED):
        try:
            status = os.stat(f"{folder}{os.sep}{name}")  # noqa: PTH116
        except OSError:
            found += [0, 0]
        else:
            found += [status.st_size, status.st_mtime_ns]
    return found[0], found[1], found[2], found[3]


def edited(root: Path, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the rows whose result has another size or time; asked of all, so without any detour.

    Args:
        root: of the store.
        rows: each a number, the names of the folders of lab and run, size and time of the result, and whatever else.
    """
    found, start = [], f"{root}{os.sep}"
    for row in rows:
        try:
            status = os.stat(f"{start}{row[1]}{os.sep}{row[2]}{os.sep}{RESULT}")  # noqa: PTH116
        except OSError:
            found.append(row)
            continue
        if status.st_mtime_ns != row[4] or status.st_size != row[3]:
            found.append(row)
    return found
