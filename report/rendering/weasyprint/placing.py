"""Pages that are filled to their end: what does not fit is moved, opened or given room, while a page is set.

WeasyPrint has no figures that float: one that does not fit leaves the rest of its page empty. Here a page is measured
as soon as it is set; where more than a fifth of it is empty and no chapter ends, its boxes are changed and that page
alone is set again:

- a numbered figure, table or listing goes behind the paragraphs that follow it, into the next section if need be, and
  never past another of them, so that numbers stay in order;
- a box, an example or source without a number may be broken;
- exercises, which are never parted, share out the room: the one that does not fit gives up a few of its lines for
  answers if it fits then, otherwise those before it get more.

What does not fill the page better is taken back. The order in the markup, on the screen and for `compare` stays as
written.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_EMPTY = 0.2
"""Part of a page's height that may be left empty before something is done about it."""
_MOVES = 8
"""Paragraphs that one figure lets pass."""
_KEPT = 0.6
"""Part of its lines for answers that an exercise keeps when it makes itself fit."""
_GROWTH = 2
"""Times its lines for answers that an exercise gets at most to fill a page."""
_HEADINGS = ("h3", "h4", "h5")
_FLOATING = ("drawing", "tabular", "listing")
_TEXT = ("p", "ul", "ol", "dl", "blockquote")

Undo = Callable[[], None]


def install() -> None:
    """Make WeasyPrint fill its pages. Calling it again changes nothing."""
    from weasyprint.layout import page as pages

    usual = pages.make_page
    if hasattr(usual, "replaces"):
        return

    def make(
        context: Any, root_box: Any, page_type: Any, resume_at: Any, page_number: int, page_state: Any
    ) -> tuple[Any, Any, Any]:
        def again() -> Attempt:
            state, notes = copy.deepcopy(page_state), context.page_maker[page_number - 1][-1]
            notes["anchors"], notes["content_lookups"] = [], []
            return Attempt(root_box, state, usual(context, root_box, page_type, resume_at, page_number, state))

        attempt = _filled(again)
        for kept, found in zip(page_state, attempt.state, strict=True):
            kept.clear()
            (kept.update if isinstance(kept, dict) else kept.extend)(found)
        return attempt.made

    make.replaces = usual  # type: ignore[attr-defined]
    pages.make_page = make


@dataclass(frozen=True)
class Attempt:
    """A page that was set, and the boxes from which it was made."""

    root: Any
    state: Any
    """Counters at the end of the page."""
    made: tuple[Any, Any, Any]
    """As WeasyPrint returns it: the page, where the next one goes on, and how that one begins."""

    @property
    def empty(self) -> float:
        """Height left below the last thing on the page, in pixels."""
        page = self.made[0]
        return float(page.content_box_y() + page.height - _bottom(page.children[0], page.content_box_y()))

    def waiting(self) -> Place | None:
        """Return what begins the next page, if it left too much of this one empty."""
        page, resume_at, next_page = self.made
        if resume_at is None or next_page["break"] != "any" or self.empty <= _EMPTY * page.height:
            return None
        box, path = self.root, []
        while resume_at:
            ((index, resume_at),) = resume_at.items()
            path.append((box, index))
            box = box.children[index]
        if _is(box, "section"):
            path.append((box, 0))
        for depth in range(len(path) - 1, 0, -1):
            parent, index = path[depth]
            if parent.element_tag in ("section", "article"):
                above, place = path[depth - 1]
                following = above.children[place + 1] if place + 1 < len(above.children) else None
                return Place(parent, index, following if parent.element_tag == "section" else None)
        return None


@dataclass(frozen=True)
class Place:
    """Where a page has ended: a section, the number of its next child, and the section that follows."""

    section: Any
    index: int
    following: Any


def _filled(again: Callable[[], Attempt]) -> Attempt:
    """Set a page until it is full, or nothing fills it better."""
    attempt = again()
    for _ in range(_MOVES):
        place = attempt.waiting()
        if place is None:
            break
        for remedy in _remedies(place, attempt):
            before = attempt.empty
            undo = remedy()
            if undo is None:
                continue
            attempt = again()
            if attempt.empty < before - 1:
                break
            undo()
            attempt = again()
        else:
            break
    return attempt


