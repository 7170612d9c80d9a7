"""From a report's chapters to notebooks, in format 4.5 of nbformat.

Text and code come from the report and its runs; nothing is run here. Ids of cells follow from the sections they stand
in, so the same runs give the same bytes. In the student's edition a solution is left out even if the report held one.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
import nbformat

from labreport.experiments.data.catalogue import known_set
from labreport.experiments.errors import DataError
from labreport.experiments.result import Result, Setting
from labreport.report.document import Block, Box, Chapter, Example, Exercise, Listing, Report, Section, first
from labreport.report.errors import RenderingError
from labreport.report.look import Look
from labreport.report.numbers import UNKNOWN, day
from labreport.report.rendering.dialect import anchor, quoted
from labreport.report.rendering.notebook import recipe as recipes
from labreport.report.rendering.notebook.recipe import Recipe, RecipeStep
from labreport.report.rendering.notebook.text import CellText, Writer, addresses
from labreport.report.words import Words

Edition = Literal["student", "instructor"]

_FORMAT, _FORMAT_MINOR = 4, 5
_LONGEST_ID = 64
"""Characters that the format allows in a cell's id."""


def notebooks(
    report: Report,
    results: Sequence[Result],
    *,
    edition: Edition = "student",
    look: Look | None = None,
    outputs: bool = True,
    failed: Callable[[str], None] | None = None,
) -> dict[str, bytes]:
    """Return the notebook of each lab of a report, by file name.

    Args:
        report: the built report; chapters that hold only the reason of a failure get no notebook.
        results: the runs it was built from.
        edition: only the instructor's shows solutions.
        look: colours of the figures, and the time zone.
        outputs: whether examples show what they printed in the run, until they are run again.
        failed: called with the reason why a notebook could not be made, and the others are made all the same; without
            it the first such reason is raised.

    Raises:
        RenderingError: a notebook could not be made, and `failed` is not given.
    """
    runs = {result.lab: result for result in results if result.status == "complete"}
    chapters = {f"{part.id}.ipynb": part for part in report.chapters if part.id in runs and part.sections}
    made: dict[str, bytes] = {}
    for file, chapter in chapters.items():
        try:
            run = runs[chapter.id]
            made[file] = notebook(report, run, file, chapters, edition=edition, look=look, outputs=outputs)
        except RenderingError as error:
            if failed is None:
                raise
            failed(str(error))
    return made


def notebook(
    report: Report,
    result: Result,
    file: str,
    chapters: Mapping[str, Chapter],
    *,
    edition: Edition = "student",
    look: Look | None = None,
    outputs: bool = True,
) -> bytes:
    """Return one lab's notebook.

    Args:
        report: gives the language.
        result: the lab's run.
        file: name of the notebook.
        chapters: the chapter of each notebook that links may lead to, this one among them.
        edition: only the instructor's shows solutions.
        look: colours of the figures, and the time zone.
        outputs: whether examples show what they printed in the run, until they are run again.

    Raises:
        RenderingError: the run lacks a listing that the notebook needs, or the recipe names a place that is not there.
    """
    words, look = Words(report.language), look or Look()
    blocks = Writer(words, addresses(file, chapters), look.theme)
    writer = _Notebook(result, words, blocks, solutions=edition == "instructor", zone=look.zone)
    cells = [cell if outputs else _without_output(cell) for cell in writer.cells(chapters[file])]
    content = {
        "nbformat": _FORMAT,
        "nbformat_minor": _FORMAT_MINOR,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "labreport": {"edition": edition, "lab": result.lab, "language": report.language, "run": result.run_id},
        },
        "cells": cells,
    }
    node = nbformat.from_dict(content)  # type: ignore[no-untyped-call]
    nbformat.validate(node)
    text: str = nbformat.writes(node)  # type: ignore[no-untyped-call]
    return text.encode() + b"\n"


