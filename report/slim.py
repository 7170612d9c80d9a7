"""Makes a finished page smaller without changing what it shows.

A page with six labs holds thousands of table cells and hundreds of strokes; blank lines, end tags that HTML lets one
omit, and the same few attributes on every stroke are a tenth of it.
"""

from __future__ import annotations

import re
from collections import Counter

from report.theme import DARK

_PRESENTATION = "fill|stroke|stroke-width|text-anchor|fill-opacity|stroke-opacity|stroke-linecap|opacity"
_GROUP = re.compile(rf'(?: (?:{_PRESENTATION})="[^"()]*")+')
_PREFORMATTED = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_FEWEST = 6
"""Elements that must share a group of attributes before it becomes a class."""


def without_blanks(page: str) -> str:
    """Return the page without blank lines outside preformatted text, and without empty class attributes."""
    parts = _PREFORMATTED.split(page)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"\n\s*\n+", "\n", parts[index])
        parts[index] = re.sub(r'class="([^"]*?)\s+"', r'class="\1"', parts[index]).replace(' class=""', "")
    return "".join(parts)


def without_end_tags(page: str) -> str:
    """Return the page without the end tags of cells and rows, which HTML supplies by itself."""
    return re.sub(r"</t[dhr]>\s*", "", page)


def with_classes(page: str) -> tuple[str, str, str]:
    """Replace groups of attributes that many strokes of the drawings share by classes.

    Returns:
        The page, the rules of the classes, and the rules of those that look different in the dark.
    """
    drawings = _DRAWING.findall(page)
    counts = Counter(_key(group) for drawing in drawings for group in _GROUP.findall(drawing))
    common = [key for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= _FEWEST]
    names = {key: f"v{number}" for number, key in enumerate(common)}

    def replaced(match: re.Match[str]) -> str:
        name = names.get(_key(match.group()))
        return f" class={name}" if name else match.group()

    def drawing(match: re.Match[str]) -> str:
        head, separator, body = match.group().partition(">")
        return head + separator + re.sub(r" class=(\w+)/>", r' class="\1"/>', _GROUP.sub(replaced, body))

    rules, dark = [], []
    for key, name in names.items():
        rules.append(f"svg .{name}{{{';'.join(f'{attribute}:{value}' for attribute, value in key)}}}")
        changed = [f"{attribute}:{DARK[value]}" for attribute, value in key if value in DARK]
        if changed:
            dark.append(f"svg .{name}{{{';'.join(changed)}}}")
    return _DRAWING.sub(drawing, page), "".join(rules) + "\n", "".join(dark) + "\n"


def _key(group: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(re.findall(r'([\w-]+)="([^"]*)"', group)))
