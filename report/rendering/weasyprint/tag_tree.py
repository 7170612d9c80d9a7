"""What WeasyPrint leaves out of the tags of a PDF: the languages of passages, and which drawings are formulas.

An element whose markup names a language gets it in the tag tree too, so that a screen reader changes its voice where
the language changes. A formula is tagged as one: its alternative text is read in a sentence, not announced as a figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labreport.report.rendering.weasyprint.replacing import is_replaced, marked

FORMULA = "formula"
"""Class of the drawings that are formulas."""


def install() -> None:
    """Make WeasyPrint write the language of each passage, and tag formulas. Calling it again changes nothing."""
    from weasyprint.formatting_structure.boxes import PageBox
    from weasyprint.pdf import tags

    usual = tags._build_box_tree
    if is_replaced(usual):
        return

    def build(box: Any, *args: Any) -> Iterator[Any]:
        element = getattr(getattr(box, "_box", box), "element", None)
        language = None if element is None or element.tag == "html" else element.get("lang")
        is_formula = element is not None and FORMULA in (element.get("class") or "").split()
        for node in usual(box, *args):
            if language:
                node["Lang"] = tags.pydyf.String(language)
            if is_formula and node["S"] == "/Figure":
                node["S"] = "/Formula"
            yield node
        if isinstance(box, PageBox):
            box.children = []  # a long document has no memory for the boxes of pages that are finished

    marked(build, usual)
    tags._build_box_tree = build
