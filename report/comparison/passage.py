"""A passage of the notes with its changes marked, as Markdown: [old → new] in bold, long equal stretches cut short."""

from __future__ import annotations

from labreport.report.comparison.record import NoteChange
from labreport.report.comparison.untrusted import foreign
from labreport.report.words import Words

AROUND = 48
"""Characters of an equal stretch that are shown beside a change."""
ELLIPSIS = "…"


def passage(change: NoteChange, words: Words) -> str:
    """Return one passage as a line of Markdown; nothing for one without words."""
    parts: list[str] = []
    last = len(change.pieces) - 1
    for place, piece in enumerate(change.pieces):
        if piece.changed:
            parts.append(_change(piece.a, piece.b, words))
        elif last == 0:
            parts.append(foreign(piece.a))
        else:
            parts.append(foreign(shortened(piece.a, first=place == 0, last=place == last)))
    text = "".join(parts).strip()
    if not text:
        return ""
    return words("compare.labelled", name=f"*{foreign(change.section)}*", text=text) if change.section else text


def shortened(text: str, *, first: bool = False, last: bool = False) -> str:
    """Return an equal stretch with its middle left out, or its outer end where it is the first or last of a passage."""
    if first:
        return text if len(text) <= AROUND else ELLIPSIS + _tail(text)
    if last:
        return text if len(text) <= AROUND else _head(text) + ELLIPSIS
    return text if len(text) <= 2 * AROUND else f"{_head(text)} {ELLIPSIS} {_tail(text)}"


def _head(text: str) -> str:
    """Cut after a whole word; Chinese, which has no blanks, is cut anywhere."""
    cut = text[:AROUND]
    place = cut.rfind(" ")
    return cut[: place + 1] if place > AROUND // 2 else cut


def _tail(text: str) -> str:
    cut = text[-AROUND:]
    place = cut.find(" ")
    return cut[place:] if 0 <= place < AROUND // 2 else cut


def _change(old: str, new: str, words: Words) -> str:
    """Return a change; the marks of emphasis stand inside the brackets, where they are understood beside Chinese."""
    nothing = words("compare.nothing")
    before, after = foreign(old.strip()) or nothing, foreign(new.strip()) or nothing
    said = words("compare.replaced", a=f"**{before}", b=f"{after}**").replace("[", "\\[", 1)
    said = said[:-1] + "\\]" if said.endswith("]") else said
    lead = " " if (old or new)[:1].isspace() else ""
    trail = " " if (old or new)[-1:].isspace() else ""
    return lead + said + trail
