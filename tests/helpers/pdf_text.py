"""The text of a PDF, page by page, read with pikepdf alone: every glyph back through its font's table of characters."""

from __future__ import annotations

import io
import re

import pikepdf


def pages(content: bytes) -> list[str]:
    """Return the text of each page, without blanks and line ends between words that the file doesn't write."""
    with pikepdf.open(io.BytesIO(content)) as document:
        return [_page(page) for page in document.pages]


def strings(content: bytes) -> list[str]:
    """Return every string of the file: titles, alternative texts, metadata, names, links."""
    found: list[str] = []
    with pikepdf.open(io.BytesIO(content)) as document:
        for item in document.objects:
            _collect(item, found)
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/XML":
                found.append(item.read_bytes().decode("utf-8", "replace"))
        _collect(document.docinfo, found)
    return found


def _collect(item: object, found: list[str], depth: int = 0) -> None:
    if depth > 20:
        return
    if isinstance(item, pikepdf.String):
        found.append(str(item))
    elif isinstance(item, pikepdf.Array):
        for part in item:
            _collect(part, found, depth + 1)
    elif isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        for key, value in item.items():
            # What lies elsewhere in the file is met there.
            if not getattr(value, "is_indirect", False) and key != "/Parent":
                _collect(value, found, depth + 1)


def _page(page: pikepdf.Page) -> str:
    fonts = {name: _characters(font) for name, font in page.Resources.get("/Font", {}).items()}
    parts: list[str] = []
    table: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            table = fonts[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            shown = operands[0] if str(operator) == "TJ" else [operands[0]]
            for piece in shown:
                if isinstance(piece, pikepdf.String):
                    raw = bytes(piece)
                    codes = (int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2))
                    parts.append("".join(table.get(code, "") for code in codes))
    return "".join(parts)


def _characters(font: pikepdf.Object) -> dict[int, str]:
    cmap = bytes(font.ToUnicode.read_bytes()).decode("latin-1")
    table = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", block):
            table[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    return table
