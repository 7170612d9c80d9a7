"""The Results that a finished report carries: put into HTML and PDF, and got back byte for byte.

In HTML they lie in an inert `<template>` (never shown, never run), compressed, with the SHA-256 of each result; in PDF
each is an attached file. So a report of last month can be compared or rendered anew without the store it came from.
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

from report.codec import NAME
from report.errors import UnreadableError

ELEMENT = "labreport-results"
"""Name of the data in HTML."""
SUFFIX = "-result.json"
"""End of an attachment's name in PDF; the lab's name comes before it."""
HASHES = "labreport-sha256.json"
"""Name of the attachment with the hash of each result."""
LARGEST = 256 * 1024 * 1024
"""Bytes of all results together that are unpacked at most: a forged report may not fill the memory."""

_TEMPLATE = re.compile(rf'<template data-name="{ELEMENT}">([A-Za-z0-9+/=\s]*)</template>')


def packed(results: Mapping[str, bytes]) -> bytes:
    """Return the results of a report as it carries them in HTML: JSON with the hash of each, compressed.

    Args:
        results: lab -> the bytes of its result.json.
    """
    table = {
        lab: {"sha256": sha256(content).hexdigest(), "result": content.decode()} for lab, content in results.items()
    }
    plain = json.dumps(table, ensure_ascii=False).encode()
    return lzma.compress(plain, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=6)


def attachments(results: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files to attach to a PDF: each result, and the hashes of all."""
    hashes = {lab: sha256(content).hexdigest() for lab, content in results.items()}
    return {f"{lab}{SUFFIX}": content for lab, content in results.items()} | {HASHES: json.dumps(hashes).encode()}


def extract(path: Path) -> dict[str, bytes]:
    """Return the results that a finished report carries, lab by lab.

    Args:
        path: an `.html` or `.pdf` file that labreport made.

    Raises:
        UnreadableError: no such file, another tool's file, no results in it, or damaged or changed results.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"Can't read {path}: {error.strerror or error}.") from error
    found = _from_pdf(content, path) if content[:5] == b"%PDF-" else _from_html(content, path)
    if not found:
        raise UnreadableError(f"{path} carries no results: it is not a report of labreport, or was made without them.")
    return found


def is_report(path: Path) -> bool:
    """Return whether a path names a finished report by its ending."""
    return path.suffix.lower() in (".html", ".htm", ".pdf")


def _from_html(content: bytes, path: Path) -> dict[str, bytes]:
    match = _TEMPLATE.search(content.decode("utf-8", "replace"))
    if match is None:
        return {}
    try:
        table = json.loads(_unpacked(base64.b64decode(match.group(1))))
        found = {_name(lab, path): (entry["result"].encode(), entry["sha256"]) for lab, entry in table.items()}
    except (
        lzma.LZMAError,
        binascii.Error,
        EOFError,
        ValueError,
        AttributeError,
        KeyError,
        TypeError,
        RecursionError,
    ) as error:
        raise UnreadableError(f"{path}: the results it carries are damaged ({error}).") from error
    return _unchanged(
        {lab: body for lab, (body, _) in found.items()}, {lab: said for lab, (_, said) in found.items()}, path
    )


def _unchanged(found: Mapping[str, bytes], hashes: Mapping[str, object], path: Path) -> dict[str, bytes]:
    """Return the results if each has the hash stated for it, and none is missing."""
    for lab in (*found, *hashes):
        if lab not in found or sha256(found[lab]).hexdigest() != hashes.get(lab):
            raise UnreadableError(f"{path}: the result of {lab} was changed: its hash is not the one stated.")
    return dict(found)


def _unpacked(packed: bytes) -> bytes:
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=LARGEST)
    plain = decompressor.decompress(packed, max_length=LARGEST)
    if not decompressor.eof:
        raise ValueError("cut off, or larger than any report")
    return plain


def _from_pdf(content: bytes, path: Path) -> dict[str, bytes]:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            found = {
                _name(name.removesuffix(SUFFIX), path): _attached(file, path)
                for name, file in document.attachments.items()
                if name.endswith(SUFFIX)
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
    return _unchanged(found, hashes, path)


def _attached(file: object, path: Path) -> bytes:
    body: bytes = file.get_file().read_bytes()  # type: ignore[attr-defined]
    if len(body) > LARGEST:
        raise UnreadableError(f"{path}: an attachment is larger than any result.")
    return body


def _name(lab: str, path: Path) -> str:
    """Refuse a name that could lead out of a folder."""
    if not NAME.fullmatch(lab):
        raise UnreadableError(f"{path}: {lab!r} is no name of a lab.")
    return lab
