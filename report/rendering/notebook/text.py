"""Blocks of a chapter as Markdown cells, in the dialect that Jupyter shows.

Formulas stay TeX, tables become pipe tables, figures are attached to their cell. A link to a place in the notebook
stays; one to another chapter leads to that chapter's notebook, and one to anything else becomes plain words.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

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
    Table,
    Text,
    first,
    ids,
)
from labreport.report.rendering.dialect import anchor, fenced, pipe_table, quoted, with_families
from labreport.report.rendering.theme import painted
from labreport.report.words import Words

_LINK = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]\(#([^()\s]+)\)")
_FAMILIES = {"Labreport Sans": "Helvetica, Arial, Noto Sans SC, sans-serif", "Labreport Mono": "Consolas, monospace"}
"""Fonts of a figure that stands alone: the reader's machine need not have ours."""


@dataclass
class CellText:
    """The Markdown of one cell, while it is being written."""

    parts: list[str] = field(default_factory=list)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    """As in the notebook format: file name -> media type -> base64."""

    @property
    def source(self) -> str:
        """Return the whole text."""
        return "\n\n".join(part for part in self.parts if part)


class Writer:
    """Writes the blocks of one chapter.

    Args:
        words: of the report's language.
        link: turns an id of the report into an address, or into None where it leads nowhere in the notebooks.
        theme: colours of the figures.
    """

    def __init__(self, words: Words, link: Callable[[str], str | None], theme: str = "blue") -> None:
        self._words = words
        self._link = link
        self._theme = theme
        self._record = words.record

    def write(self, passage: CellText, block: Block) -> None:
        """Add a block to a cell."""
        match block:
            case Prose(markdown=text):
                passage.parts.append(self.linked(first(text)))
            case Table():
                passage.parts.append(self._caption(block.id, "table", block.number, block.caption, block.tag_line))
                passage.parts.append(self.linked(pipe_table(block)))
            case Figure():
                self._figure(passage, block)
            case Listing():
                passage.parts += [self.listing_caption(block), fenced(block.code, "python")]
            case Example():
                passage.parts += [self.example_caption(block), fenced(block.code, "python")]
                if block.output.strip():
                    passage.parts += [
                        f"{self._words('page.output')}{self._record.colon.rstrip()}",
                        fenced(block.output, "text"),
                    ]
            case Equation(tex=tex):
                passage.parts.append(f"$$\n{tex}\n$$")
            case Box(title=title, blocks=blocks, answers=answers):
                inner = CellText(parts=[f"**{first(title)}**"], attachments=passage.attachments)
                for item in blocks:
                    self.write(inner, item)
                if answers is not None:
                    inner.parts += [f"**{self._words('labs.answers')}**", self.linked(first(answers))]
                passage.parts.append(quoted(inner.source))
            case Exercise():
                passage.parts += self.exercise(block)

    def exercise(self, exercise: Exercise) -> Iterator[str]:
        """Return task and hint of an exercise; the hint is folded up. The solution is left to the caller."""
        key = "page.point" if exercise.points == 1 else "page.points"
        number = self._words("page.exercise", number=exercise.number)
        points = self._words(key, points=exercise.points)
        bracketed = self._record.brackets.format(points)
        yield f"{anchor(exercise.id)}\n\n### {number}{bracketed}"
        yield self.linked(first(exercise.task))
        if exercise.hint:
            yield f"<details><summary>{self._words('page.hint')}</summary>"
            yield self.linked(first(exercise.hint))
            yield "</details>"

    def listing_caption(self, listing: Listing) -> str:
        """Return number and caption of a listing."""
        return self._caption(listing.id, "listing", listing.number, listing.caption, "")

    def example_caption(self, example: Example) -> str:
        """Return the caption of an example."""
        label = f"**{self._words('page.example')}**{self._words('page.label_end')}"
        return anchor(example.id) + label + self.linked(first(example.caption))

    def linked(self, markdown: str) -> str:
        """Return Markdown whose links lead to a place in the notebooks, or are none."""

        def address(found: re.Match[str]) -> str:
            target = self._link(found.group(2))
            return f"[{found.group(1)}]({target})" if target else found.group(1)

        return _LINK.sub(address, markdown)

    def _caption(self, id_: str, kind: str, number: str, caption: Text, tag_line: Text) -> str:
        label = f"**{self._words(f'page.{kind}', number=number)}**{self._words('page.label_end')}"
        tag = self._record.brackets.format(first(tag_line)) if tag_line else ""
        return anchor(id_) + label + self.linked(first(caption)) + tag

    def _figure(self, passage: CellText, figure: Figure) -> None:
        name = f"{figure.id}.svg"
        svg = _alone(painted(figure.svg, self._theme))
        passage.attachments[name] = {"image/svg+xml": b64encode(svg.encode()).decode("ascii")}
        alt = re.sub(r"([\\\[\]])", r"\\\1", " ".join(first(figure.alt).split()))
        passage.parts.append(f"![{alt}](attachment:{name})")
        passage.parts.append(self._caption(figure.id, "figure", figure.number, figure.caption, figure.tag_line))


def addresses(here: str, notebooks: Mapping[str, Chapter]) -> Callable[[str], str | None]:
    """Return a function that says where an id lies, seen from one notebook.

    Args:
        here: file name of that notebook.
        notebooks: the chapter of each file.
    """
    places = {id_: file for file, chapter in notebooks.items() for id_ in ids(chapter)}

    def link(id_: str) -> str | None:
        file = places.get(id_)
        if file is None:
            return None
        if file == here:
            return f"#{id_}"
        return file if id_ == notebooks[file].id else f"{file}#{id_}"

    return link


def _alone(svg: str) -> str:
    """Return a drawing that can stand alone: with fonts that are likely there, and on white in a dark notebook too."""
    svg = with_families(svg, _FAMILIES)
    end = svg.index(">") + 1
    return f'{svg[:end]}<rect width="100%" height="100%" fill="#fff"/>{svg[end:]}'
