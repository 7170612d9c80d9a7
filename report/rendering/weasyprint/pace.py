"""How far WeasyPrint is with a document: what stands on the pages set so far, and how many pages are written.

It says which page it sets and can't know how many there will be; but every page ends at a known place of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from labreport.report.rendering.weasyprint.replacing import is_replaced, marked
from labreport.report.store.remarks import Steps

SET, WRITTEN, CLOSED = "blocks set", "pages written", "fonts and tags"
"""What is counted: paragraphs, cells of tables and drawings that have their place; pages in the file. Then its end."""


class Pace:
    """Counts what is done of one document.

    Args:
        heard: called with what is counted, how much of it is done, and how much there is.
        pages: of the document; 0 while they are being set.
    """

    def __init__(self, heard: Steps, pages: int = 0) -> None:
        self._heard = heard
        self._pages = pages
        self._written = 0
        self._root: Any = None
        self._blocks: dict[int, int] = {}
        if pages:
            heard(WRITTEN, 0, pages)

    def set(self, root: Any, resume_at: Any) -> None:
        """Note that a page is set.

        Args:
            root: box of the whole document.
            resume_at: where the next page goes on; None behind the last one.
        """
        if root is not self._root:
            self._root, self._blocks = root, {}
        total = self._of(root)
        # Boxes that change their places among the pages may be counted twice.
        self._heard(SET, total if resume_at is None else min(self._before(root, resume_at), total - 1), total)

    def written(self) -> None:
        """Note that a page is in the file."""
        self._written += 1
        self._heard(WRITTEN, self._written, self._pages)
        if self._written == self._pages:
            self._heard(CLOSED, 0, 1)

    def _before(self, box: Any, place: Any) -> int:
        """Return the blocks of a box before a place in it."""
        found = 0
        while place:
            index = min(place)
            children = getattr(box, "children", ())
            found += sum(map(self._of, children[:index]))
            if index >= len(children):
                break
            box, place = children[index], place[index]
        return found

    def _of(self, box: Any) -> int:
        """Return how many blocks a box holds; those of the document are counted once."""
        known = self._blocks.get(id(box))
        if known is None:
            children = () if type(box).__name__ == "LineBox" else getattr(box, "children", ())
            known = self._blocks[id(box)] = sum(map(self._of, children)) or 1
        return known


_at_work: ContextVar[Pace | None] = ContextVar("_at_work", default=None)


@contextmanager
def counting(pace: Pace) -> Iterator[None]:
    """Let a document be counted that is set or written in the block."""
    before = _at_work.set(pace)
    try:
        yield
    finally:
        _at_work.reset(before)


def install() -> None:
    """Make WeasyPrint's pages be counted. Calling it again changes nothing."""
    from weasyprint import document
    from weasyprint.layout import page as pages

    make_page, paint = pages.make_page, document.Page.paint
    if is_replaced(paint):
        return

    def make(
        context: Any, root_box: Any, page_type: Any, resume_at: Any, page_number: int, page_state: Any
    ) -> tuple[Any, Any, Any]:
        made: tuple[Any, Any, Any] = make_page(context, root_box, page_type, resume_at, page_number, page_state)
        if (pace := _at_work.get()) is not None:
            pace.set(root_box, made[1])
        return made

    def painted(self: Any, stream: Any, scale: float = 1) -> None:
        paint(self, stream, scale)
        if (pace := _at_work.get()) is not None:
            pace.written()

    marked(make, make_page)
    marked(painted, paint)
    pages.make_page, document.Page.paint = make, painted
