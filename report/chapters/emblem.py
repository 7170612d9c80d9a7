"""An emblem in SVG, rebuilt from what can only be drawn: shapes, colours, gradients, and references within itself.

Scripts, links, pictures, fonts, animations and foreign content are left out; style rules become attributes, because a
report allows none but its own.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from labreport.report.errors import UsageError

LARGEST = 1_000_000
"""Bytes of an SVG at most."""
DEEPEST = 60
"""Groups within groups."""
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    {"circle", "clipPath", "defs", "ellipse", "g", "line", "linearGradient", "path", "pattern", "polygon"}
    | {"polyline", "radialGradient", "rect", "stop", "svg", "symbol", "use"}
)
_GEOMETRY = (
    "id d points x y x1 x2 y1 y2 cx cy r rx ry fx fy dx dy width height viewBox preserveAspectRatio transform"
    " gradientTransform gradientUnits patternTransform patternUnits patternContentUnits clipPathUnits"
    " spreadMethod offset pathLength"
)
_PAINT = (
    "fill fill-opacity fill-rule stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray"
    " stroke-dashoffset stroke-opacity opacity color stop-color stop-opacity clip-path clip-rule display"
    " visibility"
)
_DRAWN = frozenset(f"{_GEOMETRY} {_PAINT}".split())
"""Attributes that are kept."""
_NOT_PRINTED = frozenset({"mask", "filter"})
"""Elements without which a drawing looks otherwise, and which the PDF would leave out."""
_CENTRED = {"cx": "0.5", "cy": "0.5", "r": "0.5"}
"""What a radial gradient means that says nothing; the PDF would measure it by the whole emblem."""
_PLACES = frozenset({"cx", "cy", "r", "fx", "fy", "x1", "x2", "y1", "y2"})
_PERCENT = re.compile(r"\s*([+-]?\d{1,9}(?:\.\d{1,9})?)%\s*")
_QUOTED_URL = re.compile(r"url\(\s*(['\"])(#[^'\")]*)\1\s*\)")
_SELECTOR = re.compile(r"[.#]?[A-Za-z][\w-]*")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*>")
_LOADS = re.compile(r"url\(\s*['\"]?(?!#)|javascript:|expression\(|[<>\\]|@import", re.IGNORECASE)
_AT_RULE = re.compile(r"@[\w-]+[^;{}]*;|/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


def harmless(content: bytes, name: str) -> bytes:
    """Return an SVG that draws the same and can do nothing else.

    Args:
        content: of the file.
        name: how to name it in an error.

    Raises:
        UsageError: not SVG, too large or deep, entities of its own, or letters, which would need a font.
    """
    content = _DOCTYPE.sub(b"", content, count=1)
    if len(content) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST} bytes of SVG.")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UsageError(f"{name} defines entities of its own; save it as plain SVG.")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UsageError(f"{name} is not SVG: {error}.") from error
    if _local(root.tag) != "svg":
        raise UsageError(f"{name} is not SVG: it begins with '{_local(root.tag)}'.")
    if any(_local(part.tag) == "text" for part in root.iter()):
        raise UsageError(f"{name} holds letters as text, which need a font; turn them into paths.")
    if any(_local(part.tag) == "image" for part in root.iter()):
        raise UsageError(f"{name} holds a picture of pixels; save the emblem as PNG.")
    if left_out := sorted({_local(part.tag) for part in root.iter()} & _NOT_PRINTED):
        raise UsageError(f"{name} uses {', '.join(left_out)}, which can't be printed; save the emblem as PNG.")
    made = _rebuilt(root, _rules(root, name), 0, name)
    if "viewBox" not in made.attrib and not {"width", "height"} <= made.attrib.keys():
        raise UsageError(f"{name} says neither its size nor its viewBox.")
    if any(part.tag == "use" and part is not inner for part in made.iter() for inner in _targets(part, made)):
        raise UsageError(f"{name} has references that lead to references; save it as plain SVG.")
    made.set("xmlns", _SVG)
    return bytes(ElementTree.tostring(made, encoding="utf-8"))


def _targets(use: ElementTree.Element, root: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the references inside what a reference shows: nested, they could grow without end."""
    if use.tag != "use":
        return []
    shown = next((part for part in root.iter() if part.get("id") == use.get("href", "")[1:]), None)
    return [part for part in shown.iter() if part.tag == "use"] if shown is not None else []


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _rules(root: ElementTree.Element, name: str) -> dict[str, dict[str, str]]:
    """Return the declarations of the rules in style elements, by selector: an element, a class or an id."""
    found: dict[str, dict[str, str]] = {}
    for part in root.iter():
        if _local(part.tag) == "style":
            for selectors, body in _RULE.findall(_AT_RULE.sub("", "".join(part.itertext()))):
                for selector in selectors.split(","):
                    if not _SELECTOR.fullmatch(selector.strip()):
                        raise UsageError(
                            f"{name} has a style rule for '{selector.strip()[:40]}', which is neither an element nor a "
                            "class nor an id; save it as plain SVG."
                        )
                    found.setdefault(selector.strip(), {}).update(_declared(body))
    return found


def _declared(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.split(";"))
    return {name.strip().lower(): value.replace("!important", "").strip() for name, _, value in pairs}


def _share(value: str) -> str:
    """Return a percentage as a share of one; anything else as it is."""
    number = _PERCENT.fullmatch(value)
    return f"{float(number.group(1)) / 100:g}" if number else value


def _rebuilt(part: ElementTree.Element, rules: dict[str, dict[str, str]], depth: int, name: str) -> ElementTree.Element:
    if depth > DEEPEST:
        raise UsageError(f"{name} has more than {DEEPEST} groups within groups.")
    made = ElementTree.Element(_local(part.tag))
    # Rules of style win over attributes, and what the element says itself over both.
    values = {_local(key): value for key, value in part.attrib.items() if key[:1] != "{" or _local(key) == "href"}
    classes = (f".{one}" for one in values.get("class", "").split())
    for selected in (made.tag, *classes, f"#{values.get('id', '')}"):
        values |= rules.get(selected, {})
    values |= _declared(values.get("style", ""))
    if made.tag.endswith("Gradient") and values.get("gradientUnits") != "userSpaceOnUse":
        stated = _CENTRED if made.tag == "radialGradient" and "href" not in values else {}
        values = stated | {key: _share(value) if key in _PLACES else value for key, value in values.items()}
    for key, plain in values.items():
        value = _QUOTED_URL.sub(r"url(\2)", plain)
        inner = key == "href" and made.tag in ("use", "linearGradient", "radialGradient", "pattern")
        if inner and re.fullmatch(r"#[\w.:-]+", value):
            made.set("href", value)
        elif key in _DRAWN and not _LOADS.search(value):
            made.set(key, value)
    made.extend([_rebuilt(child, rules, depth + 1, name) for child in part if _local(child.tag) in _SHAPES])
    return made
