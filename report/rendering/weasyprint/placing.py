"""Pages that are filled to their end: what does not fit is moved, opened or given room, while a page is set.

WeasyPrint has no figures that float: one that does not fit leaves the rest of its page empty. Here a page is measured
as soon as it is set; where more than an eighth of it is empty and no chapter ends, its boxes are changed and that page
alone is set again:

- a numbered figure, table or listing goes behind the paragraphs that follow it, into the next section if need be, and
  never past another of them, so that numbers stay in order;
- a box, an example or source without a number may be broken;
- where more than a fifth would stay empty, a box is parted between the entries of its lists, and the blocks of a page
  move together or apart a little;
- the sources of a chapter begin a page where only a few of their lines would otherwise end the chapter on it;
- exercises, which are never parted, share out the room: the one that does not fit gives up a few of its lines for
  answers if it fits then, otherwise those before it get more.

What does not fill the page better is taken back. The order in the markup, on the screen and for `compare` stays as
written.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from labreport.report.rendering.weasyprint.answer_room import AnswerRoom, is_a
from labreport.report.rendering.weasyprint.replacing import is_replaced, marked
from labreport.report.rendering.weasyprint.spacing import Spacing, Undo

_EMPTY = 0.12
"""Part of a page's height that may be left empty before something is done about it."""
_MUCH = 0.2
"""Part that may be left empty before the rooms between blocks are changed for it."""
_MOVES = 8
"""Paragraphs that one figure lets pass."""
_GROWTH = 2
"""Times its lines for answers that an exercise gets at most to fill a page, unless it has few of them."""
_LEFT = 0.249
"""Part of a page that may be left empty, so that more than a few lines end the chapter on the next one."""
_FEW_LINES = 12
"""Lines of sources that are too few for a page of their own."""
_SOURCE_LINE = 95
"""Characters in such a line."""
_PADDING = 30
"""Pixels that a box takes below its last line for an answer, at most."""
_HEADINGS = ("h3", "h4", "h5")
_CLOSED = ("table", "tr", "figcaption", *_HEADINGS)
"""What stays whole in a box that is opened."""
_FLOATING = ("drawing", "tabular", "listing")
_TEXT = ("p", "ul", "ol", "dl", "blockquote")


def install() -> None:
    """Make WeasyPrint fill its pages. Calling it again changes nothing."""
    from weasyprint.layout import page as pages

    usual = pages.make_page
    if is_replaced(usual):
        return

    def make(
        context: Any, root_box: Any, page_type: Any, resume_at: Any, page_number: int, page_state: Any
    ) -> tuple[Any, Any, Any]:
        def again() -> Attempt:
            state, notes = copy.deepcopy(page_state), context.page_maker[page_number - 1][-1]
            notes["anchors"], notes["content_lookups"] = [], []
            made = usual(context, root_box, page_type, resume_at, page_number, state)
            page = made[0]
            # Measured at once: pictures are the same boxes in every attempt.
            end = _bottom(page.children[0], page.content_box_y())
            return Attempt(root_box, state, made, float(page.content_box_y() + page.height - end))

        if not _rooms or _rooms[0].root is not root_box:
            _rooms[:] = [Rooms(root_box)]
        attempt = _filled(again, _rooms[0])
        for kept, found in zip(page_state, attempt.state, strict=True):
            kept.clear()
            (kept.update if isinstance(kept, dict) else kept.extend)(found)
        return attempt.made

    marked(make, usual)
    pages.make_page = make


def forget() -> None:
    """Let go of the boxes of the document that was set last."""
    _rooms.clear()


@dataclass(frozen=True)
class Attempt:
    """A page that was set, and the boxes from which it was made."""

    root: Any
    state: Any
    """Counters at the end of the page."""
    made: tuple[Any, Any, Any]
    """As WeasyPrint returns it: the page, where the next one goes on, and how that one begins."""
    empty: float
    """Height left below the last thing on the page, in pixels."""

    def waiting(self) -> PageEnd | None:
        """Return what begins the next page, if it left too much of this one empty."""
        page, resume_at, next_page = self.made
        if resume_at is None or next_page["break"] != "any" or self.empty <= _EMPTY * page.height:
            return None
        box, path = self.root, []
        while resume_at:
            ((index, resume_at),) = resume_at.items()
            if index >= len(box.children):  # nothing is left of it but its end
                return None
            path.append((box, index))
            box = box.children[index]
        if is_a(box, "section"):
            path.append((box, 0))
        for depth in range(len(path) - 1, 0, -1):
            parent, index = path[depth]
            if parent.element_tag in ("section", "article"):
                above, place = path[depth - 1]
                following = above.children[place + 1] if place + 1 < len(above.children) else None
                return PageEnd(parent, index, following if parent.element_tag == "section" else None)
        return None

    def ends_in(self, name: str) -> bool:
        """Return whether the page ends within a box of this class."""
        box, resume_at = self.root, self.made[1]
        while resume_at:
            if is_a(box, name):
                return True
            ((index, resume_at),) = resume_at.items()
            if index >= len(box.children):
                return False
            box = box.children[index]
        return is_a(box, name)

    def parted(self) -> tuple[Any, int] | None:
        """Return the lines for an answer that go on overleaf, and how many of them are on this page."""
        box, resume_at = self.root, self.made[1]
        while resume_at:
            ((index, resume_at),) = resume_at.items()
            if is_a(box, "answer"):
                return box, index
            if box.element_tag in _TEXT or index >= len(box.children):  # the place is in a line of text
                return None
            box = box.children[index]
        return None


