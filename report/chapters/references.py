"""Footnotes, citations and named links of a note: `[^name]`, `[@key]` and `[text][name]` become links.

A footnote is defined anywhere in the note, `[^name]: text`, further paragraphs indented, or stands in the text,
`^[text]`; a link is defined by `[name]: address`. The texts of footnotes and works are tables at the chapter's end.
What is cited stands in `references.toml` in the folder of notes: `key = "the entry in Markdown"`, or a table `[key]`
with `author`, `title`, `year`, `in`, `url`, `doi`. Both are numbered in the order in which the text refers to them, in
every language alike.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labreport.report.chapters.written import text_of
from labreport.report.document import Column, Section, Table, escape
from labreport.report.errors import NoteError
from labreport.report.words import Words

FILE = "references.toml"
"""Name of the file with what may be cited, in the folder of notes."""
_FIELDS = ("author", "year", "title", "in", "doi", "url")
_DEFINITION = re.compile(r"^\[\^([\w-]+)\]:[ \t]*")
_CODE = r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)"
_MARK = re.compile(
    _CODE + r"|(?<!\\)\[\^(?P<note>[^\]\s]+)\](?!:)"
    r"|(?<!\\)\[(?P<cited>(?:[^\[\]@\n]*\s)?-?@\w[^\]\n]*)\](?![(\[])|(?<![\w@/.\\])@(?P<named>[\w:.+/-]*\w)"
)
_INSIDE = re.compile(_CODE + r"|(?<!\\)\^\[(?P<inside>(?:[^\[\]\n]|\[[^\[\]\n]*\])+)\]")
_CITED = re.compile(r"(?:(.*\s))?-?@([\w:.+/-]*\w)(?:,\s*(.+))?\Z")
_BLOCK = re.compile(r"(?:[-*+>|]|\d{1,9}[.)])[ \t]|[\U000f0000-\U000ffffd]")
"""What begins a list, a table, a quotation or code."""
_ADDRESS = re.compile(
    r"^ {0,3}\[(?!\^)([^\[\]\n]+)\]:[ \t]*<?(\S+?)>?(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*$", re.M
)
_NAMED = re.compile(
    _CODE + r"|(?<![\\!])\[(?P<text>(?:[^\[\]\n]|\[[^\[\]\n]*\])+)\](?:\[(?P<name>[^\[\]\n]*)\])?(?![(:])"
)
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, kw_only=True)
class References:
    """What a note refers to, in the order of its numbers."""

    footnotes: Mapping[str, str]
    """Name and text of each footnote."""
    cited: Mapping[str, str]
    """Key and entry of each work."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line of each footnote."""

    def sections(self, lab: str, words: Words) -> tuple[Section, ...]:
        """Return the sections that end a chapter: its footnotes and its references, where it has any."""
        kinds = (("footnote", "{}", self.footnotes), ("reference", r"\[{}\]", self.cited))
        return tuple(
            Section(
                id=f"{lab}-{kind}s",
                title=words(f"labs.{kind}s"),
                blocks=(
                    Table(
                        id=f"{lab}-{kind}s-table",
                        number="",
                        caption=words(f"labs.{kind}s_caption"),
                        columns=(Column(title=words("labs.column_mark")), Column(title=words(f"labs.column_{kind}"))),
                        rows=tuple((form.format(number), text) for number, text in enumerate(texts.values(), 1)),
                        row_ids=tuple(f"{lab}-{kind}-{number}" for number in range(1, len(texts) + 1)),
                    ),
                ),
            )
            for kind, form, texts in kinds
            if texts
        )


