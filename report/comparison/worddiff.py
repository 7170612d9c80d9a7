"""Word by word: what reads differently in two passages, in English and in Chinese.

Chinese has no blanks between words, so every character is a word of its own there; a number with its groups, decimals
and percent sign is one word in both languages. Changes that are separated by next to nothing are joined, because
"[4 → 5], [0.279 → 0.301]" can be read and a change of every second character can't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from report.comparison.record import Piece

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(
    r"\$[^$\n]+\$"
    r"|[<−-]?\d+(?:[.,\u202f\u2009 ](?=\d)\d+)*(?:[\u202f ]?%)?"
    rf"|[{_HAN}]"
    rf"|[^\W\d_{_HAN}][^\W{_HAN}]*(?:['’-][^\W{_HAN}]+)*"
    r"|\s+|."
)
_JOINED = 3
"""Equal stretches of at most so many characters between two changes of Chinese are taken into the change."""
_SAME = 0.35
"""Passages that have less than this share of their words in common are replaced whole."""


def words(text: str) -> list[str]:
    """Return the words, numbers, marks and blanks of a text; joined, they are the text."""
    return _WORD.findall(" ".join(text.split()))


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Return the stretches of two passages, equal and replaced ones, in reading order.

    Joined, the `a` of all pieces are the first passage and the `b` the second (with single blanks).
    """
    first, second = words(before), words(after)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.ratio() < _SAME:
        whole = Piece(a="".join(first), b="".join(second))
        return (whole,) if whole.a or whole.b else ()
    found = [
        Piece(a="".join(first[low:high]), b="".join(second[start:end]))
        for _, low, high, start, end in matcher.get_opcodes()
    ]
    return tuple(_merged(found))


def aligned(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Pair the passages of two texts; one without a counterpart is paired with the empty text."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, low, high, start, end in matcher.get_opcodes():
        if kind == "equal":
            yield from ((text, text) for text in before[low:high])
            continue
        yield from _paired(before[low:high], after[start:end])


def _paired(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Pair what was replaced with its likeliest successor, in order."""
    waiting = list(after)
    for text in before:
        ratios = [SequenceMatcher(None, words(text), words(other), autojunk=False).ratio() for other in waiting]
        best = max(range(len(ratios)), key=lambda place: ratios[place], default=None)
        if best is None or ratios[best] < _SAME:
            yield text, ""
            continue
        for other in waiting[:best]:
            yield "", other
        yield text, waiting[best]
        del waiting[: best + 1]
    for other in waiting:
        yield "", other


def _merged(found: Sequence[Piece]) -> list[Piece]:
    """Join changes that are separated by a few characters of Chinese, or by blanks alone."""
    result: list[Piece] = []
    for place, piece in enumerate(found):
        between = 0 < place < len(found) - 1 and not piece.changed and _slight(piece.a)
        if result and result[-1].changed and (piece.changed or between):
            result[-1] = Piece(a=result[-1].a + piece.a, b=result[-1].b + piece.b)
        else:
            result.append(piece)
    return result


def _slight(text: str) -> bool:
    if not text.strip():
        return True
    return len(text) <= _JOINED and re.fullmatch(rf"[{_HAN}\s]*", text) is not None
