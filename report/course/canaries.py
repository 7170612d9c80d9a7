"""The search that a pack for students must pass: nothing of a solution, of the key or of the instructor's files.

Every solution of a note begins with a canary while solutions are taken out (`chapters.notes.CANARY`), so a solution
that was left in by any fault carries it into the file. Besides, sentences of the solutions are looked for as they
stand, and no file may be one that the instructor has.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from labreport.report.chapters import notes
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.errors import NoteError, RenderingError

_SHORTEST = 30
"""Characters of a part of a sentence that no other text shares by accident."""
_SOLUTION = re.compile(r"^:::\s*solution[^\n]*\n(.*?)^:::\s*$", re.DOTALL | re.MULTILINE)
_COMPUTED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|```.*?```|\$[^$]*\$|\]\([^)]*\)", re.DOTALL)
_CUT = re.compile(r"[\n.:;。；：`*()（）\[\]|]+")
_PACKED = re.compile(r"[A-Za-z0-9+/]{200,}={0,2}")
_DEEPEST = 4
"""Files within files that are opened."""


class CanaryError(RenderingError):
    """A file for students holds what only the instructor may see."""


def sentences(labs: Sequence[str], languages: Sequence[str], in_use: NotesInUse) -> frozenset[str]:
    """Return parts of sentences that stand in solutions of the notes and nowhere else in them."""
    found: set[str] = set()
    others: list[str] = []
    solved = NotesInUse(folder=in_use.folder, languages=in_use.languages, paths=in_use.paths, solutions=True)
    for lab in labs:
        for language in languages:
            try:
                text, _ = solved.text(language, lab)
            except NoteError:
                continue
            others.append(_SOLUTION.sub("", text))
            for body in _SOLUTION.findall(text):
                found |= {part.strip() for part in _CUT.split(_COMPUTED.sub("\n", body)) if _long(part.strip())}
    elsewhere = "\n".join(others)
    return frozenset(part for part in found if part not in elsewhere)


def check(pack: Mapping[str, bytes], forbidden: Mapping[str, bytes], secret: frozenset[str]) -> None:
    """Refuse a pack for students that holds what it must not.

    Args:
        pack: its files by name.
        forbidden: the instructor's files by name.
        secret: sentences of solutions.

    Raises:
        CanaryError: names the file, and what was found in it.
    """
    theirs = {sha256(content).digest(): name for name, content in forbidden.items() if content}
    # The text of a PDF has no blank where a line ends.
    own = {re.sub(r"\s+", "", part): part for part in sorted(secret)}
    for name, content in pack.items():
        if other := theirs.get(sha256(content).digest()):
            raise CanaryError(f"What students get is refused: {name} is the instructor's file {other}.")
        for text in texts(name, content):
            plain = re.sub(r"\s+", "", text)
            if notes.CANARY in plain:
                raise CanaryError(f"What students get is refused: {name} holds a solution.")
            if known := next((part for bare, part in own.items() if bare in plain), None):
                raise CanaryError(f"What students get is refused: {name} holds words of a solution, {known[:60]!r}.")


def texts(name: str, content: bytes, depth: int = 0) -> Iterator[str]:
    """Yield everything that a reader could get out of a file: its text, metadata, attachments, files within it."""
    if content.startswith(b"%PDF"):
        yield from _of_pdf(content, depth)
        return
    if content.startswith(b"PK") and depth < _DEEPEST:
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            yield from inner.namelist()
            for item in inner.infolist():
                yield from texts(item.filename, inner.read(item), depth + 1)
        return
    text = content.decode("utf-8", "replace")
    yield text
    if name.endswith(".ipynb"):
        yield "\n".join(_strings(json.loads(text)))
    for packed in _PACKED.findall(text) if depth < _DEEPEST else ():
        yield from _unpacked(packed, depth)


def _long(part: str) -> bool:
    # A Chinese character says as much as two letters and more.
    return len(part) + sum("\u4e00" <= character <= "\u9fff" for character in part) >= _SHORTEST


def _unpacked(packed: str, depth: int) -> Iterator[str]:
    """Yield what a page carries in base64: compressed, or as it is."""
    try:
        content = base64.b64decode(packed, validate=True)
    except ValueError:
        return
    if content.startswith((b"%PDF", b"PK")):
        yield from texts("", content, depth + 1)
    for wbits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            yield zlib.decompress(content, wbits).decode("utf-8", "replace")
            return
        except zlib.error:
            continue


def _of_pdf(content: bytes, depth: int) -> Iterator[str]:
    import pikepdf

    with pikepdf.open(io.BytesIO(content)) as document:
        for name, attached in document.attachments.items():
            yield name
            stream = attached.get_file()
            yield from texts(name, stream.read_bytes(), depth + 1)
        for item in document.objects:
            yield from _of_object(item)
        for page in document.pages:
            yield _page(page)


def _of_object(item: object, depth: int = 0) -> Iterator[str]:
    import pikepdf

    if depth > 20:
        return
    if isinstance(item, pikepdf.String):
        yield str(item)
    elif isinstance(item, pikepdf.Array):
        for part in item:
            yield from _of_object(part, depth + 1)
    elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/XML":
            stream = item
            yield stream.read_bytes().decode("utf-8", "replace")
        for key, value in item.items():
            if key != "/Parent" and not getattr(value, "is_indirect", False):
                yield from _of_object(value, depth + 1)


def _page(page: Any) -> str:
    """Return the text of a page, every glyph back through its font's table of characters."""
    import pikepdf

    fonts = {name: _characters(font) for name, font in page.Resources.get("/Font", {}).items()}
    parts: list[str] = []
    table: dict[int, str] = {}
    instructions: Any = pikepdf.parse_content_stream(page)
    for operands, operator in instructions:
        if str(operator) == "Tf":
            table = fonts.get(str(operands[0]), {})
        elif str(operator) in ("Tj", "TJ"):
            for piece in operands[0] if str(operator) == "TJ" else [operands[0]]:
                if isinstance(piece, pikepdf.String):
                    raw = bytes(piece)
                    codes = (int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2))
                    parts.append("".join(table.get(code, "") for code in codes))
    return "".join(parts)


def _characters(font: Any) -> dict[int, str]:
    stream = getattr(font, "ToUnicode", None)
    if stream is None:
        return {}
    table: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", stream.read_bytes().decode("latin-1"), re.DOTALL):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", block):
            table[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be", "replace")
    return table


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        # A cell's source may be a list of its lines.
        if all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
