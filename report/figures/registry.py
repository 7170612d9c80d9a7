"""The names under which notes ask for figures.

What is shipped here, what other distributions offer (entry points of the group `labreport.figures`) and what a lab
defines for its own notes are drawn alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labreport.experiments.definitions import FIGURES, FigureDefinition
from labreport.experiments.errors import LabError
from labreport.experiments.plugins import PluginError
from labreport.experiments.result import Result
from labreport.experiments.selection import NoValidationError
from labreport.report.figures.drawing import Chart, Drawing, FigureError, finished
from labreport.report.findings.analysis import MissingValueError
from labreport.report.words import Words

_EXPECTED = (FigureError, MissingValueError, NoValidationError)
"""What a figure raises that a run does not hold what it shows."""
EMBLEM = "emblem-"
"""Beginning of the names of the pictures that stand for a lab on the cover; the lab's name follows."""


def draw(name: str, result: Result, words: Words, own: Mapping[str, FigureDefinition] | None = None) -> Drawing:
    """Return a figure of a run.

    Args:
        name: that of a figure, or the beginning of a family's and what the family is asked for (`network-selection`).
        result: the run.
        words: texts of the report's language.
        own: figures that the lab defines itself.

    Raises:
        FigureError: no figure has that name, or the run does not hold what it shows.
    """
    try:
        definition, *member = FIGURES.find(name, own)
    except PluginError as error:
        raise FigureError(str(error)) from error
    return _drawn(name, lambda: definition.of(_EXPECTED, result, words, *member), result, words)


def strip(result: Result, words: Words) -> Drawing:
    """Return the small picture of a lab for the cover, 40 mm × 24 mm.

    Raises:
        FigureError: the lab has no emblem, and its run neither a validation curve nor a score.
    """
    emblem = f"{EMBLEM}{result.lab}"
    if emblem in FIGURES:
        return draw(emblem, result, words)
    return _drawn("strip", lambda: _picture(result, words), result, words)


def _picture(result: Result, words: Words) -> Chart | Drawing:
    from labreport.report.figures.strip import picture

    return picture(result, words)


def _drawn(name: str, artist: Callable[[], Any], result: Result, words: Words) -> Drawing:
    from labreport.report.figures.style import settings

    try:
        with settings():  # for what an author draws with Matplotlib alone
            drawing = artist()
    except (*_EXPECTED, LabError) as error:
        raise FigureError(f"The figure '{name}' of {result.lab} can't be drawn: {error}") from error
    if isinstance(drawing, Chart):
        return finished(drawing, f"{result.lab}-{name}-{words.language}")
    if not isinstance(drawing, Drawing):
        raise FigureError(f"The figure '{name}' of {result.lab} is not a Chart or a Drawing, but {drawing!r:.60}.")
    return drawing
