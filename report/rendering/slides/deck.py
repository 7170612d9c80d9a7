"""A report becomes a deck: a report whose sections are slides, the last block of each what is spoken to it.

A note marks what goes on slides; where it does not, `automatic` chooses. Behind the slides of a chapter stands the
evidence for what they say. Solutions are spoken only, and are there in the instructor's edition only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from labreport.report.document import (
    CHECKED,
    OPEN,
    Block,
    Box,
    Chapter,
    Example,
    Exercise,
    Figure,
    Listing,
    Prose,
    Report,
    Section,
    Table,
    Text,
    each,
    first,
)
from labreport.report.rendering.links import linked
from labreport.report.rendering.slides import automatic, room
from labreport.report.rendering.slides.parts import parts, text_parts
from labreport.report.words import Words

SHOWN = (Figure, Table, Listing, Example, Exercise)
"""What a link on a slide may put there."""
_ALONE = re.compile(
    r"(?:\A|\n\s*\n)((?:[ ]*\[[^\[\]\n]*\]\(#[\w:-]+\)[ ]*(?:\n(?!\s*\n)|(?=\s*\Z|\n\s*\n)))+)(?=\s*\Z|\n\s*\n)"
)
_TARGET = re.compile(r"\(#([\w:-]+)\)")
_CLAIM = re.compile(r"\(#([\w-]+-claim-[\w-]+)\)")
_MARK = re.compile(rf"\[({CHECKED}|{OPEN})\]\(#([\w-]+-claim-[\w-]+)\)")


def deck(report: Report) -> Report:
    """Return the slides of a report: its chapters hold nothing but slides, cover and title stay.

    Args:
        report: in one language, a book or its chapters alone.
    """
    words = Words(report.language)
    chapters = (chapter for chapter in report.chapters if chapter.id != "glossary")
    empty = Chapter(id="summary", number="", title="")
    made = msgspec.structs.replace(
        report,
        summary=empty,
        chapters=tuple(_of_chapter(chapter, words) for chapter in chapters),
        provenance=msgspec.structs.replace(empty, id="provenance"),
    )
    return linked(made)


def tag(chapter: Chapter) -> Text:
    """Return what stands beside every result of a chapter, such as that it is one of a sample; or nothing."""
    blocks = (block for section in chapter.sections for block in section.blocks)
    tags = (block.tag_line for block in blocks if isinstance(block, Figure | Table) and block.tag_line)
    return next(tags, "")


def _of_chapter(chapter: Chapter, words: Words) -> Chapter:
    there = {
        block.id: block
        for blocks in (chapter.opening, *(section.blocks for section in chapter.sections))
        for block in blocks
        if isinstance(block, SHOWN)
    }
    slides: list[Section] = []
    aims = [block for block in chapter.opening if isinstance(block, Box) and block.kind in ("aims", "failure")]
    for number, box in enumerate(aims):
        # A box of its own title: the slide's title says it.
        text = box.blocks if box.kind == "aims" else (msgspec.structs.replace(box, title=""),)
        slides.append(Section(id=f"{chapter.id}-opening-{number}", title=box.title, blocks=(*text, _spoken())))
    for section in chapter.slides or automatic.slides(chapter):
        slides += _cut(_resolved(section, there), words)
    said = {claim for slide in slides for block in slide.blocks[:-1] for claim in _claims(block)}
    slides = [_marked(slide, said) for slide in _told_apart(slides)]
    slides += _evidence(chapter, said, words)
    return msgspec.structs.replace(chapter, opening=(), sections=tuple(slides), slides=(), sheet=())


def _claims(block: Block) -> list[str]:
    """Return the rows of evidence to which the sentences of a text lead."""
    if isinstance(block, Box):
        return [claim for inner in block.blocks for claim in _claims(inner)]
    return _CLAIM.findall(first(block.markdown)) if isinstance(block, Prose) else []


def _told_apart(slides: Sequence[Section]) -> Iterator[Section]:
    """Yield the slides so that a figure which two of them show has an id on each."""
    times: dict[str, int] = {}

    def own(block: Block) -> Block:
        if not isinstance(block, SHOWN):
            return block
        times[block.id] = times.get(block.id, 0) + 1
        again = times[block.id]
        return block if again == 1 else msgspec.structs.replace(block, id=f"{block.id}-again-{again}")

    for slide in slides:
        yield msgspec.structs.replace(slide, blocks=tuple(own(block) for block in slide.blocks))


def _marked(slide: Section, said: set[str]) -> Section:
    """Return a slide in whose spoken text a mark stays where the evidence is not in the deck; it then leads nowhere."""
    *seen, spoken = slide.blocks

    def plain(text: str) -> str:
        return _MARK.sub(lambda found: found[0] if found[2] in said else found[1], text)

    blocks = tuple(
        Prose(markdown=each(block.markdown, plain)) if isinstance(block, Prose) else block
        for block in (spoken.blocks if isinstance(spoken, Box) else ())
    )
    return msgspec.structs.replace(slide, blocks=(*seen, _spoken(*blocks)))


def _spoken(*blocks: Block) -> Box:
    return Box(kind="spoken", title="", blocks=blocks)


def divided(slide: Section) -> tuple[tuple[Block, ...], tuple[Block, ...], tuple[Block, ...]]:
    """Return what a slide says, what it shows, and what is spoken to it."""
    *seen, spoken = slide.blocks
    text = tuple(block for block in seen if not isinstance(block, Figure | Table | Listing | Example))
    shown = tuple(block for block in seen if isinstance(block, Figure | Table | Listing | Example))
    return text, shown, spoken.blocks if isinstance(spoken, Box) else ()


def _resolved(slide: Section, there: Mapping[str, Block]) -> Section:
    """Return a slide with what its links put there in the place of them, and spoken what it leaves out."""
    *seen, spoken = slide.blocks
    said = list(spoken.blocks) if isinstance(spoken, Box) else []
    blocks: list[Block] = []
    for block in seen:
        for found in _placed(block, there) if isinstance(block, Prose) else [block]:
            blocks.append(_short(found, said))
    return msgspec.structs.replace(slide, blocks=(*blocks, _spoken(*said)))


def _placed(prose: Prose, there: Mapping[str, Block]) -> Iterator[Block]:
    """Yield paragraphs, and in the place of one that is links alone what these lead to."""
    text = first(prose.markdown)
    for place, part in enumerate(_ALONE.split(text)):
        targets = _TARGET.findall(part) if place % 2 else []
        if targets and all(target in there for target in targets):
            yield from (there[target] for target in targets)
        elif part.strip():
            yield Prose(markdown=each(prose.markdown, _always(part.strip("\n"))))


def _always(text: str) -> Callable[[str], str]:
    return lambda _text: text


def _short(block: Block, spoken: list[Block]) -> Block:
    """Return a block as a slide shows it, and add what it leaves out to what is spoken.

    Of a caption the first sentence, of an exercise the task, of a figure no table of its data.
    """
    if isinstance(block, Exercise):
        for text in (block.hint, block.solution):
            if text:
                spoken.append(Prose(markdown=text))
        return msgspec.structs.replace(block, hint="", solution=None, answer_lines=0)
    if isinstance(block, SHOWN):
        caption = block.caption
        said = room.sentences(first(caption))
        if len(said) > 1:
            spoken.append(Prose(markdown=caption))
            block = msgspec.structs.replace(block, caption=each(caption, lambda _text: said[0]))
        if isinstance(block, Figure):
            return msgspec.structs.replace(block, data=None)
    return block


def _cut(slide: Section, words: Words) -> Iterator[Section]:
    """Yield a slide, or several where what it shows does not fit one."""
    text, shown, spoken = divided(slide)
    if not shown and len(pages := text_parts(text)) > 1:
        yield from _numbered(slide, pages, [None] * len(pages), words, spoken=spoken)
        return
    if text and len(shown) == 1 and isinstance(shown[0], Figure):
        best = room.layout((), shown).figure_width
        if room.layout(text, shown).figure_width < best * room.LEAST_FIGURE:
            yield msgspec.structs.replace(slide, blocks=(*text, _spoken(*spoken)))
            yield from _numbered(slide, (), shown, words, start=1)
            return
    if len(shown) == 1 and not isinstance(shown[0], Figure):
        height = room.HEIGHT - room.text_height(text, room.WIDTH)
        if room.shown_height(shown[0]) > height and text and height < room.HEIGHT / 2:
            yield msgspec.structs.replace(slide, blocks=(*text, _spoken(*spoken)))
            yield from _numbered(slide, (), parts(shown[0], room.HEIGHT, words), words, start=1)
            return
        pieces = parts(shown[0], height, words)
        if len(pieces) > 1:
            yield from _numbered(slide, [text], pieces, words, spoken=spoken)
            return
        slide = msgspec.structs.replace(slide, blocks=(*text, *pieces, _spoken(*spoken)))
    yield slide


def _numbered(
    slide: Section,
    text: Sequence[tuple[Block, ...]],
    pieces: Sequence[Block | None],
    words: Words,
    *,
    spoken: tuple[Block, ...] = (),
    start: int = 0,
) -> Iterator[Section]:
    for number, piece in enumerate(pieces):
        again = bool(number + start)
        title = each(slide.title, lambda title: words("slides.continued", title=title)) if again else slide.title
        said = text[number] if number < len(text) else ()
        shown = (piece,) if piece else ()
        yield msgspec.structs.replace(
            slide,
            id=f"{slide.id}-{number + start + 1}" if again else slide.id,
            title=title,
            blocks=(*said, *shown, _spoken(*(() if number else spoken))),
        )


def _evidence(chapter: Chapter, said: set[str], words: Words) -> Iterator[Section]:
    """Yield the evidence for the sentences about the run that slides show."""
    for section in chapter.sections:
        for table in section.blocks:
            if not isinstance(table, Table) or not said.intersection(table.row_ids):
                continue
            kept = [place for place, id_ in enumerate(table.row_ids) if id_ in said]
            some = msgspec.structs.replace(
                table,
                number="",
                caption=words("slides.evidence_caption"),
                rows=tuple(table.rows[place] for place in kept),
                row_ids=tuple(table.row_ids[place] for place in kept),
            )
            slide = Section(
                id=f"{chapter.id}-slide-evidence",
                title=section.title,
                blocks=(some, _spoken(Prose(markdown=table.caption), Prose(markdown=words("labs.marks_explained")))),
            )
            yield from _cut(slide, words)
