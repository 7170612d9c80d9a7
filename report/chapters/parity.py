"""Whether the notes of all shipped languages are in step: the same parts in the same order, none newer than another.

Whether a translation still says what its original says, no program can tell. So a person who has compared a section in
all languages records it: `python -m labreport.report.chapters.parity` writes the hash of each section in each language.
When one language of a recorded section changes and another does not, the other is stale, and named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import resources
from pathlib import Path

from labreport.report import languages
from labreport.report.chapters import notes
from labreport.report.errors import NoteError
from labreport.report.store import files
from labreport.report.words import LANGUAGES

RECORD = "in-step.json"
_SECTION = re.compile(r"^#{1,2} .*?(?:\{#([a-z0-9-]+)\})?\s*$", re.MULTILINE)


def problems(names: Sequence[str] | None = None) -> Iterator[str]:
    """Yield what is wrong with the notes, one line each.

    Args:
        names: notes to look at; all where none are given.
    """
    record = _record()
    for name in names if names is not None else all_notes():
        texts: dict[str, str] = {}
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
    files = {name for language in LANGUAGES for name in languages.files(language, "notes") if name.endswith(".md")}
    return sorted(name.removesuffix(".md") for name in files)


def section_hashes(text: str) -> dict[str, str]:
    """Return a short hash of each section of a note, white space aside; the part before the first is `title`."""
    heads = list(_SECTION.finditer(text))
    hashes: dict[str, str] = {}
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.start() : following.start() if following else len(text)]
        hashes[head.group(1) or "title"] = sha256(" ".join(body.split()).encode()).hexdigest()[:16]
    return hashes


def confirm() -> None:
    """Record that every section says the same in all languages now."""
    table = {
        name: together({language: notes.source(language, name)[0] for language in LANGUAGES}) for name in all_notes()
    }
    place = Path(str(resources.files("labreport.templates") / "languages" / RECORD))
    files.write(place, json.dumps(table, indent=1, sort_keys=True).encode() + b"\n")


def _record() -> dict[str, dict[str, list[str]]]:
    place = resources.files("labreport.templates") / "languages" / RECORD
    table: dict[str, dict[str, list[str]]] = json.loads(place.read_text("utf-8"))
    return table


def together(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the hash of each section that all languages have, in the order of the languages."""
    leading, *others = (section_hashes(text) for text in texts.values())
    return {
        section: [known, *(other[section] for other in others)]
        for section, known in leading.items()
        if all(section in other for other in others)
    }


def _different(name: str, texts: Mapping[str, str]) -> Iterator[str]:
    (leading, first), *others = ((language, notes.outline(text)) for language, text in texts.items())
    for language, second in others:
        place = next((place for place, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), None)
        if place is not None:
            here, there = first[place], second[place]
            yield f"{name}: part {place + 1} differs: {leading} {here}, {language} {there}"
        elif len(first) != len(second):
            yield f"{name}: {leading} has {len(first)} parts, {language} has {len(second)}"


def _stale(name: str, texts: Mapping[str, str], recorded: Mapping[str, list[str]]) -> Iterator[str]:
    for section, now in together(texts).items():
        then = recorded.get(section)
        if then is None:
            yield f"{name}, section {section}: never compared in all languages"
            continue
        changed = dict(zip(texts, (old != new for old, new in zip(then, now, strict=True)), strict=True))
        newer = [language for language, differs in changed.items() if differs]
        older = [language for language, differs in changed.items() if not differs]
        if newer and older:
            yield f"{name}, section {section}: {', '.join(newer)} was changed after {', '.join(older)}, which is stale"
        elif newer:
            yield f"{name}, section {section}: changed in all languages and not yet compared"


if __name__ == "__main__":
    confirm()
