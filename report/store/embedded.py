"""What a finished report carries: its Results, got back byte for byte, and its text.

In HTML they lie in inert `<template>` elements (never shown, never run), compressed, with the SHA-256 of each result;
in PDF each is an attached file. So a report of last month can be compared or rendered again without the store it came
from. The report of a comparison carries that comparison in the same way, under names of its own.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import lzma
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from labreport.experiments.system import memory, reading
from labreport.report.errors import UnreadableError
from labreport.report.store import legacy, printed
from labreport.report.store.codec import NAME
from labreport.report.store.printed import Printed

ELEMENT = "labreport-results"
"""Name of the data in HTML."""
SUFFIX = "-result.json"
"""End of an attachment's name in PDF; the lab's name comes before it."""
HASHES = "labreport-sha256.json"
"""Name of the attachment with the hash of each result."""
TEXT_ELEMENT = "labreport-text"
"""Name of the report's text in HTML."""
TEXT_FILE = "labreport-text.json"
"""Name of the attachment with the report's text in PDF."""
COMPARISON = "comparison"
"""What the data of a comparison are called among what a file carries."""
COMPARISON_ELEMENT = "labreport-comparison"
COMPARISON_FILE = "comparison.json"
LARGEST = 48 * 1024 * 1024
"""Bytes of all results together that are unpacked at most: a forged report may not fill the memory."""
LARGEST_REPORT = 64 * 1024 * 1024
"""Bytes of a report that is read."""

LARGEST_TEXT = 16 * 1024 * 1024
"""Bytes of a report's text that are unpacked at most: a whole course of labs is a tenth of it."""

LARGEST_HASHES = 1024 * 1024
"""Bytes of the table of hashes in a PDF."""

_PDF = b"%PDF-"
_TEMPLATE = re.compile(
    rf'<template data-name="({ELEMENT}|{COMPARISON_ELEMENT})"( data-code="85")?>([^<]*)</template>'.encode()
)
"""The element, whether its text is that of labreport 0.1, and that text."""
_TEXT = re.compile(rf'<template data-name="{TEXT_ELEMENT}">([^<]*)</template>'.encode())
_DAMAGES = (
    lzma.LZMAError,
    zlib.error,
    msgspec.MsgspecError,
    binascii.Error,
    EOFError,
    ValueError,
    AttributeError,
    KeyError,
    TypeError,
    RecursionError,
    OSError,
)
"""What reading damaged or forged data can raise."""


class PackedResult(msgspec.Struct, frozen=True):
    """A result in the data of an HTML report."""

    sha256: str
    result: str


def packed(results: Mapping[str, bytes]) -> str:
    """Return the results of a report as HTML carries them: JSON with their hashes, compressed, as text (base64).

    Args:
        results: lab -> the bytes of its result.json.
    """
    table = {
        lab: {"sha256": sha256(content).hexdigest(), "result": content.decode()} for lab, content in results.items()
    }
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(lzma.compress(text.encode(), check=lzma.CHECK_CRC32)).decode("ascii")


