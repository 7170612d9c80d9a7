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
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

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
LARGEST = 256 * 1024 * 1024
"""Bytes of all results together that are unpacked at most: a forged report may not fill the memory."""

LARGEST_TEXT = 16 * 1024 * 1024
"""Bytes of a report's text that are unpacked at most: a whole course of labs is a tenth of it."""

_TEMPLATE = re.compile(rf'<template data-name="({ELEMENT}|{COMPARISON_ELEMENT})"( data-code="85")?>([^<]*)</template>')
"""The element, whether its text is that of labreport 0.1, and that text."""
_TEXT = re.compile(rf'<template data-name="{TEXT_ELEMENT}">([^<]*)</template>')
_DAMAGES = (
    lzma.LZMAError,
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


def _unpacked(text: str, *, old: bool) -> bytes:
    """Return the JSON that `packed`, or labreport 0.1 before it, made a text of.

    Raises:
        ValueError: cut off, larger than allowed, or not made here.
        lzma.LZMAError: damaged.
    """
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=LARGEST)
    content = legacy.read(text) if old else base64.b64decode(text)
    plain = decompressor.decompress(content, max_length=LARGEST)
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
        if content[:5] == b"%PDF-":
            attached = _attachment(content, TEXT_FILE, path)
            if attached is not None and len(attached) > LARGEST_TEXT:
                raise ValueError("larger than the text of any report")
            return None if attached is None else printed.decode(attached)
        match = _TEXT.search(content.decode("utf-8", "replace"))
        return None if match is None else printed.unpacked(base64.b64decode(match[1]), LARGEST_TEXT)
    except _DAMAGES as error:
        raise UnreadableError(f"{path}: the text it carries is damaged ({error}).") from error


def is_report(path: Path) -> bool:
    """Return whether a path names a finished report by its ending."""
    return path.suffix.lower() in (".html", ".htm", ".pdf")


def _read(path: Path) -> tuple[bool, dict[str, bytes]]:
    """Return what a file carries, and whether that is a comparison."""
    content = _content(path)
    of_comparison, found = _from_pdf(content, path) if content[:5] == b"%PDF-" else _from_html(content, path)
    if of_comparison and found.keys() != {COMPARISON}:
        raise UnreadableError(f"{path}: the data it carries are damaged (no comparison).")
    return of_comparison, found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error


def _from_html(content: bytes, path: Path) -> tuple[bool, dict[str, bytes]]:
    match = _TEMPLATE.search(content.decode("utf-8", "replace"))
    if match is None:
        return False, {}
    try:
        table = json.loads(_unpacked(match[3], old=match[2] is not None))
        found = {_name(lab, path): (entry["result"].encode(), entry["sha256"]) for lab, entry in table.items()}
    except _DAMAGES as error:
        raise UnreadableError(f"{path}: the results it carries are damaged ({error}).") from error
    bodies = {lab: body for lab, (body, _) in found.items()}
    hashes = {lab: said for lab, (_, said) in found.items()}
    return match.group(1) == COMPARISON_ELEMENT, _unchanged(bodies, hashes, path)


def _unchanged(found: Mapping[str, bytes], hashes: Mapping[str, object], path: Path) -> dict[str, bytes]:
    """Return the results if each has the hash stated for it, and none is missing."""
    for lab in (*found, *hashes):
        if lab not in found or sha256(found[lab]).hexdigest() != hashes.get(lab):
            raise UnreadableError(f"{path}: the result of {lab} was changed: its hash is not the one stated.")
    return dict(found)


def _from_pdf(content: bytes, path: Path) -> tuple[bool, dict[str, bytes]]:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            of_comparison = COMPARISON_FILE in document.attachments
            end = ".json" if of_comparison else SUFFIX
            found = {
                _name(name.removesuffix(end), path): _attached(file, path)
                for name, file in document.attachments.items()
                if name.endswith(end) and name != HASHES
            }
            stated = document.attachments.get(HASHES)
            hashes = json.loads(_attached(stated, path)) if stated is not None else {}
    except pikepdf.PasswordError as error:
        raise UnreadableError(f"{path}: an encrypted PDF; labreport makes none.") from error
    except pikepdf.PdfError as error:
        raise UnreadableError(f"{path}: a damaged PDF.") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path}: the results it carries are damaged ({error}).") from error
    if not isinstance(hashes, dict):
        raise UnreadableError(f"{path}: the results it carries are damaged (no table of hashes).")
    return of_comparison, _unchanged(found, hashes, path)


def _attachment(content: bytes, name: str, path: Path) -> bytes | None:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            file = document.attachments.get(name)
            return None if file is None else _attached(file, path)
    except pikepdf.PdfError as error:
        raise UnreadableError(f"{path}: a damaged PDF.") from error


def _attached(file: Any, path: Path) -> bytes:
    body: bytes = file.get_file().read_bytes()
    if len(body) > LARGEST:
        raise UnreadableError(f"{path}: an attachment is larger than any result.")
    return body


def _name(lab: str, path: Path) -> str:
    """Refuse a name that could lead out of a folder."""
    if not NAME.fullmatch(lab):
        raise UnreadableError(f"{path}: {lab!r} is not a name of a lab.")
    return lab
