"""What a long document needs no longer is let go, while it is set and while it is written.

WeasyPrint keeps everything of a document until its file is finished: styles for the footnotes that each element might
have, the boxes from which the pages were made, each stroke of a page that is drawn, the parsed drawings, the boxes of a
page whose tags are there. In a book of hundreds of pages that is a third of the memory and more. Nothing here changes a
byte of the file.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from functools import cache as once
from typing import Any
from weakref import WeakKeyDictionary

from labreport.report.rendering.weasyprint import placing
from labreport.report.rendering.weasyprint.replacing import is_replaced, marked

_FOOTNOTES = re.compile(r"footnote|\bnote\(")
"""What a style sheet with footnotes says."""
_RULE = re.compile(r"^::(?:foot)?note-[\w-]+\s*\{[^}]*\}\n", re.MULTILINE)
"""A rule of WeasyPrint's own style sheet for the parts of footnotes; it holds for each element."""
_SETTING = ("style_for", "target_collector", "page_maker", "tables", "_excluded_shapes", "footnotes", "page_footnotes")
"""What only the setting of pages needs of its context; drawings keep the context for the fonts of their text."""
_LONG = 50
"""Pages from which on it pays to look at once for what only refers to itself."""

_places: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""Drawing -> boxes in which it is still to be painted."""


def without_footnotes(page: Any, markup: str) -> Any:
    """Return a page that is to be set, without styles for footnotes where its style sheets make none.

    They would be five objects for each element.
    """
    if not _FOOTNOTES.search(markup.partition("</style>")[0]):
        page._ua_stylesheets = _own_styles
    return page


def _own_styles(forms: bool = False) -> list[Any]:
    import weasyprint

    whole, *others = weasyprint.HTML._ua_stylesheets(None, forms)
    return [_plain_sheet() or whole, *others]


@once
def _plain_sheet() -> Any:
    """Return WeasyPrint's own style sheet without footnotes; None where its text is not found."""
    import weasyprint

    text = getattr(weasyprint.html, "UA", None)
    return weasyprint.CSS(string=_RULE.sub("", text)) if isinstance(text, str) else None


def install() -> None:
    """Make WeasyPrint let go what it needs no longer. Calling it again changes nothing."""
    from weasyprint import document
    from weasyprint.pdf import pydyf

    if is_replaced(document.draw_page):
        return
    usual_layout, usual_drawing = document.layout_document, document.draw_page

    def laid_out(html: Any, root_box: Any, context: Any, *args: Any, **named: Any) -> Iterator[Any]:
        count = 0
        for page in usual_layout(html, root_box, context, *args, **named):
            count += 1
            for box in page.descendants():
                drawing = getattr(box, "replacement", None)
                if hasattr(drawing, "_svg"):
                    _places[drawing] = _places.get(drawing, 0) + 1
            yield page
        placing.forget()
        root_box.children = []
        for name in _SETTING:
            setattr(context, name, None)
        if count >= _LONG:
            gc.collect()  # styles refer to each other

    def drawn(page: Any, stream: Any) -> None:
        usual_drawing(page, stream)
        # One text in place of thousands of strokes; it is put together like this in the end anyway.
        stream.stream[:] = [b"\n".join(pydyf._to_bytes(stroke) for stroke in stream.stream)]
        for box in page.descendants():
            drawing: Any = getattr(box, "replacement", None)
            if drawing in _places:
                _places[drawing] -= 1
                if not _places[drawing]:
                    drawing._svg.tree._children = None
                    drawing._svg.use_cache.clear()

    document.layout_document, document.draw_page = marked(laid_out, usual_layout), marked(drawn, usual_drawing)


def install_references() -> None:
    """Make pydyf name the pages of a document once, and not once for each tag. Calling it again changes nothing."""
    from weasyprint.pdf import pydyf

    usual = pydyf.PDF.page_references.fget
    if is_replaced(usual):
        return

    def references(file: Any) -> tuple[bytes, ...]:
        count, named = file.__dict__.get("_named_pages", (0, ()))
        if count != len(file.pages["Kids"]):
            named = usual(file)
            file._named_pages = len(file.pages["Kids"]), named
        found: tuple[bytes, ...] = named
        return found

    marked(references, usual)
    pydyf.PDF.page_references = property(references)
