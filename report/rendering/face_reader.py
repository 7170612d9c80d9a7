"""Which text of a page stands in which face, by its elements, as the style sheets set them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labreport.report.rendering.fonts import FaceName

BOLD_TAGS = frozenset({"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"})
"""Elements that the style sheets set bold; no rule of theirs makes anything else bold."""
_LIGHT_CLASSES = frozenset({"quiet", "tag"})
"""Classes of what they set in the regular weight inside of a bold element."""
_ITALIC_TAGS = frozenset({"i", "em"})
_MONO_TAGS = frozenset({"code", "pre", "samp", "kbd"})
_UNSEEN_TAGS = frozenset({"style", "title", "template", "desc", "head"})
_VOID_TAGS = frozenset({"br", "hr", "img", "meta", "link", "wbr", "path", "use", "rect", "line", "circle", "col"})
_ITALICS = {"h": "ℎ", "∇": "𝛻", "∂": "𝜕", "ϵ": "𝜖", "ϑ": "𝜗", "ϕ": "𝜙", "ϱ": "𝜚", "ϖ": "𝜛"}
"""The letters whose mathematical italic is not where the order of the alphabet would have it (MathML Core)."""
KNOWN_TAG = "labreport-known"
"""Element that stands for a piece of a page whose characters are known."""


class FaceReader(HTMLParser):
    """Collects the text of a page by the face that shows it.

    Args:
        known: what each face shows in pieces of the page, by the attribute `data-part` of the elements in their place.
        names: of the faces.
    """

    def __init__(self, known: Mapping[str, Mapping[FaceName, str]], names: Iterable[FaceName]) -> None:
        super().__init__(convert_charrefs=True)
        self.known = known
        self.is_misled = False
        self.texts: dict[FaceName, list[str]] = {name: [] for name in names}
        self._open: list[tuple[str, FaceName | None]] = []
        self._slanted = False
        """Whether the text to come is the name of a variable, which is slanted where it is one letter."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Find the face of what the element holds."""
        if tag in _VOID_TAGS:
            return
        above: FaceName | None = self._open[-1][1] if self._open else "regular"
        if tag == KNOWN_TAG:
            self.is_misled |= above != "regular"
            for name, shown in self.known.get(dict(attrs).get("data-part") or "", {}).items():
                self.texts[name].append(shown)
        self._open.append((tag, _face(tag, above, attrs)))
        if tag in ("msqrt", "mroot"):
            self.texts["math"].append("√")  # drawn by the browser
        self._slanted = tag == "mi" and dict(attrs).get("mathvariant") != "normal"

    def handle_endtag(self, tag: str) -> None:
        """Return to the face around the element."""
        self._slanted = False
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Put a text to its face."""
        face: FaceName | None = self._open[-1][1] if self._open else "regular"
        if face is not None and data != "\n":
            self.texts[face].append(_italic(data) if self._slanted and len(data) == 1 else data)


def _face(tag: str, above: FaceName | None, attributes: Iterable[tuple[str, str | None]]) -> FaceName | None:
    if above is None or tag in _UNSEEN_TAGS:
        return None
    if tag == "mtext" and dict(attributes).get("class") == "text":
        return "regular"
    if tag == "math" or above == "math":
        return "math"
    if tag in _MONO_TAGS or above == "mono":
        return "mono"
    if tag in _ITALIC_TAGS and above == "regular":
        return "italic"
    if tag in BOLD_TAGS:
        return "bold"
    if above == "bold" and _LIGHT_CLASSES.intersection((dict(attributes).get("class") or "").split()):
        return "regular"
    if tag in ("text", "tspan", "g", "svg"):
        values = dict(attributes)
        if "Mono" in (values.get("font-family") or ""):
            return "mono"
        if values.get("font-weight") in ("bold", "700"):
            return "bold"
        if values.get("font-style") == "italic":
            return "italic"
    return above


def _italic(character: str) -> str:
    """Return the mathematical italic of a letter, which the browser takes for a variable of one letter."""
    if character in _ITALICS:
        return _ITALICS[character]
    for first, last, target in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2), ("α", "ω", 0x1D6FC)):
        if first <= character <= last:
            return chr(target + ord(character) - ord(first))
    return character
