"""A Report as a document for word processors, made so that it can be read aloud and edited.

Headings are headings, lists are lists, the first row of a table is its head, every figure has its alternative text,
formulas are Office Math, and each language is marked as such. It is written with python-docx and not with pandoc:
pandoc is a program that must be installed beside Python and reads one of our outputs again, while python-docx is a
package that takes the report's own tree, with the alternative texts and formulas as they are.

Drawings are SVG, which older word processors do not show, so they go in as pictures of 200 dots per inch, made by the
packages that make the PDF.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from typing import Any

from labreport.report.document import (
    Block,
    Box,
    Chapter,
    Equation,
    Example,
    Exercise,
    Figure,
    Listing,
    Prose,
    Report,
    Table,
    Text,
    by_language,
    first,
)
from labreport.report.errors import RenderingError, missing_extra
from labreport.report.look import Look
from labreport.report.rendering import fragment, mathematics, texts
from labreport.report.rendering.docx_text import DocxText
from labreport.report.rendering.page import ReportPage
from labreport.report.words import Words

_DOTS = 200 / 25.4
"""Dots in a millimetre of a drawing."""
_WIDEST_MM = 160.0


def docx(report: Report, *, source_date: datetime, look: Look | None = None) -> bytes:
    """Return the report as a .docx file, the same bytes for the same report and date.

    Args:
        report: what is written.
        source_date: its date of creation.
        look: theme of the drawings.

    Raises:
        RenderingError: python-docx or what draws pictures is not installed, or a text can't be shown.
    """
    try:
        import docx as package

        import_module("pypdfium2")  # before anything is drawn
    except ModuleNotFoundError as error:
        raise missing_extra(str(error)) or RenderingError(str(error)) from error
    page = ReportPage(report, "screen", look=look)
    texts.check(page)
    document = package.Document()
    writer = _DocxWriter(document, report, page, look or Look())
    writer.write()
    properties = document.core_properties
    properties.title = fragment.text_of(fragment.parsed(str(page.inline(report.cover.title))))
    properties.author, properties.language = "labreport", Words(report.language).record.tag
    properties.created = properties.modified = source_date.replace(tzinfo=None)
    properties.comments = ""
    stream = io.BytesIO()
    document.save(stream)
    return _settled(stream.getvalue())


class _DocxWriter:
    """Writes a report into a document, part by part."""

    def __init__(self, document: Any, report: Report, page: ReportPage, look: Look) -> None:
        self._document = document
        self._report = report
        self._page = page
        self._paper = ReportPage(report, "paper", look=look)
        self._words = Words(report.language)
        self._text = DocxText(document, self._words.record.tag)
        _set_paper(document.sections[0], look)

    def write(self) -> None:
        """Write the cover, then each chapter."""
        report = self._report
        self._heading(report.cover.title if report.form == "book" else report.cover.head or report.cover.title, 0)
        if report.form == "book":
            self._paragraph(report.cover.subtitle)
        for name, value in report.cover.facts:
            if first(value):
                colon = self._words.record.colon
                self._inline(f"{self._page.inline(name)}{colon}{self._page.inline(value)}", "List Bullet")
        for chapter in (report.summary, *report.chapters, report.provenance):
            if chapter.opening or chapter.sections:
                self._chapter(chapter)

    def _chapter(self, chapter: Chapter) -> None:
        number = f"{chapter.number} " if chapter.number else ""
        self._html(f"<p>{number}{self._page.inline(chapter.title)}</p>", "Heading 1")
        for mark in chapter.marks:
            self._paragraph(mark)
        for block in chapter.opening:
            self._block(block)
        for section in chapter.sections:
            self._heading(section.title, 2)
            for block in section.blocks:
                self._block(block)

    def _block(self, block: Block) -> None:
        writers: dict[type[Any], Callable[[Any], None]] = {
            Prose: lambda item: self._prose(item.markdown),
            Table: self._table,
            Figure: self._figure,
            Listing: lambda item: self._code("listing", item.number, item.caption, item.code),
            Example: self._example,
            Equation: self._equation,
            Box: self._box,
            Exercise: self._exercise,
        }
        writers[type(block)](block)

    def _prose(self, text: Text, style: str = "Normal") -> None:
        for language, part in by_language(text, self._report.language).items():
            with self._text.spoken(Words(language).record.tag):
                self._html(str(self._page.prose(part if language == self._report.language else text)), style)
            if language != self._report.language:
                break  # all languages are in what the page gives

    def _paragraph(self, text: Text, style: str = "Normal") -> None:
        self._inline(str(self._page.inline(text)), style)

    def _inline(self, html: str, style: str) -> None:
        self._html(f"<p>{html}</p>", style)

    def _html(self, html: str, style: str = "Normal") -> None:
        self._text.write(fragment.parsed(html), style)

    def _heading(self, text: Text, level: int) -> None:
        self._inline(str(self._page.inline(text)), f"Heading {level}" if level else "Title")

    def _caption(self, kind: str, number: str, caption: Text, tag_line: Text = "") -> None:
        self._inline(str(self._page.caption(f"page.{kind}", number, caption, tag_line)), "Caption")

    def _table(self, table: Table) -> None:
        self._caption("table", table.number, table.caption, table.tag_line)
        grid = self._document.add_table(rows=1, cols=len(table.columns), style="Table Grid")
        self._text.head_row(grid.rows[0])
        for cell, column in zip(grid.rows[0].cells, table.columns, strict=True):
            self._text.fill(cell, fragment.parsed(f"<p><b>{self._page.inline(column.title)}</b></p>"))
        for row in self._page.rows(table):
            cells = grid.add_row().cells
            for cell, shown, column in zip(cells, row, table.columns, strict=True):
                right = column.kind == "number" or column.align == "right"
                self._text.fill(cell, fragment.parsed(f"<p>{shown.markup}</p>"), right=right)
        self._document.add_paragraph()

    def _figure(self, figure: Figure) -> None:
        from docx.shared import Mm

        picture = _picture(self._paper, figure)
        run = self._document.add_paragraph().add_run()
        width = min(figure.width_mm, _WIDEST_MM)
        shape = run.add_picture(io.BytesIO(picture), width=Mm(width))
        properties = shape._inline.docPr
        properties.set("descr", self._page.spoken(figure.alt))
        properties.set("name", figure.id)
        self._caption("figure", figure.number, figure.caption, figure.tag_line)

    def _code(self, kind: str, number: str, caption: Text, code: str) -> None:
        self._caption(kind, number, caption)
        self._text.code(code)

    def _example(self, example: Example) -> None:
        self._code("example", "", example.caption, example.code)
        if example.output.strip():
            self._paragraph(self._words("page.output"), "Caption")
            self._text.code(example.output.strip("\n"))

    def _equation(self, equation: Equation) -> None:
        self._text.formula(fragment.parsed(mathematics.mathml(equation.tex, display=True))[0])

    def _box(self, box: Box) -> None:
        self._inline(f"<b>{self._page.inline(box.title)}</b>", "Normal")
        for inner in box.blocks:
            self._block(inner)
        if box.answers is not None:
            self._inline(f"<b>{self._words('labs.answers')}</b>", "Normal")
            self._prose(box.answers)

    def _exercise(self, exercise: Exercise) -> None:
        title = self._words("page.exercise", number=exercise.number)
        self._inline(f"{title} ({self._page.points(exercise.points)})", "Heading 3")
        self._prose(exercise.task)
        if exercise.hint:
            self._html(str(self._page.labelled("page.hint", exercise.hint)))
        if exercise.solution is not None:
            self._inline(f"<b>{self._words('page.solution')}</b>", "Normal")
            self._prose(exercise.solution)
        for _ in range(exercise.answer_lines):
            self._text.line()


def _set_paper(section: Any, look: Look) -> None:
    from docx.shared import Mm

    width, height = {"a4": (210, 297), "a3": (297, 420), "letter": (216, 279)}[look.paper]
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.left_margin = section.right_margin = Mm((width - _WIDEST_MM) / 2)
    section.top_margin = section.bottom_margin = Mm(22)


@contextmanager
def _closing(thing: Any) -> Iterator[Any]:
    try:
        yield thing
    finally:
        thing.close()


def _picture(page: ReportPage, figure: Figure) -> bytes:
    """Return a drawing as PNG, set by the engine of the PDF and in its fonts."""
    import pypdfium2

    from labreport.report.rendering import fonts, pdf

    drawing = page.drawing(figure.svg, figure.alt, figure.id, figure.width_mm)
    size = f"@page{{size:{figure.width_mm}mm {figure.height_mm}mm;margin:0}}body{{margin:0}}img{{display:block}}"
    fixed = f"img{{width:{figure.width_mm}mm;height:{figure.height_mm}mm}}"
    faces = fonts.for_paper(figure.svg)
    text = f'<html lang="en"><head><style>{faces}{size}{fixed}</style></head><body>{drawing}</body></html>'
    with _closing(pypdfium2.PdfDocument(pdf.set_alone(text))) as document:
        image = document[0].render(scale=_DOTS * 25.4 / 72).to_pil()
    stream = io.BytesIO()
    image.quantize(256).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _settled(content: bytes) -> bytes:
    """Return a zip with fixed times, so that the same document gives the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(stream, "w") as archive:
        for item in made.infolist():
            fixed = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            archive.writestr(fixed, made.read(item), zipfile.ZIP_DEFLATED, 9)
    return stream.getvalue()
