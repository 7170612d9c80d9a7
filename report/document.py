"""The report as a tree of plain values, before any markup: what stands where, with its number and its words.

`build` makes it from Results and notes; `rendering` places it. A comparison of reports becomes the same tree, so there
is one renderer. Links are resolved, numbers are formatted, nothing is left to compute; figures are finished SVG.

A text is one string where all languages of the report say the same, otherwise `LanguageTexts`: one string for each
language. The type of a field says what kind of text it holds, and by these types `walk` finds every text of a tree and
`mapped` changes them. No other module walks a tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_type_hints

import msgspec

ColumnKind = Literal["text", "number", "code"]
"""What the cells of a column hold."""
BoxKind = Literal["aims", "key-points", "caution", "note", "self-check", "sources", "failure", "spoken"]
"""What a box is for; what is spoken to a slide stands in its last one."""
CHECKED, OPEN = "✓", "◐"
VERDICT_MARKS = {"true": CHECKED, "some": OPEN, "false": CHECKED, "unknown": OPEN}
"""What stands behind the sentence of a claim, by verdict, as the text of a link to its evidence.

A sentence is worded by its verdict: one that says "no overfitting is seen" is as true, and as checked, as one that says
the opposite. The other mark: the runs disagree, or chance explains as much, or it was not measured.
"""

SLOT = "\ue000"
"""Stands for code or a formula while a line is typeset; no text of a run or a note may hold it."""


class LanguageTexts(msgspec.Struct, frozen=True):
    """A text in several languages, or in one that is not the report's."""

    by_language: dict[str, str]
    """Name of each language and what it says, in the order in which they are shown."""


Text = str | LanguageTexts
"""A text of a report: one string where its languages say the same."""
Kind = Literal["inline", "prose", "cell", "source", "formula", "drawing", "spoken"]
"""What a text is: a line of Markdown, paragraphs of it, plain text in a cell of code, source or what it printed, TeX,
SVG, or words that are spoken only."""

Inline = Annotated[Text, "inline"]
Paragraphs = Annotated[Text, "prose"]
SourceText = Annotated[str, "source"]
Formula = Annotated[str, "formula"]
DrawingMarkup = Annotated[str, "drawing"]
Spoken = Annotated[Text, "spoken"]


_SPECIAL = re.compile(r"([\\`*_\[\]<>|$#~{}&])")


def escape(text: str) -> str:
    """Return plain text as inline Markdown that shows it unchanged."""
    return _SPECIAL.sub(r"\\\1", text)


class Node(msgspec.Struct, frozen=True, tag=True):
    """Base of every part of a report."""


class Prose(Node, frozen=True, kw_only=True):
    """Running text: paragraphs and lists in Markdown."""

    markdown: Paragraphs


class Column(Node, frozen=True, kw_only=True):
    """Head of a table's column."""

    title: Inline
    align: Literal["left", "right", "center"] = "left"
    kind: ColumnKind = "text"


class Table(Node, frozen=True, kw_only=True):
    """A numbered table; cells are inline Markdown (plain text where the column's kind is code)."""

    id: str
    number: str
    caption: Inline
    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline, ...], ...]
    tag_line: Inline = ""
    row_ids: tuple[str, ...] = ()
    """Ids of the rows that links lead to; nothing, or one for each row."""


class Figure(Node, frozen=True, kw_only=True):
    """A numbered figure: SVG, what to see in it, and what it holds for those who can't see it."""

    id: str
    number: str
    caption: Inline
    svg: DrawingMarkup
    alt: Spoken
    width_mm: float
    height_mm: float
    data: Table | None = None
    tag_line: Inline = ""


ListingOrigin = Literal["ran", "compared", "command"]
"""Source that ran in this run; source that did not, but that a test compares with what ran; commands to type."""


class Listing(Node, frozen=True, kw_only=True):
    """Numbered source text, with what it has to do with the run."""

    id: str
    number: str
    caption: Inline
    code: SourceText
    sha256: str
    origin: ListingOrigin


class Example(Node, frozen=True, kw_only=True):
    """Code and the output it really gave."""

    id: str
    caption: Inline
    code: SourceText
    output: SourceText


class Equation(Node, frozen=True, kw_only=True):
    """A displayed formula in TeX with its spoken form."""

    tex: Formula
    alt: Spoken


