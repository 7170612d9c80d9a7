"""Two reports of the same runs become one in both languages, unit by unit.

Both have the same tree, because their notes are kept in step. What both say alike (code, numbers, formulas, drawings)
is there once; every other text holds both languages with `BETWEEN` between them, and the renderer sets them one after
the other, paragraph by paragraph. A figure is there once: the first report must come with labels in both languages.
"""

from __future__ import annotations

from typing import Any

import msgspec

from labreport.report.document import BETWEEN, Box, Chapter, Node, Prose, Report, Table
from labreport.report.errors import RenderingError

_ONCE = frozenset({"id", "number", "language", "date", "svg", "code", "output", "sha256", "tex", "logo", "row_ids"})
"""Fields that say nothing in a language, or that are shown in the first one only."""


def merged(first: Report, second: Report) -> Report:
    """Return one report in both languages.

    Args:
        first: whose language comes first, also that of page numbers; its figures are shown.
        second: the same report in the other language.

    Raises:
        RenderingError: the reports are not of the same shape; names the place.
    """
    report: Report = _merged(first, second, "report")
    return msgspec.structs.replace(report, second=second.language)


def mismatches(first: Report, second: Report) -> dict[str, str]:
    """Return the chapters that are not of the same shape in both languages, and why each can't be shown.

    Where one language has the reason of a failure in place of its chapter, that is why.
    """
    found: dict[str, str] = {}
    for one, other in zip(first.chapters, second.chapters, strict=True):
        try:
            _merged(one, other, "report")
        except RenderingError as error:
            found[one.id] = _failure(one) or _failure(other) or f"{error} Keep the notes of both languages in step."
    return found


def _failure(chapter: Chapter) -> str:
    """Return the reason that stands in place of a chapter, or nothing."""
    for block in chapter.opening:
        if isinstance(block, Box) and block.kind == "failure" and isinstance(block.blocks[-1], Prose):
            return block.blocks[-1].markdown.removeprefix("```text\n").removesuffix("\n```")
    return ""


def _merged(first: Any, second: Any, place: str) -> Any:
    if type(first) is not type(second):
        kinds = f"{type(first).__name__} and {type(second).__name__}"
        raise RenderingError(f"The two languages do not match at {place}: {kinds}.")
    if isinstance(first, str):
        return first if first == second else f"{first}{BETWEEN}{second}"
    if isinstance(first, tuple):
        if len(first) != len(second):
            raise RenderingError(f"The two languages do not match at {place}: {len(first)} and {len(second)} parts.")
        return tuple(_merged(one, other, place) for one, other in zip(first, second, strict=True))
    if isinstance(first, Node):
        place = getattr(first, "id", "") or place
        if getattr(second, "id", "") != getattr(first, "id", ""):
            raise RenderingError(
                f"The two languages do not match at {place}: the other has {getattr(second, 'id', '')}."
            )
        if isinstance(first, Table) and isinstance(second, Table):
            second = _in_order(second, first.row_ids)
        changes = {
            name: _merged(getattr(first, name), getattr(second, name), place)
            for name in first.__struct_fields__
            if name not in _ONCE
        }
        return msgspec.structs.replace(first, **changes)
    return first


def _in_order(table: Table, row_ids: tuple[str, ...]) -> Table:
    """Return the table with its rows in the order of these ids; languages may make their claims in different order."""
    if set(table.row_ids) != set(row_ids):
        return table
    rows = dict(zip(table.row_ids, table.rows, strict=False))
    return msgspec.structs.replace(table, rows=tuple(rows[id_] for id_ in row_ids) or table.rows, row_ids=row_ids)
