"""The slides of a chapter whose note marks none: of each section its key sentences, then what it shows.

Key sentences are those of the run, which a mark follows, and the first one of each paragraph; lists stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import msgspec

from labreport.report.document import (
    CHECKED,
    OPEN,
    Block,
    Box,
    Chapter,
    Equation,
    Example,
    Figure,
    Listing,
    Prose,
    Section,
    Table,
    Text,
    each,
    first,
)
from labreport.report.rendering.slides import room

_SHOWN = (Figure, Table, Listing, Example)
_LEFT_OUT = ("-exercises", "-sources", "-evidence", "-footnotes", "-references")
"""Ends of the ids of sections of which nothing goes on slides; evidence has slides of its own."""
_MARK = re.compile(rf"\[[{CHECKED}{OPEN}]\]\(#")
_LIST = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
_LONGEST = 220
"""Characters of a key sentence."""
_SHORT = 8.0
"""Height of text that a figure can have above it."""
_MOST = 6
"""Sentences of a section."""


def slides(chapter: Chapter) -> Iterator[Section]:
    """Yield the slides of a chapter."""
    number = 0
    for section in chapter.sections:
        if section.id.endswith(_LEFT_OUT):
            continue
        text = tuple(_key(section))
        spoken = tuple(block for block in section.blocks if isinstance(block, Prose | Equation))
        shown: list[tuple[Block, ...]] = [(block,) for block in section.blocks if isinstance(block, _SHOWN)]
        if text and shown and isinstance(shown[0][0], Figure) and room.text_height(text, room.WIDTH) < _SHORT:
            shown[0] = (*text, *shown[0])
        elif text:
            shown.insert(0, text)
        for blocks in shown:
            number += 1
            box = Box(kind="spoken", title="", blocks=spoken)
            spoken = ()
            yield Section(id=f"{chapter.id}-slide-{number}", title=section.title, blocks=(*blocks, box))


def _key(section: Section) -> Iterator[Block]:
    """Yield what of a section's text goes on its slide, as much as one holds."""
    height, count = 0.0, 0
    for block in section.blocks:
        found: list[Block] = []
        if isinstance(block, Prose):
            found = [Prose(markdown=text) for text in _sentences(block.markdown)]
        elif isinstance(block, Equation):
            found = [block]
        elif isinstance(block, Box) and block.kind in ("key-points", "caution"):
            found = [msgspec.structs.replace(block, answers=None)]
        for one in found:
            height += room.text_height((one,), room.WIDTH)
            count += isinstance(one, Prose)
            if height > room.HEIGHT or count > _MOST:
                return
            yield one


def _sentences(markdown: Text) -> Iterator[Text]:
    for paragraph in re.split(r"\n\s*\n", first(markdown)):
        if "```" in paragraph or paragraph.lstrip().startswith(("|", "#", ">")):
            return
        if _LIST.match(paragraph):
            key = paragraph
        else:
            said = room.sentences(paragraph)
            key = " ".join(one for place, one in enumerate(said) if not place or _MARK.search(one))
            if key.rstrip().endswith((":", "：")):
                continue
            if len(key) > _LONGEST and not _MARK.search(key):
                continue
        if key.strip():
            yield each(markdown, partial(_instead, key))


def _instead(text: str, _former: str) -> str:
    return text
