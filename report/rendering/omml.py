"""Formulas as Office Math (OMML), which word processors show, edit and read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

_TEXT = ("mi", "mn", "mo", "mtext", "ms")
_ACCENTS = {"^": "\u0302", "ˆ": "\u0302", "‾": "\u0305", "¯": "\u0305", "~": "\u0303", "→": "\u20d7", "˙": "\u0307"}


def omml(math: Element, make: Any) -> Any:
    """Return a formula as an element `m:oMath`.

    Args:
        math: the element `math` of MathML.
        make: makes an element of a name such as "m:r".
    """
    made = make("m:oMath")
    for child in math:
        _append(made, child, make)
    return made


def _append(parent: Any, element: Element, make: Any) -> None:
    name = element.tag.rpartition("}")[2]
    children = list(element)
    if name in _TEXT:
        parent.append(_run("".join(element.itertext()), make, upright=name == "mtext"))
    elif name in _SHAPES and len(children) == len(_SHAPES[name][1]):
        kind, parts = _SHAPES[name]
        made = make(kind)
        _fill(made, zip(parts, children, strict=True), make)
        parent.append(made)
    elif name in ("msqrt", "mroot"):
        parent.append(_root(children, name == "msqrt", make))
    elif name in ("mover", "munder", "munderover") and len(children) >= 2:
        parent.append(_stacked(name, children, make))
    elif name == "mtable":
        parent.append(_matrix(children, make))
    elif name != "mspace":
        # A row, a style, or what this does not know: what is in it counts.
        for child in children:
            _append(parent, child, make)


_SHAPES = {
    "mfrac": ("m:f", ("m:num", "m:den")),
    "msup": ("m:sSup", ("m:e", "m:sup")),
    "msub": ("m:sSub", ("m:e", "m:sub")),
    "msubsup": ("m:sSubSup", ("m:e", "m:sub", "m:sup")),
}
"""Elements whose children stand in places of the same order."""


def _run(text: str, make: Any, *, upright: bool) -> Any:
    run = make("m:r")
    if upright:
        look = make("m:rPr")
        look.append(make("m:nor"))
        run.append(look)
    said = make("m:t")
    said.text = text
    run.append(said)
    return run


def _fill(made: Any, parts: Any, make: Any) -> None:
    for place, child in parts:
        slot = make(place)
        _append(slot, child, make)
        made.append(slot)


def _root(children: Sequence[Element], square: bool, make: Any) -> Any:
    made = make("m:rad")
    if square:
        look, hidden = make("m:radPr"), make("m:degHide")
        hidden.set(_VAL, "1")
        look.append(hidden)
        made.append(look)
    degree, inside = make("m:deg"), make("m:e")
    if not square and len(children) == 2:
        _append(degree, children[1], make)
    for child in children if square else children[:1]:
        _append(inside, child, make)
    made.append(degree)
    made.append(inside)
    return made


_VAL = "{http://schemas.openxmlformats.org/officeDocument/2006/math}val"


def _stacked(name: str, children: Sequence[Element], make: Any) -> Any:
    """Return what stands under or over a sign: an accent, or a limit."""
    above = "".join(children[-1].itertext()).strip()
    if name == "mover" and above in _ACCENTS:
        made, look, sign = make("m:acc"), make("m:accPr"), make("m:chr")
        sign.set(_VAL, _ACCENTS[above])
        look.append(sign)
        made.append(look)
        _fill(made, [("m:e", children[0])], make)
        return made
    if name == "munderover":
        inner = make("m:limLow")
        _fill(inner, [("m:e", children[0]), ("m:lim", children[1])], make)
        made, base, limit = make("m:limUpp"), make("m:e"), make("m:lim")
        base.append(inner)
        _append(limit, children[2], make)
        made.append(base)
        made.append(limit)
        return made
    made = make("m:limUpp" if name == "mover" else "m:limLow")
    _fill(made, [("m:e", children[0]), ("m:lim", children[1])], make)
    return made


def _matrix(rows: Sequence[Element], make: Any) -> Any:
    made = make("m:m")
    for row in rows:
        line = make("m:mr")
        _fill(line, (("m:e", cell) for cell in row), make)
        made.append(line)
    return made
