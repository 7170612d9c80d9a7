"""Word by word: what reads differently in two passages, in English and in Chinese.

Chinese has no blanks between words, so every character is a word of its own there; a number with its groups, decimals
and percent sign is one word in both languages. A sentence that was rewritten is shown whole, once as it was and once as
it is: "at epoch [4 → 5]" can be read, a sentence with a change at every second word can't.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from labreport.report.comparison.record import Piece
from labreport.report.languages import HAN

_WORD = re.compile(
    r"[<−-]?\d+(?:[.,\u202f\u2009 ](?=\d)\d+)*(?:[\u202f ]?%)?"
    rf"|[{HAN}]"
    rf"|[^\W\d_{HAN}][^\W{HAN}]*(?:['’-][^\W{HAN}]+)*"
    r"|\s+|."
)
_BLANKS = re.compile(r"[ \t\r\n]+")
_SENTENCE_END = re.compile(r"(?<=[。！？])|(?<=[.!?])(?=\s+\S)")
_JOINED = 3
"""Equal stretches of up to this number of Chinese characters between two changes are taken into the change."""
_RELATED = 0.35
"""Share of words in common from which on one passage is taken for the successor of another."""
_READABLE = 0.6
"""Share of words in common below which a sentence is shown whole."""


def words(text: str) -> list[str]:
    """Return the words, numbers, marks and blanks of a text; joined, they are the text."""
    return _WORD.findall(text)


def single_blanks(text: str) -> str:
    """Return the text with single blanks; narrow ones inside numbers and beside Latin in Chinese stay."""
    return _BLANKS.sub(" ", text).strip(" ")


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Return the stretches of two passages, equal and replaced ones, in reading order.

    Joined, the `a` of all pieces are the first passage and the `b` the second (with single blanks).
    """
    found: list[Piece] = []
    for old, new in aligned(_sentences(before), _sentences(after)):
        found += _within(old, new)
    return tuple(_merged(found))


def aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair the passages of two texts; one without a counterpart is paired with the empty text."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, low, high, start, end in matcher.get_opcodes():
        if kind == "equal":
            yield from ((text, text) for text in before[low:high])
        else:
            yield from _paired(before[low:high], after[start:end])


def likeness(first: str, second: str) -> float:
    """Return the share of words, without blanks, that two texts have in common and in order, 0 to 1."""
    one, other = ([word for word in words(text) if not word.isspace()] for text in (first, second))
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _sentences(text: str) -> list[str]:
    return [part for part in _SENTENCE_END.split(single_blanks(text)) if part]


def _within(before: str, after: str) -> list[Piece]:
    """Return the pieces of one sentence."""
    if before == after:
        return [Piece(a=before, b=after)]
    if likeness(before, after) < _READABLE:
        return [Piece(a=before, b=after)]
    first, second = words(before), words(after)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return _merged(
        [
            Piece(a="".join(first[low:high]), b="".join(second[start:end]))
            for _, low, high, start, end in matcher.get_opcodes()
        ]
    )


def _paired(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair what was replaced with its likeliest successor, in order."""
    waiting = list(after)
    for text in before:
        ratios = [likeness(text, other) for other in waiting]
        best = max(range(len(ratios)), key=lambda place: ratios[place], default=None)
        if len(before) == len(after) == 1:
            best = 0
        elif best is None or ratios[best] < _RELATED:
            yield text, ""
            continue
        for other in waiting[:best]:
            yield "", other
        yield text, waiting[best]
        del waiting[: best + 1]
    for other in waiting:
        yield "", other


def _merged(found: Sequence[Piece]) -> list[Piece]:
    """Join equal stretches, and changes that are separated by a few characters of Chinese or by blanks alone."""
    result: list[Piece] = []
    for place, piece in enumerate(found):
        between = 0 < place < len(found) - 1 and not piece.changed and _slight(piece.a)
        alike = bool(result) and result[-1].changed == piece.changed
        if result and (alike or (result[-1].changed and between)):
            result[-1] = Piece(a=result[-1].a + piece.a, b=result[-1].b + piece.b)
        else:
            result.append(piece)
    return result


def _slight(text: str) -> bool:
    if not text.strip():
        return True
    return len(text) <= _JOINED and re.fullmatch(rf"[{HAN}\s]*", text) is not None
