"""Tables wider than their place on the page, measured after the page was set, and the rules that make them fit.

How wide a table is, its fonts decide; so it is not guessed but read from the boxes of a setting. What does not fit
takes the margin beside the text and smaller letters; where these would become too small to read, long words are
broken, and where that is not enough, any word. Only a report with such a table is set more than once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

_SMALLEST = 8.3
"""Letters of a table are not made smaller than this, in pixels: 6.2 points."""
_LONG = 12
"""Characters of a word that is broken before others."""
_TABLE = re.compile(r"<table(?=[\s>])")
_CELL = re.compile(r"<(t[dh])((?:\s[^>]*)?)>(.*?)</\1>", re.DOTALL)
_WORD = re.compile(r"[^\s\u200b]+")
_SPARE = 0.98
"""Widths are rounded up when a table is set; a little is left."""
_OVER = 0.5
"""Pixels by which rounding alone may exceed the place."""
MOST = 3
"""Measures that can be taken for a table, one after the other."""


@dataclass(frozen=True)
class TableFit:
    """What is done for a table: its letters' size in pixels, and how far its words may be broken."""

    size: float
    measure: int = 1
    """1: not at all, 2: long words, 3: all."""


def numbered(markup: str) -> str:
    """Return a page whose tables are numbered, so that their boxes can be told apart, and cells of long words named."""
    parts = _TABLE.split(markup)
    return parts[0] + "".join(
        f'<table data-table="{number}"{_CELL.sub(_named, part)}' for number, part in enumerate(parts[1:])
    )


def _named(cell: re.Match[str]) -> str:
    words = _WORD.findall(re.sub(r"<wbr>", " ", cell[3]) if "<" not in cell[3] else re.sub(r"<[^>]*>", "", cell[3]))
    if max(map(len, words), default=0) <= _LONG:
        return cell.group()
    return f"<{cell[1]}{cell[2]} data-long>{cell[3]}</{cell[1]}>"


def fits(document: Any, known: dict[str, TableFit]) -> dict[str, TableFit]:
    """Return what is to be done for each table of a set document, or what is known already where all fit.

    Args:
        document: pages as WeasyPrint has set them, from markup that was `numbered`.
        known: what was done for this setting.
    """
    found = dict(known)
    for page in document.pages:
        for number, table, width, place, whole in _tables(page._page_box, None):
            if width <= place + _OVER:
                continue
            before = known.get(number)
            if before is not None:
                found[number] = replace(before, measure=min(before.measure + 1, MOST))
                continue
            size = table.style["font_size"]
            share = min(whole / width * _SPARE, 1.0)
            least = min(size, _SMALLEST)
            fit = TableFit(size=max(size * share, least), measure=1 if size * share >= least else 2)
            found[number] = min(found.get(number, fit), fit, key=lambda one: one.size)
    return found


def rules(found: dict[str, TableFit]) -> str:
    """Return the style rules that do for tables what was found."""
    written = []
    for number, fit in sorted(found.items(), key=lambda item: int(item[0])):
        table = f'table[data-table="{number}"]'
        cells = f"{table} td:nth-child(n),{table} th:nth-child(n)"
        written.append(
            f"{table}{{font-size:{fit.size:.2f}px;min-width:0}}{cells}{{line-height:1.4}}"
            f"section>{table},.chapter>{table},figure:has(>{table}){{margin-left:0}}\n"
        )
        if fit.measure > 1:
            broken = cells if fit.measure == MOST else f"{table} [data-long]:nth-child(n),{table} [data-long] code"
            written.append(
                f"{table}{{width:100%}}{cells}{{white-space:normal;padding-right:.5em}}"
                f"{broken}{{overflow-wrap:anywhere}}{table} code{{overflow-wrap:inherit}}\n"
            )
    return "".join(written)


def _tables(box: Any, place: Any) -> Iterator[tuple[str, Any, float, float, float]]:
    """Yield each table below a box: its number, itself, its width, that of its place, and that with the margin."""
    if box.element_tag == "table" and getattr(box, "is_table_wrapper", False) and place is not None:
        right = place.content_box_x() + place.width
        left = box.border_box_x()
        for table in box.children:
            if table.element_tag == "table":
                width = table.border_box_x() + table.border_width() - left
                whole = right - left + (place.margin_left if place.element_tag == "figure" else box.margin_left)
                yield box.element.get("data-table"), table, width, right - left, whole
        return
    for child in getattr(box, "children", ()):
        yield from _tables(child, box)
