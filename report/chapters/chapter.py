"""One lab's chapter: a note's passages become blocks, each with its number.

Figures, tables and listings are numbered within the chapter in the order in which they stand. Links of the notes
(`[](#figure-curves)`, `[](#boston)`) get their text once all chapters are numbered; see `build`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import cast

import msgspec
from msgspec import UNSET

from labreport.experiments import registry
from labreport.experiments.definitions import FIGURES, TABLES
from labreport.experiments.registry import additions
from labreport.experiments.registry.additions import Additions
from labreport.experiments.result import Listing as Source
from labreport.experiments.result import Result
from labreport.report.chapters import automatic, notes, tables
from labreport.report.chapters.cutting import BOXES, SHEET, SLIDE, Note, Passage
from labreport.report.chapters.evidence import with_evidence
from labreport.report.chapters.marks import marks, tag_line
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.numbering import Numbering
from labreport.report.chapters.pieces import Pieces
from labreport.report.chapters.slides import slides
from labreport.report.chapters.values import Context, Missing
from labreport.report.chapters.variants import expected
from labreport.report.document import (
    Block,
    Box,
    BoxKind,
    Chapter,
    Column,
    Equation,
    Example,
    Exercise,
    Figure,
    Listing,
    ListingOrigin,
    Prose,
    Section,
    Table,
)
from labreport.report.errors import NoteError, RenderingError
from labreport.report.findings.claims.record import ClaimVerdict
from labreport.report.rendering.answers import ExpectedAnswer
from labreport.report.words import Words

_CONTRADICTIONS = (LookupError, ValueError, ArithmeticError)
"""What drawing a record raises whose parts don't fit together. A record is a file, which anybody may have written."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a link leads, and what it says."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """A chapter, the targets in it, and the verdicts of the claims it makes."""

    chapter: Chapter
    targets: dict[str, Target]
    verdicts: tuple[ClaimVerdict, ...]
    answers: tuple[ExpectedAnswer, ...] = ()
    """What its solutions expect; nothing in a student's edition."""
    missing: tuple[Missing, ...] = ()
    """What the note asks for and only the lab could give, whose source can't be had."""


@dataclass
class Placing:
    """What is numbered in one chapter, in which words, and where links to it lead."""

    context: Context
    numbering: Numbering
    labels: Words
    pieces: Pieces = field(default_factory=Pieces)
    targets: dict[str, Target] = field(default_factory=dict)

    @property
    def lab(self) -> str:
        """Name of the lab."""
        return self.context.result.lab

    @property
    def words(self) -> Words:
        """Words of the note's language."""
        return self.context.words

    def next(self, kind: str, key: str, where: str) -> tuple[str, str]:
        """Return id and number of the next figure, table or listing.

        Raises:
            NoteError: it has been placed before.
        """
        if key in self.targets:
            raise NoteError(f"{where}: {key} is placed twice.")
        id_, number = self.numbering.next(kind, key)
        self.targets[key] = Target(id=id_, text=self.words(f"labs.{kind}", number=number))
        return id_, number


def assemble(
    result: Result,
    number: str,
    language: str,
    *,
    solutions: bool = False,
    folder: Path | None = None,
    paths: Mapping[str, Path] | None = None,
    labels: Words | None = None,
    own: Additions = additions.NOTHING,
    from_record: bool = False,
    variant: str = "",
    pieces: Pieces | None = None,
) -> Assembled:
    """Return the chapter of a run that is complete.

    Args:
        result: the run.
        number: of the chapter.
        language: of the report.
        solutions: whether this is the instructor's edition.
        folder: with user-supplied notes.
        paths: the files of labs that the configuration names; without a note, a lab's own title is taken from there.
        labels: what figures are labelled with, where not in the report's language alone.
        own: what the lab defines for its own notes.
        from_record: whether the chapter is made from the record although there is a note.
        variant: whose numbers the exercises have; empty: those of the book.
        pieces: drawings and formulas that were made before.

    Raises:
        NoteError: the note says something the run does not give.
        RenderingError: a figure or table can't be made.
    """
    in_use = NotesInUse(folder=folder, paths=paths or {}, solutions=solutions)
    made = automatic.note(result, language) if from_record else None
    text, origin = (made, automatic.ORIGIN) if made is not None else in_use.text_of(result, language)
    context = Context(result, language, cited=True, own=own, variant=variant)
    note = notes.read(context, text, origin, in_use.library())
    pieces = pieces or Pieces()
    if folder is not None and origin != automatic.ORIGIN:
        notes.check_markup(note, language, pieces.check_formula)
    placing = Placing(
        context=context,
        pieces=pieces,
        numbering=Numbering(chapter=result.lab, number=number),
        labels=labels or context.words,
    )
    chapter = Chapter(
        id=result.lab,
        number=number,
        title=note.title,
        marks=marks(result, context.words),
        opening=blocks_of(note.opening, result, placing, note),
        sections=tuple(
            Section(
                id=f"{result.lab}-{section.id}",
                title=section.title,
                blocks=blocks_of(section.passages, result, placing, note),
            )
            for section in note.sections
        ),
    )
    sections, said = chapter.sections, tuple(context.said.values())
    if solutions:
        sections = tuple(_marked(section, placing) for section in sections)
    if said:
        id_, number = placing.next("table", "table-evidence", result.lab)
        sections = with_evidence(sections, context, id_, number, identifiers=solutions)
    sections = (*sections, *note.references.sections(result.lab, context.words))
    chapter = msgspec.structs.replace(
        chapter,
        sections=sections,
        sheet=_sheet(note, placing),
        slides=slides(note, result.lab, lambda passage: _block(passage, result, placing, note)),
    )
    targets = placing.targets | {
        section.id: Target(id=f"{result.lab}-{section.id}", text=section.title) for section in note.sections
    }
    return Assembled(
        chapter=chapter,
        targets=targets,
        verdicts=tuple(one.claim.verdict for one in said),
        answers=expected(context.variant, chapter),
        missing=tuple(context.missing),
    )


