"""A Report becomes Markdown for a repository or a step summary: text, tables and code in place, figures as files.

The dialect is GitHub's: pipe tables, `$` formulas, `<details>` for the data behind a figure, and `<a id>` as targets of
links, because GitHub's own anchors depend on the words of a heading.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator

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
    escape,
    first,
)
from labreport.report.look import Look
from labreport.report.rendering import texts
from labreport.report.rendering.dialect import anchor, fenced, joined, pipe_table, quoted, with_families
from labreport.report.rendering.page import ReportPage
from labreport.report.rendering.theme import painted
from labreport.report.words import Words

BLANK = "________________"
"""A line to write on."""
_FAMILIES = {
    "Labreport Sans": "Labreport Sans, Noto Sans SC, Source Sans 3, Helvetica, Arial, sans-serif",
    "Labreport Mono": "Labreport Mono, JetBrains Mono, Consolas, monospace",
}
"""Fonts of a figure that stands alone: the reader's machine need not have ours."""


def markdown(report: Report, folder: str | None = None, *, look: Look | None = None) -> tuple[str, dict[str, str]]:
    """Return the report as Markdown, and its figures.

    Args:
        report: what is written.
        folder: where the figures will lie, relative to the text; by default `labreport-<language>-figures`.
        look: its theme gives the colours of the figures.

    Returns:
        The text, and SVG by file name.

    Raises:
        RenderingError: a text, drawing or formula can't be shown; names the place.
    """
    page = ReportPage(report, "screen", look=look)
    texts.check(page, glyphs=False)
    writer = _Writer(page, f"labreport-{report.language}-figures" if folder is None else folder)
    text = "\n\n".join(part for part in writer.report(report) if part.strip())
    return text + "\n", writer.files


def pictures(report: Report) -> dict[str, bytes]:
    """Return the pictures besides the drawings, by file name: the logo, where there is one."""
    kind, _, data = report.cover.logo.partition(";base64,")
    return {f"logo.{kind.rpartition('/')[2].removesuffix('+xml')}": b64decode(data)} if data else {}


class _Writer:
    """Writes blocks one after another and collects the drawings."""

    def __init__(self, page: ReportPage, folder: str) -> None:
        self.files: dict[str, str] = {}
        self._page = page
        self._folder = folder
        self._colon = page.words.record.colon

    def report(self, report: Report) -> Iterator[str]:
        cover = report.cover
        for name in pictures(report):
            yield f"![{escape(joined(cover.logo_alt))}]({self._folder}/{name})"
        yield f"# {joined(cover.title)}"
        yield joined(cover.subtitle)
        for mark in cover.marks:
            yield quoted(joined(mark))
        yield "\n".join(f"- {joined(name)}{self._colon}{joined(value) or BLANK}" for name, value in cover.facts)
        yield " ".join(
            self._image(f"cover-{number}.svg", small.svg, f"{joined(small.title)}: {joined(small.alt)}")
            for number, small in enumerate(cover.strip, 1)
        )
        yield f"## {self._say('page.contents')}"
        chapters = self._page.chapters()
        yield "\n".join(f"- [{_numbered(chapter)}](#{chapter.id})" for chapter in chapters)
        for chapter in chapters:
            yield from self._chapter(chapter)

    def _chapter(self, chapter: Chapter) -> Iterator[str]:
        yield f"{anchor(chapter.id)}\n\n## {_numbered(chapter)}"
        for mark in chapter.marks:
            yield quoted(joined(mark))
        if chapter.notebook:
            yield joined(chapter.notebook.text)
        for block in chapter.opening:
            yield from self._block(block)
        for section in chapter.sections:
            yield f"{anchor(section.id)}\n\n### {joined(section.title)}"
            for block in section.blocks:
                yield from self._block(block)

    def _block(self, block: Block) -> Iterator[str]:
        match block:
            case Prose(markdown=text):
                yield self._prose(text)
            case Table():
                yield self._caption(block.id, "page.table", block.number, block.caption, block.tag_line)
                yield pipe_table(block)
            case Figure():
                yield from self._figure(block)
            case Listing():
                yield self._caption(block.id, "page.listing", block.number, block.caption, "")
                yield fenced(block.code, "python")
                if block.sha256:
                    yield self._say(f"page.source_{block.origin}", hash=block.sha256[:12])
            case Example():
                yield self._caption(block.id, "page.example", "", block.caption, "", labelled=True)
                yield fenced(block.code, "python")
                if block.output.strip():
                    yield f"{self._say('page.output')}{self._colon.rstrip()}"
                    yield fenced(block.output, "text")
            case Equation(tex=tex):
                yield f"$$\n{tex}\n$$"
            case Exercise():
                yield from self._exercise(block)
            case Box(title=title, blocks=blocks, answers=answers):
                inner = "\n\n".join(part for item in blocks for part in self._block(item))
                if answers is not None:
                    inner += f"\n\n**{self._say('labs.answers')}**\n\n{self._prose(answers)}"
                yield quoted(f"**{joined(title)}**\n\n{inner}")

    def _figure(self, figure: Figure) -> Iterator[str]:
        yield anchor(figure.id) + "\n" + self._image(f"{figure.id}.svg", figure.svg, joined(figure.alt))
        yield self._caption("", "page.figure", figure.number, figure.caption, figure.tag_line)
        if figure.data is not None:
            summary = self._say("page.data_table")
            yield f"<details><summary>{summary}</summary>\n\n{pipe_table(figure.data)}\n\n</details>"

    def _exercise(self, exercise: Exercise) -> Iterator[str]:
        number = self._say("page.exercise", number=exercise.number)
        yield f"{anchor(exercise.id)}**{number}** ({self._points(exercise.points)})"
        yield self._prose(exercise.task)
        if exercise.hint:
            hint = self._prose(exercise.hint)
            yield f"<details><summary>{self._say('page.hint')}</summary>\n\n{hint}\n\n</details>"
        if exercise.solution is not None:
            yield quoted(f"**{self._say('page.solution')}**\n\n{self._prose(exercise.solution)}")

    def _say(self, key: str, **values: object) -> str:
        """Return words of the report, in each of its languages."""
        return " / ".join(dict.fromkeys(words(key, **values) for words in self._page.all_words))

    def _points(self, points: int) -> str:
        return self._say("page.point" if points == 1 else "page.points", points=points)

    def _prose(self, text: Text) -> str:
        """Return paragraphs, in a report in several languages each followed by its counterparts."""
        return "\n\n".join(part for _, part in self._page.paired(text))

    def _caption(
        self, id_: str, key: str, number: str, caption: Text, tag_line: Text, *, labelled: bool = False
    ) -> str:
        """Return a caption, one line for each of its languages."""
        language = self._page.report.language
        captions, tags = by_language(caption, language), by_language(tag_line, language) if tag_line else {}
        lines = []
        for name in dict.fromkeys((*captions, *tags)):
            words = Words(name)
            line = f"**{words(key, number=number)}**{words('page.label_end')}" if number or labelled else ""
            line += captions.get(name, first(caption))
            if tag_line:
                line += words.record.brackets.format(tags.get(name, first(tag_line)))
            lines.append(line)
        return (anchor(id_) if id_ else "") + "<br>\n".join(lines)

    def _image(self, name: str, svg: str, alt: str) -> str:
        self.files[name] = painted(with_families(svg, _FAMILIES), self._page.look.theme)
        label = re.sub(r"([\\\[\]])", r"\\\1", " ".join(alt.split()))
        return f"![{label}]({self._folder}/{name})"


def _numbered(chapter: Chapter) -> str:
    return f"{chapter.number} {joined(chapter.title)}".strip()
