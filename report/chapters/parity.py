"""Whether the notes of both languages are in step: the same parts in the same order, and neither newer than the other.

Whether a translation still says what its original says, no program can tell. So whoever has compared a section in both
languages records it: `python -m labreport.report.chapters.parity` writes the hash of each section in each language.
When one side of a recorded pair changes and the other does not, the other is stale, and named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import resources
from pathlib import Path

from labreport.report.chapters import notes
from labreport.report.errors import NoteError
from labreport.report.store import files
from labreport.report.words import LANGUAGES, Language

RECORD = "in-step.json"
_SECTION = re.compile(r"^#{1,2} .*?(?:\{#([a-z0-9-]+)\})?\s*$", re.MULTILINE)


def problems(names: Sequence[str] | None = None) -> Iterator[str]:
    """Yield what is wrong with the notes, one line each.

    Args:
        names: notes to look at; all where none are given.
    """
    record = _record()
    for name in names if names is not None else all_notes():
        texts: dict[Language, str] = {}
        for language in LANGUAGES:
            try:
                text, origin = notes.source(language, name)
            except NoteError as error:
                yield str(error)
                continue
            texts[language] = text
            for line, digits in notes.stray_digits(text):
                yield f"{origin}:{line}: the number {digits} is typed"
        if len(texts) == len(LANGUAGES):
            yield from _different(name, texts)
            yield from _stale(name, texts, record.get(name, {}))


def all_notes() -> list[str]:
    """Return the names of all notes, in any language."""
    folder = resources.files("labreport.templates") / "notes"
    return sorted(
        {
            entry.name.removesuffix(".md")
            for language in LANGUAGES
            for entry in (folder / language).iterdir()
            if entry.name.endswith(".md")
        }
    )


def section_hashes(text: str) -> dict[str, str]:
    """Return a short hash of each section of a note, white space aside; the part before the first is `title`."""
    heads = list(_SECTION.finditer(text))
    hashes: dict[str, str] = {}
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.start() : following.start() if following else len(text)]
        hashes[head.group(1) or "title"] = sha256(" ".join(body.split()).encode()).hexdigest()[:16]
    return hashes


def confirm() -> None:
    """Record that every section says the same in both languages now."""
    table = {
        name: _pairs({language: notes.source(language, name)[0] for language in LANGUAGES}) for name in all_notes()
    }
    place = Path(str(resources.files("labreport.templates") / "notes" / RECORD))
    files.write(place, json.dumps(table, indent=1, sort_keys=True).encode() + b"\n")


def _record() -> dict[str, dict[str, list[str]]]:
    place = resources.files("labreport.templates") / "notes" / RECORD
    table: dict[str, dict[str, list[str]]] = json.loads(place.read_text("utf-8"))
    return table


def _pairs(texts: dict[Language, str]) -> dict[str, list[str]]:
    first, second = (section_hashes(texts[language]) for language in LANGUAGES)
    return {section: [first[section], second[section]] for section in first if section in second}


def _different(name: str, texts: dict[Language, str]) -> Iterator[str]:
    first, second = (notes.outline(texts[language]) for language in LANGUAGES)
    for position, (here, there) in enumerate(zip(first, second, strict=False), 1):
        if here != there:
            yield f"{name}: part {position} differs: {LANGUAGES[0]} {here}, {LANGUAGES[1]} {there}"
            return
    if len(first) != len(second):
        yield f"{name}: {LANGUAGES[0]} has {len(first)} parts, {LANGUAGES[1]} has {len(second)}"


def _stale(name: str, texts: dict[Language, str], recorded: dict[str, list[str]]) -> Iterator[str]:
    for section, now in _pairs(texts).items():
        then = recorded.get(section)
        if then is None:
            yield f"{name}, section {section}: never compared in both languages"
            continue
        changed = [old != new for old, new in zip(then, now, strict=True)]
        if sum(changed) == 1:
            newer, older = (LANGUAGES[0], LANGUAGES[1]) if changed[0] else (LANGUAGES[1], LANGUAGES[0])
            yield f"{name}, section {section}: {newer} was changed after {older}, which is stale"
        elif all(changed):
            yield f"{name}, section {section}: changed in both languages and not yet compared"


if __name__ == "__main__":
    confirm()
