"""Which notes a report is made of, and what they say without any run: the title of a chapter, and the claims it makes.

A user's own note takes the place of the shipped one, in each language by itself. Whatever judges or names a chapter
(`--strict`, `show`, `compare`, the gate, the cover) asks here, so that all of them speak of the printed chapter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import TemplateSyntaxError

from labreport.experiments.definitions import CLAIMS
from labreport.experiments.registry import additions
from labreport.experiments.registry.additions import Additions
from labreport.experiments.result import Result
from labreport.report.chapters import automatic, notes, references, written
from labreport.report.chapters.notes import MissingNoteError
from labreport.report.chapters.sandbox import claimed
from labreport.report.configuration import Configuration
from labreport.report.document import escape
from labreport.report.errors import NoteError
from labreport.report.findings import claims
from labreport.report.findings.claims import Claim
from labreport.report.words import LANGUAGES, Borrowed


@dataclass(frozen=True, kw_only=True)
class NotesInUse:
    """The notes of a report."""

    folder: Path | None = None
    """With user-supplied notes, `<language>/<lab>.md`; None for the shipped ones alone."""
    languages: tuple[str, ...] = LANGUAGES
    """In which the report is written."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """Labs that the configuration names: name -> file; they may define claims, figures and tables for their notes."""
    solutions: bool = False
    """Whether solutions are printed: the instructor's edition."""

    @classmethod
    def of(cls, configuration: Configuration) -> NotesInUse:
        """Return the notes that a configuration asks for."""
        return cls(
            folder=configuration.notes,
            languages=configuration.lang,
            paths=configuration.paths,
            solutions=configuration.edition == "instructor",
        )

    def text_of(self, result: Result, language: str) -> tuple[str, str]:
        """Return the note of a run and how to name it in an error; one made from the record where there is none.

        Raises:
            NoteError: the note is not readable text, or a solution is not closed.
        """
        try:
            return self.text(language, result.lab)
        except MissingNoteError:
            return automatic.note(result, language, self.named(result.lab)), automatic.ORIGIN

    def text(self, language: str, lab: str) -> tuple[str, str]:
        """Return the text of a lab's note without what is not printed, and how to name it in an error.

        Raises:
            NoteError: there is no such note in this language, it is not readable text, or a solution is not closed.
        """
        text, origin = self._source(language, lab)
        return (text if self.solutions else notes.without_solutions(text, origin)), origin

    def without_note(self, lab: str, spoken: Sequence[str]) -> tuple[str, ...]:
        """Return the languages in which a lab has no note although it has one in another of them.

        Args:
            lab: its name.
            spoken: the languages to look at.
        """
        lacking = [name for name in spoken if not self._is_written(name, lab)]
        return tuple(lacking) if len(lacking) < len(spoken) else ()

    def _is_written(self, language: str, lab: str) -> bool:
        try:
            self._source(notes.written_in(language, lab, self.folder), lab)
        except MissingNoteError:
            return False
        except NoteError:
            return True
        return True

    def title(self, language: str, lab: str) -> str:
        """Return the title of a lab's chapter, borrowed where another language lends it; without a note, its own."""
        spoken = notes.written_in(language, lab, self.folder)
        try:
            found = notes.title_of(self._source(spoken, lab)[0]) or lab
        except NoteError:
            return lab if (named := self.named(lab)) == lab else escape(named)
        return found if spoken == language else Borrowed(found, spoken)

    def named(self, lab: str) -> str:
        """Return what the source of a lab calls it; its name where the source is not there."""
        return additions.title(lab, self.paths.get(lab))

    def titles(self, lab: str) -> dict[str, str]:
        """Return the title of a lab's chapter in each language of the report, and of the default ones."""
        return {language: str(self.title(language, lab)) for language in dict.fromkeys((*LANGUAGES, *self.languages))}

    def library(self) -> dict[str, str]:
        """Return what the notes may cite, by key; raises NoteError where the file can't be read."""
        return references.library(self.folder)

    def own(self, lab: str) -> Additions:
        """Return what a lab defines for its own notes."""
        return additions.of(lab, self.paths.get(lab))

    def claims(self, lab: str) -> tuple[str, ...] | None:
        """Return the names of the claims that a lab's chapter makes, in any language of the report.

        None where the lab has no chapter. A note that can't be read makes no claims: its chapter is not printed.
        """
        texts = self._texts(lab)
        if not texts:
            return None
        made: dict[str, None] = {}
        for text in texts:
            try:
                made |= dict.fromkeys(claimed(text))
            except TemplateSyntaxError:
                continue
        own = self.own(lab).claims
        return tuple(name for name in made if CLAIMS.knows(name, own))

    def stated(self, result: Result) -> list[Claim]:
        """Judge the claims that a run's chapter makes."""
        own = self.own(result.lab).claims
        return [claims.state(name, result, own) for name in self.made(result)]

    def made(self, result: Result) -> tuple[str, ...]:
        """Return the names of the claims that a run's chapter makes, be it written or made from the record."""
        written = self.claims(result.lab)
        return claimed(automatic.note(result, self.languages[0])) if written is None else written

    def _texts(self, lab: str) -> Sequence[str]:
        found = []
        for language in self.languages:
            try:
                found.append(self.text(notes.written_in(language, lab, self.folder), lab)[0])
            except NoteError:
                continue
        return found

    def _source(self, language: str, lab: str) -> tuple[str, str]:
        if self.folder is None or not (path := self.folder / language / f"{lab}.md").is_file():
            return notes.source(language, lab)
        origin = f"{self.folder.name}/{language}/{lab}.md"
        return written.text_of(path, origin), origin


SHIPPED = NotesInUse()
"""The notes of labreport, in every language, without solutions."""