def _sheet(note: Note, placing: Placing) -> tuple[str, ...]:
    """Return the ids of what a sheet shows of the chapter, where its note says so."""
    found: list[str] = []
    for listing in (passage for passage in note.passages() if passage.kind == SHEET):
        for key in listing.text.split():
            if key not in placing.targets:
                raise NoteError(f"{note.origin}:{listing.line}: the sheet shows {key}, which the chapter lacks.")
            found.append(placing.targets[key].id)
    return tuple(found)


def _marked(section: Section, placing: Placing) -> Section:
    """Put a marking scheme at the end of a section with exercises: the points of each, and room for those given."""
    exercises = [block for block in section.blocks if isinstance(block, Exercise)]
    if not exercises:
        return section
    words = placing.words
    heads = [f"[{item.number}](#{item.id})" for item in exercises] + [words("labs.marking_total")]
    points = [item.points for item in exercises]
    table = Table(
        id=f"{placing.lab}-table-marking-{section.id.removeprefix(f'{placing.lab}-')}",
        number="",  # the student's edition has no such table, and its others keep their numbers
        caption=words("labs.marking_caption"),
        columns=(
            Column(title=words("labs.marking_exercise")),
            *(Column(title=head, align="right", kind="number") for head in heads),
        ),
        rows=(
            (words("labs.marking_points"), *(str(value) for value in (*points, sum(points)))),
            (words("labs.marking_given"), *("" for _ in heads)),
        ),
    )
    return msgspec.structs.replace(section, blocks=(*section.blocks, table))


def failed(result: Result, number: str, title: str, words: Words) -> Chapter:
    """Return the chapter of a run that did not finish: it says what failed, and shows no number."""
    failure = result.failure
    reason = f"{failure.kind}: {failure.message}" if failure else result.status
    sentence = words("labs.failed", stage=_stage(result))
    return broken(result.lab, number, title, words("labs.failed_title"), sentence, reason)


def broken(lab: str, number: str, title: str, box_title: str, sentence: str, reason: str) -> Chapter:
    """Return a chapter that holds only the reason why it can't be shown."""
    code = "```text\n" + reason.replace("```", "'''") + "\n```"
    box = Box(kind="failure", title=box_title, blocks=(Prose(markdown=sentence), Prose(markdown=code)))
    return Chapter(id=lab, number=number, title=title, opening=(box,))


def blocks_of(passages: tuple[Passage, ...], result: Result, placing: Placing, note: Note) -> tuple[Block, ...]:
    """Return the blocks of some passages; hint and solution go into the exercise or self-check before them."""
    blocks: list[Block] = []
    for passage in passages:
        if passage.kind in (SHEET, SLIDE):
            continue
        where = f"{note.origin}:{passage.line}"
        if passage.kind in ("hint", "solution"):
            last = blocks[-1] if blocks else None
            if isinstance(last, Box) and last.kind == "self-check" == passage.name and passage.kind == "solution":
                blocks[-1] = msgspec.structs.replace(last, answers=passage.text)
                continue
            if not isinstance(last, Exercise) or last.id != f"{result.lab}-exercise-{passage.name}":
                raise NoteError(f"{where}: '{passage.kind} {passage.name}' does not follow its exercise.")
            if passage.kind == "hint":
                blocks[-1] = msgspec.structs.replace(last, hint=passage.text)
            else:
                blocks[-1] = msgspec.structs.replace(last, solution=passage.text, answer_lines=0)
        elif passage.kind == "exercise":
            id_, number = placing.next("exercise", f"exercise-{passage.name}", where)
            # Where the note does not say: a line for each point, and enough for a sentence in any case.
            lines = max(3, passage.points) if passage.lines is None else passage.lines
            blocks.append(
                Exercise(
                    id=id_,
                    number=number,
                    points=passage.points,
                    task=passage.text,
                    hint="",
                    answer_lines=lines,
                )
            )
        else:
            blocks.append(_block(passage, result, placing, note))
    return tuple(blocks)


