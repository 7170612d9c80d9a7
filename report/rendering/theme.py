"""A theme is a palette by role: which colour is the ink, the training part, a quiet border, on light ground and dark.

It is a folder that holds `palette.toml`, and beside it, where colours are not enough, `theme.css` and `dark.css`.
Style sheets and drawings name roles only, as `var(--training)`; a page gets the palette as a rule, and a drawing that
stands alone or is printed gets the colours themselves.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from labreport.report.errors import RenderingError
from labreport.report.look import THEMES

BASE = "blue"
"""The theme that has every role; another takes from it what it leaves out."""
PALETTE = "palette.toml"

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ROLE = re.compile(r'(?<==")var\(--([\w-]+)\)(?=")')
"""A role as the value of an attribute; in a text it is nothing but text."""


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of a theme, `#rrggbb` by role."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    """The same roles as `light`: what changes on a dark ground, and what stays."""


@cache
def palette(theme: str) -> Palette:
    """Return the colours of a theme.

    Raises:
        RenderingError: its palette is missing, is not TOML, or holds something else than colours of known roles.
        PluginError: no such theme, or its package can't be imported.
    """
    found = _file(theme, PALETTE)
    if found is None:
        raise RenderingError(f"The theme '{theme}' has no {PALETTE}.")
    try:
        tables = tomllib.loads(found)
    except (ValueError, RecursionError) as error:
        raise RenderingError(f"The {PALETTE} of the theme '{theme}' can't be read: {error}.") from error
    base = palette(BASE) if theme != BASE else None
    for part, colours in tables.items():
        if part not in ("light", "dark") or not isinstance(colours, dict):
            raise RenderingError(
                f"The {PALETTE} of the theme '{theme}' holds '{part}'; it may hold [light] and [dark]."
            )
        for role, colour in colours.items():
            if base is not None and role not in base.light:
                raise RenderingError(
                    f"The theme '{theme}' colours the unknown role '{role}'. Known: {', '.join(base.light)}."
                )
            if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
                raise RenderingError(f"The theme '{theme}' gives {role} = {colour!r}; write a colour such as #1f4e8c.")
    light, dark = tables.get("light", {}), tables.get("dark", {})
    if base is None:
        return Palette(light=light, dark=light | dark)
    return Palette(light={**base.light, **light}, dark={**base.dark, **_always_light(light, base), **dark})


def _always_light(light: Mapping[str, str], base: Palette) -> dict[str, str]:
    """Return the colours of pictures, whose ground stays light in the dark."""
    return {role: colour for role, colour in light.items() if role.startswith("picture")}


def style_sheet(theme: str) -> str:
    """Return the style rules of a theme on a light ground; raises as `palette`."""
    return _rule(palette(theme).light) + (_file(theme, "theme.css") or "")


def dark_style_sheet(theme: str) -> str:
    """Return the style rules that a dark ground needs, for a dark media query; raises as `palette`."""
    found = palette(theme)
    changed = {role: colour for role, colour in found.dark.items() if colour != found.light[role]}
    return _rule(changed) + (_file(theme, "dark.css") or "")


def painted(svg: str, theme: str) -> str:
    """Return a drawing with the colours of a theme in the place of its roles, to be printed or to stand alone.

    Raises:
        RenderingError: the drawing names a role that no palette has.
    """
    colours = palette(theme).light

    def colour(found: re.Match[str]) -> str:
        if found[1] not in colours:
            raise RenderingError(f"The drawing asks for the unknown role '{found[1]}'. Known: {', '.join(colours)}.")
        return colours[found[1]]

    return _ROLE.sub(colour, svg)


def _rule(colours: Mapping[str, str]) -> str:
    return ":root{" + ";".join(f"--{role}:{colour}" for role, colour in colours.items()) + "}\n"


def _file(theme: str, name: str) -> str | None:
    file = resources.files(THEMES.get(theme)) / name
    return file.read_text("utf-8") if file.is_file() else None