def _remedies(place: Place, attempt: Attempt) -> Iterator[Callable[[], Undo | None]]:
    """Yield what may be done, the best first."""
    children = place.section.children
    index = place.index
    while index < len(children) - 1 and children[index].element_tag in _HEADINGS:
        index += 1
    box = children[index]
    if _floats(box):
        yield lambda: _let_pass(place, index)
    if _is(box, "exercise"):
        yield lambda: _shorten(box, attempt)
        yield lambda: _lengthen(place, attempt)
    elif not _is(box, "drawing"):
        yield lambda: _open(box)


def _let_pass(place: Place, index: int) -> Undo | None:
    """Put the next text before a figure, and the figure behind it; the text may stand in the next section."""
    section, following = place.section, place.following
    before = section.children
    after = next((number for number in range(index + 1, len(before)) if not _floats(before[number])), None)
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
    if end == len(children) or _floats(children[end]) or _is(children[end], "exercise"):
        return None
    while end < len(children) - 1 and children[end].element_tag in _TEXT and _announces(children[end]):
        end += 1
    return end + 1 if not _floats(children[end]) else None


def _announces(box: Any) -> bool:
    """Whether a paragraph ends in a colon."""
    return "".join(box.element.itertext()).rstrip().endswith((":", "："))


def _open(box: Any) -> Undo | None:
    """Let a page's end part a box."""
    closed = [part for part in (box, *box.descendants()) if part.style["break_inside"] == "avoid"]
    closed = [part for part in closed if part.element_tag not in ("tr", "figcaption", *_HEADINGS)]
    if not closed:
        return None
    for part in closed:
        part.style["break_inside"] = "auto"

    def undo() -> None:
        for part in closed:
            part.style["break_inside"] = "avoid"

    return undo


def _shorten(exercise: Any, attempt: Attempt) -> Undo | None:
    """Take away some of the lines for answers."""
    answer = _answer(exercise)
    if answer is None:
        return None
    lines = answer.children
    least = max(3, round(len(lines) * _KEPT))
    if len(lines) <= least:
        return None
    answer.children = list(lines[:least])
    return lambda: setattr(answer, "children", lines)


def _lengthen(place: Place, attempt: Attempt) -> Undo | None:
    """Share out the rest of a page among the exercises that stand on it, as lines for answers."""
    on_page = {id(box.element): box for box in attempt.made[0].descendants() if _is(box, "answer")}
    answers = [
        answer
        for child in place.section.children[: place.index]
        if (answer := _answer(child)) is not None and id(answer.element) in on_page
    ]
    if not answers:
        return None
    height = on_page[id(answers[0].element)].children[-1].margin_height()
    rest = int(attempt.empty / height)
    before = [answer.children for answer in answers]
    room = [len(lines) * _GROWTH for lines in before]
    counts = [len(lines) for lines in before]
    while rest and any(count < most for count, most in zip(counts, room, strict=True)):
        for number, most in enumerate(room):
            if rest and counts[number] < most:
                counts[number] += 1
                rest -= 1
    for answer, lines, count in zip(answers, before, counts, strict=True):
        answer.children = [*lines, *(lines[-1].copy() for _ in range(count - len(lines)))]

    def undo() -> None:
        for answer, lines in zip(answers, before, strict=True):
            answer.children = lines

    return undo


def _answer(box: Any) -> Any:
    """Return the lines for the answer to an exercise."""
    if not _is(box, "exercise"):
        return None
    return next((child for child in box.children if _is(child, "answer") and child.children), None)


def _floats(box: Any) -> bool:
    """Whether a box has a number by which the text names it, and is not parted by the end of a page."""
    return any(_is(box, kind) for kind in _FLOATING) and not _is(box, "long")


def _is(box: Any, name: str) -> bool:
    if box.element is None or "::" in (box.element_tag or ""):
        return False
    return box.element_tag == name or name in (box.element.get("class") or "").split()


def _bottom(box: Any, least: float) -> float:
    """Return where the last thing of a box ends: text, a picture, or a line for an answer."""
    children = getattr(box, "children", ())
    if type(box).__name__ == "LineBox" or not children:
        return max(least, float(box.position_y + box.margin_height()))
    return max(_bottom(child, least) for child in children)
