"""Characters that the shipped fonts lack: on paper named with their place, and shown by their code point.

A browser has the fonts of its system for them. An empty box or a borrowed glyph is never printed. Nor may one
character, in a review that anyone wrote, cost a chapter: it becomes ‹U+1F600›, which no one takes for the text itself,
and the caller learns of it, so it can still fail.
"""

from __future__ import annotations

from labreport.report.document import Found, Report, Text, each, mapped
from labreport.report.errors import RenderingError
from labreport.report.rendering import fonts, texts


def replaced(report: Report, *, screen: bool = False) -> tuple[Report, tuple[str, ...]]:
    """Return a report that can be set, and what was said of the characters that could not.

    Args:
        report: to be set as HTML or PDF; Markdown and notebooks are shown in the reader's fonts.
        screen: whether a browser shows it; see `fonts.lacking`.

    Returns:
        The same report where every character has its glyph; and for the cover and each chapter where one had none, a
        problem that names the first and its place, and counts the others.
    """
    lacking: dict[str, set[str]] = {}
    first: dict[str, str] = {}

    def composed(found: Found) -> Text:
        if found.kind in texts.UNSET:
            return found.text
        text = _composed(found)
        words = " ".join(texts.shown(found.kind, text))
        if missing := fonts.lacking(words, screen=screen):
            part = found.place.named.partition(",")[0]
            lacking.setdefault(part, set()).update(missing)
            try:
                fonts.check(words, found.place.named, screen=screen)
            except RenderingError as error:
                first.setdefault(part, str(error))
        return text

    report = mapped(report, composed)
    if not lacking:
        return report, ()
    every = frozenset().union(*lacking.values())

    def changed(found: Found) -> Text:
        return found.text if found.kind in texts.UNSET else each(found.text, lambda line: fonts.spelled(line, every))

    return mapped(report, changed), tuple(_reported(first[part], len(found) - 1) for part, found in lacking.items())


def _composed(found: Found) -> Text:
    source = found.kind in ("source", "cell", "drawing")
    return each(found.text, lambda line: fonts.composed(line, source=source))


def _reported(problem: str, others: int) -> str:
    more = f"; {others} more characters are shown so there" if others else ""
    return f"{problem} Its code point stands in its place{more}."
