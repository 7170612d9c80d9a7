"""Justified Chinese for WeasyPrint, which stretches a line at its blanks only, and Chinese has none.

Where a line of Chinese falls short of the measure (because a Latin word or a mark went to the next line), the rest is
shared out among the characters, as Chinese printing and browsers do. This replaces one function of WeasyPrint's
line layout for such lines, and leaves all others to it.
"""

from __future__ import annotations

import re
from typing import Any

from labreport.report.languages import HAN, HAN_MARKS, is_han
from labreport.report.rendering.weasyprint.replacing import is_replaced, marked

_STRETCH = re.compile(f"[\u2009‘’“”{HAN_MARKS}{HAN}]+")
"""Characters that may be set apart: Chinese, its marks, and the thin space between Chinese and Latin."""
_MOST = 0.16
"""Most that may be put between two characters, in em; a line that needs more is left short."""
_THIN_SPACE = "\u2009"


def install() -> None:
    """Make WeasyPrint justify Chinese. Calling it again changes nothing."""
    from weasyprint.layout import inline
    from weasyprint.text import line_break

    usual = inline.justify_line
    if is_replaced(usual):
        return
    layout_class = _spaced_layout(line_break)

    def spaced(box: Any, spacing: float) -> tuple[Any, float]:
        """Return the box's text set with this spacing, and its width."""
        layout = layout_class(box.style, spacing)
        layout.set_text(box.text, justify=True)
        line, _ = layout.get_first_line()
        width, _ = line_break.line_size(line, box.style)
        return layout, width

    def justify(context: Any, line: Any, extra_width: float) -> None:
        if not is_han(line.style["lang"] or ""):
            usual(context, line, extra_width)
            return
        texts = list(_texts(inline.boxes, line))
        size = line.style["font_size"]
        if texts and texts[-1].text.endswith(_THIN_SPACE):
            extra_width += 0.2 * texts[-1].style["font_size"]
        stretching = [box for box in texts if _STRETCH.search(box.text)]
        # How much a unit of spacing widens each text is measured: the ends of a line get none, and only Pango knows.
        unit, total = 0.05 * size, 0.0
        for box in stretching:
            once, twice = spaced(box, unit)[1], spaced(box, 2 * unit)[1]
            total += (twice - once) / unit
            extra_width -= once - (twice - once) - box.width
        if total <= 0 or extra_width / total > _MOST * size:
            return
        widths = {}
        for box in stretching:
            box.justification_spacing = extra_width / total
            layout, widths[box] = spaced(box, box.justification_spacing)
            layout.deactivate()
            box.pango_layout = layout
        _shift(inline.boxes, line, widths, 0)

    marked(justify, usual)
    inline.justify_line = justify


def _spaced_layout(line_break: Any) -> Any:
    """Return a class of layouts that set text with space between Chinese characters."""

    class SpacedLayout(line_break.Layout):  # type: ignore[misc]
        """Text of one line with a little space after each Chinese character."""

        def set_text(self, text: str, justify: bool = False) -> None:
            super().set_text(text)
            if not justify or not self.justification_spacing:
                return
            pango, ffi = line_break.pango, line_break.ffi
            attributes = pango.pango_layout_get_attributes(self.layout)
            if attributes == ffi.NULL:
                attributes = ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
            for match in _STRETCH.finditer(self.text):
                attribute = pango.pango_attr_letter_spacing_new(int(self.justification_spacing * line_break.TO_UNITS))
                attribute.start_index = len(self.text[: match.start()].encode())
                attribute.end_index = len(self.text[: match.end()].encode())
                pango.pango_attr_list_change(attributes, attribute)
            pango.pango_layout_set_attributes(self.layout, attributes)

    return SpacedLayout


def _texts(boxes: Any, box: Any) -> Any:
    if isinstance(box, boxes.TextBox):
        yield box
    elif isinstance(box, (boxes.LineBox, boxes.InlineBox)):
        for child in box.children:
            if child.is_in_normal_flow():
                yield from _texts(boxes, child)


def _shift(boxes: Any, box: Any, widths: dict[Any, Any], advance: float) -> float:
    """Move each part of the line to the right by what was added before it; return what was added up to its end."""
    if isinstance(box, boxes.TextBox):
        box.position_x += advance
        gain = float(widths.get(box, box.width) - box.width)
        box.width += gain
        return advance + gain
    if isinstance(box, (boxes.LineBox, boxes.InlineBox)):
        box.position_x += advance
        before = advance
        for child in box.children:
            if child.is_in_normal_flow():
                advance = _shift(boxes, child, widths, advance)
        box.width += advance - before
        return advance
    box.translate(advance, 0)
    return advance
