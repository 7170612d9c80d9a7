"""The words of a lab's chapter: passages of its note filled with a run's numbers, or as a finished report printed them.

A stored run carries no text. Its note is filled again by the present version of labreport, so that two runs differ only
in numbers and in the wording that follows them. Two finished reports in one language are compared as they were printed,
by the text that they carry, so that changes of the notes themselves show too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from labreport.experiments.result import Result
from labreport.report.chapters import notes
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.values import Context
from labreport.report.comparison import worddiff
from labreport.report.comparison.record import NoteChange
from labreport.report.comparison.version import Paragraph, Version
from labreport.report.errors import ReportError
from labreport.report.store.printed import Printed

_UNREAD = ("equation", "solution")
"""Directives whose text is none (formulas), or that no student may read."""
_LINK = re.compile(r"(?<!\\)\[([^\]\[]*)\]\((?:[^()]|\([^()]*\))*\)")
_MARKS = re.compile(r"(?<!\\)(?:\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|`)|^#+ +|^[-*] +|^\d+\. +", re.MULTILINE)
_FENCE = re.compile(r"`{3,}|~{3,}")
_FORMULA = re.compile(r"(?<![\\$])\$([^$\n]+?)(?<!\\)\$(?!\$)")
_PLAIN_FORMULA = re.compile(r"[A-Za-z0-9 .,()=+/-]+")
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>|$#~{}&])")


def note_changes(
    a: Version, b: Version, lab: str, languages: Sequence[str], notes_in_use: NotesInUse, *, everything: bool = False
) -> tuple[tuple[NoteChange, ...], dict[str, int]]:
    """Return the passages of a lab that read differently, and the number of equal ones for each language.

    A language in which the note can't be read is missing from the numbers; with `everything`, equal passages are
    listed too.
    """
    found: list[NoteChange] = []
    equal: dict[str, int] = {}
    for language in languages:
        both = _both(a, b, lab, language, notes_in_use)
        if both is None:
            continue
        equal[language] = 0
        before, after = both
        sections = {paragraph.text: paragraph.section for paragraph in (*before, *after)}
        for old, new in worddiff.aligned([part.text for part in before], [part.text for part in after]):
            if old == new:
                equal[language] += 1
                if not everything:
                    continue
            section = sections[new or old]
            found.append(NoteChange(language=language, section=section, pieces=worddiff.pieces(old, new)))
    return tuple(found), equal


def of_note(result: Result, language: str, notes_in_use: NotesInUse) -> tuple[Paragraph, ...]:
    """Return the passages of a run's note, filled with its numbers, without source text, as those of a report are read.

    Raises:
        ReportError: the lab has no note in this language, or the run lacks what it names.
    """
    text, origin = notes_in_use.text(language, result.lab)
    note = notes.read(Context(result, language), text, origin, notes_in_use.library())
    found: list[Paragraph] = []
    for title, passages in (("", note.opening), *((section.title, section.passages) for section in note.sections)):
        for passage in passages:
            if passage.kind not in _UNREAD:
                found += _paragraphs(title, passage.text)
    return tuple(found)


def _paragraphs(section: str, markdown: str) -> list[Paragraph]:
    """Return the paragraphs and items of lists in a stretch of Markdown, without source."""
    parts = re.split(r"\n\s*\n|\n(?=[-*] |\d+\. )", _without_source(markdown))
    return [Paragraph(section=plain(section), text=line) for part in parts if (line := plain(part))]


def of_text(text: Printed) -> dict[str, dict[str, tuple[Paragraph, ...]]]:
    """Return the paragraphs of the text that a report carries: language -> lab -> paragraphs."""
    return {
        language: {
            lab: tuple(part for passage in passages for part in _paragraphs(passage.section, passage.markdown))
            for lab, passages in labs.items()
        }
        for language, labs in text.languages.items()
    }


def _without_source(markdown: str) -> str:
    """Return Markdown without its fenced blocks; one that is not closed reaches to the end, as in a page."""
    kept: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and line.startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark.group()
        else:
            kept.append(line)
    return "\n".join(kept)


def plain(markdown: str) -> str:
    """Return Markdown as the words that a reader sees.

    For a link whose text is filled in later, and for a formula that is more than letters and digits, stands "…".
    """
    text = _LINK.sub(lambda match: match.group(1) or "…", markdown)
    text = _FORMULA.sub(lambda match: match.group(1) if _PLAIN_FORMULA.fullmatch(match.group(1)) else "…", text)
    return worddiff.single_blanks(_ESCAPED.sub(r"\1", _MARKS.sub("", text)))


def _both(
    a: Version, b: Version, lab: str, language: str, notes_in_use: NotesInUse
) -> tuple[tuple[Paragraph, ...], tuple[Paragraph, ...]] | None:
    printed = [version.pages.get(language, {}).get(lab) for version in (a, b)]
    if printed[0] is not None and printed[1] is not None:
        return printed[0], printed[1]
    try:
        before, after = (of_note(version.results[lab], language, notes_in_use) for version in (a, b))
    except ReportError:
        return None
    return before, after