class Box(Node, frozen=True, kw_only=True):
    """A quiet box: key points, caution, a check of oneself, sources, or the report of a failure."""

    kind: BoxKind
    title: Inline
    blocks: tuple[Block, ...]
    answers: Paragraphs | None = None
    """To the questions of a check of oneself; there in the instructor's edition only."""


class Exercise(Node, frozen=True, kw_only=True):
    """A task with its points and hint; the solution is there in the instructor's edition only."""

    id: str
    number: str
    points: int
    task: Paragraphs
    hint: Paragraphs
    solution: Paragraphs | None = None
    answer_lines: int = 0
    """Empty lines for the answer in print; 0 where the solution is printed."""


Block = Prose | Table | Figure | Listing | Example | Equation | Box | Exercise


class Section(Node, frozen=True, kw_only=True):
    """A headed part of a chapter."""

    id: str
    title: Inline
    blocks: tuple[Block, ...]


class NotebookLink(Node, frozen=True, kw_only=True):
    """Where the notebook of a chapter is to be had, and its address as a picture for those who read it on paper."""

    text: Inline
    svg: DrawingMarkup | None = None
    """A QR code, or nothing."""
    alt: Spoken = ""
    width_mm: float = 0.0


class Chapter(Node, frozen=True, kw_only=True):
    """One lab, the summary or the provenance."""

    id: str
    number: str
    title: Inline
    marks: tuple[Inline, ...] = ()
    notebook: NotebookLink | None = None
    opening: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    sheet: tuple[str, ...] = ()
    """Ids of what a sheet shows of it, in order; nothing where that is left to the reporter."""
    slides: tuple[Section, ...] = ()
    """What its slides say; a paragraph that is a link alone stands for what it leads to. Only slides show it."""


class CoverFigure(Node, frozen=True, kw_only=True):
    """One small multiple of the cover's strip."""

    title: Inline
    svg: DrawingMarkup
    alt: Spoken


class Cover(Node, frozen=True, kw_only=True):
    """The first page."""

    title: Inline
    subtitle: Inline
    facts: tuple[tuple[Inline, Inline], ...]
    head: Inline = ""
    """What stands at the left of every page: the course, or the title."""
    logo: str = ""
    """A picture as an address that holds it, or nothing."""
    logo_alt: Spoken = ""
    marks: tuple[Inline, ...] = ()
    strip: tuple[CoverFigure, ...] = ()


ReportForm = Literal["book", "chapter", "sheet", "exercises", "solutions"]
"""What of each lab is printed; a book has a cover, contents and appendices besides."""


