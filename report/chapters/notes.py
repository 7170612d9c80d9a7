"""Notes: Markdown with bound values and directives, read into sections.

A note is first run through the sandbox of `values`, then cut at its headings and directives. What comes out is still
raw: `chapter` turns directives into figures, tables and listings, and gives them numbers.

Exercises are three directives in a row, `exercise NAME POINTS`, `hint NAME`, `solution NAME`; for the student's edition
the solutions are taken out of the source before anything else is done with it.

Format: `# Title`, `## Section {#id}`, directives fenced by lines `:::kind name` and `:::`, anchors of the fact sheet in
lines `<!-- facts: A1 A2 -->`.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError

from labreport.report import languages
from labreport.report.chapters.sandbox import environment
from labreport.report.chapters.values import Context
from labreport.report.errors import NoteError, RenderingError
from labreport.report.findings.analysis import MissingValueError
from labreport.report.rendering import mathematics
from labreport.report.rendering.typesetter import on_screen

PLACED = ("figure", "table", "listing", "model", "example", "equation")
"""Directives that place something by name."""
EXERCISES = ("exercise", "hint", "solution")
"""Directives that make up an exercise."""
BOXES = ("key-points", "caution", "note", "self-check", "sources")
"""Directives that enclose text."""

_FAULTS = (TemplateError, SecurityError, MissingValueError, TypeError, ValueError, LookupError, ArithmeticError)
"""What an expression of a note can raise."""
_HEADING = re.compile(r"^(#{1,2}) +(.*?)(?: *\{#([a-z0-9-]+)\})?\s*$")
_DIRECTIVE = re.compile(r"^:::([a-z-]+)(?: +([A-Za-z0-9_-]+))?(?: +([0-9]+))?\s*$")
_SOLUTION = re.compile(r"^:::solution\b")
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_FACTS = re.compile(r"^\s*facts:\s*([A-Z0-9 ]+?)\s*$")
_EXEMPT = re.compile(
    # What is left open reaches to the end, so that no hostile note is read again and again; it fails later on.
    r"\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)|\{##.*?(?:##\}|\Z)|<!--.*?(?:-->|\Z)|\$\$.*?(?:\$\$|\Z)|\$[^$\n]*\$"
    r"|\]\([^)\n]*\)|^:::(?:sources|equation)\b.*?(?:^:::\s*$|\Z)|^:::.*?$|^# .*?$|^#+ .*?\{#[^}\n]*\}?",
    re.DOTALL | re.MULTILINE,
)
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
_STRAY = re.compile(r"(?<![A-Za-z0-9_])\d[\d.,]*(?![A-Za-z0-9_])")


class MissingNoteError(NoteError):
    """Nobody wrote a note for this lab in this language."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Running Markdown, or a directive."""

    kind: str
    """"prose", or the directive's kind."""
    name: str
    text: str
    """The Markdown, or the directive's body."""
    line: int
    points: int = 0
    """Of an exercise."""


@dataclass(frozen=True, kw_only=True)
class NoteSection:
    """A headed part of a note."""

    id: str
    title: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, kw_only=True)
class Note:
    """A whole note, values put in."""

    origin: str
    title: str
    opening: tuple[Passage, ...]
    sections: tuple[NoteSection, ...]


def written_in(language: str, name: str, folder: Path | None = None) -> str:
    """Return the language of the note that a report in `language` shows: this one, or the first that lends it.

    Args:
        language: of the report.
        name: of the note.
        folder: with user-supplied notes.
    """
    for lender in languages.lenders(language):
        own = folder is not None and (folder / lender / f"{name}.md").is_file()
        if own or languages.text(lender, f"notes/{name}.md") is not None:
            return lender
    return language


@cache
def source(language: str, name: str) -> tuple[str, str]:
    """Return the text of a note that comes with its language, and how to name it in an error.

    Raises:
        NoteError: there is no such note in this language.
    """
    origin = f"notes/{language}/{name}.md"
    text = languages.text(language, f"notes/{name}.md")
    if text is None:
        raise MissingNoteError(
            f"{origin}: the note is missing in this language; lay it into a folder of your own, "
            f"<folder>/{language}/{name}.md, and name that folder as `notes` in labreport.toml."
        )
    return text, origin


