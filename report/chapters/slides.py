"""What a note says of its slides: the directive `slide`, and what is spoken to each.

    :::slide
    ### One unit of a dense layer
    - A weighted sum of all inputs, bent by a fixed function.

    [](#figure-unit)
    :::

stands behind the text that it sums up. Its heading is that of the section where it has none of its own. A paragraph
that is a link alone puts there what it leads to: a figure, a table, a listing, an example, an exercise. What is spoken
is the text of the section since the slide before it; what follows the last slide of a section belongs to that one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from labreport.report.chapters.cutting import SLIDE, Note, Passage
from labreport.report.document import Block, Box, Prose, Section

_HEADING = re.compile(r"#{1,4} +(.+?)\s*(?:\n+|\Z)")
_SPOKEN = ("prose", "equation", "caution", "note")
"""What of a section is spoken; all else is looked at."""


def slides(note: Note, lab: str, block: Callable[[Passage], Block]) -> tuple[Section, ...]:
    """Return the slides that a note marks, each with what is shown and, in a box behind that, what is spoken.

    Args:
        note: of the chapter.
        lab: begins the ids.
        block: makes the block of a passage without a number.
    """
    found: list[Section] = []
    for title, passages in ((note.title, note.opening), *((part.title, part.passages) for part in note.sections)):
        found += _of_section(title, passages, f"{lab}-slide-", len(found), block)
    return tuple(found)


def _of_section(
    title: str, passages: Iterable[Passage], stem: str, before: int, block: Callable[[Passage], Block]
) -> list[Section]:
    marked: list[tuple[Passage, list[Block]]] = []
    spoken: list[Block] = []
    for passage in passages:
        if passage.kind == SLIDE:
            marked.append((passage, spoken))
            spoken = []
        elif passage.kind in _SPOKEN:
            made = block(passage)
            spoken += made.blocks if isinstance(made, Box) else [made]
    if marked:
        marked[-1][1].extend(spoken)
    return [
        _slide(passage, title, f"{stem}{number}", spoken) for number, (passage, spoken) in enumerate(marked, before + 1)
    ]


def _slide(passage: Passage, title: str, id_: str, spoken: list[Block]) -> Section:
    text = passage.text
    if heading := _HEADING.match(text):
        title, text = heading[1], text[heading.end() :]
    shown = (Prose(markdown=text),) if text.strip() else ()
    return Section(id=id_, title=title, blocks=(*shown, Box(kind="spoken", title="", blocks=tuple(spoken))))