class Report(Node, frozen=True, kw_only=True):
    """A whole report in one language or in several."""

    language: str
    """Name of the language that comes first, also that of page numbers and labels."""
    others: tuple[str, ...] = ()
    """The other languages of a report in several."""
    form: ReportForm = "book"
    date: str
    cover: Cover
    summary: Chapter
    chapters: tuple[Chapter, ...]
    provenance: Chapter

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the names of all languages in their order."""
        return (self.language, *self.others)


@dataclass(frozen=True)
class Place:
    """Where a text stands in a tree."""

    named: str = ""
    """Ids of chapter, section and block, as an error names them."""
    key: str = ""
    """The same in every language of a report, and different for each of its texts."""
    chapter: str = ""
    """Id of the chapter; empty on the cover."""
    section: Text = ""
    """Title of the section; empty before the first."""


@dataclass(frozen=True)
class Found:
    """One text of a tree."""

    place: Place
    kind: Kind
    node: str
    """What holds it, such as "table"."""
    field: str
    """Name of the field that holds it."""
    text: Text


Rewrite = Callable[[Found], Text]
Tree = TypeVar("Tree", bound=Node)


def by_language(text: Text, language: str) -> Mapping[str, str]:
    """Return a text in each of its languages; a string is in `language`."""
    return text.by_language if isinstance(text, LanguageTexts) else {language: text}


def first(text: Text) -> str:
    """Return a text in the language that comes first."""
    return next(iter(text.by_language.values())) if isinstance(text, LanguageTexts) else text


def said(text: Text, language: str) -> str:
    """Return a text in one language; empty where it is not in that one."""
    return text.by_language.get(language, "") if isinstance(text, LanguageTexts) else text


def each(text: Text, change: Callable[[str], str]) -> Text:
    """Return a text with its string changed in each language."""
    if isinstance(text, LanguageTexts):
        return LanguageTexts({language: change(content) for language, content in text.by_language.items()})
    return change(text)


def mapped(tree: Tree, change: Rewrite) -> Tree:
    """Return a tree of the same shape in which each text is what `change` makes of it."""
    return cast(Tree, _visited(tree, Place(), change, lambda _id: None))


def walk(tree: Node) -> Iterator[Found]:
    """Yield every text of a tree with its place, in reading order."""
    found: list[Found] = []

    def seen(item: Found) -> Text:
        found.append(item)
        return item.text

    mapped(tree, seen)
    yield from found


def ids(tree: Node) -> Iterator[str]:
    """Yield every id of a tree that a link may lead to."""
    found: list[str] = []
    _visited(tree, Place(), lambda item: item.text, found.append)
    yield from found


def _visited(node: Node, around: Place, change: Rewrite, named: Callable[[str], None]) -> Node:
    """Return a node with its texts changed, the same one where none is; pass on the ids met on the way."""
    place, holder = _inside(node, around), type(node).__name__.lower()

    def visited(value: Any, name: str, kind: Kind | None, key: str, more: str = "") -> Any:
        if isinstance(value, Node):
            return _visited(value, _at(place, key), change, named)
        if isinstance(value, tuple):
            made = tuple(visited(item, name, kind, f"{key}/{index}", more) for index, item in enumerate(value))
            return value if all(new is old for new, old in zip(made, value, strict=True)) else made
        if kind is None or value is None:
            return value
        return change(Found(place=_at(place, key, more), kind=kind, node=holder, field=name, text=value))

    for id_ in (getattr(node, "id", None), *getattr(node, "row_ids", ())):
        if id_ is not None:
            named(id_)
    changes: dict[str, Any] = {}
    for name, kind in _kinds(type(node)).items():
        value = getattr(node, name)
        if isinstance(node, Table) and name == "rows":
            new: Any = tuple(
                tuple(
                    visited(cell, name, "cell" if column.kind == "code" else "inline", f"{row}/{index}", f"row {count}")
                    for index, (column, cell) in enumerate(zip(node.columns, cells, strict=True))
                )
                for count, (row, cells) in enumerate(zip(_row_keys(node), node.rows, strict=True), 1)
            )
        else:
            new = visited(value, name, kind, name, name if isinstance(node, Exercise) else "")
        if new is not value and new != value:
            changes[name] = new
    return msgspec.structs.replace(node, **changes) if changes else node


def _row_keys(table: Table) -> tuple[str, ...]:
    return table.row_ids or tuple(str(index) for index in range(len(table.rows)))


def _at(place: Place, key: str, named: str = "", **known: Any) -> Place:
    """Return a place inside another one."""
    joined = ", ".join(part for part in (place.named, named) if part)
    return Place(**{"chapter": place.chapter, "section": place.section} | known, named=joined, key=f"{place.key}/{key}")


def _inside(node: Node, place: Place) -> Place:
    """Return the place of a node's own texts; what has an id is known by it in every language."""
    kind = type(node).__name__.lower()
    id_ = getattr(node, "id", "")
    match node:
        case Report() | Prose() | Column():
            return _at(place, kind)
        case Chapter():
            return _at(place, f"{kind} {id_}", f"{kind} '{id_}'", chapter=id_, section="")
        case Section(title=title):
            return _at(place, f"{kind} {id_}", f"{kind} '{id_}'", section=title)
        case Cover() | Equation() | NotebookLink():
            return _at(place, kind, kind)
        case CoverFigure(title=title) | Box(title=title):
            return _at(place, kind, f"{kind.removeprefix('cover')} '{first(title)}'")
        case _:
            return _at(place, f"{kind} {id_}", f"{kind} '{id_}'")


@cache
def _kinds(node: type[Node]) -> dict[str, Kind | None]:
    """Return the fields of a kind of node, each with the kind of text that it holds by its type."""
    hints = get_type_hints(node, include_extras=True)
    return {name: _kind_of(hints[name]) for name in node.__struct_fields__}


def _kind_of(hint: Any) -> Kind | None:
    if metadata := getattr(hint, "__metadata__", ()):
        return cast(Kind, metadata[0])
    return next((kind for part in get_args(hint) if (kind := _kind_of(part)) is not None), None)
