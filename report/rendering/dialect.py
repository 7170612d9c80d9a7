"""Pieces of GitHub's Markdown that reports and notebooks share: anchors, quotes, fences, tables with pipes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labreport.report.document import Table, Text, by_language
from labreport.report.rendering.columns import aligned

_PADS = "\u2007\u2008"
"""Spaces that line numbers up where letters are set; they mean nothing in source."""
_RULES = {"left": "---", "right": "--:", "center": ":-:"}


def joined(text: Text) -> str:
    """Return a text on one line, its languages parted by a stroke."""
    return " / ".join(by_language(text, "").values())


def anchor(id_: str) -> str:
    """Return the mark that links lead to; GitHub's own anchors depend on the words of a heading."""
    return f'<a id="{id_}"></a>'


def quoted(text: str) -> str:
    """Return Markdown set off from the text."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def with_families(svg: str, families: Mapping[str, str]) -> str:
    """Return a drawing that stands alone, where the shipped fonts may be missing.

    Args:
        svg: the drawing.
        families: for each shipped font the fonts that it is to name.
    """
    for ours, named in families.items():
        svg = svg.replace(f'font-family="{ours}"', f'font-family="{named}"')
    return svg


def fenced(text: str, language: str) -> str:
    """Return code or output between fences longer than any within."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = text.strip("\n")
    return f"{fence}{language}\n{lines}\n{fence}"


def pipe_table(table: Table) -> str:
    """Return a table as lines with pipes; a row that links lead to begins with its anchor."""
    columns = []
    anchors = [anchor(id_) for id_ in table.row_ids] or [""] * len(table.rows)
    for index, column in enumerate(table.columns):
        cells = [row[index] for row in table.rows]
        if column.kind == "number":
            cells = aligned(cells)
        shown = [_code(joined(cell)) if column.kind == "code" else joined(cell).rstrip(_PADS) for cell in cells]
        if index == 0:
            shown = [target + cell for target, cell in zip(anchors, shown, strict=True)]
        rule = "--:" if column.kind == "number" else _RULES[column.align]
        columns.append([_cell(joined(column.title)), rule, *map(_cell, shown)])
    return "\n".join("| " + " | ".join(row) + " |" for row in zip(*columns, strict=True))


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def _code(text: str) -> str:
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"
