"""What the templates of slides may ask for, and the files that slides become: a page for the screen, and PDF.

The page shows its slides one below the other without any script; its one script, whose hash its policy names, turns
them with keys, shows one at a time on the full screen, and opens a second window for the speaker. The PDF has a page of
16 to 9 for each slide; that with notes shows each slide small, with what is spoken to it below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Literal

from labreport.report.document import Block, Chapter, Example, Figure, Report, Section, Text
from labreport.report.look import Look
from labreport.report.rendering import pdf, texts
from labreport.report.rendering.page import Medium, ReportPage
from labreport.report.rendering.sealed import sealed
from labreport.report.rendering.slides import room
from labreport.report.rendering.slides.deck import deck, divided, tag
from labreport.report.store.remarks import Steps, silent

Sheet = Literal["slides", "notes"]
"""Pages of a PDF: slides alone, or each with what is spoken to it."""


@dataclass(frozen=True, kw_only=True)
class Slide:
    """One slide, ready to be placed."""

    number: int
    part: Section
    chapter: Chapter
    text: tuple[Block, ...]
    shown: tuple[Block, ...]
    spoken: tuple[Block, ...]
    arrangement: str
    """"beside" or "below", "paired" where what code printed stands beside it, and how wide the figure is."""
    quiet: Text
    """What stands beside every result of the chapter."""


class SlidesPage(ReportPage):
    """The helpers of a template for slides.

    Args:
        report: what is shown.
        medium: "screen" or "paper".
        look: theme and templates.
    """

    def __init__(self, report: Report, medium: Medium, *, look: Look | None = None) -> None:
        super().__init__(deck(report), medium, look=look)
        self._tags = {chapter.id: tag(chapter) for chapter in report.chapters}
        self._widths: set[float] = set()

    @property
    def alone(self) -> bool:
        """Whether the deck is that of one chapter, whose title is then that of the deck."""
        return len(self.report.chapters) == 1

    @property
    def count(self) -> int:
        """Slides of the deck, the title, the contents and the title of each chapter among them."""
        chapters = self.report.chapters
        return sum(len(chapter.sections) for chapter in chapters) + (1 if self.alone else 2 + len(chapters))

    def first_of(self, chapter: Chapter) -> int:
        """Return the number of the slide with the title of a chapter."""
        before = self.report.chapters[: self.report.chapters.index(chapter)]
        return sum(len(one.sections) + 1 for one in before) + (1 if self.alone else 3)

    def slides(self, chapter: Chapter) -> Iterator[Slide]:
        """Yield the slides of a chapter behind its title."""
        for number, part in enumerate(chapter.sections, self.first_of(chapter) + 1):
            text, shown, spoken = divided(part)
            found = room.layout(text, shown)
            names = ["beside" if found.beside else "below"]
            if found.figure_width:
                self._widths.add(found.figure_width)
                names.append(_width_class(found.figure_width))
            if any(isinstance(block, Example) and room.paired(block) for block in shown):
                names.append("paired")
            yield Slide(
                number=number,
                part=part,
                chapter=chapter,
                text=text,
                shown=shown,
                spoken=spoken,
                arrangement=" ".join(names),
                quiet=self._tags.get(chapter.id, ""),
            )

    def is_figure(self, block: Block) -> bool:
        """Return whether a block is a figure, whose data a slide does not hold."""
        return isinstance(block, Figure)

    def foot(self, slide: Slide) -> str:
        """Return what stands at the foot of a slide: its chapter, and what holds of all its results."""
        return " · ".join(filter(None, (self.head(slide.chapter.title), self.head(slide.quiet) if slide.quiet else "")))

    def width_rules(self) -> str:
        """Return the style rules of the figures' widths; for a template that has placed them."""
        return "".join(
            f".{_width_class(width)} .plate svg,.{_width_class(width)} .plate img{{width:{width}em}}\n"
            for width in sorted(self._widths)
        )


def _width_class(width: float) -> str:
    return f"w{round(width * 10)}"


def html(report: Report, *, look: Look | None = None) -> str:
    """Return the slides as one self-contained HTML file.

    Raises:
        RenderingError: a text, drawing or formula can't be shown; names the place.
    """
    page = SlidesPage(report, "screen", look=look)
    texts.check(page)
    script = (resources.files("labreport.templates") / "slides" / "slides.js").read_text("utf-8")
    for chapter in page.report.chapters:
        list(page.slides(chapter))
    return sealed(
        "slides.html.j2",
        look=page.look,
        languages=page.report.languages,
        sheets=("content", "slides", "slides-screen"),
        rules=page.width_rules(),
        check=texts.check_links,
        script=script,
        report=page.report,
        page=page,
        title=page.title(page.report.chapters[0].title if page.alone else page.report.cover.title),
    )


def paper(
    report: Report, sheet: Sheet, *, source_date: datetime, look: Look | None = None, progress: Steps = silent
) -> bytes:
    """Return the slides as a PDF, the same bytes for the same report and date; raises as `pdf.pdf`."""
    return pdf.written(_markup(report, sheet, source_date, look), source_date=source_date, progress=progress)


def pages(report: Report, sheet: Sheet, *, source_date: datetime, look: Look | None = None) -> object:
    """Return the document whose pages `paper` writes: all boxes have their places."""
    return pdf.set_pages(_markup(report, sheet, source_date, look))


def _markup(report: Report, sheet: Sheet, source_date: datetime, look: Look | None) -> str:
    page = SlidesPage(report, "paper", look=look)
    texts.check(page)
    for chapter in page.report.chapters:
        list(page.slides(chapter))
    return pdf.markup(
        page,
        "slides-pdf.html.j2",
        source_date=source_date,
        sheets=("content", "slides", f"slides-{sheet}"),
        rules=page.width_rules(),
        sheet=sheet,
        title=page.title(page.report.chapters[0].title if page.alone else page.report.cover.title),
    )
