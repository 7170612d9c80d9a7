"""Forms of a report: the whole book, its chapters alone, sheets of two pages, its exercises, these with solutions.

A form takes parts of the book away and adds nothing that is measured: what is left says the same, under the same
number. A link whose target is gone keeps its text, which is where to look in the book; the mark behind a sentence,
which would lead to evidence that is not there, goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from labreport.report.document import (
    Block,
    Box,
    Chapter,
    Exercise,
    Figure,
    Prose,
    Report,
    ReportForm,
    Section,
    Table,
    each,
)
from labreport.report.rendering.links import linked
from labreport.report.words import Words

_FIGURES, _TASKS = 2, 2
"""Figures and exercises of a sheet for which the note does not say what it shows."""


def formed(report: Report, form: ReportForm, *, glossary: bool = True, provenance: bool = True) -> Report:
    """Return a report in one of its forms.

    Args:
        report: the whole book.
        form: what of each lab is printed; in every form but "book" there is no cover, summary, glossary or provenance.
        glossary: whether a book has its glossary.
        provenance: whether a book says where its numbers are from.
    """
    chapters = [chapter for chapter in report.chapters if chapter.id != "glossary"]
    if form == "book":
        if glossary and provenance:
            return report
        kept = report.chapters if glossary else tuple(chapters)
        shown = report.provenance if provenance else _empty(report.provenance)
        return linked(msgspec.structs.replace(report, chapters=kept, provenance=shown))
    words = Words(report.language)
    reduce: Callable[[Chapter], Chapter] = {
        "chapter": lambda chapter: _explained(chapter, words),
        "sheet": lambda chapter: _sheet(chapter, words),
        "exercises": _exercises,
        "solutions": _exercises,
    }[form]
    return linked(
        msgspec.structs.replace(
            report,
            form=form,
            summary=_empty(report.summary),
            chapters=tuple(chapter if _failed(chapter) else reduce(chapter) for chapter in chapters),
            provenance=_empty(report.provenance),
        )
    )


def _empty(chapter: Chapter) -> Chapter:
    return Chapter(id=chapter.id, number="", title=chapter.title)


def _failed(chapter: Chapter) -> bool:
    """Return whether a chapter holds only why it can't be shown."""
    return not chapter.sections and any(isinstance(block, Box) and block.kind == "failure" for block in chapter.opening)


def _explained(chapter: Chapter, words: Words) -> Chapter:
    """Return a chapter that says itself what the marks behind its sentences mean, which the summary does in a book."""
    legend = Prose(markdown=words("labs.marks_explained"))
    return msgspec.structs.replace(chapter, opening=(legend, *chapter.opening))


def _exercises(chapter: Chapter) -> Chapter:
    """Return the exercises of a chapter, with their marking scheme where it has one."""
    sections = tuple(
        msgspec.structs.replace(section, blocks=tuple(block for block in section.blocks if _is_task(block)))
        for section in chapter.sections
        if any(isinstance(block, Exercise) for block in section.blocks)
    )
    return msgspec.structs.replace(chapter, opening=(), sections=sections, slides=())


def _is_task(block: Block) -> bool:
    return isinstance(block, Exercise) or (isinstance(block, Table) and "-table-marking-" in block.id)


def _sheet(chapter: Chapter, words: Words) -> Chapter:
    """Return what two pages hold: aims, the question, what was measured, and a few exercises."""
    shown = _chosen(chapter)
    aims = tuple(block for block in chapter.opening if isinstance(block, Box) and block.kind == "aims")
    question = next((section for section in chapter.sections if section.id == f"{chapter.id}-question"), None)
    opening = (
        tuple(_first_paragraph(block) for block in question.blocks if isinstance(block, Prose)) if question else ()
    )
    tasks = tuple(
        msgspec.structs.replace(block, hint="", answer_lines=0) for block in shown if isinstance(block, Exercise)
    )
    measured = tuple(block for block in shown if not isinstance(block, Exercise))
    title = next((part.title for part in chapter.sections if any(block in part.blocks for block in shown[-1:])), "")
    sections = (
        Section(id=f"{chapter.id}-sheet", title=words("labs.sheet_shown"), blocks=measured),
        Section(id=f"{chapter.id}-exercises", title=title if tasks else "", blocks=tasks),
    )
    return msgspec.structs.replace(
        chapter,
        opening=(*aims, *opening[:1]),
        sections=tuple(section for section in sections if section.blocks),
        slides=(),
    )


def _chosen(chapter: Chapter) -> list[Block]:
    """Return the blocks of a sheet: those that the note names, otherwise the first ones of each kind."""
    blocks = list(_blocks(chapter))
    if chapter.sheet:
        by_id = {block.id: block for block in blocks if not isinstance(block, Prose | Box) and hasattr(block, "id")}
        return [by_id[id_] for id_ in chapter.sheet if id_ in by_id]
    scores = [block for block in blocks if isinstance(block, Table) and block.id.endswith("-table-scores")]
    return [
        *[block for block in blocks if isinstance(block, Figure)][:_FIGURES],
        *(scores or [block for block in blocks if isinstance(block, Table)])[:1],
        *[block for block in blocks if isinstance(block, Exercise)][:_TASKS],
    ]


def _blocks(chapter: Chapter) -> Iterator[Block]:
    yield from chapter.opening
    for section in chapter.sections:
        yield from section.blocks


def _first_paragraph(block: Prose) -> Prose:
    return Prose(markdown=each(block.markdown, lambda text: text.split("\n\n", 1)[0]))


def numbers(labs: Sequence[str], order: Sequence[str]) -> dict[str, str]:
    """Return the number of each lab's chapter: its place in the course, those outside it behind.

    Args:
        labs: those of the report, in its order.
        order: labs of the whole course; nothing: the report is the course.
    """
    places = {lab: str(place) for place, lab in enumerate(order, 1)}
    for lab in labs:
        places.setdefault(lab, str(len(places) + 1))
    return places
