"""Lines for the answers of exercises, of which a page may give more or fewer than were asked for."""

from __future__ import annotations

from typing import Any

from labreport.report.rendering.weasyprint.spacing import Undo

_KEPT = 0.5
"""Part of its lines for answers that an exercise keeps when it makes itself fit."""
_FEWEST = 3
"""Lines for an answer that are left at least."""
_ROOMY = 20
"""Lines for answers up to which any exercise grows."""


class AnswerRoom:
    """The lines for answers in a document, which may be more or fewer than were asked for.

    Args:
        root: the boxes from which the pages are made.
    """

    def __init__(self, root: Any) -> None:
        self._answers = {id(box.element): box for box in root.descendants() if is_a(box, "answer") and box.children}
        self._written = {name: len(box.children) for name, box in self._answers.items()}

    def on(self, page: Any) -> list[Any]:
        """Return the boxes of which a page shows the lines."""
        shown = dict.fromkeys(id(box.element) for box in page.descendants() if is_a(box, "answer"))
        return [self._answers[name] for name in shown if name in self._answers]

    def shorten(self, boxes: list[Any]) -> Undo | None:
        """Take away some of the lines of each box."""
        counts = [max(_FEWEST, round(self._written[id(box.element)] * _KEPT)) for box in boxes]
        return self._set(boxes, [min(count, len(box.children)) for count, box in zip(counts, boxes, strict=True)])

    def cut(self, box: Any, count: int) -> Undo | None:
        """Leave a box that many of its lines, if they are enough to write an answer on."""
        return self._set([box], [count]) if count >= _FEWEST else None

    def share_out(self, boxes: list[Any], height: float, times: float = 1) -> Undo | None:
        """Share out a height among boxes; `times` the lines that were asked for are the most that one gets."""
        if not boxes:
            return None
        counts = [len(box.children) for box in boxes]
        most = [round(self._written[id(box.element)] * times) for box in boxes]
        if times > 1:
            most = [max(limit, _ROOMY) for limit in most]
        rest = int(height / boxes[0].children[-1].style["height"].value)
        while rest > 0 and any(count < limit for count, limit in zip(counts, most, strict=True)):
            for number, limit in enumerate(most):
                if rest > 0 and counts[number] < limit:
                    counts[number] += 1
                    rest -= 1
        return self._set(boxes, counts)

    def _set(self, boxes: list[Any], counts: list[int]) -> Undo | None:
        before = [box.children for box in boxes]
        if counts == [len(lines) for lines in before]:
            return None
        for box, lines, count in zip(boxes, before, counts, strict=True):
            box.children = [*lines[:count], *(lines[-1].copy() for _ in range(count - len(lines)))]

        def undo() -> None:
            for box, lines in zip(boxes, before, strict=True):
                box.children = lines

        return undo


def is_a(box: Any, name: str) -> bool:
    """Return whether a box is that of an element of this name, or of one that has it as a class."""
    if box.element is None or "::" in (box.element_tag or ""):
        return False
    return box.element_tag == name or name in (box.element.get("class") or "").split()
