"""Room between the blocks of one page: less where the next block then fits, more where too much would stay empty.

Books have always done so, page by page, and no reader sees it as long as it stays small; what stays whole (the task of
an exercise, a table, a figure) leaves a page's end empty otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_HEADS = frozenset({"h3", "h4", "h5"})
"""What stays as near to what follows as it is."""
_TAGS = frozenset({"p", "ul", "ol", "dl", "li", "pre", "table", "figure"}) | _HEADS
_LARGE = frozenset({"box", "exercise", "drawing", "tabular", "listing", "example"})
"""Blocks whose distance grows most."""
_WEIGHT = 3
"""Times as much that these grow."""
_TIGHT = 0.5
"""Part of the room that is left between blocks which are set tightly."""
_MOST = 12.0
"""Pixels that the room below a block grows at most: three millimetres."""

Undo = Callable[[], None]


class Spacing:
    """The room below the blocks of a document.

    Args:
        root: the boxes from which the pages are made.
    """

    def __init__(self, root: Any) -> None:
        self._blocks: dict[int, Any] = {}
        self._changed: set[int] = set()
        """Blocks of which the room was changed; it is changed once."""
        for box in root.descendants():
            if _is_block(box):
                self._blocks.setdefault(id(box.element), box)

    def on(self, page: Any) -> list[Any]:
        """Return the blocks of which a page shows a part, as they are before any page is made."""
        shown = dict.fromkeys(id(box.element) for box in page.descendants() if box.element is not None)
        return [self._blocks[name] for name in shown if name in self._blocks]

    def within(self, box: Any) -> list[Any]:
        """Return the blocks in a box, with itself."""
        return [part for part in (box, *box.descendants()) if self._blocks.get(id(part.element)) is part]

    def tighten(self, blocks: Sequence[Any]) -> Undo | None:
        """Take away a part of the room above and below each block."""
        sides = [
            (box, side, _size(box, side) * (_TIGHT - 1)) for box in self._new(blocks) for side in ("top", "bottom")
        ]
        return self._change(sides)

    def widen(self, blocks: Sequence[Any], height: float) -> Undo | None:
        """Share out a height below the blocks, as far as it is not too much for them."""
        blocks = [box for box in self._new(blocks) if box.element_tag not in _HEADS]
        weights = [_WEIGHT if _LARGE.intersection(_classes(box)) else 1 for box in blocks]
        if not weights or height <= 0:
            return None
        unit = min(height / sum(weights), _MOST)
        return self._change([(box, "bottom", unit * weight) for box, weight in zip(blocks, weights, strict=True)])

    def _new(self, blocks: Sequence[Any]) -> list[Any]:
        return [box for box in blocks if id(box) not in self._changed]

    def _change(self, changes: Sequence[tuple[Any, str, float]]) -> Undo | None:
        changes = [change for change in changes if change[2]]
        if not changes:
            return None
        before = [(box, box.style) for box, _, _ in changes]
        names = {id(box) for box, _, _ in changes}
        for box, side, pixels in changes:
            box.style = box.style.copy()  # alike elements share one
            margin = box.style[f"margin_{side}"]
            box.style[f"margin_{side}"] = margin._replace(value=margin.value + pixels)
        self._changed |= names

        def undo() -> None:
            self._changed -= names
            for box, style in reversed(before):
                box.style = style

        return undo


def _size(box: Any, side: str) -> float:
    margin = box.style[f"margin_{side}"]
    return float(getattr(margin, "value", 0)) if getattr(margin, "unit", "") == "px" else 0.0


def _is_block(box: Any) -> bool:
    if (
        box.element is None
        or "::" in (box.element_tag or "")
        or getattr(box.style["margin_bottom"], "unit", "") != "px"
    ):
        return False
    return box.element_tag in _TAGS or bool(_LARGE.intersection(_classes(box)))


def _classes(box: Any) -> list[str]:
    return (box.element.get("class") or "").split()
