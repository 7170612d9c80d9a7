"""Markdown as people write it, brought into the forms that a note is read in.

Code between fences is opaque: its lines are hidden before anything else looks at a note, and put back at the end.
Formulas between other signs than `$` and `$$` get those. Neither changes the number of lines, so errors name the right
one.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from functools import lru_cache
from pathlib import Path

from labreport.experiments.system import reading
from labreport.report.errors import NoteError

ALERTS = {
    "note": "note",
    "tip": "note",
    "important": "key-points",
    "warning": "caution",
    "caution": "caution",
}
"""The box that each kind of GitHub's alerts, `> [!KIND]`, becomes."""

_FIRST, _MOST = 0xF0000, 0xFFFD
"""Characters of a plane for private use stand for the lines of code, one for each."""
LONGEST, LONGEST_PARAGRAPH = 100_000, 12_000
"""Characters of a note, five times the longest one shipped, and of a part of it without a blank line: the time that
reading a paragraph takes grows with the square of its length."""
_HIDDEN = re.compile("[\U000f0000-\U000ffffd]")
_QUOTE = re.compile(r"(?:[ \t]*> ?)*")
_ITEM = re.compile(r"(?:[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)*")
_FENCE = re.compile(r"[ \t]*(`{3,}(?!.*`)|~{3,})")
_CODE = r"(?P<code>(?<!`)(`+)(?!`)(?:(?!\n\n).){0,2000}?(?<!`)\2(?!`))"
_FORMULA = re.compile(
    _CODE + r"|\\\\|(?P<brackets>(?<!\\)\\\[(?P<displayed>(?:\\\\|(?!\n\n|\\[(\[]).){1,2000}?)\\\])"
    r"|\\\((?P<inline>(?:\\\\|(?!\n\n|\\[(\[]).){1,2000}?)\\\)"
    # As it should be; it must be passed over whole, or the text between two formulas would be taken for one.
    r"|\$\$(?:\\.|[^$\\]){1,2000}?\$\$|\$(?![\s$])(?:\\.|[^$\\\n]){1,2000}?(?<!\s)\$(?!\d)"
    # With blanks inside: one formula, not two sums of money with words between.
    r"|(?<![\\$\d])\$[ \t]+(?!\d)(?P<spaced>(?:(?![A-Za-z]{3})[^$\n\\]|\\[A-Za-z]+|\\.){1,200}?)[ \t]+\$(?![\d$])",
    re.DOTALL,
)
_ALERT = re.compile(r" {0,3}> ?\[!([A-Za-z]+)\][ \t]*$")
_ADMONITION = re.compile(r'!!! +([A-Za-z]+)(?: +"([^"]*)")?[ \t]*$')
_ROW = re.compile(r"^[ \t>]*\|.*$", re.MULTILINE)
_HELD = re.compile(r"(?<![`\\])(`+)(?!`)[^\n]*?(?<!`)\1(?!`)|(?<!\\)\$(?!\s)(?:\\.|[^$\\\n])+(?<!\s)\$(?![\d{])")
"""Code or a formula within a line."""
_QUOTED = re.compile(r" {0,3}> ?")


def text_of(path: Path, origin: str) -> str:
    """Return the text of a note: UTF-8, a byte order mark passed over, line ends of any kind.

    Raises:
        NoteError: it can't be read, or is in another encoding.
    """
    try:
        text = reading.text(path, "utf-8-sig")
    except UnicodeDecodeError as error:
        content = reading.content(path)
        line = content.count(b"\n", 0, error.start) + 1
        guess = "UTF-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in content else "GBK"
        raise NoteError(
            f"{origin}:{line}: the file is not in UTF-8 (perhaps in {guess}); "
            "open it in an editor and save it as UTF-8."
        ) from error
    except OSError as error:
        raise NoteError(f"{origin}: can't be read: {error.strerror or error}.") from error
    if "\0" in text:  # Latin letters of UTF-16 are bytes of UTF-8, too
        raise NoteError(
            f"{origin}:1: the file is not in UTF-8 (perhaps in UTF-16); open it in an editor and save it as UTF-8."
        )
    return text


def with_math_fences(text: str) -> str:
    """Return a note in which a fence of the language `math`, as GitHub has it, is a formula on lines of its own."""
    lines = text.split("\n")
    fence, formula = "", False
    for place, line in enumerate(lines):
        quoted = _QUOTE.match(line)
        marks = _FENCE.match(line, quoted.end() if quoted else 0)
        if marks is None:
            continue
        said = line[marks.end() :].strip()
        if not fence:
            fence, formula = marks.group(1), said == "math"
        elif marks.group(1).startswith(fence) and not said:
            fence = ""
        else:
            continue
        if formula:
            lines[place] = f"{line[: marks.start(1)]}$$"
    return "\n".join(lines)


