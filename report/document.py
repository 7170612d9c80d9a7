"""The report as a tree of plain values, before any markup: what stands where, with its number and its words.

`build` makes it from Results and notes; `render` and `markdown` place it. A comparison of reports becomes the same
tree, so there is one renderer. Every text here is inline Markdown in the report's language (links are resolved, numbers
are formatted, nothing is left to compute); figures are finished SVG.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Theme = Literal["blue", "grey"]
"""In which colours a report is shown."""
ColumnKind = Literal["text", "number", "code"]
"""What the cells of a column hold."""
BoxKind = Literal["key-points", "caution", "note", "self-check", "sources", "failure"]
"""What a box is for."""

VERDICT_MARKS = {"true": "✓", "some": "◐", "false": "✗", "unknown": "?"}
"""What stands behind the sentence of a claim, by verdict, as the text of a link to its evidence."""


BETWEEN = "\ue001"
"""Stands between the two languages of a text in a bilingual report."""
SLOT = "\ue000"
"""Stands for code or a formula while a line is typeset."""
RESERVED = BETWEEN + SLOT
"""Characters that no text of a run or a note may hold."""


_SPECIAL = re.compile(r"([\\`*_\[\]<>|$#~{}&])")


def escape(text: str) -> str:
    """Return plain text as inline Markdown that shows it unchanged."""
    return _SPECIAL.sub(r"\\\1", text)


class Node(msgspec.Struct, frozen=True, tag=True):
    """Base of every part of a report."""


class Prose(Node, frozen=True, kw_only=True):
    """Running text: paragraphs and lists in Markdown."""

    markdown: str


class Column(Node, frozen=True, kw_only=True):
    """Head of a table's column."""

    title: str
    align: Literal["left", "right", "center"] = "left"
    kind: ColumnKind = "text"


class Table(Node, frozen=True, kw_only=True):
    """A numbered table; cells are inline Markdown (plain text where the column's kind is code)."""

    id: str
    number: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    tag_line: str = ""
    row_ids: tuple[str, ...] = ()
    """Ids of the rows that links lead to; nothing, or one for each row."""


class Figure(Node, frozen=True, kw_only=True):
    """A numbered figure: SVG, what to see in it, and what it holds for those who can't see it."""

    id: str
    number: str
    caption: str
    svg: str
    alt: str
    width_mm: float
    height_mm: float
    data: Table | None = None
    tag_line: str = ""


class Listing(Node, frozen=True, kw_only=True):
    """Numbered source text that really ran; `verified` says whether its hash was checked against the run."""

    id: str
    number: str
    caption: str
    code: str
    sha256: str
    verified: bool


class Example(Node, frozen=True, kw_only=True):
    """Code and the output it really gave."""

    id: str
    caption: str
    code: str
    output: str


class Equation(Node, frozen=True, kw_only=True):
    """A displayed formula in TeX with its spoken form."""

    tex: str
    alt: str


class Box(Node, frozen=True, kw_only=True):
    """A quiet box: key points, caution, a check of oneself, sources, or the report of a failure."""

    kind: BoxKind
    title: str
    blocks: tuple[Block, ...]


class Exercise(Node, frozen=True, kw_only=True):
    """A task with its points and hint; the solution is there in the instructor's edition only."""

    id: str
    number: str
    points: int
    task: str
    hint: str
    solution: str | None = None
    answer_lines: int = 0
    """Empty lines for the answer in print; 0 where the solution is printed."""


Block = Prose | Table | Figure | Listing | Example | Equation | Box | Exercise


class Section(Node, frozen=True, kw_only=True):
    """A headed part of a chapter."""

    id: str
    title: str
    blocks: tuple[Block, ...]


class Chapter(Node, frozen=True, kw_only=True):
    """One lab, the summary or the provenance."""

    id: str
    number: str
    title: str
    marks: tuple[str, ...] = ()
    opening: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()


class CoverFigure(Node, frozen=True, kw_only=True):
    """One small multiple of the cover's strip."""

    title: str
    svg: str
    alt: str


class Cover(Node, frozen=True, kw_only=True):
    """The first page."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    head: str = ""
    """What stands at the left of every page: the course, or the title."""
    logo: str = ""
    """A picture as an address that holds it, or nothing."""
    logo_alt: str = ""
    marks: tuple[str, ...] = ()
    strip: tuple[CoverFigure, ...] = ()


class Report(Node, frozen=True, kw_only=True):
    """A whole report in one language, or in both."""

    language: Literal["zh", "en"]
    second: Literal["zh", "en"] | None = None
    """The other language of a bilingual report, which follows the first one in every text behind `BETWEEN`."""
    date: str
    cover: Cover
    summary: Chapter
    chapters: tuple[Chapter, ...]
    provenance: Chapter
    words: dict[str, str]
