"""Text that comes from elsewhere (labels, versions, source, decoded reviews) made fit for a report."""

from __future__ import annotations

from labreport.report.document import escape
from labreport.report.rendering.fonts import shipped_characters


def foreign(text: str) -> str:
    """Return any text as inline Markdown that shows it unchanged, but for characters that no font of ours has."""
    return escape(printable(text))


def printable(text: str) -> str:
    """Return the text with a question mark for each character that the shipped fonts lack.

    A word of a review or the name of a processor must not keep a comparison from being printed.
    """
    known = shipped_characters()
    return "".join(character if character in known else "?" for character in text)
