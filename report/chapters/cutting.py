"""A note, its values filled in, is cut at its headings and directives into passages, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from labreport.report.chapters import written
from labreport.report.chapters.references import References
from labreport.report.errors import NoteError

PLACED = ("figure", "table", "listing", "model", "example", "equation")
"""Directives that place something by name."""
EXERCISES = ("exercise", "hint", "solution")
"""Directives that make up an exercise."""
BOXES = ("aims", "key-points", "caution", "note", "self-check", "sources")
"""Directives that enclose text."""
SHEET = "sheet"
"""The directive that lists what a sheet of two pages shows of the chapter, a key such as "figure-curves" a line.
Nothing stands in its place."""

SLIDE = "slide"
"""The directive that says what goes on a slide; nothing stands in its place but there."""

HEADING = re.compile(r"^(#{1,6}) +(.*?)(?: *\{#([a-z0-9-]+)\})?\s*$")
_LEVELS = 4
"""Levels of headings: the title, sections, and two within a section."""
DIRECTIVE = re.compile(
    r"^::: ?([a-z-]+)(?: +([A-Za-z0-9_-]+))?(?: +([0-9]+))?(?: +([0-9]{1,3}|[a-z]+(?:\+[a-z]+)*))?\s*$"
)
ROOM = {"sentence": 2, "sum": 3, "sketch": 6, "code": 12}
"""Lines that an answer of each kind needs."""


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
    lines: int | None = None
    """For the answer to an exercise, where the note says how many."""
    start: int = 0
    """The line on which the text begins."""


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
    references: References = field(default_factory=lambda: References(footnotes={}, cited={}))

    def passages(self) -> Iterator[Passage]:
        """Yield every passage in order."""
        yield from self.opening
        for section in self.sections:
            yield from section.passages


def cut(text: str, origin: str, code: tuple[str, ...] = (), found: References | None = None) -> Note:
    """Return a note cut into its passages.

    Args:
        text: of the note, without comments, its code hidden.
        origin: how to name it in an error.
        code: the lines of code that are hidden.
        found: what the note refers to.

    Raises:
        NoteError: names file and line: a directive that is unknown or not closed, a section without id, a heading of
            a level that a note has not, an unknown alert, or no title.
    """
    title = ""
    opening: list[Passage] = []
    sections: list[tuple[str, str, list[Passage]]] = []
    prose: list[str] = []
    start = 1

    def passages() -> list[Passage]:
        return sections[-1][2] if sections else opening

    def finish() -> None:
        body = written.shown("\n".join(prose).rstrip(), code)
        if body:
            passages().append(Passage(kind="prose", name="", text=body, line=start, start=start))
        prose.clear()

    lines = _Lines(text)
    for number, line in lines:
        heading = HEADING.match(line)
        level = len(heading.group(1)) if heading else 0
        if heading and (reason := _wrong(heading, level, titled=bool(title))):
            raise NoteError(f"{origin}:{number}: {reason}")
        if heading and level == 1:
            finish()
            title = heading.group(2)
        elif heading and level == 2:
            finish()
            sections.append((heading.group(3), heading.group(2), []))
        elif passage := _set_off(line, number, lines, origin, code, prose[-1] if prose else None):
            finish()
            passages().append(passage)
        elif prose or line.strip():
            if not prose:
                start = number
            prose.append(line)
    finish()
    if not title:
        raise NoteError(f"{origin}:1: the note has no title.")
    return Note(
        origin=origin,
        title=title,
        opening=tuple(opening),
        sections=tuple(NoteSection(id=id_, title=head, passages=tuple(parts)) for id_, head, parts in sections),
        references=found or References(footnotes={}, cited={}),
    )


def _wrong(heading: re.Match[str], level: int, *, titled: bool) -> str:
    """Return what is wrong with a heading, or nothing."""
    if level == 1:
        return "the note has a title already." if titled else ""
    if level == 2:
        return "" if heading.group(3) else "the heading has no {#id}."
    if level > _LEVELS:
        return f"headings have {_LEVELS} levels at most."
    return "only a section, ##, has an {#id}." if heading.group(3) else ""


def _set_off(
    line: str, number: int, lines: _Lines, origin: str, code: tuple[str, ...], before: str | None
) -> Passage | None:
    """Return the directive or alert that a line opens, reading it to its end; None for running text."""
    if directive := DIRECTIVE.match(line):
        return _directive(directive, number, lines, origin, code)
    if line.startswith(":::"):
        raise NoteError(f"{origin}:{number}: '{line.strip()}' opens nothing and closes nothing.")
    if admonition := written.admonition(line):
        return _alert(*admonition, number, lines, origin, code, written.indented)
    # Within a quotation that has begun it is a line of the quotation.
    quoted = before is not None and written.unquoted(before) is not None
    alert = None if quoted else written.alert(line)
    return _alert(alert, "", number, lines, origin, code, written.unquoted) if alert else None


class _Lines:
    """The numbered lines of a note, of which the next one can be seen before it is taken."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._taken = 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        while self._taken < len(self._lines):
            self._taken += 1
            yield self._taken, self._lines[self._taken - 1]

    def next(self, further: int = 0) -> str:
        """Return the line that comes next, or one further on; nothing at the end."""
        place = self._taken + further
        return self._lines[place] if place < len(self._lines) else ""