class _Notebook:
    """Writes the cells of one notebook in order."""

    def __init__(self, result: Result, words: Words, writer: Writer, *, solutions: bool, zone: str) -> None:
        self._result = result
        self._words = words
        self._writer = writer
        self._solutions = solutions
        self._zone = zone
        self._recipe = recipes.recipe(result.lab)
        self._steps: dict[str, list[RecipeStep]] = {}
        for step in (self._recipe or Recipe()).cells:
            self._steps.setdefault(step.place, []).append(step)
        self._numbers: Counter[str] = Counter()
        self._section = "opening"

    def cells(self, chapter: Chapter) -> Iterator[dict[str, Any]]:
        """Return the cells: what it is about, what it needs, the chapter."""
        yield from self._head(chapter)
        yield from self._blocks(CellText(), chapter.opening)
        for section in chapter.sections:
            yield from self._section_cells(section)
        if self._steps:
            places = ", ".join(f"'{place}'" for place in self._steps)
            raise RenderingError(f"notebooks/{self._result.lab}.toml: the chapter has no {places}.")

    def _head(self, chapter: Chapter) -> Iterator[dict[str, Any]]:
        result = self._result
        about = self._words(
            "notebook.about",
            run=result.run_id,
            date=day(result.provenance.started, self._zone),
            seeds=self._words("tables.comma").join(map(str, result.seeds)),
            keras=result.provenance.packages.get("keras", UNKNOWN),
        )
        title = f"{chapter.number} {first(chapter.title)}".strip()
        marks = [quoted(first(mark)) for mark in chapter.marks]
        passage = CellText(parts=[f"{anchor(chapter.id)}\n\n# {title}", *marks, about])
        if self._recipe is None:
            passage.parts.append(self._words("notebook.no_code"))
            yield from self._markdown(passage)
            return
        yield from self._markdown(passage)
        names = _data_files(result)
        setup = self._words("notebook.setup", files=names) if names else self._words("notebook.setup_plain")
        yield from self._explained(setup, recipes.shared()["setup"])
        if not self._uses_settings(self._recipe):
            return
        values = {
            name: min(value, self._recipe.limits.get(name, value)) if isinstance(value, int) else value
            for name, value in result.settings.items()
        }
        text = [self._words("notebook.settings")]
        text += [
            self._words("notebook.limited", name=name, run=result.settings[name], here=values[name])
            for name in values
            if values[name] != result.settings[name]
        ]
        yield from self._explained(
            self._words.record.between_sentences.join(text), _settings_code(values, result.seeds[0])
        )

    def _uses_settings(self, recipe: Recipe) -> bool:
        """Return whether any code speaks of settings or seed; the examples on tensors hold their own numbers."""
        listings = [listing.source for listing in self._result.findings.listings]
        sources = [*listings, *(recipes.code(step, self._result) for step in recipe.cells)]
        return any(re.search(r"\b(settings|seed)\b", source) for source in sources)

    def _section_cells(self, section: Section) -> Iterator[dict[str, Any]]:
        self._section = section.id
        yield from self._blocks(CellText(parts=[f"{anchor(section.id)}\n\n## {first(section.title)}"]), section.blocks)
        name = section.id.removeprefix(f"{self._result.lab}-")
        yield from self._prepared(self._steps.pop(f"section {name}", ()))

    def _blocks(self, passage: CellText, blocks: Sequence[Block]) -> Iterator[dict[str, Any]]:
        """Write blocks into cells: text is gathered until code or an exercise needs a cell of its own."""
        for block in blocks:
            steps = self._steps.pop(self._place(block), [])
            live = isinstance(block, Example) and self._is_live(block)
            # What an example only needs before it, without a word, belongs into its own cell.
            lead = [step for step in steps if live and not step.text]
            own_cell = live or isinstance(block, Exercise) or (isinstance(block, Listing) and self._recipe is not None)
            if steps or isinstance(block, Exercise):
                yield from self._markdown(passage)
                passage = CellText()
                yield from self._prepared(step for step in steps if step not in lead)
            if not own_cell:
                if isinstance(block, Box) and not self._solutions:
                    block = msgspec.structs.replace(block, answers=None)
                self._writer.write(passage, block)
                continue
            if isinstance(block, Listing):
                passage.parts.append(self._writer.listing_caption(block))
            elif isinstance(block, Example):
                passage.parts.append(self._writer.example_caption(block))
            yield from self._markdown(passage)
            passage = CellText()
            if isinstance(block, Exercise):
                yield from self._exercise(block)
            elif isinstance(block, Example):
                code = [recipes.code(step, self._result) for step in lead]
                yield self._cell("code", "\n\n".join([*code, block.code]), output=block.output)
            elif isinstance(block, Listing):
                yield self._cell("code", block.code)
        yield from self._markdown(passage)

    def _place(self, block: Block) -> str:
        """Return a block's kind and name as a recipe names them, e.g. "figure curves"."""
        name = str(getattr(block, "id", "")).removeprefix(f"{self._result.lab}-")
        return name.replace("-", " ", 1)

    def _is_live(self, example: Example) -> bool:
        return self._recipe is not None and self._place(example).removeprefix("example ") in self._recipe.live

    def _prepared(self, steps: Iterable[RecipeStep]) -> Iterator[dict[str, Any]]:
        """Write steps of the recipe, each with the sentence above it."""
        for step in steps:
            text = self._words(f"notebook.{step.text}") if step.text else ""
            yield from self._explained(text, recipes.code(step, self._result))

    def _exercise(self, exercise: Exercise) -> Iterator[dict[str, Any]]:
        yield from self._markdown(CellText(parts=list(self._writer.exercise(exercise))))
        if self._solutions and exercise.solution is not None:
            title = f"**{self._words('page.solution')}**"
            yield from self._markdown(CellText(parts=[title, self._writer.linked(first(exercise.solution))]))
        else:
            yield from self._markdown(CellText(parts=[self._words("notebook.answer")]))
            yield self._cell("code", "")

    def _explained(self, text: str, code: str) -> Iterator[dict[str, Any]]:
        yield from self._markdown(CellText(parts=[text]))
        yield self._cell("code", code)

    def _markdown(self, passage: CellText) -> Iterator[dict[str, Any]]:
        if not passage.source:
            return
        cell = self._cell("markdown", passage.source)
        if passage.attachments:
            cell["attachments"] = passage.attachments
        yield cell

    def _cell(self, kind: Literal["markdown", "code"], source: str, output: str = "") -> dict[str, Any]:
        name = re.sub(r"[^A-Za-z0-9_-]", "-", self._section)[: _LONGEST_ID - 6]
        self._numbers[name] += 1
        cell: dict[str, Any] = {
            "id": f"{name}-{self._numbers[name]}",
            "cell_type": kind,
            "metadata": {},
            "source": source.strip("\n"),
        }
        if kind == "code":
            # What an example printed in the run is shown until the reader runs it again.
            printed = [{"output_type": "stream", "name": "stdout", "text": output + "\n"}] if output else []
            cell |= {"execution_count": None, "outputs": printed}
        return cell


def _without_output(cell: dict[str, Any]) -> dict[str, Any]:
    return cell | {"outputs": []} if "outputs" in cell else cell


def _settings_code(values: Mapping[str, Setting], seed: int) -> str:
    """Return code that makes the settings callable by the name that the listings give them."""
    lines = ["Settings = SimpleNamespace  # the listings call their settings so", "settings = Settings("]
    lines += [f"    {name}={_literal(value)}," for name, value in values.items()]
    return "\n".join([*lines, ")", f"seed = {seed}"])


def _literal(value: Setting) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _data_files(result: Result) -> str:
    """Return the names of the files that `keras.datasets` reads, for a sentence; empty without data."""
    card = result.findings.data
    if card is None:
        return ""
    try:
        names = [file.name for file in known_set(card.name).files]
    except DataError:
        names = [file.name for file in card.files]
    return ", ".join(f"`{name}`" for name in names)
