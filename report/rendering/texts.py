"""Every text of a report with its place, and the checks that need the place for their error.

Before anything is set, each text is turned into markup once (what comes out is kept for the templates) and its
characters are looked up in the shipped fonts. So an error about a word says where the word stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from labreport.report.document import (
    BETWEEN,
    Block,
    Box,
    Chapter,
    Equation,
    Example,
    Exercise,
    Figure,
    Listing,
    Prose,
    Report,
    Table,
)
from labreport.report.errors import RenderingError
from labreport.report.rendering import fonts
from labreport.report.rendering.page import Page

Kind = Literal["inline", "prose", "code", "formula", "drawing", "spoken"]
_ID = re.compile(r"\sid=\"([^\"]*)\"")
_LINK = re.compile(r"\shref=\"#([^\"]*)\"")


@dataclass(frozen=True)
class Text:
    """One text of a report."""

    place: str
    """Where it stands: ids of chapter, section and block."""
    kind: Kind
    content: str


def texts(report: Report) -> Iterator[Text]:
    """Yield every text of the report in reading order."""
    cover = report.cover
    yield Text("cover", "inline", cover.title)
    yield Text("cover", "inline", cover.head)
    yield Text("cover", "inline", cover.subtitle)
    for name, value in cover.facts:
        yield Text("cover", "inline", name)
        yield Text("cover", "inline", value)
    for mark in cover.marks:
        yield Text("cover", "inline", mark)
    for small in cover.strip:
        yield Text("cover", "inline", small.title)
        yield Text(f"cover, drawing '{small.title}'", "drawing", small.svg)
    for chapter in (report.summary, *report.chapters, report.provenance):
        yield from _chapter(chapter)


def check(page: Page, *, glyphs: bool = True) -> None:
    """Turn every text into markup and look up its characters.

    Args:
        page: the helpers of the report's medium.
        glyphs: whether the report is set in the shipped fonts, which must have every character.

    Raises:
        RenderingError: names the place: text that a report must not hold, a character without a glyph.
    """
    for text in texts(page.report):
        try:
            _try(page, text)
        except RenderingError as error:
            raise RenderingError(f"{text.place}: {error}") from error
        if not glyphs:
            continue
        if text.kind == "drawing":
            fonts.check(fonts.svg_text(text.content), text.place)
        elif text.kind != "spoken":
            for line in text.content.split(BETWEEN) if page.report.second else [text.content]:
                fonts.check(line, text.place)


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


def _try(page: Page, text: Text) -> None:
    if text.kind == "inline":
        page.inline(text.content)
    elif text.kind == "prose":
        page.prose(text.content)
    elif text.kind == "formula":
        page.equation(Equation(tex=text.content, alt=""))
    elif text.kind == "drawing":
        page.drawing(text.content, "", "check")


def _chapter(chapter: Chapter) -> Iterator[Text]:
    place = f"chapter '{chapter.id}'"
    yield Text(place, "inline", chapter.title)
    for mark in chapter.marks:
        yield Text(place, "inline", mark)
    for block in chapter.opening:
        yield from _block(block, place)
    for section in chapter.sections:
        inside = f"{place}, section '{section.id}'"
        yield Text(inside, "inline", section.title)
        for block in section.blocks:
            yield from _block(block, inside)


def _block(block: Block, place: str) -> Iterator[Text]:
    match block:
        case Prose(markdown=markdown):
            yield Text(place, "prose", markdown)
        case Table():
            yield from _table(block, f"{place}, table '{block.id}'")
        case Figure(id=id_, caption=caption, svg=svg, alt=alt, data=data, tag_line=tag_line):
            inside = f"{place}, figure '{id_}'"
            yield Text(inside, "inline", caption)
            yield Text(inside, "inline", tag_line)
            yield Text(inside, "spoken", alt)
            yield Text(inside, "drawing", svg)
            if data is not None:
                yield from _table(data, f"{inside}, data")
        case Listing(id=id_, caption=caption, code=code):
            yield Text(f"{place}, listing '{id_}'", "inline", caption)
            yield Text(f"{place}, listing '{id_}'", "code", code)
        case Example(id=id_, caption=caption, code=code, output=output):
            yield Text(f"{place}, example '{id_}'", "inline", caption)
            yield Text(f"{place}, example '{id_}'", "code", code)
            yield Text(f"{place}, example '{id_}'", "code", output)
        case Equation(tex=tex, alt=alt):
            yield Text(f"{place}, equation", "formula", tex)
            yield Text(f"{place}, equation", "spoken", alt)
        case Exercise(id=id_, task=task, hint=hint, solution=solution):
            for name, text in (("task", task), ("hint", hint), ("solution", solution)):
                if text:
                    yield Text(f"{place}, exercise '{id_}', {name}", "prose", text)
        case Box(title=title, blocks=blocks):
            yield Text(f"{place}, box '{title}'", "inline", title)
            for inner in blocks:
                yield from _block(inner, f"{place}, box '{title}'")


def _table(table: Table, place: str) -> Iterator[Text]:
    yield Text(place, "inline", table.caption)
    yield Text(place, "inline", table.tag_line)
    for column in table.columns:
        yield Text(place, "inline", column.title)
    for number, row in enumerate(table.rows, 1):
        for column, cell in zip(table.columns, row, strict=True):
            kind: Kind = "code" if column.kind == "code" else "inline"
            yield Text(f"{place}, row {number}", kind, cell)
