"""The exercises of a chapter whose numbers are drawn, alone: for a student's own sheet, and for the key.

Of the note only these exercises are filled and read, with what is set before them, so that a sheet takes
milliseconds, not the seconds in which all figures of the chapter are drawn. They have the numbers that they have in the
book.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from labreport.experiments.registry import additions
from labreport.experiments.registry.additions import Additions
from labreport.experiments.result import Result
from labreport.report.chapters import notes, written
from labreport.report.chapters.chapter import Placing, blocks_of
from labreport.report.chapters.cutting import DIRECTIVE, EXERCISES, HEADING
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.numbering import Numbering
from labreport.report.chapters.values import Context
from labreport.report.chapters.variants import expected
from labreport.report.document import Chapter, Exercise, Section
from labreport.report.errors import NoteError
from labreport.report.rendering.answers import ExpectedAnswer

_DRAWN = re.compile(r"\bdrawn\(")
_SET = re.compile(r"\{%-?\s*set\b")
_TITLE = re.compile(r"# ")
_LINK = re.compile(r"\[\]\(#")


@dataclass(frozen=True, kw_only=True)
class OwnExercises:
    """The drawn exercises of one lab, for one student."""

    chapter: Chapter
    answers: tuple[ExpectedAnswer, ...] = ()
    """What the solutions expect; nothing where solutions are not read."""


def own_exercises(
    result: Result, number: str, language: str, in_use: NotesInUse, variant: str, own: Additions = additions.NOTHING
) -> OwnExercises | None:
    """Return a chapter of nothing but the exercises whose numbers are drawn; None where its note has none.

    Args:
        result: the run.
        number: of the chapter in the book.
        language: of the sheet.
        in_use: the notes, and whether solutions are read.
        variant: whose numbers they have.
        own: what the lab defines for its own notes.

    Raises:
        NoteError: an exercise says something the run does not give, or links to what the sheet does not hold.
    """
    spoken = notes.written_in(language, result.lab, in_use.folder)
    text, origin = in_use.text_of(result, spoken)
    alone, numbers, section = _alone(text, origin)
    if not numbers:
        return None
    context = Context(result, spoken, own=own, variant=variant)
    note = notes.read(context, alone, origin, in_use.library())
    placing = Placing(context=context, numbering=Numbering(chapter=result.lab, number=number), labels=context.words)
    made: list[Exercise] = []
    for passages in (note.opening, *(part.passages for part in note.sections)):
        for block in blocks_of(passages, result, placing, note):
            if isinstance(block, Exercise):
                place = numbers[block.id.removeprefix(f"{result.lab}-exercise-")]
                made.append(msgspec.structs.replace(block, number=f"{number}.{place}"))
    for block in made:
        if any(_LINK.search(str(part)) for part in (block.task, block.hint, block.solution or "")):
            raise NoteError(f"{origin}: the exercise '{block.id}' draws its numbers, so it can't link to the chapter.")
    chapter = Chapter(
        id=result.lab,
        number=number,
        title=note.title,
        sections=(Section(id=f"{result.lab}-exercises", title=section or note.title, blocks=tuple(made)),),
    )
    return OwnExercises(chapter=chapter, answers=expected(context.variant, chapter))


@lru_cache(maxsize=64)
def _alone(text: str, origin: str) -> tuple[str, dict[str, int], str]:
    """Return a note with only its title, its drawn exercises and what is set; the place of each among all exercises.

    Lines that are left out stay empty, so that errors name the right one. The third is the title of the section in
    which the first of them stands.
    """
    hidden, code = written.hidden(text, origin)
    lines = hidden.split("\n")
    numbers: dict[str, int] = {}
    found: dict[str, list[tuple[int, int]]] = {}
    section, first, count, opened = "", "", 0, -1
    for place, line in enumerate(lines):
        heading, directive = HEADING.match(line), DIRECTIVE.match(line)
        if heading and len(heading.group(1)) == 2:
            section = heading.group(2)
        if opened < 0 and directive and directive.group(1) in EXERCISES:
            opened, kind, name = place, directive.group(1), directive.group(2) or ""
            count += kind == "exercise"
        elif opened >= 0 and line.strip() == ":::":
            body = written.shown("\n".join(lines[opened : place + 1]), code)
            if kind == "exercise" and _DRAWN.search(body):
                numbers[name] = count
                first = first or section
            found.setdefault(name, []).append((opened, place))
            opened = -1
    kept = {place for name in numbers for start, end in found[name] for place in range(start, end + 1)}
    alone = [
        line if place in kept or _SET.match(line) or _TITLE.match(line) else "" for place, line in enumerate(lines)
    ]
    return written.shown("\n".join(alone), code), numbers, first
