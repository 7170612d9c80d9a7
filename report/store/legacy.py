"""Reads what the reports of labreport 0.1 carry: results with their numbers taken out and packed by four bytes each.

That saved 1.4 % of a page and is no longer written. To be removed with the first version that no longer reads reports
of 0.1.
"""

from __future__ import annotations

import base64
import re
import struct

_MARK = "\x01"
"""Stands in the text for a number that was taken out."""
_PACKED = b"labreport 2\n"
"""Begins what was packed."""
_MOST_NUMBERS = 300_000
"""Numbers that are put back at most: each takes ten microseconds and two hundred bytes."""
_HEAD = struct.Struct("<II")
"""Bytes of the text, and how many numbers follow it."""


def read(text: str) -> bytes:
    """Return the bytes that were spelled in base85 with an alphabet fit for HTML.

    Raises:
        ValueError: other characters than those.
    """
    if re.search(r"[<>&\s]", text):
        raise ValueError("characters that do not belong there")
    return base64.b85decode(text.encode("ascii").translate(bytes.maketrans(b".:,", b"<>&")))


def unpacked(plain: bytes) -> bytes:
    """Return a text with its numbers put back; one that was not packed as it is.

    Raises:
        ValueError: cut off, or with other numbers than it has places for.
    """
    if not plain.startswith(_PACKED):
        return plain
    start = len(_PACKED) + _HEAD.size
    if len(plain) < start:
        raise ValueError("cut off")
    length, count = _HEAD.unpack(plain[len(_PACKED) : start])
    if count > _MOST_NUMBERS:
        raise ValueError("more numbers than any report of that time has")
    if len(plain) != start + length + 4 * count:
        raise ValueError("cut off")
    planes = [plain[start + length + place * count :][:count] for place in range(4)]
    raw = bytes(byte for four in zip(*reversed(planes), strict=True) for byte in four)
    pieces = plain[start : start + length].decode().split(_MARK)
    if len(pieces) != count + 1:
        raise ValueError("numbers are missing")
    numbers = map(_printed, struct.unpack(f"<{count}f", raw))
    return "".join([pieces[0], *(part for pair in zip(numbers, pieces[1:], strict=True) for part in pair)]).encode()


def _printed(number: float) -> str:
    """Return a number of single precision with as few digits as tell it apart, as Python prints it."""
    for digits in range(6, 10):
        short = float(f"{number:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", short))[0] == number:
            return repr(short)
    return repr(number)
