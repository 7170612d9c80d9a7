"""The text of a report as it was printed, small enough to travel with it.

Of the report's tree it holds what a later comparison reads: the paragraphs, the captions and the rows of the tables of
each lab's chapter, in each language, in Markdown. Drawings with their data, and source, are in the results; solutions
are left out in every edition.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterable
from itertools import groupby

import msgspec

from labreport.report.document import Found, Report, escape, said, walk

_READ = frozenset({"markdown", "caption", "task", "hint"})
"""Fields of the tree whose texts are kept, each as a passage."""
_ROWS = "rows"
"""Field of the tree whose texts are kept, those of one row together."""
_BETWEEN_CELLS = " · "


class PrintedPassage(msgspec.Struct, frozen=True, array_like=True):
    """Paragraphs that stand together, a caption, or a row of a table."""

    section: str
    """Title of the section it stands in; empty before the first."""
    markdown: str


class Printed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the chapters of a report say."""

    format: int = 1
    languages: dict[str, dict[str, list[PrintedPassage]]]
    """Language -> lab -> passages in reading order."""


def printed(report: Report, labs: Iterable[str]) -> Printed:
    """Return the text of a report.

    Args:
        report: the tree, as it is rendered.
        labs: whose chapters are kept.
    """
    kept = set(labs)
    languages: dict[str, dict[str, list[PrintedPassage]]] = {}
    read = (found for found in walk(report) if found.place.chapter in kept and found.text and _is_read(found))
    for _, group in groupby(read, _passage_of):
        parts = list(group)
        place = parts[0].place
        for language in report.languages:
            markdown = _BETWEEN_CELLS.join(text for part in parts if (text := _markdown(part, language)))
            if markdown:
                passage = PrintedPassage(section=said(place.section, language), markdown=markdown)
                languages.setdefault(language, {}).setdefault(place.chapter, []).append(passage)
    return Printed(languages=languages)


def _is_read(found: Found) -> bool:
    if "/slides/" in found.place.key:  # they say again what the chapter says
        return False
    return found.field in _READ or (found.field == _ROWS and "/figure " not in found.place.key)


def _passage_of(found: Found) -> str:
    """Return what is the same for all texts of a passage: for a cell, the key of its row."""
    return found.place.key.rpartition("/")[0] if found.field == _ROWS else found.place.key


def _markdown(found: Found, language: str) -> str:
    text = said(found.text, language)
    return escape(text) if found.kind == "cell" else text


def encode(text: Printed) -> bytes:
    """Return the text as JSON."""
    return msgspec.json.encode(text)


def decode(content: bytes | str) -> Printed:
    """Return the text that was encoded.

    Raises:
        ValueError: it is not such a text, or of a newer format.
    """
    found = msgspec.json.decode(content, type=Printed)
    if found.format != 1:
        raise ValueError(f"the text is in format {found.format}; this version reads 1")
    return found


def packed(text: Printed) -> bytes:
    """Return the text compressed; of what the standard library has, bzip2 packs prose best (by a tenth of lzma's)."""
    return bz2.compress(encode(text))


def unpacked(content: bytes, largest: int) -> Printed:
    """Return the text that was packed.

    Args:
        content: what `packed` returned.
        largest: bytes that are unpacked at most.

    Raises:
        ValueError: cut off, larger than allowed, or no such text.
        OSError: damaged.
    """
    decompressor = bz2.BZ2Decompressor()
    plain = decompressor.decompress(content, max_length=largest)
    if not decompressor.eof:
        raise ValueError("cut off, or larger than any report")
    return decode(plain)
