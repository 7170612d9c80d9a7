"""Reports as plain text: `labreport render --to txt`, once this distribution is installed beside labreport."""

from __future__ import annotations

from collections.abc import Iterator

import labreport
from labreport.report.document import Block, Box, Chapter, Figure, Listing, Prose, Report, Table


def render(report: Report, context: labreport.RenderContext) -> dict[str, bytes]:
    """Return the one file of a report: titles, paragraphs as their Markdown, tables with bars, figures as words."""
    parts = [report.cover.title, report.date]
    for chapter in (report.summary, *report.chapters, report.provenance):
        parts += _chapter(chapter)
    return {f"{context.stem}.txt": ("\n\n".join(part for part in parts if part) + "\n").encode()}


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"{chapter.number} {chapter.title}".strip().upper()
    for block in chapter.opening:
        yield from _block(block)
    for section in chapter.sections:
        yield section.title
        for block in section.blocks:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Prose():
            yield block.markdown
        case Table():
            yield block.caption
            rows = [tuple(column.title for column in block.columns), *block.rows]
            yield "\n".join(" | ".join(row) for row in rows)
        case Figure():
            yield f"[{block.caption} {block.alt}]"
        case Listing():
            yield block.code
        case Box():
            yield block.title
            for inner in block.blocks:
                yield from _block(inner)


TEXT = labreport.Format(name="txt", suffixes=(".txt",), render=render, needs_glyphs=False)