def read(context: Context, text: str, origin: str) -> Note:
    """Put the values of a run into a note and cut it into sections.

    Raises:
        NoteError: names file and line; an unknown value or claim, a template error, a stray digit, a fence left open.
    """
    for line, digits in stray_digits(text):
        raise NoteError(f"{origin}:{line}: the number {digits} is typed; bind it to the run or mark it with const(…).")
    last = text.rfind("<!--")
    if last >= 0 and "-->" not in text[last:]:
        raise NoteError(f"{origin}:{text.count(chr(10), 0, last) + 1}: the comment is not closed by '-->'.")
    note = _cut(_without_comments(_filled(context, text, origin)), origin)
    if note.title != title_of(_without_comments(text)):
        # Cover, gate and comparison print it too, and the page of a run that failed.
        raise NoteError(f"{origin}:1: the title can't hold a value: it also stands where there is no run.")
    return note


def check_markup(note: Note, language: str) -> None:
    """Typeset the passages of a note that others wrote, so that what can't be shown costs its own chapter only.

    Raises:
        NoteError: names file and line: raw HTML, an image, a link that a report may not hold, an unknown formula.
    """
    typesetter = on_screen(language)
    for passage in (*note.opening, *(part for section in note.sections for part in section.passages)):
        try:
            if passage.kind == "equation":
                formulas = [(passage.text.partition("\n---\n")[0].strip(), True)]
            else:
                typesetter.prose(passage.text)
                formulas = typesetter.formulas(passage.text) if "$" in passage.text else []
            for tex, display in formulas:
                # It may be fit for the screen and not for paper.
                mathematics.on_screen(tex, display)
                mathematics.picture(tex, display=display)
        except RenderingError as error:
            raise NoteError(f"{note.origin}:{passage.line}: {error}") from error


def plain(text: str, origin: str) -> Note:
    """Cut a note that speaks of no run, such as the glossary.

    Raises:
        NoteError: names file and line, as `read`.
    """
    return _cut(_without_comments(text), origin)


def without_solutions(text: str, origin: str) -> str:
    """Return a note's source without its solutions; their lines stay empty, so that line numbers hold.

    Raises:
        NoteError: a solution is not closed: where it ends is not known, so nothing is shown at all.
    """
    kept: list[str] = []
    opened = 0
    for number, line in enumerate(text.split("\n"), 1):
        if opened:
            if line.startswith(":::") and line.strip() != ":::":
                break
            opened = 0 if line.strip() == ":::" else opened
            kept.append("")
        elif _SOLUTION.match(line):
            opened = number
            kept.append("")
        else:
            kept.append(line)
    if opened:
        raise NoteError(f"{origin}:{opened}: 'solution' is not closed by a line ':::'.")
    return "\n".join(kept)


def stray_digits(text: str) -> list[tuple[int, str]]:
    """Return line and text of each number that is neither bound, nor marked as constant, nor exempt."""
    blanked = _EXEMPT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return [(blanked.count("\n", 0, found.start()) + 1, found.group()) for found in _STRAY.finditer(blanked)]


def facts(text: str) -> list[str]:
    """Return the rows of the fact sheet anchored in a note, in order."""
    rows: list[str] = []
    for comment in _COMMENT.findall(text):
        match = _FACTS.match(comment)
        if match:
            rows += match.group(1).split()
    return rows


def title_of(text: str) -> str:
    """Return the title of a note: its first heading of the first level; nothing where it has none."""
    found = (match for line in text.split("\n") if (match := _HEADING.match(line)))
    return next((match.group(2) for match in found if len(match.group(1)) == 1), "")


