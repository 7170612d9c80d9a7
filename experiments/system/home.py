"""The user's folders, of which there may be none: in a container an unknown user has no home."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the user's home folder; the root folder where there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(Path.cwd().anchor)


def cache() -> Path | None:
    """Return the folder in which things may be kept from one command to the next; None where there is none."""
    try:
        return platformdirs.user_cache_path("labreport")
    except RuntimeError:
        return None


def expanded(path: str) -> str:
    """Return a path whose `~` at the beginning is the home folder; and where there is no home as it is."""
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        return path


def settle() -> None:
    """Name the root folder as the home of a user who has none, for libraries that ask when they are imported."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = Path.cwd().anchor
