"""Gold files: a chapter as the tree of the report, and as HTML. A change in either is seen, and which half moved.

`make gold` rewrites them; read the diff before you commit it. Drawings are placeholders; they have their own tests.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from functools import cache

import pytest
from helpers.hand_results import hand_result
from helpers.places import GOLD

from labreport.report.chapters.build import build
from labreport.report.configuration import Configuration
from labreport.report.document import Box, Node
from labreport.report.rendering import html
from labreport.report.words import LANGUAGES

LABS = ("workflow", "imdb")


@cache
def _report(lab, language):
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    result = hand_result(lab, seeds=(0,))
    return build([result], language, Configuration(edition="instructor"), moment=moment, version="0").report


def _outline(value, depth=0):
    """Every node on a line of its own, with its texts below."""
    if isinstance(value, Node):
        yield "  " * depth + type(value).__name__
        if isinstance(value, Box) and value.kind == "spoken":
            yield "  " * depth + f"  ({len(value.blocks)} blocks that the chapter shows)"
            return
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            if name == "svg":
                inner = "(drawing)"
            if isinstance(inner, (str, int, float)) and inner not in ("", 0):
                yield "  " * depth + f"  {name}: {inner}"
            elif not isinstance(inner, (str, int, float)):
                yield from _outline(inner, depth + 1)
    elif isinstance(value, tuple):
        for item in value:
            yield from [str(item)] if isinstance(item, (str, int, float)) else _outline(item, depth)


def _page(report):
    text = re.sub(r"<style>.*?</style>", "<style></style>", html.html(report), flags=re.DOTALL)
    text = re.sub(r"<svg\b.*?</svg>", "<svg></svg>", text, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("form", ["txt", "html"])
def test_a_chapter_is_as_it_was_when_somebody_last_looked(form, lab, language):
    report = _report(lab, language)
    now = "\n".join(_outline(report)) + "\n" if form == "txt" else _page(report)
    path = GOLD / f"{lab}-{language}.{form}"
    if os.environ.get("UPDATE_GOLD"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, "utf-8")
    assert path.read_text("utf-8") == now, f"{path.name} differs; if that is meant, run `make gold` and read the diff"