def _block(passage: Passage, result: Result, placing: Placing, note: Note) -> Block:
    where = f"{note.origin}:{passage.line}"
    words = placing.words
    if passage.kind == "prose":
        return Prose(markdown=passage.text)
    if passage.kind in BOXES:
        text = Prose(markdown=passage.text)
        return Box(kind=cast(BoxKind, passage.kind), title=words(f"labs.box_{passage.kind}"), blocks=(text,))
    if passage.kind == "equation":
        tex, separator, spoken = passage.text.partition("\n---\n")
        if not separator or not spoken.strip():
            raise NoteError(f"{where}: the equation needs a line '---' and below it its spoken form.")
        return Equation(tex=tex.strip(), alt=spoken.strip())
    makers: dict[str, Callable[[], Block]] = {
        "figure": lambda: _figure(passage, result, placing, where),
        "table": lambda: _table(passage, result, placing, where),
        "model": lambda: _table(passage, result, placing, where),
        "listing": lambda: _listing(passage, result, placing, where),
        "example": lambda: _example(passage, result, placing, where),
    }
    if lost := _lost(passage, placing):
        return lost
    try:
        return makers[passage.kind]()
    except NoteError:
        raise
    except RenderingError as error:
        raise NoteError(f"{where}: {error}") from error
    except _CONTRADICTIONS as error:
        what = f"the {passage.kind} '{passage.name}' can't be made of this run: its record contradicts itself"
        raise NoteError(f"{where}: {what} ({type(error).__name__}: {error}).") from error


def _lost(passage: Passage, placing: Placing) -> Box | None:
    """Return a box in place of a figure or table that only the lab could give, where its source can't be had."""
    kinds: dict[str, Callable[[str], bool]] = {"figure": FIGURES.knows, "table": TABLES.knows}
    known = kinds.get(passage.kind)
    if not placing.context.own.problem or known is None or known(passage.name):
        return None
    sentence = placing.context.lost(passage.kind, passage.name)
    # Links to it lead to the chapter.
    placing.targets[f"{passage.kind}-{passage.name}"] = Target(id=placing.lab, text=passage.name)
    return Box(kind="failure", title=placing.words("labs.missing_title"), blocks=(Prose(markdown=sentence),))


def _figure(passage: Passage, result: Result, placing: Placing, where: str) -> Figure:
    own = placing.context.own.figures
    drawing = placing.pieces.draw(passage.name, result, placing.words, own)
    labelled = placing.pieces.draw(passage.name, result, placing.labels, own)
    id_, number = placing.next("figure", f"figure-{passage.name}", where)
    data = None
    if drawing.rows:
        data = Table(id=f"{id_}-data", number=number, caption="", columns=drawing.columns, rows=drawing.rows)
    return Figure(
        id=id_,
        number=number,
        caption=passage.text,
        svg=labelled.svg,
        alt=drawing.alt,
        width_mm=labelled.width_mm,
        height_mm=labelled.height_mm,
        data=data,
        tag_line=tag_line(result, placing.words, passage.kind, passage.name),
    )


def _table(passage: Passage, result: Result, placing: Placing, where: str) -> Table:
    name = passage.name if passage.kind == "table" else f"layers-{passage.name}"
    content = tables.table(name, result, placing.words, placing.context.own.tables)
    id_, number = placing.next("table", f"{passage.kind}-{passage.name}", where)
    return Table(
        id=id_,
        number=number,
        caption=passage.text,
        columns=content.columns,
        rows=content.rows,
        tag_line=tag_line(result, placing.words, passage.kind, passage.name),
    )


def _listing(passage: Passage, result: Result, placing: Placing, where: str) -> Listing:
    for place, item in enumerate(result.findings.listings, 1):
        if passage.name in (item.name, automatic.listing_name(place)):
            if sha256(item.source.encode()).hexdigest() != item.sha256:
                raise NoteError(f"{where}: the source of '{item.name}' is not the one that ran: its hash differs.")
            id_, number = placing.next("listing", f"listing-{passage.name}", where)
            origin: ListingOrigin = "ran" if _ran(result, item) else "compared"
            return Listing(
                id=id_, number=number, caption=passage.text, code=item.source, sha256=item.sha256, origin=origin
            )
    known = ", ".join(item.name for item in result.findings.listings) or "none"
    raise NoteError(f"{where}: the run has no listing '{passage.name}'; it has {known}.")


def _ran(result: Result, listing: Source) -> bool:
    """Return whether a listing ran; records of format 1 do not say so of the plain training, which never does."""
    if listing.ran is UNSET:
        return not (result.format == 1 and result.lab in registry.BOOK and listing.name == "fit")
    return listing.ran


def _example(passage: Passage, result: Result, placing: Placing, where: str) -> Example:
    for item in (*result.findings.examples, *automatic.examples(result)):
        if item.name == passage.name:
            id_ = f"{result.lab}-example-{item.name}"
            # It has no number, but a slide names it.
            placing.targets[f"example-{item.name}"] = Target(id=id_, text=placing.words("page.example"))
            return Example(id=id_, caption=passage.text, code=item.code, output=item.output)
    known = ", ".join(item.name for item in result.findings.examples) or "none"
    raise NoteError(f"{where}: the run has no example '{passage.name}'; it has {known}.")


def _stage(result: Result) -> str:
    return result.failure.stage if result.failure and result.failure.stage else "lab"
