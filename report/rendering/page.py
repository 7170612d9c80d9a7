"""What a template may ask for: texts turned into markup, in the form that the medium needs.

Templates place; everything that has to be computed is computed here. The screen gets MathML and inline drawings, which
follow the dark theme; paper gets formulas and figures as images, which WeasyPrint sets twice as fast.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateError
from markupsafe import Markup, escape

from labreport.report.document import (
    BETWEEN,
    VERDICT_MARKS,
    Block,
    Chapter,
    Column,
    Equation,
    Figure,
    Report,
    Table,
)
from labreport.report.errors import RenderingError
from labreport.report.look import Look
from labreport.report.rendering import columns, highlight, mathematics
from labreport.report.rendering.theme import painted
from labreport.report.rendering.typesetter import JOINER, LANGUAGE_TAGS, THIN_SPACE, Typesetter
from labreport.report.words import Language, Words

Medium = Literal["screen", "paper"]

PIXELS_PER_MM = 4.9
"""Screen figures are this much larger than on paper, in step with the text around them."""
_WHOLE_LINES = 22
"""Lines of source that a page's end does not part: moved as a whole, more would leave too much of a page empty."""
_VERDICTS = {mark: verdict for verdict, mark in VERDICT_MARKS.items()}
_PROOF = re.compile(rf'<a href="#([\w-]+-claim-\w+)">([{"".join(VERDICT_MARKS.values())}])</a>')
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
def environment(own: Path | None = None) -> Environment:
    """Return the environment of the templates.

    Args:
        own: a folder that is searched first. A template in it extends the one whose place it takes by the name
            `labreport/NAME`.
    """
    shipped = FileSystemLoader(str(resources.files("labreport.templates")))
    first = [FileSystemLoader(str(own))] if own is not None else []
    return Environment(
        loader=ChoiceLoader([*first, shipped, PrefixLoader({"labreport": shipped})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def placed(template: str, look: Look, **context: object) -> str:
    """Return a template with everything in its place.

    Raises:
        RenderingError: the template, or one that it uses, has a fault; names the file and line where known.
    """
    try:
        return environment(look.templates).get_template(template).render(**context)
    except TemplateError as error:
        # Shipped templates have none: what is wrong stands in the user's folder.
        name, line = getattr(error, "name", None) or template, getattr(error, "lineno", None)
        where = f"{name}, line {line}" if line else name
        raise RenderingError(f"The template {where} can't be used: {error.message}") from error


@cache
def style(name: str) -> str:
    """Return a style sheet without its comments and blank lines."""
    return _bare((resources.files("labreport.templates") / "css" / f"{name}.css").read_text("utf-8"))


def user_style(look: Look) -> str:
    """Return the rules of `css/user.css` in the user's folder of templates; they come last and win.

    Raises:
        RenderingError: the file can't be read.
    """
    if look.templates is None:
        return ""
    path = look.templates / "css" / "user.css"
    try:
        text = path.read_text("utf-8") if path.is_file() else ""
    except (OSError, ValueError) as error:
        raise RenderingError(f"Can't read {path}: {error}") from error
    if "</" in text:
        raise RenderingError(f"{path} holds '</', which would end the style sheet.")
    return _bare(text)


def _bare(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n" if text.strip() else ""


class Page:
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
        self.language_tag = LANGUAGE_TAGS[report.language]
        self._languages: list[Language] = [report.language, *([report.second] if report.second else [])]
        self.all_words = [Words(language) for language in self._languages]
        self._files = files or {}
        self._here = here
        self._typesetters = [Typesetter(language, self._formula) for language in self._languages]
        self._drawing_ids: dict[tuple[str, str], str] = {}
        self._formula_rules: dict[str, str] = {}

    def inline(self, markdown: str) -> Markup:
        """Return one line of Markdown as markup, in a bilingual report in both languages."""
        lines = zip(self._typesetters, self._texts(markdown), strict=False)
        return self._beside([self._linked(typesetter.inline(text)) for typesetter, text in lines])

    def prose(self, markdown: str) -> Markup:
        """Return paragraphs of Markdown as markup, in a bilingual report each followed by its counterpart."""
        return Markup("\n").join(self._paragraphs(index, text) for index, text in self.paired(markdown))

    def labelled(self, key: str, markdown: str) -> Markup:
        """Return paragraphs whose first line begins with a word of the report in bold."""
        found = []
        for index, text in enumerate(self._texts(markdown)):
            paragraphs = self._paragraphs(index, text)
            head = Markup("<b>{}</b> ").format(self.all_words[index](key))
            start, tag, rest = paragraphs.partition(">")
            if start.startswith("<p"):
                found.append(Markup(start + tag) + head + Markup(rest))
            else:
                found.append(Markup("<p>{}</p>").format(head) + paragraphs)
        return Markup("\n").join(found)

    def say(self, key: str, /, **values: object) -> Markup:
        """Return words of the report to be shown, in a bilingual report in both languages; attributes take `words`."""
        texts = dict.fromkeys(words(key, **values) for words in self.all_words)
        return self._beside([Markup(escape(text)) for text in texts])

    def caption(self, key: str, number: str, text: str, tag_line: str = "") -> Markup:
        """Return a caption: its label (a word of the report, with the number), what to see, and a tag."""
        texts, tags = self._texts(text), self._texts(tag_line)
        found = []
        for index in range(max(len(texts), len(tags))):
            words, typesetter = self.all_words[index], self._typesetters[index]
            line = Markup("")
            if number or key == "page.example":
                line += Markup("<b>{}</b>{}").format(words(key, number=number), words("page.label_end"))
            line += self._linked(typesetter.inline(texts[min(index, len(texts) - 1)]))
            if tag_line:
                tag = self._linked(typesetter.inline(tags[min(index, len(tags) - 1)]))
                line += Markup(' <span class="tag">{}</span>').format(tag)
            found.append(line)
        return self._beside(found)

    def paired(self, markdown: str) -> list[tuple[int, str]]:
        """Return a text cut into paragraphs, each with the position of its language among those of the report.

        In a bilingual report each paragraph is followed by its counterpart, unless both are the same; where the
        languages have different numbers of paragraphs, one follows the other as a whole.
        """
        texts = self._texts(markdown)
        if len(texts) == 1:
            return [(0, markdown)]
        blocks = [typesetter.blocks(text) for typesetter, text in zip(self._typesetters, texts, strict=True)]
        if len(blocks[0]) != len(blocks[1]):
            return [(index, block) for index, part in enumerate(blocks) for block in part]
        pairs = zip(*blocks, strict=True)
        return [(index, block) for pair in pairs for index, block in enumerate(dict.fromkeys(pair))]

    def title(self, markdown: str) -> str:
        """Return one line of Markdown as plain text with plain blanks, for the title of a file."""
        return self.text(markdown).replace(THIN_SPACE, " ")

    def text(self, markdown: str) -> str:
        """Return one line of Markdown as plain text, for labels inside the page."""
        return " · ".join(self._plain(markdown))

    def head(self, markdown: str) -> str:
        """Return one line of Markdown as plain text in the report's first language, for the head of a page."""
        return self.text(self._texts(markdown)[0])

    def entry(self, markdown: str) -> Markup:
        """Return a title for the contents, without links of its own."""
        return self._beside([Markup(escape(text)) for text in self._plain(markdown)])

    def spoken(self, alt: str) -> str:
        """Return an alternative text."""
        return "\n".join(self._texts(alt))

    def kind(self, block: Block) -> str:
        """Return the name of a block's kind, as the templates know it."""
        return type(block).__name__.lower()

    def points(self, points: int) -> Markup:
        """Return the points of an exercise in words."""
        return self.say("page.point" if points == 1 else "page.points", points=points)

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
            return self._drawn(equation.tex, self.spoken(equation.alt), display=True)
        spoken = escape(self.spoken(equation.alt))
        return Markup(mathematics.mathml(equation.tex, display=True).replace("<math", f'<math alttext="{spoken}"', 1))

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
        alt = self.spoken(alt)
        unsafe = _UNSAFE_SVG.search(svg)
        if unsafe:
            raise RenderingError(f"The drawing holds '{unsafe.group().strip()}', which a report must not hold.")
        start = svg.find("<svg")
        if start < 0:
            raise RenderingError("The drawing is no SVG.")
        if self.medium == "paper":
            return Markup('<img alt="{}" src="{}">').format(alt, self._address(svg[start:]))
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
            return (
                self._beside([Markup("<code>{}</code>").format(part) for part in self._texts(text)])
                if text
                else Markup("")
            )
        return self.inline(text)

    def _texts(self, text: str) -> list[str]:
        """Return a text in each language of the report; one alone where they say the same."""
        return text.split(BETWEEN) if self.report.second else [text]

    def _beside(self, lines: Sequence[Markup]) -> Markup:
        """Return lines of the first language and, marked as such, of the second one."""
        if len(lines) == 1:
            return lines[0]
        tag = LANGUAGE_TAGS[self._languages[1]]
        return Markup('{} <span class="tr" lang="{}">{}</span>').format(lines[0], tag, lines[1])

    def _plain(self, markdown: str) -> list[str]:
        """Return one line of Markdown as plain text in each language."""
        lines = zip(self._typesetters, self._texts(markdown), strict=False)
        return [Markup(re.sub(r"<[^>]*>", "", typesetter.inline(text))).unescape() for typesetter, text in lines]

    def _paragraphs(self, index: int, markdown: str) -> Markup:
        """Return paragraphs of one language; those of the second one say so."""
        typesetter = self._typesetters[index]
        if index == 0:
            return self._linked(typesetter.prose(markdown))
        mark = f'<\\1 class="tr" lang="{LANGUAGE_TAGS[self._languages[index]]}"'
        blocks = (self._linked(typesetter.prose(block)) for block in typesetter.blocks(markdown))
        return Markup("\n").join(Markup(re.sub(r"^<(\w+)", mark, str(block), count=1)) for block in blocks)

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
        return Markup('<img class="{}" alt="{}" src="{}">').format(name, alt, self._address(picture.svg))

    def _address(self, svg: str) -> str:
        """Return a drawing in the colours of the theme as a `data:` address."""
        return "data:image/svg+xml;base64," + b64encode(painted(svg, self.look.theme).encode()).decode()
