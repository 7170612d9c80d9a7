"""Drawings and formulas of a chapter, made once although its note changes with every word that is written.

A drawing depends on the run, not on the note; a formula that can be set once can be set again. So a chapter in
which only a sentence has changed takes both from where its last state laid them, and what draws need not even be
loaded.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from labreport.experiments.definitions import FigureDefinition
from labreport.experiments.result import Result
from labreport.report.figures import registry as figures
from labreport.report.figures.drawing import Drawing
from labreport.report.rendering import cache, mathematics
from labreport.report.words import JoinedWords, Words

KIND = "pieces"
MOST = 200
"""Chapters whose pieces are cached: a course of twenty labs in two languages, with several runs of each."""


class _Made(msgspec.Struct):
    """What a chapter shows that its note does not decide."""

    drawings: dict[str, Drawing] = {}
    formulas: dict[str, set[str]] = {}
    """Those of each edition."""


class Pieces:
    """The drawings and formulas of one chapter.

    Args:
        key: hash of all that decides the drawings, and of the program; empty: all are made again.
        edition: of the chapter; both editions of a chapter have the same drawings, and each has its formulas.
    """

    def __init__(self, key: str = "", edition: str = "") -> None:
        self._key = key
        self._edition = edition
        self._known = (cache.record(KIND, key, _Made) if key else None) or _Made()
        self._drawings: dict[str, Drawing] = {}
        self._formulas: set[str] = set()

    def draw(
        self, name: str, result: Result, words: Words, own: Mapping[str, FigureDefinition] | None = None
    ) -> Drawing:
        """Return a figure of the chapter's run. Arguments and errors as for `figures.registry.draw`."""
        said = f"{name} {' '.join(words.names if isinstance(words, JoinedWords) else (words.language,))}"
        drawing = self._drawings.get(said) or self._known.drawings.get(said)
        self._drawings[said] = found = drawing or figures.draw(name, result, words, own)
        return found

    def check_formula(self, tex: str, display: bool) -> None:
        """Make sure that a formula can be set: it may be fit for the screen and not for paper.

        Raises:
            RenderingError: as `mathematics.mathml` and `mathematics.picture`.
        """
        said = f"{display:d}{tex}"
        if said not in self._known.formulas.get(self._edition, ()):
            mathematics.on_screen(tex, display)
            mathematics.picture(tex, display=display)
        self._formulas.add(said)

    def keep(self) -> None:
        """Lay down what the finished chapter shows, for its next state and for its other edition."""
        formulas = self._known.formulas | {self._edition: self._formulas}
        drawings = self._drawings
        if len(formulas) > 1:
            drawings = self._known.drawings | drawings  # the other edition may show more
        made = _Made(drawings=drawings, formulas=formulas)
        if self._key and made != self._known:
            cache.lay_down_record(KIND, self._key, made, most=MOST)