def _alert(
    kind: str,
    title: str,
    number: int,
    lines: _Lines,
    origin: str,
    code: tuple[str, ...],
    inner: Callable[[str], str | None],
) -> Passage:
    """Read a box whose lines `inner` knows; a title of its own is its first line, in bold."""
    if kind not in written.ALERTS:
        known = ", ".join(f"[!{name.upper()}]" for name in written.ALERTS)
        raise NoteError(f"{origin}:{number}: there is no alert [!{kind.upper()}]; there are {known}.")
    body = [f"**{title}**", ""] if title else []
    number -= len(body)
    while (line := inner(lines.next())) is not None or (not lines.next().strip() and inner(lines.next(1)) is not None):
        next(iter(lines))
        body.append(line or "")
    return _passage(written.ALERTS[kind], "", 0, body, number, code)


def _directive(match: re.Match[str], number: int, lines: _Lines, origin: str, code: tuple[str, ...]) -> Passage:
    kind, name, points, room = match.group(1), match.group(2) or "", match.group(3), match.group(4)
    known, nameless = (*PLACED, *EXERCISES, *BOXES, SHEET, SLIDE), (*BOXES, SHEET, SLIDE)
    if kind not in known:
        raise NoteError(f"{origin}:{number}: unknown directive '{kind}'; there are {', '.join(known)}.")
    if (kind not in nameless) != bool(name):
        raise NoteError(f"{origin}:{number}: '{kind}' {'takes no name' if kind in nameless else 'needs a name'}.")
    if (kind == "exercise") != bool(points):
        raise NoteError(f"{origin}:{number}: '{kind}' {'needs its points' if kind == 'exercise' else 'has no points'}.")
    body: list[str] = []
    for _, line in lines:
        if line.strip() == ":::":
            passage = _passage(kind, name, int(points or 0), body, number, code)
            return replace(passage, lines=_room(room, f"{origin}:{number}")) if room else passage
        if line.startswith(":::"):
            break
        body.append(line)
    raise NoteError(f"{origin}:{number}: '{kind}' is not closed by a line ':::'.")


def _room(room: str, where: str) -> int:
    """Return the lines for an answer: a number, or the kinds of answers that an exercise asks for, such as sum+code.

    Raises:
        NoteError: there is no answer of that kind.
    """
    if room.isdigit():
        return int(room)
    kinds = room.split("+")
    if unknown := [kind for kind in kinds if kind not in ROOM]:
        raise NoteError(f"{where}: no answer is of the kind '{unknown[0]}'; there are {', '.join(ROOM)}.")
    return sum(ROOM[kind] for kind in kinds)


def _passage(kind: str, name: str, points: int, body: list[str], number: int, code: tuple[str, ...]) -> Passage:
    blank = next((index for index, line in enumerate(body) if line.strip()), 0)
    text = written.shown("\n".join(body[blank:]).rstrip(), code)
    return Passage(kind=kind, name=name, text=text, line=number, points=points, start=number + 1 + blank)
