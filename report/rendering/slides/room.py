"""How much a slide holds, in its own unit: a sixtieth of its width, 16 points on the page of the PDF.

Slides are cut before they are set, the same for every medium, so heights are estimated from characters. The estimates
are on the safe side; what would not fit all the same goes on a page of its own in the PDF and makes its slide higher on
the screen, and a test measures that on the slides of the labs nothing does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from labreport.report.document import (
    CHECKED,
    OPEN,
    Block,
    Box,
    Equation,
    Example,
    Exercise,
    Figure,
    Listing,
    Prose,
    Table,
    first,
)
from labreport.report.rendering import columns

WIDTH = 54.8
"""Width of what a slide shows."""
HEIGHT = 25.4
"""Height between its title and its foot."""
TEXT, CODE, TABLE, CAPTION = 1.5, 1.125, 1.15, 1.05
"""Sizes of letters: 24, 18, 18.4 and 16.8 points."""
CODE_CHARACTERS = 78
"""Characters in a line of source."""
UNIT_MM = 16 * 25.4 / 72
_MOST_ENLARGED = 2.7
"""Figures are made larger by this much at most: their letters are then as large as the text."""
_LETTER = 0.475
"""Width of a letter of Latin text on average, with what is lost at the ends of lines."""
_GAP = 1.2
_LINE = 1.38
LEAST_FIGURE = 0.4
"""Part of the width that a figure alone would have, below which it gets a slide of its own."""
_CELL = 1.2
"""Room that a cell has at its sides."""
_BESIDE = 21.0
"""Width of text beside a figure."""
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_DISPLAYED = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_FORMULA = re.compile(r"\$[^$\n]+\$")
_ROW = re.compile(r"^\|.*\|[ ]*$", re.MULTILINE)
_COMMAND = re.compile(r"\\[A-Za-z]+|[{}^_\\]")
_BREAK = re.compile(r"\s+|(?<=-)(?=\w)|(?<=[\u3000-\u9fff\uff00-\uffef])")
"""Where the line of a cell may end."""
_LINK = re.compile(r"\]\([^)\s]*\)")
_SENTENCE = re.compile(
    rf"\S.*?(?:(?:[.!?](?:\[[{CHECKED}{OPEN}]\]\([^)]*\))?(?=\s|\Z))|[。！？](?:\[[{CHECKED}{OPEN}]\]\([^)]*\))?|\Z)"
)
"""A sentence with the mark behind it."""


@dataclass(frozen=True)
class Layout:
    """Where a slide has its text, and how large its figure is."""

    beside: bool = False
    """Whether the figure stands beside the text instead of below it."""
    figure_width: float = 0.0


def layout(text: Sequence[Block], shown: Sequence[Block]) -> Layout:
    """Return how a slide is arranged: its figure as large as it gets.

    Args:
        text: what it says.
        shown: what it shows.
    """
    figures = [block for block in shown if isinstance(block, Figure)]
    if len(shown) != 1 or not figures:
        return (
            Layout(figure_width=_figure(figures[0], WIDTH, HEIGHT - text_height(text, WIDTH))) if figures else Layout()
        )
    below = _figure(figures[0], WIDTH, HEIGHT - text_height(text, WIDTH) - (_GAP if text else 0))
    if not text or text_height(text, _BESIDE) > HEIGHT:
        return Layout(figure_width=below)
    beside = _figure(figures[0], WIDTH - _BESIDE - 2, HEIGHT - 0.8)
    return Layout(beside=True, figure_width=beside) if beside > below else Layout(figure_width=below)


def _figure(figure: Figure, width: float, height: float) -> float:
    """Return the width of a figure that fills a place with its caption."""
    height -= caption_height(first(figure.caption) + first(figure.tag_line), width) + 0.3
    largest = figure.width_mm * _MOST_ENLARGED / UNIT_MM
    return round(max(min(width, largest, height * figure.width_mm / figure.height_mm), 10.0), 1)


def text_height(blocks: Sequence[Block], width: float) -> float:
    """Return about how high text is set."""
    return sum(_block_height(block, width) for block in blocks)


def _block_height(block: Block, width: float) -> float:
    match block:
        case Prose(markdown=markdown):
            return prose_height(first(markdown), width)
        case Equation(tex=tex):
            return _formula_height(tex)
        case Exercise(task=task):
            return 2.6 + prose_height(first(task), width)
        case Box(blocks=blocks, title=title):
            return 1.6 + (2.2 if title else 0) + text_height(blocks, width - 2.4)
        case _:
            return shown_height(block, width)


def shown_height(block: Block, width: float = WIDTH) -> float:
    """Return about how high a table, source or figure is set, with its caption."""
    match block:
        case Table(caption=caption, tag_line=tag):
            rows = table_heights(block, width)
            return caption_height(first(caption) + first(tag), width) + sum(rows) - 0.2
        case Listing(code=code, caption=caption):
            return caption_height(first(caption), width) + code_height(code) + 0.3
        case Example(code=code, output=output, caption=caption):
            heights = code_height(code), code_height(output)
            return caption_height(first(caption), width) + (max(heights) if paired(block) else sum(heights)) + 1.2
        case Figure():
            return HEIGHT
        case _:
            return 0.0


def paired(example: Example) -> bool:
    """Return whether what an example printed has its place beside its code."""
    widths = [max(map(columns.length, text.split("\n"))) for text in (example.code, example.output)]
    return all(widths) and sum(widths) <= CODE_CHARACTERS - 6


def prose_height(markdown: str, width: float) -> float:
    """Return about how high paragraphs are set."""
    height = 0.0
    for code in _FENCE.findall(markdown):
        height += code_height(code) + 0.8
    markdown = _FENCE.sub("", markdown)
    for formula in _DISPLAYED.findall(markdown):
        height += _formula_height(formula)
    markdown = _DISPLAYED.sub("", markdown)
    rows = _ROW.findall(markdown)
    height += max(len(rows) - 1, 0) * (TABLE * 1.32 + 0.65) + (0.8 if rows else 0)
    markdown = _ROW.sub("", markdown)
    for paragraph in re.split(r"\n\s*\n", markdown):
        items = re.split(r"\n(?=\s*(?:[-*+]|\d+[.)])\s)", paragraph.strip())
        for item in items:
            if item.strip():
                indented = bool(re.match(r"\s*(?:[-*+]|\d+[.)])\s", item))
                height += _lines(item, width - (1.9 if indented else 0), TEXT) * TEXT * _LINE + (
                    0.45 if indented else 0.9
                )
    return height


def _formula_height(tex: str) -> float:
    """Return about how high a displayed formula is set: lines, fractions and sums make it higher."""
    return 3.2 + 1.5 * ("frac" in tex or "pmatrix" in tex) + 1.9 * bool(re.search(r"sum|prod", tex))


def _lines(text: str, width: float, size: float) -> int:
    return max(1, ceil(wide(text) * size / width))


def wide(markdown: str) -> float:
    """Return about how wide Markdown is set on one line, in the size of its letters."""
    shown = _FORMULA.sub(lambda found: _COMMAND.sub("", found[0]), _LINK.sub("]", markdown))
    letters = columns.length(re.sub(r"[*`$\[\]]", "", shown))
    full = sum(unicodedata.east_asian_width(letter) in "WF" for letter in shown)
    return full * 1.02 + (letters - 2 * full) * _LETTER


def caption_height(text: str, width: float) -> float:
    """Return about how high a caption is set."""
    return _lines(f"{text} {'n' * 12}", width, CAPTION) * CAPTION * 1.4 + 0.5 if text else 0.0


def code_height(code: str) -> float:
    """Return how high source is set; its long lines are broken."""
    lines = sum(max(1, ceil(columns.length(line) / CODE_CHARACTERS)) for line in code.strip("\n").split("\n"))
    return lines * CODE * 1.28 + 1.3 if code.strip() else 0.0


def table_heights(table: Table, width: float = WIDTH) -> list[float]:
    """Return about how high the head and each row of a table are set."""
    texts = [[first(cell) for cell in row] for row in (tuple(c.title for c in table.columns), *table.rows)]
    cells = [[wide(text) + _CELL for text in row] for row in texts]
    widest = [max(column) for column in zip(*cells, strict=True)]
    whole = {int(name[1:]) - 1 for name in columns.table_classes(table) if re.fullmatch(r"k\d", name)}
    pieces = [max(map(_least, column)) for column in zip(*texts, strict=True)]
    narrow = [
        one if place in whole else min(one, part) for place, (one, part) in enumerate(zip(widest, pieces, strict=True))
    ]
    wanted = [one - least for one, least in zip(widest, narrow, strict=True)]
    spare = max(width / TABLE - sum(narrow), 1.0)
    share = min(1.0, spare / sum(wanted)) if sum(wanted) else 1.0
    widths = [least + more * share for least, more in zip(narrow, wanted, strict=True)]
    return [
        max(ceil(cell / place - 0.01) for cell, place in zip(row, widths, strict=True)) * TABLE * 1.32 + 0.65
        for row in cells
    ]


def _least(text: str) -> float:
    """Return about how wide a cell is at least: its widest piece, since lines break at blanks, hyphens and Chinese."""
    return max(map(wide, _BREAK.split(text))) + _CELL


def sentences(text: str) -> list[str]:
    """Return the sentences of a text on one line."""
    return _SENTENCE.findall(" ".join(text.split()))