def _unpacked(text: bytes, *, old: bool) -> bytes:
    """Return the JSON that `packed`, or labreport 0.1 before it, made a text of.

    Raises:
        ValueError: cut off, larger than allowed, or not made here.
        lzma.LZMAError: damaged.
    """
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=LARGEST)
    content = legacy.read(text.decode("utf-8", "replace")) if old else base64.b64decode(text)
    plain = decompressor.decompress(content, max_length=LARGEST // 4 if old else LARGEST)
    if not decompressor.eof:
        raise ValueError("cut off, or larger than any report")
    return legacy.unpacked(plain) if old else plain


def elements(results: Mapping[str, bytes], text: Printed) -> dict[str, str]:
    """Return what the HTML of a report carries, by the name of its element: its results and its text.

    Args:
        results: lab -> the bytes of its result.json.
        text: of the report.
    """
    return {ELEMENT: packed(results), TEXT_ELEMENT: base64.b64encode(printed.packed(text)).decode("ascii")}


def attachments(results: Mapping[str, bytes], text: Printed | None = None) -> dict[str, bytes]:
    """Return the files to attach to a PDF: each result, the hashes of all, and the text of the report."""
    hashes = {lab: sha256(content).hexdigest() for lab, content in results.items()}
    found = {f"{lab}{SUFFIX}": content for lab, content in results.items()} | {HASHES: json.dumps(hashes).encode()}
    return found if text is None else found | {TEXT_FILE: printed.encode(text)}


def comparison_attachments(content: bytes) -> dict[str, bytes]:
    """Return the files to attach to the PDF of a comparison: its JSON, and the hash of it."""
    hashes = {COMPARISON: sha256(content).hexdigest()}
    return {COMPARISON_FILE: content, HASHES: json.dumps(hashes).encode()}


def extract(path: Path) -> dict[str, bytes]:
    """Return the results that a finished report carries, lab by lab.

    Args:
        path: an `.html` or `.pdf` file that labreport made.

    Raises:
        UnreadableError: no such file, another tool's file, no results in it, or damaged or changed results.
    """
    of_comparison, found = _read(path)
    if of_comparison:
        raise UnreadableError(
            f"{path} is the report of a comparison: it carries what was found, not the runs.\n"
            "Name the runs or reports that it compares; `labreport extract` gets its data."
        )
    if not found:
        raise UnreadableError(f"{path} carries no results: it is not a report of labreport, or was made without them.")
    return found


def comparison(path: Path) -> bytes | None:
    """Return the comparison that the report of one carries, as JSON; None for any other file.

    Raises:
        UnreadableError: no such file, or damaged or changed data.
    """
    of_comparison, found = _read(path)
    return found[COMPARISON] if of_comparison else None


def text(path: Path) -> Printed | None:
    """Return the text that a finished report carries; None where it was made before reports carried it.

    Raises:
        UnreadableError: no such file, or the text is damaged.
    """
    content = _content(path)
    try:
        if content[:5] == _PDF:
            with _opened(content, path) as document:
                file = document.attachments.get(TEXT_FILE)
                return None if file is None else printed.decode(_attached(file, LARGEST_TEXT))
        match = _TEXT.search(content)
        return None if match is None else printed.unpacked(base64.b64decode(match[1]), LARGEST_TEXT)
    except _DAMAGES as error:
        raise UnreadableError(f"{path}: the text it carries is damaged ({error}).") from error


def is_report(path: Path) -> bool:
    """Return whether a path names a finished report by its ending."""
    return path.suffix.lower() in (".html", ".htm", ".pdf")


def _read(path: Path) -> tuple[bool, dict[str, bytes]]:
    """Return what a file carries, and whether that is a comparison."""
    content = _content(path)
    of_comparison, found = _from_pdf(content, path) if content[:5] == _PDF else _from_html(content, path)
    if of_comparison and found.keys() != {COMPARISON}:
        raise UnreadableError(f"{path}: the data it carries are damaged (no comparison).")
    return of_comparison, found


def _content(path: Path) -> bytes:
    try:
        return reading.content(path, LARGEST_REPORT)
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error


def _from_html(content: bytes, path: Path) -> tuple[bool, dict[str, bytes]]:
    match = _TEMPLATE.search(content)
    if match is None:
        return False, {}
    try:
        with memory.bounded():
            table = msgspec.json.decode(_unpacked(match[3], old=match[2] is not None), type=dict[str, PackedResult])
            bodies = {_name(lab, path): entry.result.encode() for lab, entry in table.items()}
    except (*_DAMAGES, MemoryError) as error:
        raise UnreadableError(f"{path}: the results it carries are damaged ({_what(error)}).") from error
    hashes = {lab: entry.sha256 for lab, entry in table.items()}
    return match.group(1) == COMPARISON_ELEMENT.encode(), _unchanged(bodies, hashes, path)


def _unchanged(found: Mapping[str, bytes], hashes: Mapping[str, object], path: Path) -> dict[str, bytes]:
    """Return the results if each has the hash stated for it, and none is missing."""
    for lab in (*found, *hashes):
        if lab not in found or sha256(found[lab]).hexdigest() != hashes.get(lab):
            raise UnreadableError(f"{path}: the result of {lab} was changed: its hash is not the one stated.")
    return dict(found)


def _from_pdf(content: bytes, path: Path) -> tuple[bool, dict[str, bytes]]:
    try:
        with _opened(content, path) as document:
            of_comparison = COMPARISON_FILE in document.attachments
            end = ".json" if of_comparison else SUFFIX
            found: dict[str, bytes] = {}
            for name, file in document.attachments.items():
                if name.endswith(end) and name != HASHES:
                    room = LARGEST - sum(map(len, found.values()))
                    found[_name(name.removesuffix(end), path)] = _attached(file, room)
            stated = document.attachments.get(HASHES)
            hashes = msgspec.json.decode(_attached(stated, LARGEST_HASHES), type=dict[str, str]) if stated else {}
    except _DAMAGES as error:
        raise UnreadableError(f"{path}: the results it carries are damaged ({error}).") from error
    return of_comparison, _unchanged(found, hashes, path)


@contextmanager
def _opened(content: bytes, path: Path) -> Iterator[Any]:
    """Open a PDF; what qpdf unpacks to find its way about, such as streams of objects, has an end as well."""
    import pikepdf

    try:
        with memory.bounded(), pikepdf.open(io.BytesIO(content)) as document:
            yield document
    except pikepdf.PasswordError as error:
        raise UnreadableError(f"{path}: an encrypted PDF; labreport makes none.") from error
    except (pikepdf.PikepdfError, RuntimeError) as error:
        raise UnreadableError(f"{path}: a damaged PDF.") from error
    except MemoryError as error:
        raise UnreadableError(f"{path}: a damaged PDF ({_what(error)}).") from error


def _attached(file: Any, largest: int) -> bytes:
    """Return the content of an attachment, unpacked no further than this.

    Raises:
        ValueError: larger, or packed in another way than PDF reports of ours are.
        zlib.error: damaged.
    """
    stream = file.get_file().obj
    raw: bytes = stream.read_raw_bytes()
    filters = stream.get("/Filter")
    names = [] if filters is None else [str(filters)] if str(filters).startswith("/") else [str(one) for one in filters]
    if names and (names != ["/FlateDecode"] or "/DecodeParms" in stream):
        raise ValueError("packed as no report is")
    if not names:
        body = raw
    else:
        decompressor = zlib.decompressobj()
        body = decompressor.decompress(raw, largest + 1)
    if len(body) > largest:
        raise ValueError("larger than any report")
    return body


def _what(error: BaseException) -> str:
    return "larger than any report" if isinstance(error, MemoryError) else str(error)


def _name(lab: str, path: Path) -> str:
    """Refuse a name that could lead out of a folder."""
    if not NAME.fullmatch(lab):
        raise UnreadableError(f"{path}: {lab!r} is not a name of a lab.")
    return lab
