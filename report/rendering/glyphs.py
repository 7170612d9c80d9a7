"""Characters that the shipped fonts lack: named with their place, and shown by their code point.

An empty box or a borrowed glyph is never printed. Nor may one character, in a review that somebody wrote, cost a
chapter: it becomes ‹U+1F600›, which nobody takes for the text itself, and the caller is told, so it can still fail.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from labreport.report.document import BETWEEN, Report
from labreport.report.errors import RenderingError
from labreport.report.rendering import fonts, texts

_KEPT = frozenset({"alt", "logo", "logo_alt", "tex"})
"""Fields that are not set in the shipped fonts: alternative texts, the logo's bytes, and formulas."""


def replaced(report: Report) -> tuple[Report, tuple[str, ...]]:
    """Return a report that can be set, and what was said of the characters that could not.

    Args:
        report: to be set as HTML or PDF; Markdown and notebooks are shown in the reader's fonts.

    Returns:
        The same report where every character has its glyph; and for the cover and each chapter where one had none, a
        problem that names the first and its place, and counts the others.
    """
    shipped = fonts.shipped_characters() | {BETWEEN}
    lacking: dict[str, set[str]] = {}
    first: dict[str, str] = {}
    for text in texts.texts(report):
        shown = fonts.svg_text(text.content) if text.kind == "drawing" else text.content
        if text.kind in ("spoken", "formula") or shipped.issuperset(shown):
            continue
        part = text.place.partition(",")[0]
        lacking.setdefault(part, set()).update(set(shown) - shipped)
        try:
            fonts.check(shown.replace(BETWEEN, " "), text.place)
        except RenderingError as error:
            first.setdefault(part, str(error))
    if not lacking:
        return report, ()
    runs = re.compile(f"[{re.escape(''.join(sorted(set().union(*lacking.values()))))}]+")
    return _replaced(report, runs), tuple(_told(first[part], len(found) - 1) for part, found in lacking.items())


def _told(problem: str, others: int) -> str:
    more = f"; {others} more characters are shown so there" if others else ""
    return f"{problem} Its code point stands in its place{more}."


def _replaced(value: Any, runs: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return runs.sub(lambda run: f"‹{' '.join(f'U+{ord(character):04X}' for character in run.group())}›", value)
    if isinstance(value, tuple):
        return tuple(_replaced(item, runs) for item in value)
    if isinstance(value, msgspec.Struct):
        fields = (name for name in value.__struct_fields__ if name not in _KEPT)
        return msgspec.structs.replace(value, **{name: _replaced(getattr(value, name), runs) for name in fields})
    return value
