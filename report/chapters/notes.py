"""Notes: Markdown with bound values and directives, read into sections.

A note is first run through the sandbox of `values`, then cut at its headings and directives. What comes out is still
raw: `chapter` turns directives into figures, tables and listings, and gives them numbers. Code between fences is code:
nothing in it is a heading, a directive or a typed number (see `written`).

Exercises are three directives in a row, `exercise NAME POINTS`, `hint NAME`, `solution NAME`; for the student's edition
the solutions are taken out of the source before anything else is done with it.

Format: `# Title`, `## Section {#id}`, `### Heading` within a section, directives fenced by lines `:::kind name` and
`:::`, anchors of the fact sheet in lines `<!-- facts: A1 A2 -->`.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError

from labreport.report import languages
from labreport.report.chapters import references, written
from labreport.report.chapters.cutting import DIRECTIVE, EXERCISES, HEADING, SLIDE, Note, Passage, cut
from labreport.report.chapters.sandbox import compiled_note, environment
from labreport.report.chapters.values import WITHIN, Context
from labreport.report.document import CHECKED, OPEN
from labreport.report.errors import NoteError, RenderingError
from labreport.report.findings.analysis import MissingValueError
from labreport.report.languages import HAN, HAN_MARKS
from labreport.report.rendering.typesetter import on_screen

_MOST_FILLED = 4 * written.LONGEST
"""Characters of a note with its values."""
_LONGEST_MESSAGE = 600
_FAULTS = (TemplateError, SecurityError, MissingValueError, TypeError, ValueError, LookupError, ArithmeticError)
"""What an expression of a note can raise."""
_SOLUTION = re.compile(r"^::: ?solution\b")
_LIKE_SOLUTION = re.compile(r"^\s*:::+\s*solution\b", re.IGNORECASE)
CANARY = "QZXKVJYWQ"
"""A word that no text holds. It stands in every solution before solutions are taken out of a student's edition, so
where it is found in a file that is handed out, a solution is in it."""
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_FACTS = re.compile(r"^\s*facts:\s*([A-Z0-9 ]+?)\s*$")
_EXEMPT = re.compile(
    # What is left open reaches to the end, so that no hostile note is read again and again; it fails later on.
    r"\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)|\{##.*?(?:##\}|\Z)|<!--.*?(?:-->|\Z)|\$\$.*?(?:\$\$|\Z)"
    # What a formula is, is said in `rendering.parsing`: not a sum of money and Chinese up to the next dollar.
    rf"|\$(?!\s|(?:\d|\{{\{{.*?\}}\}})[^{{}}$\n]*[{HAN}{HAN_MARKS}])"
    r"(?:\\.|[^$\n\\])+(?<!\s)\$(?![\d{])|^[ \t>]*(?:[-*+][ \t]+)*\d{1,9}[.)](?=[ \t])|&#\w+;|https?://[^\s<>]+"
    r"|\]\([^)\n]*\)|^::: ?(?:sources|equation|sheet)\b.*?(?:^:::\s*$|\Z)|^:::.*?$|^# .*?$|^#+ .*?\{#[^}\n]*\}?"
    r"|\[\^[^\]\n]*\]|\[(?:[^\]\[@\n]*\s)?-?@\w[^\]\n]*\]|(?<!\w)@[\w:.+/-]*\w",
    re.DOTALL | re.MULTILINE,
)
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
_ASSIGNMENT = re.compile(r"\{%(.*?)%\}")
_CHOSEN = re.compile(r'"[^"]*"(?= if\b)|(?<=\belse )"[^"]*"')
"""Words that depend on the run, `"more" if … else "less"`: each language has its own."""
_FENCED = re.compile(r"^:::.*$", re.MULTILINE)
_MARK = re.compile(rf"\[(?:{CHECKED}|{OPEN})\]\(#[\w-]+-claim-[\w-]+\)")
"""What stands behind the sentence of a claim."""
_STRAY = re.compile(r"(?<![A-Za-z0-9_])\d[\d.,]*(?![A-Za-z0-9_])")


class MissingNoteError(NoteError):
    """There is no note for this lab in this language."""


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


def read(context: Context, text: str, origin: str, library: Mapping[str, str] | None = None) -> Note:
    """Put the values of a run into a note and cut it into sections.

    Args:
        context: what the note may name.
        text: of the note.
        origin: how to name it in an error.
        library: what it may cite, by key.

    Raises:
        NoteError: names file and line; an unknown value, claim, footnote or work, a template error, a stray digit, a
            fence left open.
    """
    written.check(text, origin)
    text, code = written.hidden(written.with_math_fences(text), origin)
    text = written.with_pipes(written.with_dollars(text))
    for line, digits in stray_digits(text):
        raise NoteError(f"{origin}:{line}: the number {digits} is typed; bind it to the run or mark it with const(…).")
    last = text.rfind("<!--")
    if last >= 0 and "-->" not in text[last:]:
        raise NoteError(f"{origin}:{text.count(chr(10), 0, last) + 1}: the comment is not closed by '-->'.")
    # Values are put into code too; what they give is hidden again.
    filled, code = written.hidden(_filled(context, written.shown(_placed(text), code), origin), origin)
    written.check_paragraphs(filled, origin)
    filled, found = references.resolved(_without_comments(filled), origin, context.result.lab, library or {})
    note = _marked_once(cut(filled, origin, code, found))
    if note.title != title_of(_without_comments(text)):
        # Cover, gate and comparison print it too, and the page of a run that failed.
        raise NoteError(f"{origin}:1: the title can't hold a value: it also stands where there is no run.")
    return note


def _marked_once(note: Note) -> Note:
    """Return a note in which a claim has its mark where it is made first, and on every slide."""
    marked: set[str] = set()

    def first_only(match: re.Match[str]) -> str:
        seen = match[0] in marked
        marked.add(match[0])
        return "" if seen else match[0]

    def once(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        return tuple(
            passage if passage.kind == SLIDE else replace(passage, text=_MARK.sub(first_only, passage.text))
            for passage in passages
        )

    opening = once(note.opening)
    sections = tuple(replace(section, passages=once(section.passages)) for section in note.sections)
    return replace(note, opening=opening, sections=sections)


def check_markup(note: Note, language: str, check_formula: Callable[[str, bool], None]) -> None:
    """Typeset the passages of a note that others wrote, so that what can't be shown costs its own chapter only.

    Args:
        note: cut into passages.
        language: of the note.
        check_formula: raises RenderingError where a formula can't be set, on a line of its own or within one.

    Raises:
        NoteError: names file and line: raw HTML, an image, a link that a report may not hold, an unknown formula, a
            sign of markup that marks nothing and would be printed.
    """
    typesetter = on_screen(language)
    for passage in note.passages():
        if passage.kind == "equation":
            tex, line = passage.text.partition("\n---\n")[0].strip(), passage.line
            try:
                check_formula(tex, True)
            except RenderingError as error:
                raise NoteError(f"{note.origin}:{line}: {error}") from error
            continue
        for start, block in typesetter.located(passage.text):
            try:
                typesetter.prose(block)
                for tex, display in typesetter.formulas(block) if "$" in block else ():
                    check_formula(tex, display)
                typesetter.check_signs(block)
            except RenderingError as error:
                line = passage.start + start + _line_of(error, block)
                raise NoteError(f"{note.origin}:{line}: {error}") from error
    for name, text in (*note.references.footnotes.items(), *note.references.cited.items()):
        try:
            typesetter.inline(text)
            typesetter.check_signs(text)
        except RenderingError as error:
            line = note.references.lines.get(name, 1)
            raise NoteError(f"{note.origin}:{line}: the footnote or reference '{name}': {error}") from error


def _line_of(error: RenderingError, block: str) -> int:
    """Return the line of a paragraph, from 0, that holds what an error quotes; its first one where none does."""
    quoted = re.search(r"'(.+?)…?'", str(error))
    place = block.find(quoted.group(1)) if quoted else -1
    return block.count("\n", 0, place) if place > 0 else 0


def plain(text: str, origin: str) -> Note:
    """Cut a note that speaks of no run, such as the glossary.

    Raises:
        NoteError: names file and line, as `read`.
    """
    text, code = written.hidden(text, origin)
    return cut(_without_comments(written.with_dollars(text)), origin, code)


def without_solutions(text: str, origin: str) -> str:
    """Return a note's source without its solutions; their lines stay empty, so that line numbers hold.

    Raises:
        NoteError: a solution is not closed: where it ends is not known, so nothing is shown at all.
    """
    hidden, code = written.hidden(text, origin)
    kept: list[str] = []
    opened = 0
    for number, line in enumerate(_planted(hidden).split("\n"), 1):
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
    return written.shown("\n".join(kept), code)


def _planted(text: str) -> str:
    """Return a note with the canary in whatever looks like a solution, on the line behind its opening one."""
    lines = text.split("\n")
    for place, line in enumerate(lines[:-1]):
        if _LIKE_SOLUTION.match(line) and not lines[place + 1].startswith(":::"):
            lines[place + 1] = f"{CANARY} {lines[place + 1]}"
    return "\n".join(lines)


def stray_digits(text: str) -> list[tuple[int, str]]:
    """Return line and text of each number that is neither bound, nor marked as constant, nor exempt."""
    text, _ = written.hidden(text)
    blanked = _EXEMPT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), written.with_dollars(text))
    return [(blanked.count("\n", 0, found.start()) + 1, found.group()) for found in _STRAY.finditer(blanked)]


def facts(text: str) -> list[str]:
    """Return the rows of the fact sheet anchored in a note, in order."""
    rows: list[str] = []
    for comment in _COMMENT.findall(written.hidden(text)[0]):
        match = _FACTS.match(comment)
        if match:
            rows += match.group(1).split()
    return rows


def title_of(text: str) -> str:
    """Return the title of a note: its first heading of the first level; nothing where it has none."""
    found = (match for line in written.hidden(text)[0].split("\n") if (match := HEADING.match(line)))
    return next((match.group(2) for match in found if len(match.group(1)) == 1), "")


def _placed(text: str) -> str:
    """Return a note in which each directive says, when it is filled, which exercise it belongs to."""

    def named(match: re.Match[str]) -> str:
        found = DIRECTIVE.match(match.group())
        kind, name = (found.group(1), found.group(2) or "") if found and found.group(1) in EXERCISES else ("", "")
        return f'{{{{ {WITHIN}("{kind}", "{name}") }}}}{match.group()}'

    return _FENCED.sub(named, text)


def _filled(context: Context, text: str, origin: str) -> str:
    parts: list[str] = []
    size = 0
    try:
        for part in compiled_note(environment(context.language), text).generate(context.names()):
            parts.append(part)
            size += len(part)
            if size > _MOST_FILLED:
                raise SecurityError(f"with its values the note is longer than {_MOST_FILLED} characters.")
        return "".join(parts)
    except TemplateSyntaxError as error:
        raise NoteError(f"{origin}:{error.lineno}: {_short(error.message or '')}") from error
    # The last two come from Python, which gets each expression as one of its own.
    except (RecursionError, SyntaxError, MemoryError):
        raise NoteError(f"{origin}:1: an expression is nested too deeply.") from None
    except _FAULTS as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        line = frames[0].lineno if frames else 1
        raise NoteError(f"{origin}:{line}: {_short(str(error))}") from error


def _short(message: str) -> str:
    """Return what an expression raised: no address in memory, which no two runs share, and no more than some lines."""
    message = re.sub(r" at 0x[0-9a-fA-F]+", "", message)
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"


def _without_comments(text: str) -> str:
    """Take comments out and leave their line ends, so that line numbers stay."""
    return _COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)


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

    for line in written.hidden(text)[0].split("\n"):
        heading, directive, comment = HEADING.match(line), DIRECTIVE.match(line), _COMMENT.fullmatch(line.strip())
        if heading or directive or comment or not line.strip():
            finish()
        if heading and len(heading.group(1)) <= 2:
            parts.append(f"section {heading.group(3) or 'title'}")
        elif directive:
            parts.append(" ".join(word for word in directive.groups() if word))
        elif comment and _FACTS.match(comment.group(1)):
            parts.append(comment.group(1).strip())
        else:
            found = [*_EXPRESSION.findall(line), *_ASSIGNMENT.findall(line)]
            values.extend(
                _CHOSEN.sub('""', " ".join(value.split())) for value in found if not value.strip().startswith("const")
            )
    finish()
    return parts
