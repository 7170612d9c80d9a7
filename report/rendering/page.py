"""What a template may ask for: texts turned into markup, in the form that the medium needs.

Templates place; everything that has to be computed is computed here. The screen gets MathML and inline drawings, which
follow the dark theme; paper gets formulas and figures as images, which WeasyPrint sets twice as fast.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from labreport.report import languages
from labreport.report.document import (
    CHECKED,
    OPEN,
    Block,
    Chapter,
    Column,
    Equation,
    Exercise,
    Figure,
    Report,
    Table,
    Text,
    by_language,
    first,
)
from labreport.report.errors import RenderingError
from labreport.report.look import Look
from labreport.report.rendering import columns, formula_text, highlight, mathematics
from labreport.report.rendering.theme import painted
from labreport.report.rendering.typesetter import JOINER, THIN_SPACE, Typesetter, on_screen
from labreport.report.rendering.weasyprint.tag_tree import FORMULA
from labreport.report.words import Borrowed, Words

Medium = Literal["screen", "paper"]

PIXELS_PER_MM = 4.9
"""Screen figures are this much larger than on paper, in step with the text around them."""
_WHOLE_LINES = 29
"""Lines of source that a page's end does not part: moved as a whole, more would leave too much of a page empty."""
_MARKS = {CHECKED: "checked", OPEN: "open"}
_PROOF = re.compile(rf'<a href="#([\w-]+-claim-[\w-]+)">([{"".join(_MARKS)}])</a>')
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


