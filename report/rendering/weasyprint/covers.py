"""A PDF with another cover: the pages behind it are set once, however many copies there are."""

from __future__ import annotations

import io
from typing import Any

from labreport.report.errors import RenderingError


class Copies:
    """Makes copies of a PDF that differ in their first page and their title.

    Args:
        content: the PDF.
        plain: a PDF of the same cover, and of no more than that and empty chapters.
    """

    def __init__(self, content: bytes, plain: bytes) -> None:
        self._content = content
        self._pages = _pages(plain)

    def copy(self, cover: bytes, title: str) -> bytes:
        """Return a copy.

        Args:
            cover: a PDF made as the plain one was, whose first page takes the place of the first page.
            title: of the copy, for its metadata.

        Raises:
            RenderingError: the cover fills more pages than the plain one.
        """
        import pikepdf

        if _pages(cover) != self._pages:
            raise RenderingError("What the roster says fills more than one page; shorten it.")
        made = io.BytesIO()
        with pikepdf.open(io.BytesIO(self._content)) as document, pikepdf.open(io.BytesIO(cover)) as other:
            page, new = document.pages[0].obj, document.copy_foreign(other.pages[0].obj)
            # What leads to the page goes on leading to it: it gets another content, and is not exchanged.
            page.Contents, page.Resources = new.Contents, new.Resources
            _retag(document, other, page)
            document.docinfo["/Title"] = title
            with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
                metadata["dc:title"] = title
            document.save(made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return made.getvalue()


def _pages(content: bytes) -> int:
    import pikepdf

    with pikepdf.open(io.BytesIO(content)) as document:
        return len(document.pages)


def _retag(document: Any, other: Any, page: Any) -> None:
    """Put the tags of the new page in the place of those of the old one, and name them for its marks."""
    import pikepdf

    root = document.Root.StructTreeRoot.K
    whole = root[0] if isinstance(root, pikepdf.Array) else root
    source = other.Root.StructTreeRoot
    top = source.K[0] if isinstance(source.K, pikepdf.Array) else source.K
    first = other.pages[0].objgen
    marks = document.copy_foreign(_indirect(other, _marks(source, other.pages[0].StructParents)))
    tags = [document.copy_foreign(kid) for kid in top.K if kid.Pg.objgen == first]
    for tag in tags:
        tag.P = whole
        _move(tag, page)
    whole.K = pikepdf.Array(
        [*tags, *(kid for kid in whole.K if kid.get("/Pg") is None or kid.Pg.objgen != page.objgen)]
    )
    numbers = document.Root.StructTreeRoot.ParentTree.Nums
    place = next(index for index in range(0, len(numbers), 2) if numbers[index] == page.StructParents)
    numbers[place + 1] = marks


def _indirect(other: Any, item: Any) -> Any:
    """Return an object that can be copied into another file: only those with a number of their own can."""
    return item if item.is_indirect else other.make_indirect(item)


def _marks(tree: Any, number: int) -> Any:
    numbers = tree.ParentTree.Nums
    return next(numbers[index + 1] for index in range(0, len(numbers), 2) if numbers[index] == number)


def _move(tag: Any, page: Any) -> None:
    """Say of a tag and of those within that they stand on a page."""
    import pikepdf

    if "/Pg" in tag:
        tag.Pg = page
    kids = tag.get("/K")
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            _move(kid, page)
