"""Tables on the terminal: columns aligned, and no value cut, however narrow the terminal is."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from labreport.experiments.errors import plain
from labreport.report.numbers import UNKNOWN

_GAP = 2
"""Spaces between two columns."""
_ENOUGH = 30
"""Columns in which a text can be wrapped and still be read."""


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under heads, columns aligned; numbers to the right.

    No value is ever cut. Where a terminal is too narrow, the last column, which holds the longest texts, is wrapped in
    the room that is left, or below its row.
    """
    from rich.cells import cell_len
    from rich.console import Console

    cells = [[plain(cell) for cell in row] for row in (heads, *rows)]
    terminal = sys.stdout.isatty()
    console = Console(no_color=None if terminal else True)
    *widths, last = (max(map(cell_len, column)) for column in zip(*cells, strict=True))
    left = console.width - sum(widths) - _GAP * len(widths)
    # A pipe has no width: each row is one line there. A terminal wraps what is short by itself.
    if not terminal or last <= max(left, _ENOUGH):
        lines = _aligned(cells)
    else:
        lines = _beside(cells, left) if left >= _ENOUGH else _below(cells, console.width)
    head, *others = lines
    console.print(head, style="bold", markup=False, highlight=False, soft_wrap=True)
    for line in others:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows, the head first, as lines with aligned columns."""
    from rich.cells import cell_len

    columns = []
    for column in zip(*rows, strict=True):
        width = max(map(cell_len, column))
        values = column[1:]
        numeric = any(values) and all(cell in ("", UNKNOWN) or cell.lstrip("−+<")[:1].isdigit() for cell in values)
        room = [" " * (width - cell_len(cell)) for cell in column]
        pairs = zip(column, room, strict=True)
        columns.append([f"{free}{cell}" if numeric else f"{cell}{free}" for cell, free in pairs])
    return [(" " * _GAP).join(line).rstrip() for line in zip(*columns, strict=True)]


def _beside(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return rows as lines in which the last column is wrapped to a width."""
    parts = [_wrapped(row[-1], width) for row in rows]
    count = len(rows[0]) - 1
    filled = [
        (*(row[:-1] if number == 0 else [""] * count), text)
        for row, texts in zip(rows, parts, strict=True)
        for number, text in enumerate(texts)
    ]
    return _aligned(filled)


def _below(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return rows as lines, each with the text of its last column below it."""
    lines = _aligned([row[:-1] for row in rows])
    indent = " " * (2 * _GAP)
    texts = [[indent + text for text in _wrapped(row[-1], width - len(indent)) if text] for row in rows]
    return [lines[0], *(line for head, text in zip(lines[1:], texts[1:], strict=True) for line in (head, *text))]


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most a width, wide characters counted as two."""
    from rich.console import Console
    from rich.text import Text

    lines = Text(text).wrap(Console(width=width), width, overflow="fold")
    return [line.plain.rstrip() for line in lines] or [""]
