"""The text of a report as it was printed, small enough to travel with it.

Of the report's tree it holds what a later comparison reads: the paragraphs and captions of each lab's chapter, in each
language, in Markdown. Numbers in tables, drawings and source are in the results; solutions are left out in every
edition.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterable

import msgspec

from labreport.report.document import Report, by_language, walk

_READ = frozenset({"markdown", "caption", "task", "hint"})
"""Fields of the tree whose texts are kept."""


class PrintedPassage(msgspec.Struct, frozen=True, array_like=True):
    """Paragraphs that stand together, or a caption."""

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
    for found in walk(report):
        lab, title = found.place.chapter, by_language(found.place.section, report.language)
        if found.field not in _READ or not found.text or lab not in kept:
            continue
        texts = by_language(found.text, report.language)
        # What all languages say alike is one string in the tree.
        for language in report.languages if isinstance(found.text, str) else texts:
            section = title.get(language, "")
            markdown = texts.get(language) or str(found.text)
            languages.setdefault(language, {}).setdefault(lab, []).append(
                PrintedPassage(section=section, markdown=markdown)
            )
    return Printed(languages=languages)


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
