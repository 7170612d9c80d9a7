"""The reports of some runs while their notes are written: made again when a file is saved, with what is wrong in it.

A chapter that can't be made leaves the last good one in its place. Every chapter is made when it is asked for, and once
for each state of the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from threading import Lock

from labreport.experiments.errors import LabError
from labreport.experiments.registry import additions
from labreport.report.chapters import build, notes, offered
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.offered import Offer
from labreport.report.configuration import Configuration, override
from labreport.report.errors import RenderingError, ReportError, UsageError
from labreport.report.languages import language as words_record
from labreport.report.publish.dates import report_moment, tool_version
from labreport.report.publish.document import DocumentJob, in_memory
from labreport.report.rendering import fonts, glyphs, html, program, sheets, theme
from labreport.report.rendering.sealed import Usage
from labreport.report.store.entries import StoredResult
from labreport.report.words import load_table

AROUND = 2
"""Lines of a note that are shown before and behind a faulty one."""
_LATIN = frozenset(map(chr, (*range(32, 127), *range(160, 256)))) | frozenset("–—‘’“”…·×−→")
_PLACE = re.compile(r"(?P<origin>[^\n:]+\.md):(?P<line>\d+): (?P<reason>.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class NoteFault:
    """Something that is wrong, and where."""

    reason: str
    """What is wrong, and how to put it right."""
    origin: str = ""
    """The file; empty where it is not known."""
    line: int = 0
    excerpt: tuple[tuple[int, str], ...] = ()
    """The lines around it, each with its number."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A chapter as it is now."""

    page: str = field(repr=False)
    """The last good one; where there was none, the page that says why."""
    faults: tuple[NoteFault, ...]
    is_shown: bool
    """Whether the page is a good one, be it of now or the last."""
    is_good: bool

    @property
    def digest(self) -> str:
        """What is different as soon as the page is another."""
        return sha256(self.page.encode()).hexdigest()[:16]


class Workshop:
    """Makes the chapters of some runs.

    Args:
        runs: one for each lab.
        configuration: notes, templates, languages, edition.
    """

    def __init__(self, runs: Sequence[StoredResult], configuration: Configuration) -> None:
        self.runs = {run.result.lab: run for run in runs}
        self.configuration = configuration
        self.version = 1
        """Grows with each change of a file."""
        self._making = Lock()
        """Held while something is made: drawing is not for several threads."""
        self._offering = Lock()
        self._proofs: dict[tuple[str, str], tuple[int, Proof]] = {}
        self._faces: dict[tuple[str, str], frozenset[str]] = {}
        self._offers: dict[tuple[str, str], tuple[Offer, ...]] = {}

    def changed(self, paths: Iterable[str] = ("",)) -> None:
        """Note that files were saved: what is made from now on is made of what the files hold now.

        Args:
            paths: of the files; where all are notes, templates and words need not be read again.
        """
        with self._making:
            notes.source.cache_clear()
            if not all(path.endswith(".md") for path in paths):
                for cached in (sheets.environment, sheets.style, load_table, theme.palette, program.fingerprint):
                    cached.cache_clear()
            self.version += 1

    def proof(self, lab: str, language: str) -> Proof:
        """Return the chapter of a lab as it is now."""
        with self._making:
            version, known = self._proofs.get((lab, language), (0, None))
            if known is None or version != self.version:
                known = self._made(lab, language, known)
                self._proofs[lab, language] = (self.version, known)
            return known

    def offers(self, lab: str, language: str) -> tuple[Offer, ...]:
        """Return what a note of this run may write."""
        with self._offering:
            if (lab, language) not in self._offers:
                own = additions.of(lab, self.configuration.paths.get(lab))
                trying = offered.offered(self.runs[lab].result, language, own)
                found = []
                while (offer := self._next(trying)) is not None:
                    found.append(offer)
                self._offers[lab, language] = tuple(found)
            return self._offers[lab, language]

    def _next(self, trying: Iterator[Offer]) -> Offer | None:
        """Return the next offer; a chapter that is asked for meanwhile need not wait for all of them."""
        with self._making:
            return next(trying, None)

    def pdf(self, lab: str, language: str) -> bytes:
        """Return the chapter of a lab as PDF.

        Raises:
            RenderingError: it can't be made.
        """
        run = self.runs[lab]
        configuration = override(self.configuration, to=("pdf",), lang=(language,), roster=None)
        moment = report_moment([run.result.provenance.ended])
        job = DocumentJob(language=language, runs=(run,), configuration=configuration, moment=moment)
        problems: list[str] = []
        with self._making:
            made = [content for _, files in in_memory(job, problems) for content in files.values()]
        if problems or not made:
            raise RenderingError("\n".join(problems))
        return made[0]

    def _made(self, lab: str, language: str, before: Proof | None) -> Proof:
        result = self.runs[lab].result
        moment = report_moment([result.provenance.ended])
        configuration = override(self.configuration, lang=(language,))
        try:
            built = build.document([result], language, configuration, moment=moment, version=tool_version(), reuse=True)
            report, lacking = glyphs.replaced(built.report, screen=True)
            problems = [*built.problems, *lacking]
            page = html.html(report, look=configuration.look, used=partial(self._used, language), reuse=True)
        except (ReportError, LabError) as error:
            problems, page = [str(error)], ""
        is_good = not problems
        stays = not is_good and before is not None and before.is_shown
        if stays:
            assert before is not None
            page = before.page
        faults = tuple(self._fault(text, lab, language) for text in problems)
        return Proof(page=page, faults=faults, is_shown=is_good or stays, is_good=is_good)

    def _used(self, language: str, found: Usage) -> Usage:
        """Return the characters of a page, with those that its writer will need next.

        To cut a font takes longer than all else, so a new character may not ask for it: Chinese text has the whole
        font, which is cut once on a machine. What was needed once stays.
        """
        is_han = words_record(language).script == "han"
        for name, characters in found.items():
            whole = fonts.characters(name) if is_han and name == "regular" else _LATIN
            wanted = characters | whole
            self._faces[language, name] = self._faces.get((language, name), frozenset()) | wanted
        return {name: self._faces[language, name] for name in found}

    def _fault(self, text: str, lab: str, language: str) -> NoteFault:
        found = _PLACE.match(text)
        if found is None:
            return NoteFault(reason=text)
        origin, line = found["origin"], int(found["line"])
        in_use = NotesInUse.of(override(self.configuration, lang=(language,)))
        lines: list[str] = []
        try:
            source, name = in_use.text_of(self.runs[lab].result, notes.written_in(language, lab, in_use.folder))
            lines = source.split("\n") if name == origin else []
        except (ReportError, UsageError):
            pass  # the note is not text at all; the reason says so
        first = max(1, line - AROUND)
        excerpt = tuple(enumerate(lines[first - 1 : line + AROUND], first))
        return NoteFault(reason=found["reason"], origin=origin, line=line, excerpt=excerpt)
