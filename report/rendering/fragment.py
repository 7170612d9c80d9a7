"""HTML that the typesetter made, as a tree of elements: for formats that are XML, or not HTML at all."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MATHML = "http://www.w3.org/1998/Math/MathML"
_EMPTY = frozenset({"br", "hr", "img", "col", "mspace", "wbr"})


def parsed(html: str) -> Element:
    """Return HTML as the children of one element; MathML has its namespace, everything else none."""
    reader = _TreeReader()
    reader.feed(html)
    reader.close()
    return reader.root


def text_of(element: Element) -> str:
    """Return all text of an element."""
    return "".join(element.itertext())


class _TreeReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root")
        self._open = [self.root]
        self._formula = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "wbr":  # where a line may be broken on a screen; elsewhere it is nothing
            return
        self._formula += tag == "math"
        name = f"{{{MATHML}}}{tag}" if self._formula else tag
        made = ElementTree.SubElement(self._open[-1], name, {key: value or "" for key, value in attributes})
        if tag not in _EMPTY:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        self._formula -= tag == "math"
        if len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        parent = self._open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + data
        else:
            parent.text = (parent.text or "") + data
