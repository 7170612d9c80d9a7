"""Tables in CSV that people have filled in, read as rosters are, and written so that no cell is taken for a formula."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labreport.report.publish import roster

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True, kw_only=True)
class CsvRow:
    """One line of a table."""

    line: int
    cells: tuple[str, ...]


def read(path: Path, what: str) -> list[CsvRow]:
    """Return the lines of a CSV file that are not empty, cells without blanks round them.

    Args:
        path: UTF-8, UTF-16 or GBK, parted by commas, semicolons or tabs.
        what: it should be, for the error.

    Raises:
        UsageError: it can't be read; names the file, and the line where one is at fault.
    """
    found = roster.rows(path, what)
    return [
        CsvRow(line=line, cells=tuple(cell.strip() for cell in cells))
        for line, cells in found
        if any(map(str.strip, cells))
    ]


def encode(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as CSV in UTF-8 with its mark; a cell that begins like a formula gets an apostrophe before it."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) and not _is_number(cell) else cell for cell in row])
    return stream.getvalue().encode("utf-8-sig")


def plain(cell: str) -> str:
    """Return a cell as it was before `encode`."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def label(text: str) -> str:
    """Return the name of an answer without what does not matter: "3.8 (a)", "３.８（A）" and "3.8a" are one."""
    return re.sub(r"[\s()\[\]:_-]", "", unicodedata.normalize("NFKC", text)).casefold()


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", cell) is not None
