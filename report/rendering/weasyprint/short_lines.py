"""Full lines for WeasyPrint, where Pango breaks a line far too early.

If a word, or the blank behind it, goes over the edge by no more than a hair, some versions of Pango (1.50 among them)
give up and break at the first chance instead of the last, which leaves a word alone on its line. With a measure that
is a little smaller the word falls on the next line at once; so a line that comes out short is tried again with that.
"""

from __future__ import annotations

from typing import Any

from labreport.report.rendering.weasyprint.replacing import is_replaced, marked

_SHORT = 0.75
"""Part of the measure that a broken line fills at least, or it is tried again."""
_SMALLER = (0.998, 0.99, 0.98)
"""Parts of the measure that are tried in turn."""


def install() -> None:
    """Make WeasyPrint try short lines again. Calling it again changes nothing."""
    from weasyprint.layout import inline

    usual = inline.split_first_line
    if is_replaced(usual):
        return

    def split(text: str, style: Any, context: Any, max_width: float | None, *args: Any, **names: Any) -> Any:
        found = usual(text, style, context, max_width, *args, **names)
        _, _, resume, width, *_ = found
        if resume is None or max_width is None or width > _SHORT * max_width or style["white_space"] != "normal":
            return found
        for part in _SMALLER:
            other = usual(text, style, context, max_width * part, *args, **names)
            if _SHORT * max_width < other[3] <= max_width:
                return other
        return found

    marked(split, usual)
    inline.split_first_line = split
