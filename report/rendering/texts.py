"""The checks of a report's texts and links that need the place for their error.

Before anything is set, each text is turned into markup once (what comes out is cached for the templates) and its
characters are looked up in the shipped fonts. So an error about a word says where the word stands.
"""

from __future__ import annotations

import re

from labreport.report.document import Equation, Found, Kind, Node, Text, by_language, walk
from labreport.report.errors import RenderingError
from labreport.report.rendering import fonts
from labreport.report.rendering.page import ReportPage, drawing_start

_ID = re.compile(r"\sid=\"([^\"]*)\"")
_LINK = re.compile(r"\shref=\"#([^\"]*)\"")
UNSET = frozenset({"spoken", "formula"})
"""Kinds of texts that are not set in the shipped fonts."""


def check(page: ReportPage, part: Node | None = None, *, glyphs: bool = True, screen: bool = False) -> None:
    """Turn every text into markup and look up its characters.

    Args:
        page: the helpers of the report's medium.
        part: what is checked, such as a chapter; None: the whole report.
        glyphs: whether the report is set in the shipped fonts, which must have every character.
        screen: whether a browser shows it, which takes what these lack from the fonts of its system.

    Raises:
        RenderingError: names the place: text that a report must not hold, a character without a glyph.
    """
    for found in walk(part or page.report):
        try:
            _try(page, found)
        except RenderingError as error:
            raise RenderingError(f"{found.place.named}: {error}") from error
        if glyphs and found.kind != "spoken":
            for line in shown(found.kind, found.text):
                fonts.check(line, found.place.named, screen=screen)


def shown(kind: Kind, text: Text) -> list[str]:
    """Return the words that a text of a kind shows, in each of its languages."""
    lines = list(by_language(text, "").values())
    return [fonts.svg_text(line) for line in lines] if kind == "drawing" else lines


def check_links(html: str, elsewhere: frozenset[str] = frozenset()) -> None:
    """Make sure that every id of a page is there once and every inner link leads to one.

    Args:
        html: the finished page.
        elsewhere: ids that lie in other files of the same report.

    Raises:
        RenderingError: an id is there twice, or a link leads nowhere.
    """
    ids = _ID.findall(html)
    known = set(ids)
    if len(known) != len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise RenderingError(f"The id '{twice}' is there {ids.count(twice)} times; each may be there once.")
    for target in _LINK.findall(html):
        if target not in known and target not in elsewhere:
            raise RenderingError(f"The link to '#{target}' leads nowhere.")


def _try(page: ReportPage, found: Found) -> None:
    if found.kind == "inline":
        page.inline(found.text)
    elif found.kind == "prose":
        page.prose(found.text)
    elif found.kind == "formula":
        page.equation(Equation(tex=str(found.text), alt=""))
    elif found.kind == "drawing":
        drawing_start(str(found.text))
