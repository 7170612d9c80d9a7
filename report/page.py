"""What a template may ask for: texts turned into markup, in the form that the medium needs.

Templates place; everything that has to be computed is computed here. The screen gets MathML and inline drawings, which
follow the dark theme; paper gets formulas and figures as images, which WeasyPrint sets twice as fast.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from report import highlight, mathematics
from report.document import VERDICT_MARKS, Block, Chapter, Column, Equation, Figure, Report, Table
from report.errors import RenderingError
from report.text import JOINER, LANGUAGE_TAGS, THIN_SPACE, Typesetter
from report.words import Words

Medium = Literal["screen", "paper"]

PIXELS_PER_MM = 4.9
"""Screen figures are this much larger than on paper, in step with the text around them."""
_NUMBER = re.compile(r"([−+-]?)(\d[\d,\u2009\u202f]*)(?:\.(\d+))?([ \u00a0\u202f]?%)?\Z")
_TEXT_WIDTH = 84
"""Characters of a table that fit between the margins of the text on paper."""
_VERDICTS = {mark: verdict for verdict, mark in VERDICT_MARKS.items()}
_PROOF = re.compile(rf'<a href="#([\w-]+-claim-\w+)">([{"".join(VERDICT_MARKS.values())}])</a>')
_COUNTED = 9
"""Columns of a table that a class of the table can set, by the rules of the style sheet."""
_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"
_UNSAFE_SVG = re.compile(
    r"<script|<foreignObject|<image\b[^>]*href=[\"'](?!data:image/)|\sstyle=|\son\w+=|javascript:|<!DOCTYPE|<!ENTITY",
    re.IGNORECASE,
)
_SVG_ID = re.compile(r'(\bid="|url\(#|href="#)([^")]+)')


@dataclass(frozen=True)
class Cell:
    """One cell of a table, ready to be placed."""

    markup: Markup
    css_class: str


@cache
def environment() -> Environment:
    """Return the environment of the report's own templates."""
    folder = str(resources.files("templates"))
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