class ReportPage:
    """The helpers of a template for one report and one medium.

    Args:
        report: what is rendered.
        medium: "screen" for HTML, "paper" for PDF.
        files: name of the file in which each id lies, where the report is split over several files; links that lead
            out of `here` get the file's name.
        here: name of the file that is being made.
        look: theme and templates.
    """

    def __init__(
        self,
        report: Report,
        medium: Medium,
        *,
        files: dict[str, str] | None = None,
        here: str = "",
        look: Look | None = None,
    ) -> None:
        self.report = report
        self.look = look or Look()
        self.medium: Medium = medium
        self.words = Words(report.language)
        self.language_tag = self.words.record.tag
        self.all_words = [Words(language) for language in report.languages]
        self.files_of_ids = files or {}
        self.here = here
        self.chapters_set: Mapping[str, Markup] = {}
        """Chapters as markup, by id, where each was set by itself."""
        self._typesetters: dict[str, Typesetter] = {}
        self._drawing_ids: dict[tuple[str, str], str] = {}
        self._prefix = "i"
        """How the short ids inside of drawings begin."""
        self._formula_rules: dict[str, str] = {}

    def chapter(self, chapter: Chapter) -> Markup:
        """Return a chapter as markup; the page has been given it, because each is set by itself."""
        return self.chapters_set[chapter.id]

    def of_chapter(self, chapter: Chapter) -> ReportPage:
        """Return the helpers for one chapter of this page: what they give does not depend on the other chapters."""
        alone = copy(self)
        alone._drawing_ids = {}
        alone._prefix = f"i{chapter.number if chapter.number.isdecimal() else chapter.id}."
        return alone

    def inline(self, text: Text) -> Markup:
        """Return one line of Markdown as markup, each of its languages marked as such."""
        return self._beside({name: self._line(name, line) for name, line in self._each(text).items()})

    def prose(self, text: Text) -> Markup:
        """Return paragraphs of Markdown as markup, each followed by its counterparts in other languages."""
        return Markup("\n").join(self._paragraphs(language, part) for language, part in self.paired(text))

    def labelled(self, key: str, text: Text) -> Markup:
        """Return paragraphs whose first line begins with a word of the report in bold."""
        found = []
        for language, part in self._each(text).items():
            paragraphs = self._paragraphs(language, part)
            head = Markup("<b>{}</b> ").format(Words(language)(key))
            start, tag, rest = paragraphs.partition(">")
            if start.startswith("<p"):
                found.append(Markup(start + tag) + head + Markup(rest))
            else:
                found.append(Markup("<p>{}</p>").format(head) + paragraphs)
        return Markup("\n").join(found)

    def say(self, key: str, /, **values: object) -> Markup:
        """Return words of the report to be shown, in each of its languages; attributes take `words`."""
        said: dict[str, str] = {}
        for words in self.all_words:
            text = words(key, **values)
            if text not in said.values():
                said[text.language if isinstance(text, Borrowed) else words.language] = text
        return self._beside({language: Markup(escape(str(text))) for language, text in said.items()})

    def caption(self, key: str, number: str, text: Text, tag_line: Text = "") -> Markup:
        """Return a caption: its label (a word of the report, with the number), what to see, and a tag."""
        texts, tags = self._each(text), self._each(tag_line) if tag_line else {}
        found = {}
        for language in dict.fromkeys((*texts, *tags)):
            words = Words(language)
            line = Markup("")
            if number or key == "page.example":
                line += Markup("<b>{}</b>{}").format(words(key, number=number), words("page.label_end"))
            line += self._line(language, texts.get(language, first(text)))
            if tag_line:
                tag = self._line(language, tags.get(language, first(tag_line)))
                line += Markup(' <span class="tag">{}</span>').format(tag)
            found[language] = line
        return self._beside(found)

    def paired(self, text: Text) -> list[tuple[str, str]]:
        """Return a text cut into paragraphs, each with its language.

        In a report in several languages each paragraph is followed by its counterparts, unless they are the same;
        where the languages have different numbers of paragraphs, one language follows the other as a whole.
        """
        texts = self._each(text)
        if len(texts) == 1:
            return list(texts.items())
        blocks = {language: self._typesetter(language).blocks(part) for language, part in texts.items()}
        if len({len(parts) for parts in blocks.values()}) > 1:
            return [(language, block) for language, parts in blocks.items() for block in parts]
        found: list[tuple[str, str]] = []
        for parts in zip(*blocks.values(), strict=True):
            pairs = zip(blocks, parts, strict=True)
            found += [pair for place, pair in enumerate(pairs) if pair[1] not in parts[:place]]
        return found

    def title(self, text: Text) -> str:
        """Return one line of Markdown as plain text with plain blanks, for the title of a file."""
        return self.text(text).replace(THIN_SPACE, " ")

    def text(self, text: Text) -> str:
        """Return one line of Markdown as plain text, for labels inside the page."""
        return " · ".join(self._plain(text).values())

    def head(self, text: Text) -> str:
        """Return one line of Markdown as plain text in its first language, for the head of a page."""
        return next(iter(self._plain(text).values()))

    def entry(self, text: Text) -> Markup:
        """Return a title for the contents, without links of its own."""
        return self._beside({language: Markup(escape(line)) for language, line in self._plain(text).items()})

    def spoken(self, alt: Text) -> str:
        """Return an alternative text."""
        return "\n".join(self._each(alt).values())

    def kind(self, block: Block) -> str:
        """Return the name of a block's kind, as the templates know it."""
        return type(block).__name__.lower()

    def points(self, points: int) -> Markup:
        """Return the points of an exercise in words."""
        return self.say("page.point" if points == 1 else "page.points", points=points)

    def answer(self, lines: int) -> Markup:
        """Return empty lines to write on; the screen has none, and shows them when it is printed."""
        return Markup(("<br>" if self.medium == "screen" else "<div></div>") * lines)

    def has_answer_room(self) -> bool:
        """Return whether paper has lines for answers anywhere."""
        blocks = (block for chapter in self.report.chapters for part in chapter.sections for block in part.blocks)
        return self.medium == "paper" and any(isinstance(block, Exercise) and block.answer_lines for block in blocks)

    def link(self, target: str) -> str:
        """Return the address of an id of this report."""
        file = self.files_of_ids.get(target, self.here)
        return f"#{target}" if file == self.here else f"{file}#{target}"

    def code(self, source: str) -> Markup:
        """Return Python source with its colours."""
        return Markup(highlight.source(source))

    def equation(self, equation: Equation) -> Markup:
        """Return a displayed formula; its spoken form is its alternative text."""
        if self.medium == "paper":
            return self._drawn(equation.tex, self.spoken(equation.alt), display=True)
        spoken = escape(self.spoken(equation.alt))
        return Markup(mathematics.mathml(equation.tex, display=True).replace("<math", f'<math alttext="{spoken}"', 1))

    def drawing(self, svg: str, alt: Text, id_: str, width_mm: float | None = None) -> Markup:
        """Return a drawing as the medium wants it.

        Args:
            svg: one `<svg>` element without scripts and inline styles.
            alt: what it shows, for those who can't see it.
            id_: of the figure; makes the ids inside the drawing unique.
            width_mm: its width on paper.

        Raises:
            RenderingError: the drawing holds a script, an inline style, or loads something.
        """
        spoken = self.spoken(alt)
        start = drawing_start(svg)
        if self.medium == "paper":
            return Markup('<img alt="{}" src="{}">').format(spoken, self._address(svg[start:]))
        end = svg.index(">", start)
        head = re.sub(r'\s(?:xmlns(?::\w+)?|version|role|aria-label)="[^"]*"', "", svg[start + 4 : end])
        if width_mm is not None:
            head = re.sub(r'\s(?:width|height)="[^"]*"', "", head) + f' width="{round(width_mm * PIXELS_PER_MM)}"'
        body = _SVG_ID.sub(lambda match: match[1] + self._short(id_, match[2]), svg[end:])
        return Markup(f'<svg role="img" aria-label="{escape(spoken)}"{head}{body}')

    def figure_class(self, figure: Figure) -> str:
        """Return "wide" for a figure that does not fit between the margins of the text, otherwise nothing."""
        return "wide" if figure.width_mm > 150 else ""

    def listing_class(self, code: str) -> str:
        """Return how source is set on paper.

        "long" may be cut by a page's end, because it fills more than a third of a page; "wide" also takes the margin
        beside the text, and "dense" smaller letters, so that long lines are not broken.
        """
        longest = max(map(len, code.split("\n")))
        names = ("long", code.count("\n") > _WHOLE_LINES), ("wide", longest > 76), ("dense", longest > 90)
        return " ".join(name for name, holds in names if holds)

    def classes(self, *names: str) -> str:
        """Return the names of classes that are not empty, for one attribute."""
        return " ".join(name for name in names if name)

    def table_class(self, table: Table) -> str:
        """Return the classes of a table: how its columns are set, and whether a page's end may cut it."""
        return " ".join(columns.table_classes(table))

    def head_class(self, table: Table, index: int) -> str:
        """Return the class of a column's head."""
        return columns.cell_class(table.columns, index)

    def rows(self, table: Table) -> Iterator[list[Cell]]:
        """Yield the rows of a table, columns of numbers aligned at the decimal point."""
        cells = []
        for index, column in enumerate(table.columns):
            texts = [row[index] for row in table.rows]
            if column.kind == "number":
                texts = columns.aligned(texts)
            css_class = columns.cell_class(table.columns, index)
            cells.append([Cell(self._cell(text, column), css_class) for text in texts])
        yield from (list(row) for row in zip(*cells, strict=True))

    def chapters(self) -> tuple[Chapter, ...]:
        """Return every chapter of the report in order: summary and provenance, where there are any, around the labs."""
        before, after = (
            (part,) if part.opening or part.sections else () for part in (self.report.summary, self.report.provenance)
        )
        return (*before, *self.report.chapters, *after)

    def formula_rules(self) -> str:
        """Return the style rules of the formulas that were drawn; they hold each one's size and depth."""
        return "".join(f".{name}{{{rule}}}\n" for rule, name in self._formula_rules.items())

    def _short(self, figure: str, name: str) -> str:
        """Return a short id, unique on the page, for an id inside a figure's drawing."""
        return self._drawing_ids.setdefault((figure, name), f"{self._prefix}{len(self._drawing_ids)}")

    def _cell(self, text: Text, column: Column) -> Markup:
        if column.kind != "code":
            return self.inline(text)
        lines = {language: Markup("<code>{}</code>").format(line) for language, line in self._each(text).items()}
        return self._beside(lines) if text else Markup("")

    def _each(self, text: Text) -> Mapping[str, str]:
        """Return a text in each of its languages."""
        return by_language(text, self.report.language)

    def _typesetter(self, language: str) -> Typesetter:
        if self.medium == "screen":
            return on_screen(language)
        if language not in self._typesetters:
            self._typesetters[language] = Typesetter(language, self._formula)
        return self._typesetters[language]

    def _line(self, language: str, markdown: str) -> Markup:
        return self._linked(self._typesetter(language).inline(markdown))

    def _mark(self, language: str) -> str:
        """Return the attributes of what is in another language than the first; "tr" follows what it translates."""
        translated = ' class="tr"' if language in self.report.others else ""
        return f'{translated} lang="{languages.language(language).tag}"'

    def _beside(self, lines: Mapping[str, Markup]) -> Markup:
        """Return lines one after the other; those that are not in the report's first language say so."""
        return Markup(" ").join(
            line if language == self.report.language else Markup(f"<span{self._mark(language)}>{line}</span>")
            for language, line in lines.items()
        )

    def _plain(self, text: Text) -> dict[str, str]:
        """Return one line of Markdown as plain text in each language."""
        return {
            language: Markup(re.sub(r"<[^>]*>", "", self._typesetter(language).inline(line))).unescape()
            for language, line in self._each(text).items()
        }

    def _paragraphs(self, language: str, markdown: str) -> Markup:
        """Return paragraphs of one language; those not in the report's first one say so."""
        typesetter = self._typesetter(language)
        if language == self.report.language:
            return self._linked(typesetter.prose(markdown))
        mark = f"<\\1{self._mark(language)}"
        blocks = (self._linked(typesetter.prose(block)) for block in typesetter.blocks(markdown))
        return Markup("\n").join(Markup(re.sub(r"^<(\w+)", mark, str(block), count=1)) for block in blocks)

    def _linked(self, markup: Markup) -> Markup:
        if "-claim-" in markup:
            markup = Markup(_PROOF.sub(self._proof, markup))
        if not self.files_of_ids:
            return markup
        return Markup(re.sub(r'href="#([^"]*)"', lambda match: f'href="{self.link(match.group(1))}"', markup))

    def _proof(self, match: re.Match[str]) -> str:
        """Return the mark behind a claim: small, tied to its sentence, and with a name for those who can't see it."""
        name = escape(self.words(f"page.evidence_{_MARKS[match[2]]}"))
        return f'{JOINER}<a class="proof" href="#{match[1]}" aria-label="{name}">{match[2]}</a>'

    def _formula(self, tex: str, display: bool) -> str:
        number = None if display else mathematics.plain_number(tex)
        return self._drawn(tex, formula_text.line(tex), display=display) if number is None else number

    def _drawn(self, tex: str, alt: str, *, display: bool) -> Markup:
        picture = mathematics.picture(tex, display=display)
        svg = formula_text.laid_under(picture, formula_text.line(tex))
        rule = f"height:{picture.height}em"
        if not display:
            rule += f";vertical-align:{-picture.depth}em"
        name = self._formula_rules.setdefault(rule, f"m{len(self._formula_rules)}")
        return Markup('<img class="{} {}" alt="{}" src="{}">').format(FORMULA, name, alt, self._address(svg))

    def _address(self, svg: str) -> str:
        """Return a drawing in the colours of the theme as a `data:` address."""
        return "data:image/svg+xml;base64," + b64encode(painted(svg, self.look.theme).encode()).decode()


def drawing_start(svg: str) -> int:
    """Return where the element of a drawing begins.

    Raises:
        RenderingError: the drawing holds a script, an inline style, or loads something; or it is not an SVG.
    """
    unsafe = _UNSAFE_SVG.search(svg)
    if unsafe:
        raise RenderingError(f"The drawing holds '{unsafe.group().strip()}', which a report must not hold.")
    start = svg.find("<svg")
    if start < 0:
        raise RenderingError("The drawing is not an SVG.")
    return start