def resolved(text: str, origin: str, lab: str, library: Mapping[str, str]) -> tuple[str, References]:
    """Return a note whose footnotes and citations are links, and what they lead to.

    Args:
        text: the note, its values filled in and its code hidden.
        origin: how to name the note in an error.
        lab: whose chapter it is; part of the ids.
        library: entry of each work that may be cited.

    Raises:
        NoteError: names file and line: a footnote that is defined twice or nowhere, a work that is not in the library.
    """
    text, defined, lines = _definitions(_with_addresses(text), origin)
    footnotes: dict[str, str] = {}
    cited: dict[str, str] = {}
    first_line = 1

    def fail(place: re.Match[str], what: str) -> NoteError:
        return NoteError(f"{origin}:{place.string.count(chr(10), 0, place.start()) + first_line}: {what}")

    def numbered(found: dict[str, str], key: str, known: Mapping[str, str]) -> int:
        found.setdefault(key, known[key])
        return list(found).index(key) + 1

    def linked(match: re.Match[str]) -> str:
        if (name := match["note"]) is not None:
            if name not in defined:
                raise fail(match, f"the footnote [^{name}] is not defined; write '[^{name}]: its text'.")
            number = numbered(footnotes, name, defined)
            return f"[{str(number).translate(_RAISED)}](#{lab}-footnote-{number})"
        if match["named"] in library:
            number = numbered(cited, match["named"], library)
            return rf"\[[{number}](#{lab}-reference-{number})\]"
        if match["cited"] is None:
            return match.group()
        parts = []
        for part in match["cited"].split(";"):
            work = _CITED.match(part.strip())
            if work is None:
                raise fail(match, f"the citation [{match['cited']}] can't be read; write [@key], [@key; @key, p. x].")
            if work[2] not in library:
                known = ", ".join(library) or "nothing"
                raise fail(match, f"'{work[2]}' is not in {FILE} beside the notes, which holds {known}.")
            number = numbered(cited, work[2], library)
            link = f"[{number}](#{lab}-reference-{number})"
            parts.append((work[1] or "") + link + (f", {work[3]}" if work[3] else ""))
        return rf"\[{'; '.join(parts)}\]"

    text = _MARK.sub(linked, text)
    done = 0
    while done < len(footnotes):  # a footnote may cite, and refer to another one
        name = list(footnotes)[done]
        first_line = lines[name]
        footnotes[name] = _MARK.sub(linked, defined[name])
        done += 1
    return text, References(footnotes=footnotes, cited=cited, lines=lines)


def _with_addresses(text: str) -> str:
    """Put the addresses that a note defines apart into its links."""
    known = {_normal(name): address for name, address in _ADDRESS.findall(text)}
    if not known:
        return text

    def put(match: re.Match[str]) -> str:
        address = known.get(_normal(match["name"] or match["text"])) if match["text"] is not None else None
        return match.group() if address is None else f"[{match['text']}](<{address}>)"

    return _NAMED.sub(put, _ADDRESS.sub("", text))


def _normal(name: str) -> str:
    return " ".join(name.casefold().split())


def _definitions(text: str, origin: str) -> tuple[str, dict[str, str], dict[str, int]]:
    """Take the definitions of footnotes and their lines out of a note, whose own lines stay; name those in the text."""
    kept: list[str] = []
    defined: dict[str, str] = {}
    lines: dict[str, int] = {}
    name = ""
    apart = False
    for number, line in enumerate(text.split("\n"), 1):
        match = _DEFINITION.match(line)
        if match:
            name = match.group(1)
            if name in defined:
                raise NoteError(f"{origin}:{number}: the footnote [^{name}] is defined twice.")
            lines[name] = number
            defined[name] = line[match.end() :].strip()
        elif name and line[:1] in (" ", "\t") and line.strip():
            if _BLOCK.match(line.strip()):
                raise NoteError(f"{origin}:{number}: the footnote [^{name}] may hold paragraphs only.")
            defined[name] += ("  \n" if apart else " ") + line.strip()
        else:
            name = "" if line.strip() else name
            apart = True
            kept.append(line)
            continue
        apart = False
        kept.append("")

    def named(match: re.Match[str]) -> str:
        if match["inside"] is None:
            return match.group()
        name = f"^{len(defined)}"
        lines[name], defined[name] = match.string.count("\n", 0, match.start()) + 1, match["inside"]
        return f"[^{name}]"

    return _INSIDE.sub(named, "\n".join(kept)), defined, lines


def library(folder: Path | None) -> dict[str, str]:
    """Return the entry, in Markdown, of each work that the notes of a folder may cite.

    Raises:
        NoteError: the file is not TOML, or an entry holds something unknown.
    """
    if folder is None or not (path := folder / FILE).is_file():
        return {}
    origin = f"{folder.name}/{FILE}"
    try:
        table = tomllib.loads(text_of(path, origin))
    except (ValueError, RecursionError) as error:
        raise NoteError(f"{origin}: {error}.") from error
    return {key: _entry(key, value, origin) for key, value in table.items()}


def _entry(key: str, value: Any, origin: str) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    fields = value if isinstance(value, dict) else {}
    wrong = [name for name in fields if name not in _FIELDS or not isinstance(fields[name], (str, int))]
    if wrong or not fields:
        raise NoteError(
            f"{origin}: '{key}' must be a text, or a table of {', '.join(_FIELDS)}"
            + (f"; it holds '{wrong[0]}'." if wrong else ".")
        )
    texts = {name: escape(" ".join(str(text).split())) for name, text in fields.items()}
    parts = [texts.get("author", ""), texts.get("year", ""), f"*{texts['title']}*" if "title" in texts else ""]
    parts.append(texts.get("in", ""))
    address = fields.get("url") or (f"https://doi.org/{fields['doi']}" if "doi" in fields else "")
    parts.append(f"<{address}>" if address else "")
    return ". ".join(part.rstrip(".") for part in parts if part) + ("" if address else ".")
