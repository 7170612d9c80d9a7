"""Formulas as one line of plain text, `L = −(1/n) ∑_(i=1)^n log p_i`, for those who search, copy or hear them.

A formula in a PDF is a drawing of outlines, in which no reader finds a word. The line is read from the MathML, which
says what is above, below and beside what; brackets stand where the drawing shows by place what belongs together.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import escape
from xml.etree import ElementTree

from labreport.report.rendering import fonts, mathematics

_RELATIONS = frozenset("=<>≤≥≈≠≡∼∝∈∉⊂⊆←→↦⇒⇔↔:")
_BINARY = frozenset("+−±∓·×∗⋅∘÷⊙⊗⊕∪∩∧∨")
_BOX = re.compile(r'viewBox="([-\d.]+) [-\d.]+ ([-\d.]+) ')
_LARGE = frozenset("∑∏∫")
_SIGNS = frozenset("+−±∓")
"""Also stand before a number alone."""
_OPENING, _CLOSING = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉!")
_ACCENTS = {"^": "\u0302", "ˆ": "\u0302", "¯": "\u0304", "‾": "\u0304", "―": "\u0304", "~": "\u0303", "˜": "\u0303",
            "˙": "\u0307", "¨": "\u0308", "→": "\u20d7", "⃗": "\u20d7"}  # fmt: skip
_ACCENT_WORDS = {
    "\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot", "\u0308": "ddot", "\u20d7": "vec",
}  # fmt: skip
_SPACED = re.compile(r"\s+")
_LOOSE = re.compile(r"(?<=[(\[{]) | (?=[)\]}])")
_BLANK = re.compile(r"(?<=\W) | (?=\W)")
_SHARE = re.compile(r"[^\W_]+(?:_[^\W_]+)?\Z|√\([^()]*\)\Z")
_WORD = re.compile(r"[^\W_]+\Z|√\([^()]*\)\Z")
"""What needs no brackets to stand below, above or under a line."""
_PLAIN = str.maketrans({"\u2061": "", "\u2062": "", "\u2063": ", ", "\u200b": "", "-": "−", "∣": "|", "′": "'"})
_SPELLED = {"⟨": "<", "⟩": ">", "⋅": "·", "∗": "*", "⊙": "∘", "∼": "~", "⋯": "…", "⋮": "…", "⋱": "…"}


@lru_cache(maxsize=1024)
def line(tex: str) -> str:
    """Return a formula as one line of text, in characters of the shipped text font alone.

    Args:
        tex: as `mathematics.mathml` takes it; raises as that.
    """
    root = ElementTree.fromstring(mathematics.mathml(tex, display=True))
    known = fonts.characters("regular")
    text = "".join(character if character in known else _known(character) for character in _row(list(root)))
    return _LOOSE.sub("", _SPACED.sub(" ", text)).strip()


def laid_under(picture: mathematics.FormulaPicture, text: str) -> str:
    """Return the drawing of a formula with an unseen line of text in it, which fills its width on its base line.

    Text that is neither filled nor outlined is written in the PDF as text that is not painted, so it can be found,
    marked and copied; what is read aloud is the alternative text of the drawing as a whole.
    """
    box = _BOX.search(picture.svg)
    if box is None or not text:
        return picture.svg
    size = mathematics.SIZE
    line = (
        f'<text x="{box[1]}" y="0" font-family="{fonts.FACES["regular"].family}" font-size="{size:g}" fill="none" '
        f'textLength="{box[2]}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text></svg>'
    )
    return picture.svg.removesuffix("</svg>") + line


def _known(character: str) -> str:
    """Return what stands for a character that the text font lacks: another one, or its name."""
    found = _SPELLED.get(character) or unicodedata.normalize("NFKC", character)
    if fonts.characters("regular").issuperset(found):
        return found
    return f" {unicodedata.name(character, 'sign').lower()} "


def _row(elements: list[ElementTree.Element]) -> str:
    """Return what stands side by side, with blanks where the drawing has room."""
    text = ""
    for place, element in enumerate(elements):
        following = elements[place + 1] if place + 1 < len(elements) else None
        written = _written(element)
        if element.tag == "mo":
            written = _operator(written, text.rstrip(" "))
        elif element.tag == "mfrac" and not _ends(following):
            # What follows does not belong to what stands below the line.
            written = f"({written}) " if text[-1:] in _SIGNS else f" ({written}) "
        elif element.tag in ("munderover", "munder", "msubsup", "msub") and _text(element[0]) in _LARGE:
            written = f" {written} "
        elif element.tag == "mtable" and _is_matrix(element) and text[-1:] not in _OPENING:
            written = f"[{written}]"
        elif text and _is_apart(text.rpartition(" ")[2], element, written):
            written = f" {written}"
        text += written
    return text


def _is_apart(before: str, element: ElementTree.Element, written: str) -> bool:
    """Whether factors that touch in the drawing would run into each other: names, fractions, letters with an index."""
    if not before[-1:].isalnum() and before[-1:] not in _CLOSING:
        return False
    if element.tag == "mi" and len(written) > 1:
        return True
    if element.tag not in ("mi", "msub", "msup", "msubsup", "mover", "mfrac"):
        return False
    indexed = before[-1] in _CLOSING or "_" in before or "^" in before
    return indexed or element.tag == "mfrac" or ("_" in written and before[-2:] not in ("d", "/d"))


def _ends(following: ElementTree.Element | None) -> bool:
    """Whether what follows a fraction ends it: a sign, a closing bracket, or nothing."""
    return (
        following is None or (following.tag == "mo" and _text(following) not in _OPENING) or following.tag == "mspace"
    )


def _operator(sign: str, before: str) -> str:
    if sign == ",":
        return ", "
    alone = not before or before[-1] in _RELATIONS | _BINARY | _OPENING | {","}
    if sign in _SIGNS and alone:
        return sign
    return f" {sign} " if sign in _RELATIONS or sign in _BINARY or sign in _LARGE else sign


def _written(element: ElementTree.Element) -> str:
    kids = list(element)
    match element.tag:
        case "mfrac":
            return f"{_share(kids[0])}/{_share(kids[1])}"
        case "msqrt":
            return f"√({_row(kids).strip()})"
        case "mroot":
            return f"root({_written(kids[0])}, {_written(kids[1])})"
        case "msub" | "munder":
            return f"{_written(kids[0])}_{_grouped(kids[1])}"
        case "msup":
            return f"{_base(kids[0])}{_raised(kids[1])}"
        case "mover":
            return _above(kids[0], kids[1])
        case "msubsup" | "munderover":
            return f"{_written(kids[0])}_{_grouped(kids[1])}^{_grouped(kids[2])}"
        case "mtable":
            between = ", " if _is_matrix(element) else " "
            return "; ".join(between.join(_row(list(cell)).strip() for cell in row) for row in kids)
        case "mspace":
            return " "
        case "mi" | "mn" | "mo" | "mtext" | "ms":
            return _text(element)
    return _row(kids)


def _is_matrix(table: ElementTree.Element) -> bool:
    """Whether the cells of a table are numbers beside each other; lines that are aligned at a sign hold signs."""
    signs = {_text(part) for row in table for cell in row for part in cell.iter("mo")}
    return not signs & _RELATIONS


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).translate(_PLAIN)


def _grouped(element: ElementTree.Element) -> str:
    """Return what stands lower or higher than its letter."""
    text = _written(element).strip()
    return text if _WORD.match(text) else f"({_BLANK.sub('', text)})"


def _share(element: ElementTree.Element) -> str:
    """Return what stands above or below a line."""
    text = _written(element).strip()
    return text if _SHARE.match(text) else f"({text})"


def _raised(element: ElementTree.Element) -> str:
    return "'" if _text(element) == "'" else f"^{_grouped(element)}"


def _base(element: ElementTree.Element) -> str:
    """Return what has something raised behind it; an index stays with its letter."""
    text = _written(element).strip()
    return text if element.tag in ("mi", "mn", "mo", "msub", "mover", "mtext") else _grouped(element)


def _above(base: ElementTree.Element, over: ElementTree.Element) -> str:
    """Return a letter with its accent, in one character where there is one."""
    accent = _ACCENTS.get(_text(over).strip() or "^")
    below = _written(base)
    if accent is None:
        return f"{below}^{_grouped(over)}"
    joined = unicodedata.normalize("NFC", below + accent)
    return joined if len(joined) == len(below) == 1 else f"{_ACCENT_WORDS[accent]}({below})"
