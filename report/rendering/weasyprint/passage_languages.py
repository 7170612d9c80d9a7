"""The language of passages in a tagged PDF: WeasyPrint writes the document's language only.

An element whose markup names a language gets it in the tag tree too, so that a screen reader changes its voice where
the language changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def install() -> None:
    """Make WeasyPrint write the language of each passage. Calling it again changes nothing."""
    from weasyprint.pdf import tags

    usual = tags._build_box_tree
    if hasattr(usual, "replaces"):
        return

    def build(box: Any, *args: Any) -> Iterator[Any]:
        element = getattr(getattr(box, "_box", box), "element", None)
        language = None if element is None or element.tag == "html" else element.get("lang")
        for node in usual(box, *args):
            if language:
                node["Lang"] = tags.pydyf.String(language)
            yield node

    build.replaces = usual  # type: ignore[attr-defined]
    tags._build_box_tree = build