@lru_cache(maxsize=64)
def hidden(text: str, origin: str = "note") -> tuple[str, tuple[str, ...]]:
    """Return a note in which one character stands for each line of code between fences, and those lines.

    Raises:
        NoteError: a fence is not closed: what follows could be text or code.
    """
    kept: list[str] = []
    code: list[str] = []
    fence, opened, quoted, column = "", 0, False, 0
    for number, line in enumerate(text.split("\n"), 1):
        start = len(found.group()) if (found := _QUOTE.match(line)) and (quoted or not fence) else 0
        if not fence and (item := _ITEM.match(line, start)):
            start = item.end()  # a fence may be the first thing in an item of a list
        marks = _FENCE.match(line, start)
        if not fence and not marks:
            kept.append(line)
            continue
        if not fence and marks:
            fence, opened, quoted, column = marks.group(1), number, ">" in line[:start], marks.start(1)
        elif marks and marks.group(1).startswith(fence) and not line[marks.end() :].strip():
            fence = ""
        # What places the block, such as the indent of a list or box, is not code and stays.
        start = max(start, min(column, len(line) - len(line[start:].lstrip(" \t"))))
        kept.append(line[:start] + chr(_FIRST + len(code)))
        code.append(line[start:])
    if fence:
        raise NoteError(f"{origin}:{opened}: the block of code is not closed by a line '{fence}'.")
    return "\n".join(kept), tuple(code)


def shown(text: str, code: tuple[str, ...]) -> str:
    """Return a part of a hidden note with its lines of code."""
    return _HIDDEN.sub(lambda match: code[ord(match.group()) - _FIRST], text) if code else text


def check(text: str, origin: str) -> None:
    """Refuse a note that is too long, or holds a character that stands for a line of code.

    Raises:
        NoteError: it is, or does.
    """
    if len(text) > LONGEST or text.count("\n") > _MOST:
        raise NoteError(f"{origin}:1: the note is longer than {LONGEST} characters or {_MOST} lines.")
    if found := _HIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise NoteError(
            f"{origin}:{line}: the character U+{ord(found.group()):04X} is for private use and can't stand in a note."
        )


def check_paragraphs(text: str, origin: str) -> None:
    """Refuse a paragraph or table that is too long.

    Raises:
        NoteError: there is one, in the text of a note with its code hidden.
    """
    line = 1
    for part in text.split("\n\n"):
        if len(part) > LONGEST_PARAGRAPH:
            raise NoteError(f"{origin}:{line}: the paragraph is longer than {LONGEST_PARAGRAPH} characters.")
        line += part.count("\n") + 2


def with_dollars(text: str) -> str:
    r"""Return a note whose formulas stand between dollars: `\(x\)`, `\[x\]` and `$ x $` become `$x$` and `$$x$$`."""

    def changed(match: re.Match[str]) -> str:
        if match["displayed"] is not None:
            return f"$${match['displayed']}$$"
        if match["inline"] is not None:
            inner = match["inline"]
            return f"${inner.strip()}$" + "\n" * (inner.count("\n") - inner.strip().count("\n"))
        return f"${match['spaced'].strip()}$" if match["spaced"] is not None else match.group()

    return _FORMULA.sub(changed, text)


def with_pipes(text: str) -> str:
    """Return a note in whose rows of tables the strokes of code and formulas part no cells, as their writer means."""

    def held(match: re.Match[str]) -> str:
        return re.sub(r"(?<!\\)\|", r"\\|", match.group())

    return _ROW.sub(lambda row: _HELD.sub(held, row.group()), text)


def admonition(line: str) -> tuple[str, str] | None:
    """Return the kind of box, in small letters, and the title, of a line `!!! kind "title"`; None where it is none."""
    match = _ADMONITION.match(line)
    return (match.group(1).lower(), match.group(2) or "") if match else None


def indented(line: str) -> str | None:
    """Return a line of such a box without its indent; None where it has none."""
    return line[4:] if line.startswith("    ") else line[1:] if line.startswith("\t") else None


def alert(line: str) -> str | None:
    """Return the kind of alert that a line opens, in small letters; None where it opens none."""
    match = _ALERT.match(line)
    return match.group(1).lower() if match else None


def unquoted(line: str) -> str | None:
    """Return a line of a quotation without its mark; None where it is none."""
    match = _QUOTED.match(line)
    return line[match.end() :] if match else None
