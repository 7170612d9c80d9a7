"""Stored results in less room: measured numbers as four bytes each, and bytes as text that HTML takes as it stands.

Most of a stored result are numbers that were computed in single precision and printed with as few digits as tell them
apart. Their digits look random to a compressor, and half of them are no news: four bytes hold the same number. Beside
each other, first bytes with first bytes, those four are easier still. What comes back is the same text, character by
character: a number whose digits four bytes would not give back stays in the text.
"""

from __future__ import annotations

import base64
import lzma
import re
import struct
from array import array

_MARK = "\x01"
"""Stands in the text for a number that was taken out; JSON never holds it as such."""
_PACKED = b"labreport 2\n"
"""Begins what was packed here; before, the text was compressed as it is, and begins with a brace."""
_HEAD = struct.Struct("<II")
"""Bytes of the text, and how many numbers follow it."""
_LONG = re.compile(r"-?\b\d{1,9}\.\d{5,}(?:e-\d\d)?")
"""Numbers with so many digits that four bytes are less."""
_DIGITS = range(6, 10)
"""Significant digits that tell two numbers of single precision apart: nine always do."""
_UNSAFE, _SAFE = b"<>&", b".:,"
"""What the alphabet of base85 holds and HTML must not, and what takes its place."""


def packed(text: str) -> bytes:
    """Return a text compressed, the same bytes for the same text.

    Raises:
        ValueError: the text holds the control character that marks a number.
    """
    if _MARK in text:
        raise ValueError("a control character in JSON")
    numbers = array("f")

    def taken(match: re.Match[str]) -> str:
        number = struct.unpack("<f", struct.pack("<f", float(match[0])))[0]
        if _printed(number) != match[0]:
            return match[0]
        numbers.append(number)
        return _MARK

    rest = _LONG.sub(taken, text).encode()
    raw = struct.pack(f"<{len(numbers)}f", *numbers)
    planes = b"".join(raw[byte::4] for byte in (3, 2, 1, 0))
    whole = _PACKED + _HEAD.pack(len(rest), len(numbers)) + rest + planes
    return lzma.compress(whole, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=6)


def unpacked(content: bytes, largest: int) -> str:
    """Return the text that was packed, by this module or before it was there.

    Args:
        content: what `packed` returned.
        largest: bytes that are unpacked at most.

    Raises:
        ValueError: cut off, larger than allowed, or not packed here.
        lzma.LZMAError: damaged.
    """
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=largest)
    plain = decompressor.decompress(content, max_length=largest)
    if not decompressor.eof:
        raise ValueError("cut off, or larger than any report")
    if not plain.startswith(_PACKED):
        return plain.decode()
    start = len(_PACKED) + _HEAD.size
    if len(plain) < start:
        raise ValueError("cut off")
    length, count = _HEAD.unpack(plain[len(_PACKED) : start])
    if len(plain) != start + length + 4 * count:
        raise ValueError("cut off")
    planes = [plain[start + length + place * count :][:count] for place in range(4)]
    raw = bytes(byte for four in zip(*reversed(planes), strict=True) for byte in four)
    pieces = plain[start : start + length].decode().split(_MARK)
    if len(pieces) != count + 1:
        raise ValueError("numbers are missing")
    found = [pieces[0]]
    for number, piece in zip(struct.unpack(f"<{count}f", raw), pieces[1:], strict=True):
        found += (_printed(number), piece)
    return "".join(found)


def spelled(content: bytes) -> str:
    """Return bytes as characters that mean nothing in HTML: five for every four bytes (base85)."""
    return base64.b85encode(content).translate(bytes.maketrans(_UNSAFE, _SAFE)).decode("ascii")


def read(text: str) -> bytes:
    """Return the bytes that were spelled.

    Raises:
        ValueError: other characters than `spelled` writes.
    """
    if re.search(r"[<>&\s]", text):
        raise ValueError("characters that do not belong there")
    return base64.b85decode(text.encode("ascii").translate(bytes.maketrans(_SAFE, _UNSAFE)))


def _printed(number: float) -> str:
    """Return a number of single precision with as few digits as tell it apart, as Python prints it."""
    for digits in _DIGITS:
        short = float(f"{number:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", short))[0] == number:
            return repr(short)
    return repr(number)