def _filled(context: Context, text: str, origin: str) -> str:
    try:
        return environment(context.language).from_string(text).render(context.names())
    except TemplateSyntaxError as error:
        raise NoteError(f"{origin}:{error.lineno}: {error.message}") from error
    except RecursionError:
        raise NoteError(f"{origin}:1: an expression is nested too deeply.") from None
    except _FAULTS as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        line = frames[0].lineno if frames else 1
        raise NoteError(f"{origin}:{line}: {error}") from error


def _without_comments(text: str) -> str:
    """Take comments out and leave their line ends, so that line numbers stay."""
    return _COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)


def _cut(text: str, origin: str) -> Note:
    title = ""
    opening: list[Passage] = []
    sections: list[tuple[str, str, list[Passage]]] = []
    prose: dict[int, str] = {}

    def passages() -> list[Passage]:
        return sections[-1][2] if sections else opening

    def finish() -> None:
        body = "\n".join(prose.values()).strip()
        if body:
            passages().append(Passage(kind="prose", name="", text=body, line=min(prose)))
        prose.clear()

    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        heading, directive = _HEADING.match(line), _DIRECTIVE.match(line)
        if heading and len(heading.group(1)) == 1 and not title:
            finish()
            title = heading.group(2)
        elif heading and len(heading.group(1)) == 2:
            finish()
            if not heading.group(3):
                raise NoteError(f"{origin}:{number}: the heading has no {{#id}}.")
            sections.append((heading.group(3), heading.group(2), []))
        elif directive:
            finish()
            passages().append(_directive(directive, number, lines, origin))
        elif line.startswith(":::"):
            raise NoteError(f"{origin}:{number}: '{line.strip()}' opens nothing and closes nothing.")
        elif prose or line.strip():
            prose[number] = line
    finish()
    if not title:
        raise NoteError(f"{origin}:1: the note has no title.")
    return Note(
        origin=origin,
        title=title,
        opening=tuple(opening),
        sections=tuple(NoteSection(id=id_, title=head, passages=tuple(parts)) for id_, head, parts in sections),
    )


def _directive(match: re.Match[str], number: int, lines: Iterator[tuple[int, str]], origin: str) -> Passage:
    kind, name, points = match.group(1), match.group(2) or "", match.group(3)
    known = (*PLACED, *EXERCISES, *BOXES)
    if kind not in known:
        raise NoteError(f"{origin}:{number}: unknown directive '{kind}'; there are {', '.join(known)}.")
    if (kind not in BOXES) != bool(name):
        raise NoteError(f"{origin}:{number}: '{kind}' {'takes no name' if kind in BOXES else 'needs a name'}.")
    if (kind == "exercise") != bool(points):
        raise NoteError(f"{origin}:{number}: '{kind}' {'needs its points' if kind == 'exercise' else 'has no points'}.")
    body: list[str] = []
    for _, line in lines:
        if line.strip() == ":::":
            text = "\n".join(body).strip()
            return Passage(kind=kind, name=name, text=text, line=number, points=int(points or 0))
        if line.startswith(":::"):
            break
        body.append(line)
    raise NoteError(f"{origin}:{number}: '{kind}' is not closed by a line ':::'.")


def outline(text: str) -> list[str]:
    """Return what a note says in an order that no translation may change.

    Sections, anchored facts, directives and displayed claims, each as a short text; inside a paragraph languages may
    order their values differently, so the values of a paragraph are sorted.
    """
    parts: list[str] = []
    values: list[str] = []

    def finish() -> None:
        parts.extend(sorted(values))
        values.clear()

    for line in text.split("\n"):
        heading, directive, comment = _HEADING.match(line), _DIRECTIVE.match(line), _COMMENT.fullmatch(line.strip())
        if heading or directive or comment or not line.strip():
            finish()
        if heading:
            parts.append(f"section {heading.group(3) or 'title'}")
        elif directive:
            parts.append(" ".join(word for word in directive.groups() if word))
        elif comment and _FACTS.match(comment.group(1)):
            parts.append(comment.group(1).strip())
        else:
            found = _EXPRESSION.findall(line)
            values.extend(" ".join(value.split()) for value in found if not value.strip().startswith("const"))
    finish()
    return parts
