"""Output formats: from a finished Report to the bytes of files, each format one record.

What is shipped here and what other distributions offer (entry points of the group `labreport.formats`) are used alike,
by reports and by comparisons. The writers are imported when they are called: a PDF needs much that Markdown does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from labreport.experiments.plugins import PluginError
from labreport.experiments.result import Result
from labreport.report.configuration import FORMATS
from labreport.report.document import Report, first
from labreport.report.errors import RenderingError, UsageError
from labreport.report.look import Look
from labreport.report.rendering.answers import ExpectedAnswer
from labreport.report.rendering.questions import Alternative
from labreport.report.store import embedded, printed
from labreport.report.store.remarks import Steps, silent


@dataclass(frozen=True, kw_only=True)
class RenderContext:
    """What a format needs to know besides the report."""

    stem: str
    """How the names of all its files begin, such as `labreport-en`."""
    moment: datetime
    """Date of the report (UTC)."""
    look: Look | None = None
    """Theme and templates; None for the default ones."""
    edition: Literal["student", "instructor"] = "student"
    results: Sequence[Result] = ()
    """The runs that the report is about; empty for a comparison."""
    carried: Mapping[str, bytes] = field(default_factory=dict)
    """What the report is to carry, so that it can be got back: lab -> result.json, or the comparison."""
    answers: Sequence[ExpectedAnswer] = ()
    """What the solutions of the report expect; empty in a student's edition."""
    alternatives: Sequence[Alternative] = ()
    """Further versions of exercises whose numbers are drawn, for banks of questions."""
    notebook_outputs: bool = True
    """Whether notebooks show what the run printed, until they are run again."""
    comparison: bool = False
    """Whether the report is that of a comparison."""
    failed: Callable[[str], None] = lambda _problem: None
    """Called with the reason why a part, such as one of several notebooks, could not be made; the others are kept."""
    reuse: bool = False
    """Whether parts that were made before of the same inputs may be taken from the cache."""
    progress: Steps = silent
    """Called with what is at work, how much of it is done, and how much there is, by a format that takes long."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A form that a report can be written in."""

    name: str
    """As in `--to`."""
    suffixes: tuple[str, ...]
    """Endings of its files: `(".txt",)`."""
    render: Callable[[Report, RenderContext], Mapping[str, bytes]]
    """Return the files by name; each name begins with the stem of the context, and may lead into a folder."""
    needs_glyphs: bool = True
    """Whether it uses the fonts of the report, so that a character that these lack is replaced and reported."""
    screen: bool = False
    """Whether a browser shows it: it takes a character that those fonts lack, such as an emoji, from its system."""
    comparisons: bool = True
    """Whether it can show a comparison as well."""
    asks: bool = False
    """Whether it holds questions, so that it needs further versions of the exercises."""


def rendered(name: str, report: Report, context: RenderContext) -> dict[str, bytes]:
    """Return the files of a report in one format.

    Args:
        name: of the format.
        report: what is shown.
        context: what else the format may need to know.

    Raises:
        RenderingError: it can't be made, or a file has a name that the format may not use.
        PluginError: the format of another distribution can't be imported.
    """
    form = chosen(name)
    made = form.render(report, context)
    for file in made:
        path = PurePosixPath(file)
        if not file.startswith(context.stem) or ".." in path.parts or path.suffix not in form.suffixes:
            raise RenderingError(
                f"The format {name} may not write {file[:80]!r}: its files begin with {context.stem} and end with "
                f"{', '.join(form.suffixes)}."
            )
    return dict(made)


def chosen(name: str) -> Format:
    """Return a format.

    Raises:
        UsageError: no format has this name; names the nearest.
        RenderingError: what another distribution offers is not a Format, or can't be imported.
    """
    if name not in FORMATS:
        raise UsageError(FORMATS.unknown(name))
    try:
        form = FORMATS.get(name)
    except PluginError as error:
        raise RenderingError(str(error)) from error
    if not isinstance(form, Format):
        raise RenderingError(f"The format {name} is not a Format, but {form!r:.60}.")
    return form


