"""How the columns of a table are set: their sides, which of them keep their lines whole, and numbers at their points.

Classes of the table do it, so that no cell needs one of its own; the rules stand in `content.css`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from labreport.report.document import Column, Table, Text, by_language

TEXT_WIDTH = 84
"""Characters of a table that fit between the margins of the text on paper."""
COUNTED = 9
"""Columns that a class of the table can set, as far as the style sheet counts."""
_MANY = 12
"""Columns from which on a table is set small."""
_LONG = 14
"""Lines of a table that a page's end does not part."""
_LINE = 50
"""Characters in a line of a cell whose text is broken."""
_WHOLE = 32
"""Widest text in a column whose lines are kept whole where there is room, in characters."""
_PARTED = 26
"""Least width of a column whose text is broken into lines."""
_GAP = 2
_PHONE = 28
"""Characters beside which a phone has room for a column of text."""
_NUMBER = re.compile(r"([−+-]?)(\d[\d,\u2009\u202f]*)(?:\.(\d+))?([ \u00a0\u202f]?%)?\Z")
_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"


def table_classes(table: Table) -> list[str]:
    """Return the classes of a table.

    "numbers" and r1, r2 … set columns flush right, k1, k2 … keep the lines of a column whole; a "long" table may be cut
    by a page's end, a "wide" one takes the margin beside the text, one with "many" columns smaller letters, in a
    "loose" one numbers may be broken too, and a "roomy" one scrolls on a phone instead of squeezing its text.
    """
    names = alignment(table.columns)
    if sum(_lines(row) for row in table.rows) > _LONG and not _halved(table.columns):
        names.append("long")
    if len(table.columns) > _MANY:
        names.append("many")
    if len(table.columns) > _MANY or _width(table) > TEXT_WIDTH:
        names.append("wide")
    if _width(table, "number") > TEXT_WIDTH:
        names.append("loose")
    else:
        widths = [_column_width(table, index) for index in range(len(table.columns))]
        texts = [column.kind == "text" for column in table.columns]
        kept = whole(widths, texts)
        names += [f"k{index + 1}" for index in kept if index < COUNTED]
        if len(kept) < len(widths) and sum(widths[index] + _GAP for index in kept) > _PHONE:
            names.append("roomy")
    return names


def alignment(columns: Sequence[Column]) -> list[str]:
    """Return the classes that set columns flush right.

    The commonest table has names in the first column and numbers in all others, the next one numbers in all; otherwise
    a class names each column that is flush right.
    """
    sides = [_side(column) for column in columns]
    if len(sides) > 1 and set(sides[1:]) == {"right"} and sides[0] != "center":
        return ["numbers"] if sides[0] == "left" else ["numbers", "r1"]
    return [f"r{number}" for number, side in enumerate(sides[:COUNTED], 1) if side == "right"]


def cell_class(columns: Sequence[Column], index: int) -> str:
    """Return the class of a cell where the table's own classes don't set its column."""
    side = _side(columns[index])
    counted = side == "right" and (index < COUNTED or "numbers" in alignment(columns))
    return "" if side == "left" or counted else side


def whole(widths: Sequence[int], texts: Sequence[bool]) -> list[int]:
    """Return the columns whose lines can be kept whole, the narrow ones first, as long as all fit beside the others.

    Args:
        widths: the longest text of each column, its head included, in characters.
        texts: whether a column holds text that can be broken at all.
    """
    total = sum((min(width, _PARTED) if text else width) + _GAP for width, text in zip(widths, texts, strict=True))
    kept = []
    for width, index in sorted((width, index) for index, width in enumerate(widths)):
        total += width - min(width, _PARTED) if texts[index] else 0
        if width > _WHOLE or total > TEXT_WIDTH:
            break
        kept.append(index)
    return sorted(kept)


def length(text: Text) -> int:
    """Return the width of a text in characters, those of Chinese counted twice, link targets not at all.

    Of a text in several languages, which stand on lines of their own, it is the widest.
    """
    return max(
        sum(
            2 if unicodedata.east_asian_width(character) in "WF" else 1
            for character in re.sub(r"\]\([^)]*\)", "", line)
        )
        for line in by_language(text, "").values()
    )


def aligned(cells: Sequence[Text]) -> list[Text]:
    """Return numbers padded so that their decimal points stand in one line when set flush right.

    The pads are spaces as wide as a digit and as a point. Cells that are not plain numbers stay as they are.
    """
    matches = [_NUMBER.match(cell) if isinstance(cell, str) else None for cell in cells]
    decimals = max((len(match.group(3) or "") for match in matches if match), default=0)
    result: list[Text] = []
    for cell, match in zip(cells, matches, strict=True):
        if match is None:
            result.append(cell)
            continue
        sign, number, fraction, unit = match.groups(default="")
        pad = _FIGURE_SPACE * (decimals - len(fraction))
        if pad and not fraction:
            pad = _POINT_SPACE + pad
        number = f"{number}.{fraction}" if fraction else number
        result.append(f"{'−' if sign == '-' else sign}{number}{pad}{unit}")
    return result


def _halved(columns: Sequence[Column]) -> bool:
    """Return whether a table has all its columns twice, to be read one half after the other."""
    half, odd = divmod(len(columns), 2)
    return half > 1 and not odd and [c.title for c in columns[:half]] == [c.title for c in columns[half:]]


def _lines(row: Sequence[Text]) -> int:
    """Return about how many lines the longest cell of a row fills."""
    texts = (by_language(cell, "").values() for cell in row)
    return max((sum(-(-length(line) // _LINE) for line in lines) for lines in texts), default=1) or 1


def _side(column: Column) -> str:
    return "right" if column.kind == "number" else column.align


def _column_width(table: Table, index: int) -> int:
    longest = max((length(row[index]) for row in table.rows), default=0)
    return max(longest, length(table.columns[index].title))


def _width(table: Table, kind: str = "") -> float:
    """Return about how wide a table, or its columns of one kind, would like to be, in characters.

    A column of text counts 34 at most, because text can be broken.
    """
    total = 0.0
    for index, column in enumerate(table.columns):
        if kind and column.kind != kind:
            continue
        longest = max((length(row[index]) for row in table.rows), default=0)
        limit = 34 if column.kind == "text" else 80
        total += max(min(longest, limit), min(length(column.title), 14)) + _GAP
    return total
