"""The words of a lab's chapter: passages of its note filled with a run's numbers, or as a finished page printed them.

A stored run carries no text. Its note is filled anew by the present version of labreport, so that two runs differ only
in numbers and in the wording that follows them. Two finished HTML reports in one language are compared as they were
printed, so that changes of the notes themselves show too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

from labreport.experiments.result import Result
from labreport.report.chapters import notes
from labreport.report.chapters.values import Context
from labreport.report.comparison import worddiff
from labreport.report.comparison.record import NoteChange
from labreport.report.comparison.version import Paragraph, Version
from labreport.report.errors import ReportError
from labreport.report.rendering.typesetter import LANGUAGE_TAGS, THIN_SPACE
from labreport.report.words import Language

_UNREAD = ("equation", "solution")
"""Directives whose text is none (formulas), or that no student may read."""
_LINK = re.compile(r"\[([^\]\[]*)\]\((?:[^()]|\([^()]*\))*\)")
_MARKS = re.compile(r"\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|`|^#+ +|^[-*] +|^\d+\. +", re.MULTILINE)
_FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1`*~*[ \t]*$", re.MULTILINE | re.DOTALL)
_FORMULA = re.compile(r"(?<![\\$])\$([^$\n]+?)(?<!\\)\$(?!\$)")
_PLAIN_FORMULA = re.compile(r"[A-Za-z0-9 .,()=+/-]+")
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>|$#~{}&])")
_TEXT_TAGS = frozenset({"p", "li", "figcaption", "td", "th"})
_SILENT_TAGS = frozenset({"svg", "style", "pre", "table", "details", "template", "nav", "math", "script"})
_VOID_TAGS = frozenset({"br", "hr", "img", "meta", "link", "wbr", "col", "path", "use", "rect", "line", "circle"})


def note_changes(
    a: Version, b: Version, lab: str, languages: Sequence[Language], *, everything: bool = False
) -> tuple[tuple[NoteChange, ...], dict[str, int]]:
    """Return the passages of a lab that read differently, and the number of equal ones for each language.

    A language in which the note can't be read is missing from the numbers; with `everything`, equal passages are
    listed too.
    """
    found: list[NoteChange] = []
    equal: dict[str, int] = {}
    for language in languages:
        both = _both(a, b, lab, language)
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


def of_note(result: Result, language: Language) -> tuple[Paragraph, ...]:
    """Return the passages of a run's note, filled with its numbers, without source text as a page's are read.

    Raises:
        ReportError: the lab has no note in this language, or the run lacks what it names.
    """
    text, origin = notes.source(language, result.lab)
    note = notes.read(Context(result, language), text, origin)
    found: list[Paragraph] = []
    for title, passages in (("", note.opening), *((section.title, section.passages) for section in note.sections)):
        for passage in passages:
            if passage.kind not in _UNREAD:
                found += [
                    Paragraph(section=plain(title), text=line)
                    for part in re.split(r"\n\s*\n|\n(?=[-*] |\d+\. )", _FENCED.sub("", passage.text))
                    if (line := plain(part))
                ]
    return tuple(found)


def of_page(html: str) -> tuple[Language | None, Mapping[str, tuple[Paragraph, ...]]]:
    """Return the language of a finished HTML report and the text of each of its chapters, by the chapter's id."""
    reader = _PageReader()
    reader.feed(html)
    reader.close()
    language = next((name for name, tag in LANGUAGE_TAGS.items() if tag == reader.language), None)
    return language, {name: tuple(paragraphs) for name, paragraphs in reader.chapters.items()}


def plain(markdown: str) -> str:
    """Return Markdown as the words that a reader sees.

    For a link whose text is filled in later, and for a formula that is more than letters and digits, stands "…".
    """
    text = _LINK.sub(lambda match: match.group(1) or "…", markdown)
    text = _FORMULA.sub(lambda match: match.group(1) if _PLAIN_FORMULA.fullmatch(match.group(1)) else "…", text)
    return worddiff.single_blanks(_ESCAPED.sub(r"\1", _MARKS.sub("", text)))


def _both(
    a: Version, b: Version, lab: str, language: Language
) -> tuple[tuple[Paragraph, ...], tuple[Paragraph, ...]] | None:
    printed = [version.pages.get(language, {}).get(lab) for version in (a, b)]
    if printed[0] is not None and printed[1] is not None:
        return printed[0], printed[1]
    try:
        return of_note(a.results[lab], language), of_note(b.results[lab], language)
    except ReportError:
        return None


class _PageReader(HTMLParser):
    """Collects paragraphs, list items and captions of each `article` of a report."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = ""
        self.chapters: dict[str, list[Paragraph]] = {}
        self._chapter: list[Paragraph] | None = None
        self._section = ""
        self._open: list[str] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang") or ""
        if tag == "article":
            self._chapter = self.chapters.setdefault(values.get("id") or "", [])
            self._section = ""
        if tag in _TEXT_TAGS or tag == "h3":
            self._finish()
        if tag not in _VOID_TAGS:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "h3":
            self._section = self._taken()
        elif tag in _TEXT_TAGS:
            self._finish()
        elif tag == "article":
            self._chapter = None
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._chapter is not None and not _SILENT_TAGS.intersection(self._open):
            self._text.append(data)

    def _taken(self) -> str:
        text = worddiff.single_blanks("".join(self._text).replace(THIN_SPACE, ""))
        self._text.clear()
        return text

    def _finish(self) -> None:
        inside = any(tag in _TEXT_TAGS for tag in self._open)
        text = self._taken()
        if text and inside and self._chapter is not None:
            self._chapter.append(Paragraph(section=self._section, text=text))
