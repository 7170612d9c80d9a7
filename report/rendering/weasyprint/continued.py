"""A box that goes on overleaf says there what it is: “Solution 3.4 (continued)”.

The words stand in the markup, in the attribute `data-continued` of the box. Each further part of the box gets them in
a line of their own, for which it makes room in its padding; so the box has to keep its padding where it is parted.
"""

from __future__ import annotations

from typing import Any

from labreport.report.rendering.weasyprint.replacing import is_replaced, marked

ATTRIBUTE = "data-continued"


def install() -> None:
    """Make WeasyPrint name what goes on on a page. Calling it again changes nothing."""
    from weasyprint.layout import block

    usual = block.block_container_layout
    if is_replaced(usual):
        return

    def layout(context: Any, box: Any, bottom_space: float, skip_stack: Any, *args: Any, **names: Any) -> Any:
        words = None if skip_stack is None or box.element is None else box.element.get(ATTRIBUTE)
        if not words or not box.children or list(skip_stack) == [0]:
            return usual(context, box, bottom_space, skip_stack, *args, **names)
        head = _head(context, box, words, block)
        box.padding_top += head.margin_height()
        result = usual(context, box, bottom_space, skip_stack, *args, **names)
        part = result[0]
        if part is not None:
            top = part.content_box_y() - head.margin_height()
            head.translate(part.content_box_x() - head.position_x, top - head.position_y)
            head.index = next(iter(skip_stack))
            part.children = [head, *part.children]
        return result

    marked(layout, usual)
    block.block_container_layout = layout


def _head(context: Any, box: Any, words: str, block: Any) -> Any:
    """Return words in the colour of a box's edge, set as wide as the box."""
    from weasyprint.formatting_structure import boxes

    style = box.style.anonymous_style.copy()
    edge = box.style["border_left_color"]
    style["font_weight"], style["color"] = 700, box.style["color"] if edge == "currentcolor" else edge
    line = boxes.LineBox.anonymous_from(box, [boxes.TextBox("b", style, box.element, words)])
    outer = box.style.anonymous_style.copy()
    outer["margin_bottom"] = box.style["padding_top"]._replace(value=0.3 * style["font_size"], unit="px")
    head = boxes.BlockBox("p", outer, box.element, [line])
    head.position_x, head.position_y = box.content_box_x(), box.position_y
    return block.block_level_layout(context, head, 0, None, box, page_is_empty=False)[0]
