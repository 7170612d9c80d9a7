"""Reports of the same runs in several languages become one in all of them, unit by unit.

All have the same tree, because their notes are kept in step. What they say alike (code, numbers, formulas, drawings)
is there once; every other text holds all languages, and the renderer sets them one after the other, paragraph by
paragraph. A figure is there once: the first report must come with labels in every language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from labreport.report.document import (
    Box,
    Found,
    LanguageTexts,
    Node,
    Prose,
    Report,
    Text,
    Tree,
    by_language,
    first,
    mapped,
    walk,
)
from labreport.report.errors import RenderingError

_ONCE = frozenset({"source", "formula", "drawing"})
"""Kinds of texts that say nothing in a language, or that are shown in the first one only."""


def merged(*reports: Report) -> Report:
    """Return one report in the languages of all.

    Args:
        reports: the same report in each language; that of the first comes first, and its figures are shown.

    Raises:
        RenderingError: the reports are not of the same shape; names the place.
    """
    leading, *others = map(_without_slides, reports)
    joined = _joined(leading, others, [report.language for report in reports])
    return msgspec.structs.replace(joined, others=tuple(report.language for report in others))


def mismatches(*reports: Report) -> dict[str, str]:
    """Return the chapters that are not of the same shape in all languages, and why each can't be shown.

    Where one language has the reason of a failure in place of its chapter, that is why.
    """
    names = [report.language for report in reports]
    found: dict[str, str] = {}
    for leading, *others in zip(*(_without_slides(report).chapters for report in reports), strict=True):
        try:
            _joined(leading, others, names)
        except RenderingError as error:
            failures = [_failure(chapter) for chapter in (leading, *others)]
            reason = next(filter(None, failures), None)
            found[leading.id] = reason or f"{error} Keep the notes of all languages in step."
    return found


def _failure(chapter: Node) -> str:
    """Return the reason that stands in place of a chapter, or nothing."""
    for block in getattr(chapter, "opening", ()):
        if isinstance(block, Box) and block.kind == "failure" and isinstance(block.blocks[-1], Prose):
            return first(block.blocks[-1].markdown).removeprefix("```text\n").removesuffix("\n```")
    return ""


def _without_slides(report: Report) -> Report:
    """Return a report without what slides show: they are in one language."""
    chapters = (msgspec.structs.replace(chapter, slides=()) for chapter in report.chapters)
    return msgspec.structs.replace(report, chapters=tuple(chapters))


def _joined(leading: Tree, others: Sequence[Tree], names: Sequence[str]) -> Tree:
    tables = [{found.place.key: found for found in walk(tree)} for tree in (leading, *others)]
    for name, table in zip(names[1:], tables[1:], strict=True):
        _check_shape(tables[0], table, (names[0], name))

    def joined(found: Found) -> Text:
        if found.kind in _ONCE:
            return found.text
        said: dict[str, str] = {}
        for name, table in zip(names, tables, strict=True):
            said |= by_language(table[found.place.key].text, name)
        return LanguageTexts(said) if len(set(said.values())) > 1 else found.text

    return mapped(leading, joined)


def _check_shape(one: Mapping[str, Found], other: Mapping[str, Found], names: tuple[str, str]) -> None:
    for (name, lacking), table, against in ((names, one, other), (names[::-1], other, one)):
        for found in (found for key, found in table.items() if key not in against):
            place = found.place.named
            raise RenderingError(
                f"The languages do not match at {place}: {name} has text ({found.node}) that {lacking} lacks."
            )