@dataclass(frozen=True)
class PageEnd:
    """Where a page has ended: a section, the number of its next child, and the section that follows."""

    section: Any
    index: int
    following: Any


class Rooms:
    """What may grow and shrink in a document: lines for answers, and the room between blocks.

    Args:
        root: the boxes from which the pages are made.
    """

    def __init__(self, root: Any) -> None:
        self.root = root
        self.answers = AnswerRoom(root)
        self.spacing = Spacing(root)


_rooms: list[Rooms] = []
"""Of the document at work: none or one."""


def _filled(again: Callable[[], Attempt], rooms: Rooms) -> Attempt:
    """Set a page until it is full, or nothing fills it better."""
    attempt, stale, room = again(), False, rooms.answers
    for _ in range(_MOVES):
        place = attempt.waiting()
        if place is None:
            break
        for remedy in _remedies(place, attempt, rooms):
            undo = remedy()
            if undo is None:
                continue
            tried, stale = again(), False
            if tried.empty < attempt.empty - 1:
                attempt = tried
                break
            undo()
            stale = True
        else:
            break
    if stale:  # what was set last is not what was kept
        attempt = again()
    if attempt.ends_in("sources"):
        attempt = _finished(again, attempt, rooms.spacing)
    parted = attempt.parted()
    if parted is not None and room.cut(*parted) is not None:  # with all its lines the exercise is longer than a page
        attempt = again()
    given = room.share_out(room.on(attempt.made[0]), attempt.empty)
    if given is not None:
        before, attempt = attempt.empty, again()
        if attempt.empty > before:
            given()
            attempt = again()
    return attempt


def _finished(again: Callable[[], Attempt], attempt: Attempt, spacing: Spacing) -> Attempt:
    """Set a page whose chapter then ends on it, or leave the next one more of the sources than a few lines."""
    undo = spacing.tighten(spacing.on(attempt.made[0]))
    if undo is not None:
        tried = again()
        if tried.made[1] is None or tried.made[2]["break"] != "any":
            return tried
        undo()
    for box in _sources(attempt):
        undo = _begin_page(box)
        tried = again()
        if tried.empty <= _LEFT * tried.made[0].height:
            return tried
        undo()
    return again()


def _sources(attempt: Attempt) -> list[Any]:
    """Return the section of the sources and its entries on the page that ends in it; none if much is left of it.

    What is left is measured by its characters, those of Chinese counted twice, as the next page is not set yet.
    """
    box, resume_at, section, entries = attempt.root, attempt.made[1], None, []
    while resume_at:
        ((index, resume_at),) = resume_at.items()
        section = box if box.element_tag == "section" else section
        if box.element_tag == "ul":
            left = sum(_lines(entry) for entry in box.children[index:])
            entries = [] if left > _FEW_LINES else [section, *box.children[1 : index + 1]]
            break
        if index >= len(box.children):
            break
        box = box.children[index]
    return entries


def _lines(entry: Any) -> int:
    text = "".join(entry.element.itertext())
    return -(-sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text) // _SOURCE_LINE)


def _begin_page(box: Any) -> Undo:
    before = box.style
    box.style = box.style.copy()  # alike elements share one
    box.style["break_before"] = "page"
    return lambda: setattr(box, "style", before)


