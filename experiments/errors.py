"""Errors of the laboratory that a user can fix; everything else stays an ordinary exception.

The messages say what happened, what was expected and how to fix it, in one or two lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 1000
"""Characters that are kept of a message of a lab; a longer one loses its middle."""
_LINES = 12
"""Lines that are kept of it."""
_CONTROLS = frozenset((*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)))
"""Control characters, and halves of characters, which no encoding can write."""


_LONGEST_NAME = 60
"""Characters of a wrong name that are shown."""


class LabError(Exception):
    """A lab can't be run as asked; base of the errors of this package."""


class DataError(LabError):
    """A data set is missing, incomplete, or not the file it should be."""


def message_of(error: BaseException) -> str:
    """Return the message of any error, also of one that fails to give it, so that it can be shown and stored."""
    try:
        text = str(error)
    except BaseException:  # anything: it is a lab's own class
        text = ""
    return plain(text).strip()


def kind_of(error: BaseException) -> str:
    """Return the name of the class of any error; its class may be made so that its own way to the name fails."""
    return plain(type.__dict__["__name__"].__get__(type(error)))


def plain(text: str) -> str:
    """Return text from elsewhere as it may be printed and stored.

    It has no control characters but tabs and line ends, nothing that UTF-8 can't hold, and at most `LONGEST` characters
    and `_LINES` lines: of an error the beginning and the end say most.
    """
    text = str.replace(text, "\r\n", "\n")  # not its own method: a lab may raise a kind of text of its own
    lines = "".join(mark if mark in "\n\t" or ord(mark) not in _CONTROLS else "?" for mark in text).split("\n")
    if len(lines) > _LINES:
        lines = [*lines[: _LINES // 2], "…", *lines[1 - _LINES // 2 :]]
    short = "\n".join(lines)
    if len(short) > LONGEST:
        short = f"{short[: LONGEST * 2 // 3]} … {short[3 - LONGEST // 3 :]}"
    return short


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return one line, e.g. "Unknown lab 'minst'. Did you mean 'mnist'? Known: imdb, mnist.".

    Args:
        kind: what the name should have named, e.g. "lab" or "setting of mnist".
        name: the name as it was given.
        known: every name that would have been accepted, in the order in which to show them.
    """
    names = list(known)
    nearest = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
    name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    return f"Unknown {kind} {name!r}.{guess} Known: {', '.join(names) or 'none'}."
