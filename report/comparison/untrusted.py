"""Text that comes from elsewhere (labels, versions, source, decoded reviews) made fit for a report."""

from __future__ import annotations

from labreport.report.document import escape
from labreport.report.rendering.fonts import printable


def foreign(text: str) -> str:
    """Return any text as inline Markdown that shows it unchanged, but for characters that no font of ours has."""
    return escape(printable(text))