def _remedies(place: PageEnd, attempt: Attempt, rooms: Rooms) -> Iterator[Callable[[], Undo | None]]:
    """Yield what may be done, the best first."""
    children, room, page = place.section.children, rooms.answers, attempt.made[0]
    index = place.index
    while index < len(children) - 1 and children[index].element_tag in _HEADINGS:
        index += 1
    box = children[index]
    if _floats(box):
        yield lambda: _let_pass(place, index)
    if is_a(box, "exercise"):
        shown = room.on(page)
        answer = _answer(box)
        if answer is not None:
            yield lambda: room.shorten([answer])
            yield lambda: room.shorten([*shown, answer])
        yield lambda: room.share_out(shown, attempt.empty, _GROWTH)
        # A box ends below its last line.
        yield lambda: room.share_out(shown, attempt.empty - _PADDING, _GROWTH)
        solution = next((child for child in box.children if is_a(child, "solution")), None)
        if solution is not None:
            yield lambda: _open(solution)
    elif not is_a(box, "drawing") and not is_a(box, "tabular"):
        yield lambda: _open(box)
    if attempt.empty <= _MUCH * page.height:
        return
    if is_a(box, "box"):
        for entry in _entries(box):
            yield partial(_part, box, entry)
    spacing = rooms.spacing
    yield lambda: spacing.tighten([*spacing.on(page), *spacing.within(box)])
    # Some of it is lost: below the last block, and where margins meet.
    yield lambda: spacing.widen(spacing.on(page), attempt.empty - _EMPTY * page.height)


def _let_pass(place: PageEnd, index: int) -> Undo | None:
    """Put the next text before a figure, and the figure behind it; the text may stand in the next section."""
    section, following = place.section, place.following
    before = section.children
    after = next((number for number in range(index + 1, len(before)) if not _is_numbered(before[number])), None)
    if after is not None:
        end = _unit(before, after)
        if end is None:
            return None
        section.children = [*before[:index], *before[after:end], *before[index:after], *before[end:]]
        return lambda: setattr(section, "children", before)
    if following is None or following.element_tag != "section" or index == 0:
        return None
    others = following.children
    end = _unit(others, 0)
    if end is None or before[index - 1].element_tag in _HEADINGS:
        return None
    section.children = list(before[:index])
    following.children = [*others[:end], *before[index:], *others[end:]]

    def undo() -> None:
        section.children, following.children = before, others

    return undo


def _unit(children: Any, start: int) -> int | None:
    """Return the end of what has to stay together from a place on: headings, text, and what it ends in a colon for."""
    end = start
    while end < len(children) and children[end].element_tag in _HEADINGS:
        end += 1
    if end == len(children) or _is_numbered(children[end]) or is_a(children[end], "exercise"):
        return None
    while end < len(children) - 1 and children[end].element_tag in _TEXT and _announces(children[end]):
        end += 1
    return end + 1 if not _is_numbered(children[end]) else None


def _announces(box: Any) -> bool:
    """Whether a paragraph ends in a colon."""
    return "".join(box.element.itertext()).rstrip().endswith((":", "："))


def _open(box: Any) -> Undo | None:
    """Let a page's end part a box, but leave no entry of a list alone on either side."""
    parts = [box, *box.descendants()]
    closed = [part for part in parts if part.style["break_inside"] == "avoid" and part.element_tag not in _CLOSED]
    if not closed:
        return None
    lists = [part.children for part in parts if part.element_tag in ("ul", "ol", "dl") and len(part.children) > 1]
    changes = [(part, "break_inside", "auto") for part in closed]
    changes += [(entries[place], "break_before", "avoid") for entries in lists for place in (1, -1)]
    before = [(part, part.style) for part, _, _ in changes]
    for part, name, value in changes:
        part.style = part.style.copy()  # alike elements share one
        part.style[name] = value

    def undo() -> None:
        for part, style in reversed(before):
            part.style = style

    return undo


def _entries(box: Any) -> list[Any]:
    """Return the entries of lists before which a page may end, the best first: the last, and one alone at last."""
    lists = [part.children for part in box.descendants() if part.element_tag in ("ul", "ol", "dl")]
    inner = [entry for entries in reversed(lists) for entry in reversed(entries[2:-1])]
    alone = [entry for entries in reversed(lists) for entry in reversed(entries[1:]) if entry not in inner]
    return [*inner, *alone]


def _part(box: Any, entry: Any) -> Undo | None:
    """End the page before an entry of a list in a box."""
    opened, whole = _open(box), _begin_page(entry)

    def undo() -> None:
        whole()
        if opened is not None:
            opened()

    return undo


def _answer(box: Any) -> Any:
    """Return the lines for the answer to an exercise."""
    return next((child for child in box.children if is_a(child, "answer") and child.children), None)


def _is_numbered(box: Any) -> bool:
    """Whether a box has a number by which the text names it: those of one kind stay in order."""
    return any(is_a(box, kind) for kind in _FLOATING)


def _floats(box: Any) -> bool:
    """Whether a box with a number is not parted by the end of a page."""
    return _is_numbered(box) and not is_a(box, "long")


def _bottom(box: Any, least: float) -> float:
    """Return where the last thing of a box ends: text, a picture, or a line for an answer."""
    children = getattr(box, "children", ())
    if type(box).__name__ == "LineBox" or not children:
        return max(least, float(box.position_y + box.margin_height()))
    return max(_bottom(child, least) for child in children)