def _html(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import html

    if context.comparison:
        data = {embedded.COMPARISON_ELEMENT: embedded.packed(context.carried)}
    else:
        data = embedded.elements(context.carried, printed.printed(report, context.carried))
    return {f"{context.stem}.html": html.html(report, data, look=context.look, reuse=context.reuse).encode()}


def _pdf(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import pdf

    if context.comparison:
        attached = embedded.comparison_attachments(context.carried[embedded.COMPARISON])
    else:
        attached = embedded.attachments(context.carried, printed.printed(report, context.carried))
    content = pdf.pdf(
        report,
        source_date=context.moment,
        attached=attached,
        look=context.look,
        reuse=context.reuse,
        progress=context.progress,
    )
    return {f"{context.stem}.pdf": content}


def _markdown(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import markdown

    folder = f"{context.stem}-figures"
    text, figures = markdown.markdown(report, folder, look=context.look)
    pictures = {file: svg.encode() for file, svg in figures.items()} | markdown.pictures(report)
    return {f"{context.stem}.md": text.encode()} | {f"{folder}/{file}": content for file, content in pictures.items()}


def _notebooks(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering.notebook import notebooks

    if report.others:
        raise UsageError("a notebook is in one language; ask for it with --lang zh,en")
    made = notebooks(
        report,
        context.results,
        edition=context.edition,
        look=context.look,
        outputs=context.notebook_outputs,
        failed=context.failed,
    )
    return {f"{context.stem}-notebooks/{file}": content for file, content in made.items()}


def _split(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import html

    return {
        f"{context.stem}/{file}": page.encode()
        for file, page in html.split(report, look=context.look, reuse=context.reuse).items()
    }


def _moodle(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import moodle
    from labreport.report.rendering.questions import questions

    found = questions(report, context.answers, context.alternatives, context.edition)
    return {f"{context.stem}-moodle.xml": moodle.moodle(found, first(report.cover.head or report.cover.title))}


def _qti(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import qti
    from labreport.report.rendering.questions import questions
    from labreport.report.words import Words

    found = questions(report, context.answers, context.alternatives, context.edition)
    title, tag = first(report.cover.head or report.cover.title), Words(report.language).record.tag
    return {f"{context.stem}-qti.zip": qti.qti(found, title, tag, context.stem)}


def _docx(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import docx

    return {f"{context.stem}.docx": docx.docx(report, source_date=context.moment, look=context.look)}


def _slides(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering.slides import page

    if report.others:
        raise UsageError("slides are in one language; ask for them with --lang zh,en")
    if report.form not in ("book", "chapter"):
        raise UsageError(f"slides are made of whole chapters, and there are none in the form {report.form}")
    stem = f"{context.stem}-slides"
    made = {f"{stem}.html": page.html(report, look=context.look).encode()}
    sheets: dict[page.Sheet, str] = {"slides": f"{stem}.pdf", "notes": f"{stem}-notes.pdf"}
    for sheet, name in sheets.items():
        try:
            made[name] = page.paper(
                report, sheet, source_date=context.moment, look=context.look, progress=context.progress
            )
        except RenderingError as error:  # the page for the screen needs no system library
            context.failed(f"{report.language} slides: {error}")
            break
    return made


def _epub(report: Report, context: RenderContext) -> dict[str, bytes]:
    from labreport.report.rendering import epub

    return {f"{context.stem}.epub": epub.epub(report, source_date=context.moment, look=context.look)}


HTML = Format(name="html", suffixes=(".html",), render=_html, screen=True)
PDF = Format(name="pdf", suffixes=(".pdf",), render=_pdf)
MD = Format(name="md", suffixes=(".md", ".svg", ".png", ".jpeg"), render=_markdown, needs_glyphs=False)
IPYNB = Format(name="ipynb", suffixes=(".ipynb",), render=_notebooks, needs_glyphs=False, comparisons=False)
SPLIT = Format(name="split", suffixes=(".html",), render=_split, screen=True, comparisons=False)
"""One page for each lab, in a folder; they do not carry the runs."""
MOODLE = Format(name="moodle", suffixes=(".xml",), render=_moodle, needs_glyphs=False, comparisons=False, asks=True)
QTI = Format(name="qti", suffixes=(".zip",), render=_qti, needs_glyphs=False, comparisons=False, asks=True)
DOCX = Format(name="docx", suffixes=(".docx",), render=_docx, comparisons=False)
EPUB = Format(name="epub", suffixes=(".epub",), render=_epub, comparisons=False)
"""A book for readers of books; it does not carry the runs."""
SLIDES = Format(name="slides", suffixes=(".html", ".pdf"), render=_slides, comparisons=False)
"""A page for the screen, a PDF, and a PDF with what is spoken; they do not carry the runs."""
