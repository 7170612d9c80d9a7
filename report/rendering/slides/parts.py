"""What is too long for one slide is cut into parts, each of which says which part it is."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from labreport.report.document import Block, Example, Listing, Table, Text, each, first
from labreport.report.rendering.slides import room
from labreport.report.words import Words

_LEAST = 3
"""Lines of source that a part has at least."""


def parts(block: Block, height: float, words: Words) -> list[Block]:
    """Return a block that is shown as one or several that each have their place.

    Args:
        block: a table, a listing, an example or anything else, which stays whole.
        height: of the place.
        words: of the report.
    """
    match block:
        case Listing(caption=caption, code=code):
            spare = height - room.caption_height(first(caption), room.WIDTH) - 0.8
            return [
                msgspec.structs.replace(block, id=_id(block.id, number), code=piece, caption=_said(caption, said))
                for number, (piece, said) in enumerate(_pieces(code, spare, words))
            ]
        case Example() if room.shown_height(block) > height:
            return list(_of_example(block, height, words))
        case Table() if room.shown_height(block) > height:
            return list(_of_table(block, height, words))
        case _:
            return [block]


def _id(id_: str, number: int) -> str:
    return f"{id_}-{number + 1}" if number else id_


def _said(caption: Text, said: str) -> Text:
    return each(caption, lambda text: f"{text} {said}".strip()) if said else caption


def _pieces(code: str, height: float, words: Words) -> Iterator[tuple[str, str]]:
    """Yield source cut between its lines, at an empty one if it can be, and what is said of each piece."""
    lines = code.strip("\n").split("\n")
    start = 0
    while start < len(lines):
        end = start + 1
        while end < len(lines) and room.code_height("\n".join(lines[start : end + 1])) <= height:
            end += 1
        if end < len(lines):
            empty = [place for place in range(start + _LEAST, end) if not lines[place].strip()]
            end = empty[-1] + 1 if empty else end
        whole = start == 0 and end == len(lines)
        said = "" if whole else words("slides.lines", first=start + 1, last=end, count=len(lines))
        yield "\n".join(lines[start:end]).strip("\n"), said
        start = end


def _of_example(block: Example, height: float, words: Words) -> Iterator[Example]:
    """Yield the code of an example, then what it printed."""
    spare = height - room.caption_height(first(block.caption), room.WIDTH) - 1.2
    number = 0
    for field, source in (("code", block.code), ("output", block.output)):
        for piece, said in _pieces(source, spare, words) if source.strip() else ():
            texts = {"code": "", "output": "", field: piece}
            said = " ".join(filter(None, (words("slides.printed") if field == "output" else "", said)))
            yield msgspec.structs.replace(block, id=_id(block.id, number), caption=_said(block.caption, said), **texts)
            number += 1


def _of_table(block: Table, height: float, words: Words) -> Iterator[Table]:
    head, *rows = room.table_heights(block)
    spare = height - room.caption_height(first(block.caption) + first(block.tag_line), room.WIDTH) - head - 1.0
    start = number = 0
    while start < len(rows):
        end, filled = start + 1, rows[start]
        while end < len(rows) and filled + rows[end] <= spare:
            filled += rows[end]
            end += 1
        said = words("slides.rows", first=start + 1, last=end, count=len(rows))
        yield msgspec.structs.replace(
            block,
            id=_id(block.id, number),
            caption=_said(block.caption, said),
            rows=block.rows[start:end],
            row_ids=block.row_ids[start:end],
        )
        start, number = end, number + 1
