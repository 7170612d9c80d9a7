"""How a report is to look: its theme, the user's own folder of templates, and the sheet that it is printed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

from labreport.experiments.plugins import Registry

THEMES: Registry[ModuleType] = Registry("theme", "labreport.themes", order=("blue", "grey"))
"""All themes; each is a package that holds a `palette.toml`."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a rendering is asked for besides its content."""

    theme: str = "blue"
    """Name of a theme: its colours, and what its style sheets add."""
    templates: Path | None = None
    """A folder of the user that is searched for templates, and for `css/user.css`, before the shipped ones."""
    paper: Literal["a4", "letter", "a3"] = "a4"
    large: bool = False
    """Whether letters and drawings are enlarged for those who read large print."""
    exercise_pages: bool = False
    """Whether each exercise begins a page of its own."""
    zone: str = "UTC"
    """Time zone in which times are written."""