@cache
def style(name: str) -> str:
    """Return a style sheet without its comments and blank lines."""
    text = (resources.files("templates") / "css" / f"{name}.css").read_text("utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


class Page:
    """The helpers of a template for one report and one medium.

    Args:
        report: what is rendered.
        medium: "screen" for HTML, "paper" for PDF.
        files: name of the file in which each id lies, where the report is split over several files; links that lead
            out of `here` get the file's name.
        here: name of the file that is being made.
    """

    def __init__(self, report: Report, medium: Medium, *, files: dict[str, str] | None = None, here: str = "") -> None:
        self.report = report
        self.medium: Medium = medium
        self.words = Words(report.language)
        self.language_tag = LANGUAGE_TAGS[report.language]
        self._files = files or {}
        self._here = here
        self._typesetter = Typesetter(report.language, self._formula)
        self._drawing_ids: dict[tuple[str, str], str] = {}
        self._formula_rules: dict[str, str] = {}

    def inline(self, markdown: str) -> Markup:
        """Return one line of Markdown as markup."""
        return self._linked(self._typesetter.inline(markdown))

    def prose(self, markdown: str) -> Markup:
        """Return paragraphs of Markdown as markup."""
        return self._linked(self._typesetter.prose(markdown))

    def title(self, markdown: str) -> str:
        """Return one line of Markdown as plain text with plain blanks, for the title of a file."""
        return self.text(markdown).replace(THIN_SPACE, " ")

    def text(self, markdown: str) -> str:
        """Return one line of Markdown as plain text, for labels inside the page."""
        return Markup(re.sub(r"<[^>]*>", "", self._typesetter.inline(markdown))).unescape()

    def kind(self, block: Block) -> str:
        """Return the name of a block's kind, as the templates know it."""
        return type(block).__name__.lower()

    def points(self, points: int) -> str:
        """Return the points of an exercise in words."""
        return self.words("page.point" if points == 1 else "page.points", points=points)

    def answer(self, lines: int) -> Markup:
        """Return empty lines to write on; the screen has none, and shows them when it is printed."""
        return Markup(("<br>" if self.medium == "screen" else "<div></div>") * lines)

    def link(self, target: str) -> str:
        """Return the address of an id of this report."""
        file = self._files.get(target, self._here)
        return f"#{target}" if file == self._here else f"{file}#{target}"

    def code(self, source: str) -> Markup:
        """Return Python source with its colours."""
        return Markup(highlight.source(source))

    def equation(self, equation: Equation) -> Markup:
        """Return a displayed formula; its spoken form is its alternative text."""
        if self.medium == "paper":
            return self._drawn(equation.tex, equation.alt, display=True)
        return Markup(mathematics.mathml(equation.tex, display=True))

    def drawing(self, svg: str, alt: str, id_: str, width_mm: float | None = None) -> Markup:
        """Return a drawing as the medium wants it.

        Args:
            svg: one `<svg>` element without scripts and inline styles.
            alt: what it shows, for those who can't see it.
            id_: of the figure; makes the ids inside the drawing unique.
            width_mm: its width on paper.

        Raises:
            RenderingError: the drawing holds a script, an inline style, or loads something.
        """
        unsafe = _UNSAFE_SVG.search(svg)
        if unsafe:
            raise RenderingError(f"The drawing holds '{unsafe.group().strip()}', which a report must not hold.")
        start = svg.find("<svg")
        if start < 0:
            raise RenderingError("The drawing is no SVG.")
        if self.medium == "paper":
            data = b64encode(svg[start:].encode()).decode()
            return Markup('<img alt="{}" src="data:image/svg+xml;base64,{}">').format(alt, data)
        end = svg.index(">", start)
        head = re.sub(r'\s(?:xmlns(?::\w+)?|version|role|aria-label)="[^"]*"', "", svg[start + 4 : end])
        if width_mm is not None:
            head = re.sub(r'\s(?:width|height)="[^"]*"', "", head) + f' width="{round(width_mm * PIXELS_PER_MM)}"'
        body = _SVG_ID.sub(lambda match: match[1] + self._short(id_, match[2]), svg[end:])
        return Markup(f'<svg role="img" aria-label="{escape(alt)}"{head}{body}')

    def figure_class(self, figure: Figure) -> str:
        """Return "wide" for a figure that does not fit between the margins of the text, otherwise nothing."""
        return "wide" if figure.width_mm > 150 else ""

    def listing_class(self, code: str) -> str:
        """Return how source is set on paper.

        "long" may be cut by a page's end, because it fills more than half a page; "wide" also takes the margin beside
        the text, and "dense" smaller letters, so that long lines are not broken.
        """
        longest = max(map(len, code.split("\n")))
        names = ("long", code.count("\n") > 34), ("wide", longest > 76), ("dense", longest > 90)
        return " ".join(name for name, holds in names if holds)

    def table_class(self, table: Table) -> str:
        """Return the classes of a table: how its columns are set, and whether a page's end may cut it."""
        kinds = [column.kind for column in table.columns]
        names = _alignment(table.columns)
        if len(table.rows) > 14:
            names.append("long")
        if len(kinds) > 12:
            names.append("many")
        if len(kinds) > 12 or _width(table) > _TEXT_WIDTH:
            names.append("wide")
        if _width(table, "number") > _TEXT_WIDTH:
            names.append("loose")
        return " ".join(names)

    def head_class(self, table: Table, index: int) -> str:
        """Return the class of a column's head."""
        return _cell_class(table.columns, index)

    def rows(self, table: Table) -> Iterator[list[Cell]]:
        """Yield the rows of a table, columns of numbers aligned at the decimal point."""
        columns = []
        for index, column in enumerate(table.columns):
            texts = [row[index] for row in table.rows]
            if column.kind == "number":
                texts = aligned(texts)
            css_class = _cell_class(table.columns, index)
            columns.append([Cell(self._cell(text, column), css_class) for text in texts])
        yield from (list(row) for row in zip(*columns, strict=True))

    def chapters(self) -> tuple[Chapter, ...]:
        """Return every chapter of the report in order: summary, labs, provenance."""
        return (self.report.summary, *self.report.chapters, self.report.provenance)

    def formula_rules(self) -> str:
        """Return the style rules of the formulas that were drawn; they hold each one's size and depth."""
        return "".join(f".{name}{{{rule}}}\n" for rule, name in self._formula_rules.items())

    def _short(self, figure: str, name: str) -> str:
        """Return a short id, unique on the page, for an id inside a figure's drawing."""
        return self._drawing_ids.setdefault((figure, name), f"i{len(self._drawing_ids)}")

    def _cell(self, text: str, column: Column) -> Markup:
        if column.kind == "code":
            return Markup("<code>{}</code>").format(text) if text else Markup("")
        return self.inline(text)

    def _linked(self, markup: Markup) -> Markup:
        if "-claim-" in markup:
            markup = Markup(_PROOF.sub(self._proof, markup))
        if not self._files:
            return markup
        return Markup(re.sub(r'href="#([^"]*)"', lambda match: f'href="{self.link(match.group(1))}"', markup))

    def _proof(self, match: re.Match[str]) -> str:
        """Return the mark behind a claim: small, tied to its sentence, and with a name for those who can't see it."""
        name = escape(self.words(f"page.evidence_{_VERDICTS[match[2]]}"))
        return f'{JOINER}<a class="proof" href="#{match[1]}" aria-label="{name}">{match[2]}</a>'

    def _formula(self, tex: str, display: bool) -> str:
        number = mathematics.plain_number(tex)
        if number is not None and not display:
            return number
        if self.medium == "paper":
            return self._drawn(tex, tex, display=display)
        return mathematics.mathml(tex, display=display)

    def _drawn(self, tex: str, alt: str, *, display: bool) -> Markup:
        picture = mathematics.picture(tex, display=display)
        rule = f"height:{picture.height}em"
        if not display:
            rule += f";vertical-align:{-picture.depth}em"
        name = self._formula_rules.setdefault(rule, f"m{len(self._formula_rules)}")
        return Markup('<img class="{}" alt="{}" src="{}">').format(name, alt, picture.uri)


def aligned(cells: list[str]) -> list[str]:
    """Return numbers padded so that their decimal points stand in one line when set flush right.

    The pads are spaces as wide as a digit and as a point. Cells that are no plain numbers stay as they are.
    """
    matches = [_NUMBER.match(cell) for cell in cells]
    decimals = max((len(match.group(3) or "") for match in matches if match), default=0)
    result = []
    for cell, match in zip(cells, matches, strict=True):
        if match is None:
            result.append(cell)
            continue
        sign, whole, fraction, unit = match.groups(default="")
        pad = _FIGURE_SPACE * (decimals - len(fraction))
        if pad and not fraction:
            pad = _POINT_SPACE + pad
        number = f"{whole}.{fraction}" if fraction else whole
        result.append(f"{'−' if sign == '-' else sign}{number}{pad}{unit}")
    return result


def _width(table: Table, kind: str = "") -> float:
    """Return about how wide a table, or its columns of one kind, would like to be, in characters.

    A column of text counts 24 at most, because text can be broken.
    """
    total = 0.0
    for index, column in enumerate(table.columns):
        if kind and column.kind != kind:
            continue
        longest = max((_length(row[index]) for row in table.rows), default=0)
        limit = 24 if column.kind == "text" else 80
        total += max(min(longest, limit), min(_length(column.title), 14)) + 2
    return total


def _length(markdown: str) -> int:
    """Return the width of a text in characters, those of Chinese counted twice, link targets not at all."""
    shown = re.sub(r"\]\([^)]*\)", "", markdown)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in shown)


def _alignment(columns: tuple[Column, ...]) -> list[str]:
    """Return the classes that set the columns of a table, so that its cells need none.

    The commonest table has names in the first column and numbers in all others, the next one numbers in all; otherwise
    a class names each column that is flush right, as far as the style sheet counts.
    """
    sides = [_side(column) for column in columns]
    if len(sides) > 1 and set(sides[1:]) == {"right"} and sides[0] != "center":
        return ["numbers"] if sides[0] == "left" else ["numbers", "r1"]
    return [f"r{number}" for number, side in enumerate(sides[:_COUNTED], 1) if side == "right"]


def _side(column: Column) -> str:
    return "right" if column.kind == "number" else column.align


def _cell_class(columns: tuple[Column, ...], index: int) -> str:
    """Return the class of a cell where the table's own classes don't set its column."""
    side = _side(columns[index])
    counted = side == "right" and (index < _COUNTED or "numbers" in _alignment(columns))
    return "" if side == "left" or counted else side
