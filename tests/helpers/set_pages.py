"""What a reader sees at once of badly broken pages: read from the boxes of a document that WeasyPrint has set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SHORT_ROWS, SHORT_LINES = 3, 2
"""A table that is broken leaves this many rows on either side at least, and source this many lines."""


@dataclass
class Page:
    """One page."""

    number: int
    chapter: str
    ends_chapter: bool
    """Whether the chapter ends on it; a cover and contents count as chapters."""
    share: float
    """How much of its height is taken, from the top of the text to the last thing on it."""


@dataclass
class Faults:
    """The pages of a document, and what is wrong with them. Places are numbers of pages, with what stands there."""

    pages: list[Page] = field(default_factory=list)
    torn_exercises: list[str] = field(default_factory=list)
    """Task, hint or answer lines on two pages; a solution may go on overleaf."""
    lone_answers: list[str] = field(default_factory=list)
    """Answer lines on a page without their task."""
    torn_tables: list[str] = field(default_factory=list)
    """Tables that leave fewer than three rows on a page, or are to be read in two halves."""
    torn_source: list[str] = field(default_factory=list)
    """Source or its output with a single line on a page."""
    lone_heads: list[str] = field(default_factory=list)
    """Headings at the foot of a page, and captions on another page than what they describe."""
    broken_source: list[str] = field(default_factory=list)
    """Source with a line too long for the page."""
    disorder: list[str] = field(default_factory=list)
    """Figures, tables and listings that stand before another with a lower number."""

    @property
    def half_empty(self) -> list[Page]:
        """Pages that are less than half full, where no chapter ends."""
        return [page for page in self.pages if page.share < 0.5 and not page.ends_chapter]

    @property
    def gaps(self) -> list[Page]:
        """Pages of which more than a quarter is left empty, where no chapter ends."""
        return [page for page in self.pages if page.share < 0.75 and not page.ends_chapter]

    @property
    def short_ends(self) -> list[Page]:
        """Pages on which a few lines end a chapter."""
        return [page for page in self.pages if page.share < 0.2 and page.ends_chapter and page.chapter]


def faults(document: Any) -> Faults:
    """Return what is wrong with the pages of a document from `pdf.pages`."""
    found = Faults()
    on_pages: list[dict[Any, list[Any]]] = []
    for number, page in enumerate(document.pages, 1):
        boxes = list(_boxes(page._page_box.children[0]))
        by_element: dict[Any, list[Any]] = {}
        for box in boxes:
            if box.element is not None and "::" not in (box.element_tag or ""):
                by_element.setdefault(box.element, []).append(box)
        on_pages.append(by_element)
        area = page._page_box
        bottom = max((_bottom(box) for box in boxes if _inked(box)), default=area.content_box_y())
        share = (bottom - area.content_box_y()) / area.height
        articles = [element for element in by_element if _is(element, "chapter")]
        found.pages.append(Page(number, articles[-1].get("id") if articles else "", False, share))
    for page, following in zip(found.pages, [*found.pages[1:], None], strict=True):
        page.ends_chapter = following is None or not page.chapter or following.chapter != page.chapter
    root = document.pages[0]._page_box.children[0].element
    parents = {child: parent for parent in root.iter() for child in parent}
    before: dict[tuple[str, str], list[int]] = {}
    for element, places in _places(on_pages).items():
        _judge(found, element, places, on_pages, parents)
        kind, chapter, number = _numbered(element)
        if number < before.setdefault((kind, chapter), [0])[-1]:
            found.disorder.append(f"{kind} {chapter}.{number} p. {places[0] + 1}")
        before[kind, chapter].append(number)
    return found


def _numbered(element: Any) -> tuple[str, str, int]:
    """Return what a caption counts, its chapter and its number; nothing and zero for other elements."""
    label = "".join(element[0].itertext()) if element.tag == "figcaption" and len(element) else ""
    match = re.fullmatch(r"(\D+)(\w+)\.(\d+)\W*", label)
    return (match[1], match[2], int(match[3])) if match else ("", "", 0)


def _judge(
    found: Faults, element: Any, places: list[int], on_pages: list[dict[Any, list[Any]]], parents: dict[Any, Any]
) -> None:
    name = f"{element.get('id') or _nearest_id(element, parents)} p. {', '.join(str(place + 1) for place in places)}"
    if _is(element, "exercise"):
        parts = [part for part in element if not _is(part, "solution")]
        pages = sorted({place for part in parts for place in range(len(on_pages)) if part in on_pages[place]})
        if len(pages) > 1:
            found.torn_exercises.append(name)
        head = element[0]
        for place in pages:
            if head not in on_pages[place] and all(_is(part, "answer") for part in parts if part in on_pages[place]):
                found.lone_answers.append(f"{name} ({place + 1})")
    if element.tag == "table" and len(places) > 1:
        rows = [[row for row in element.iter("tr") if row in on_pages[place]] for place in places]
        body = [[row for row in part if parents[row].tag == "tbody"] for part in rows]
        few = SHORT_ROWS if sum(map(len, body)) >= 2 * SHORT_ROWS else SHORT_ROWS - 1
        heads = ["".join(cell.itertext()) for cell in next(element.iter("tr"))]
        half = len(heads) // 2
        if min(map(len, body)) < few or (half > 1 and heads[:half] == heads[half:]):
            found.torn_tables.append(f"{name} ({'+'.join(str(len(part)) for part in body)} rows)")
    if element.tag == "pre" and len(places) > 1:
        lines = [sum(1 for box in on_pages[place][element] for _ in _lines(box)) for place in places]
        if min(lines) < SHORT_LINES:
            found.torn_source.append(f"{name} ({'+'.join(map(str, lines))} lines)")
    if element.tag == "pre":
        written = "".join(element.itertext()).strip("\n").count("\n") + 1
        if sum(1 for place in places for box in on_pages[place][element] for _ in _lines(box)) > written:
            found.broken_source.append(name)
    heads = ("h2", "h3", "h4", "h5", "figcaption")
    if element.tag in heads and len(places) == 1 and _is_last(on_pages[places[0]], element):
        found.lone_heads.append(f"{element.tag} {name}")


def _is_last(page: dict[Any, list[Any]], element: Any) -> bool:
    """Whether nothing stands below a heading on its page, or nothing beside a caption."""
    box = page[element][0]
    others = [other for boxes in page.values() for other in boxes]
    if element.tag == "figcaption" and any(
        other.element_tag == "img" and -40 < _bottom(other) - box.position_y <= 1 for other in others
    ):
        return False
    return not any(_inked(other) and other.position_y >= _bottom(box) - 1 for other in others)


def _places(on_pages: list[dict[Any, list[Any]]]) -> dict[Any, list[int]]:
    found: dict[Any, list[int]] = {}
    for place, elements in enumerate(on_pages):
        for element in elements:
            found.setdefault(element, []).append(place)
    return found


def _nearest_id(element: Any, parents: dict[Any, Any]) -> str:
    while element is not None and not element.get("id"):
        element = parents.get(element)
    return "" if element is None else element.get("id")


def _is(element: Any, name: str) -> bool:
    return name in (element.get("class") or "").split()


def _boxes(box: Any) -> Iterator[Any]:
    for child in getattr(box, "children", ()):
        yield child
        yield from _boxes(child)


def _lines(box: Any) -> Iterator[Any]:
    return (line for line in _boxes(box) if type(line).__name__ == "LineBox")


def _inked(box: Any) -> bool:
    kind = type(box).__name__
    if kind == "LineBox":
        return any(type(part).__name__ in ("TextBox", "InlineReplacedBox") for part in _boxes(box))
    return "Replaced" in kind or (box.element is not None and not box.children and box.border_bottom_width > 0)


def _bottom(box: Any) -> float:
    return float(box.position_y + box.margin_height())
