"""What is too long for one slide is cut into parts, each of which says which part it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from labreport.report.document import Block, Example, Listing, Prose, Table, Text, each, first
from labreport.report.rendering.slides import room
from labreport.report.words import Words

_DESCRIPTION = re.compile(r'(^def [^"]*?:\n)[ \t]+""".*?"""[ \t]*\n', re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(r"[ \t]*(?:import|from) [\w.]")
_BREAK = re.compile(r"(\n\s*\n|\n(?=(?:[-*]|\d+[.)]) ))")
_PLAY = 4
"""Lines by which a part of source may be longer or shorter than others."""


def parts(block: Block, height: float, words: Words) -> list[Block]:
    """Return a block that is shown as one or several that each have their place.

    Source that is a little too long loses what an audience can do without, and says so.

    Args:
        block: a table, a listing, an example or anything else, which stays whole.
        height: of the place.
        words: of the report.
    """
    if not isinstance(block, Listing | Example | Table) or room.shown_height(block) <= height:
        return [block]
    match block:
        case Listing(caption=caption, code=code):
            spare = height - room.caption_height(first(caption), room.WIDTH) - 0.3
            short, said = (abridged(code), words("slides.abridged")) if len(_cuts(code, spare)) > 1 else (code, "")
            pieces = _pieces(short, spare, words)
            return [
                msgspec.structs.replace(
                    block,
                    id=_id(block.id, number),
                    code=piece,
                    caption=_said(caption, " ".join(filter(None, (lines, said)))),
                )
                for number, (piece, lines) in enumerate(pieces)
            ]
        case Example():
            short_block = msgspec.structs.replace(
                block, code=abridged(block.code), caption=_said(block.caption, words("slides.abridged"))
            )
            if short_block.code != block.code.strip("\n"):
                block = short_block
            return [block] if room.shown_height(block) <= height else list(_of_example(block, height, words))
        case Table():
            return list(_of_table(block, height, words))


def text_parts(text: Sequence[Block]) -> list[tuple[Block, ...]]:
    """Return text in as many parts as it needs slides, cut between paragraphs and entries of lists.

    How long the sentences of claims are depends on the run.
    """
    made: list[list[Block]] = [[]]

    def fits(*more: Block) -> bool:
        return room.text_height((*made[-1], *more), room.WIDTH) <= room.HEIGHT

    for block in text:
        pieces = _BREAK.split(first(block.markdown)) if isinstance(block, Prose) else []
        if len(pieces) < 2 or "```" in pieces[0] or fits(block):
            made += [] if not made[-1] or fits(block) else [[]]
            made[-1].append(block)
            continue
        whole = ""
        for between, piece in zip(("", *pieces[1::2]), pieces[::2], strict=True):
            joined = f"{whole}{between}{piece}" if whole else piece
            if (whole or made[-1]) and not fits(Prose(markdown=joined)):
                made[-1] += [Prose(markdown=_same(block, whole))] if whole else []
                made.append([])
                joined = piece
            whole = joined
        made[-1].append(Prose(markdown=_same(block, whole)))
    return [tuple(part) for part in made]


def _same(block: Block, text: str) -> Text:
    """Return a text in the language of a block."""
    assert isinstance(block, Prose)
    return each(block.markdown, lambda _text: text)


def abridged(code: str) -> str:
    """Return source without what an audience can do without: the text that describes it, imports, empty lines."""
    bare = _DESCRIPTION.sub(r"\1", code.strip("\n"), count=1)
    return "\n".join(line for line in bare.split("\n") if line.strip() and not _IMPORT.match(line))


def _id(id_: str, number: int) -> str:
    return f"{id_}-{number + 1}" if number else id_


def _said(caption: Text, said: str) -> Text:
    return each(caption, lambda text: f"{text} {said}".strip()) if said else caption


def _cuts(code: str, height: float) -> list[list[str]]:
    """Return the lines of source in parts of about one length, cut where a line is indented least."""
    lines = code.strip("\n").split("\n")
    count = 1
    while True:
        found, start = [], 0
        for number in range(count, 0, -1):
            end = _end(lines, start, number)
            found.append(lines[start:end])
            start = end
        if count >= len(lines) or all(room.code_height("\n".join(part)) <= height for part in found):
            return [part for part in found if any(line.strip() for line in part)]
        count += 1


def _end(lines: list[str], start: int, left: int) -> int:
    """Return where a part ends that begins at a line, `left` parts being still to come with it."""
    if left == 1:
        return len(lines)
    even = start + round((len(lines) - start) / left)
    near = range(max(start + 1, even - _PLAY), min(len(lines) - left + 1, even + _PLAY) + 1)

    def worth(place: int) -> tuple[int, int]:
        line = lines[place]
        closing = line.strip()[:1] in tuple(")]}")
        return (len(line) - len(line.lstrip()) + 4 * closing, abs(place - even))

    return min((place for place in near if place < len(lines)), key=worth, default=min(even, len(lines)))


def _pieces(code: str, height: float, words: Words) -> list[tuple[str, str]]:
    """Return source cut into parts, and what is said of each."""
    found, start = [], 0
    cuts = _cuts(code, height)
    count = sum(map(len, cuts))
    for part in cuts:
        said = words("slides.lines", first=start + 1, last=start + len(part), count=count) if len(cuts) > 1 else ""
        found.append(("\n".join(part).strip("\n"), said))
        start += len(part)
    return found


def _of_example(block: Example, height: float, words: Words) -> Iterator[Example]:
    """Yield the code of an example, then what it printed."""
    spare = height - room.caption_height(first(block.caption), room.WIDTH) - 1.2
    number = 0
    for field, source in (("code", block.code), ("output", block.output)):
        for piece, lines in _pieces(source, spare, words) if source.strip() else ():
            texts = {"code": "", "output": "", field: piece}
            said = " ".join(filter(None, (words("slides.printed") if field == "output" else "", lines)))
            yield msgspec.structs.replace(block, id=_id(block.id, number), caption=_said(block.caption, said), **texts)
            number += 1


def _row_ends(rows: Sequence[float], spare: float) -> list[int]:
    """Return where each part of a table ends: as few parts as there can be, about equally high."""

    def filled(height: float) -> list[int]:
        ends, used = [], 0.0
        for place, row in enumerate(rows):
            if used and used + row > height:
                ends.append(place)
                used = 0.0
            used += row
        return [*ends, len(rows)] if rows else []

    fewest = filled(spare)
    least = sum(rows) / len(fewest) if rows else 0.0
    steps = (least + (spare - least) * step / 20 for step in range(20))
    return next((ends for ends in map(filled, steps) if len(ends) == len(fewest)), fewest)


def _of_table(block: Table, height: float, words: Words) -> Iterator[Table]:
    head, *rows = room.table_heights(block)
    spare = height - room.caption_height(first(block.caption) + first(block.tag_line), room.WIDTH) - head
    start = number = 0
    for end in _row_ends(rows, spare):
        said = words("slides.rows", first=start + 1, last=end, count=len(rows))
        yield msgspec.structs.replace(
            block,
            id=_id(block.id, number),
            caption=_said(block.caption, said),
            rows=block.rows[start:end],
            row_ids=block.row_ids[start:end],
        )
        start, number = end, number + 1
