"""Matplotlib's SVG made fit for a page with a strict Content-Security-Policy, and small.

Under such a policy the `style` attributes that Matplotlib writes are ignored and figures turn black, so they become
presentation attributes here. Ids are renamed, because several figures share a page; metadata, comments and groups
without meaning go; numbers are rounded, and paths are written with relative steps.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

from labreport.report.figures import palette

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
TEXT = {"font-family": "Labreport Sans", "font-size": "8"}
"""What all text inherits from the root unless it says otherwise; the size in points."""
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
_STEP = re.compile(r"([MLCQZz])|(-?\d+\.?\d*(?:e-?\d+)?)")
_COORDINATES = {"M": 2, "L": 2, "C": 6, "Q": 4}
_ROLES = {stand_in: role for role, stand_in in palette.STAND_INS.items()}
_UNUSED = {"stroke-miterlimit": None, "fill-rule": None, "stroke-opacity": "1", "fill-opacity": "1", "opacity": "1"}
_ROUNDED = ("x", "y", "width", "height", "transform", "r", "stroke-width", "stroke-dasharray", "stroke-dashoffset")

Element = ElementTree.Element


def cleaned(source: str, prefix: str, width: float, height: float) -> str:
    """Return Matplotlib's SVG in the form of the report.

    Args:
        source: the whole text that Matplotlib wrote.
        prefix: begins every id that is kept.
        width: in millimetres.
        height: in millimetres.

    Returns:
        One `<svg>` element without declaration, with no style attribute, style element or metadata.
    """
    root = ElementTree.fromstring(source)
    _drop(root, {f"{{{SVG}}}metadata", f"{{{SVG}}}style"})
    for element in root.iter():
        _style_to_attributes(element)
        link = element.attrib.pop(f"{{{XLINK}}}href", None)
        if link:
            element.set("href", link)
    for group in root.iter(f"{{{SVG}}}g"):
        _draw_dots(group, root)
    _draw_in_place(root)
    for axis in root.iter(f"{{{SVG}}}g"):
        if axis.get("id", "").startswith("matplotlib.axis_"):
            _join(axis)
    for element in root.iter():
        _tidy(element)
    _rename_ids(root, prefix)
    while _unwrap(root):
        pass
    _share_attributes(root)
    root.attrib.clear()
    root.attrib |= root_attributes(width, height)
    return serialised(root)


def root_attributes(width: float, height: float) -> dict[str, str]:
    """Return the attributes of an `<svg>` of this size in millimetres; its unit inside is the point."""
    points = 72 / 25.4
    return {
        "width": f"{short(width)}mm",
        "height": f"{short(height)}mm",
        "viewBox": f"0 0 {short(width * points)} {short(height * points)}",
        "stroke-linejoin": "round",
        **TEXT,
    }


def serialised(root: Element) -> str:
    """Return the element as text with the SVG namespace as the default one."""
    ElementTree.register_namespace("", SVG)
    for element in root.iter():
        element.tail = None
        if element.tag != f"{{{SVG}}}text":
            element.text = None
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def rounded(text: str) -> str:
    """Return the text with every number in it at two decimals."""
    return _NUMBER.sub(lambda match: short(float(match.group())), text)


def short(value: float) -> str:
    """Return a number with at most two decimals and no needless zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _drop(root: Element, tags: set[str]) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in tags:
                parent.remove(child)


def _style_to_attributes(element: Element) -> None:
    """Turn a style into attributes, and the colours that stood for roles into those roles."""
    for declaration in element.attrib.pop("style", "").split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            element.set(name.strip(), _ROLES.get(value.strip(), value.strip()))
    for name, usual in _UNUSED.items():
        if name in element.attrib and (usual is None or element.get(name) == usual):
            del element.attrib[name]
    family = element.get("font-family")
    if family:
        family, size = family.split(",")[0].strip("'\" "), element.attrib.pop("font-size", "8px").removesuffix("px")
        element.attrib |= {"font-family": family, "font-size": size}
        for name, usual in TEXT.items():
            if element.get(name) == usual:
                del element.attrib[name]
        if element.get("text-anchor") == "start":
            del element.attrib["text-anchor"]


def _tidy(element: Element) -> None:
    if "d" in element.attrib:
        element.set("d", shortened(element.attrib["d"]))
    for name in _ROUNDED:
        if name in element.attrib:
            element.set(name, rounded(element.attrib[name]))
    transform = element.get("transform", "")
    if re.fullmatch(r"rotate\(0 [^)]*\)|scale\(1 1\)|translate\(0 0\)", transform):
        del element.attrib["transform"]


def _draw_dots(group: Element, root: Element) -> None:
    """Draw a group of equal, filled, opaque circles as one path: each is a stroke of no length with round ends."""
    names = {use.get("href", "")[1:] for use in group}
    looks = {tuple(use.get(name) for name in ("fill", "stroke", "fill-opacity", "opacity")) for use in group}
    if len(names) != 1 or len(looks) != 1 or len(group) < 2 or any(use.tag != f"{{{SVG}}}use" for use in group):
        return
    (fill, stroke, *opacity), (name,) = looks.pop(), names
    shape = next((path for path in root.iter(f"{{{SVG}}}path") if path.get("id") == name), None)
    radius = _radius(shape.get("d", "")) if shape is not None and shape.attrib.keys() == {"id", "d"} else None
    if radius is None or not fill or stroke not in (None, "none") or any(opacity):
        return
    places = "".join("M{0} {1}L{0} {1}".format(use.get("x", "0"), use.get("y", "0")) for use in group)
    group[:] = [
        ElementTree.Element(
            f"{{{SVG}}}path",
            {"d": places, "fill": "none", "stroke": fill, "stroke-width": short(2 * radius), "stroke-linecap": "round"},
        )
    ]


def _radius(path: str) -> float | None:
    """Return the radius of a circle about the origin that Matplotlib wrote as curves; None for another shape."""
    commands = _commands(path)
    ends = [numbers[-2:] for _, numbers in commands if numbers]
    if "".join(command for command, _ in commands).lower() != "mccccccccz":
        return None
    distances = [(x * x + y * y) ** 0.5 for x, y in ends]
    return max(distances) if max(distances) - min(distances) < 0.01 * max(distances) else None


def _draw_in_place(root: Element) -> None:
    """Replace references to a shape that is used once, or is a tick of an axis, by the shape itself."""
    shapes = {path.get("id", ""): path for path in root.iter(f"{{{SVG}}}path") if path.get("id")}
    uses = Counter(use.get("href", "")[1:] for use in root.iter(f"{{{SVG}}}use"))
    for use in root.iter(f"{{{SVG}}}use"):
        shape = shapes.get(use.get("href", "")[1:])
        if shape is None or "transform" in use.attrib or "transform" in shape.attrib:
            continue
        straight = not re.search("[CQ]", shape.get("d", "")) and "z" not in shape.get("d", "")
        if uses[shape.get("id", "")] > 1 and not straight:
            continue
        x, y = (float(use.attrib.pop(name, "0")) for name in ("x", "y"))
        del use.attrib["href"]
        use.tag = shape.tag
        # What the shape says of itself goes before what its use says.
        use.attrib |= {name: value for name, value in shape.attrib.items() if name != "id"}
        use.set("d", _moved(shape.get("d", ""), x, y))
        uses[shape.get("id", "")] -= 1
    for definitions in root.iter(f"{{{SVG}}}defs"):
        for shape in list(definitions):
            if shape.tag == f"{{{SVG}}}path" and not uses[shape.get("id", "")]:
                definitions.remove(shape)


def _moved(path: str, x: float, y: float) -> str:
    """Return path data, whose commands Matplotlib writes with absolute places, at another place."""
    return "".join(
        command + " ".join(repr(number + (y if position % 2 else x)) for position, number in enumerate(numbers))
        for command, numbers in _commands(path)
    )


def _join(axis: Element) -> None:
    """Make one path of all strokes of an axis that look alike: its ticks, and its grid."""
    first: dict[tuple[tuple[str, str], ...], Element] = {}
    for parent in list(axis.iter()):
        for path in list(parent):
            if path.tag != f"{{{SVG}}}path" or parent.tag == f"{{{SVG}}}defs":
                continue
            look = tuple(sorted((name, value) for name, value in path.attrib.items() if name not in {"d", "id"}))
            if look in first:
                first[look].set("d", first[look].get("d", "") + path.get("d", ""))
                parent.remove(path)
            else:
                first[look] = path


def shortened(path: str) -> str:
    """Return path data with relative line steps, each computed from rounded points so that errors don't add up.

    Places are rounded to a tenth of a point, a twenty-eighth of a millimetre, which no printer shows; shapes with
    curves, which are small, to a hundredth.
    """
    commands = _commands(path)
    scale = 100 if any(command in "CQ" for command, _ in commands) else 10
    out: list[str] = []
    here = (0, 0)
    for command, numbers in commands:
        if command in "Zz":
            out.append("z")
            continue
        points = [round(number * scale) for number in numbers]
        end = (points[-2], points[-1])
        if command == "L":
            step = (end[0] - here[0], end[1] - here[1])
            if step == (0, 0) and out and not out[-1].startswith("M"):
                continue
            out.append(_line(step, scale, out[-1] if out else ""))
        else:
            out.append(command + " ".join(_without_zero(point / scale) for point in points))
        here = end
    return "".join(out).replace(" -", "-")


def _line(step: tuple[int, int], scale: int, before: str) -> str:
    """Return a step of a line in its shortest form."""
    if 0 in step:
        across = not step[1]
        return ("h" if across else "v") + _without_zero(step[not across] / scale)
    lead = " " if before.startswith(("l", " ")) else "l"
    return lead + " ".join(_without_zero(part / scale) for part in step)


def _commands(path: str) -> list[tuple[str, list[float]]]:
    commands: list[tuple[str, list[float]]] = []
    for letter, digits in _STEP.findall(path):
        if letter:
            commands.append((letter, []))
            continue
        command, numbers = commands[-1]
        if len(numbers) == _COORDINATES[command]:
            numbers = []
            commands.append((command, numbers))
        numbers.append(float(digits))
    return commands


def _without_zero(value: float) -> str:
    text = short(value)
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _rename_ids(root: Element, prefix: str) -> None:
    used: list[str] = []
    for element in root.iter():
        for name, value in element.attrib.items():
            target = re.fullmatch(r"url\(#(.+)\)", value) or (re.fullmatch("#(.+)", value) if name == "href" else None)
            if target and target.group(1) not in used:
                used.append(target.group(1))
    names = {old: f"{prefix}-{number}" for number, old in enumerate(used, start=1)}
    for element in root.iter():
        old = element.attrib.pop("id", None)
        if old in names:
            element.set("id", names[old])
        for name, value in element.attrib.items():
            for before, after in names.items():
                if value == f"url(#{before})":
                    element.set(name, f"url(#{after})")
                elif name == "href" and value == f"#{before}":
                    element.set(name, f"#{after}")


def _share_attributes(root: Element) -> None:
    """Move what all marks of a group have in common to the group."""
    for group in root.iter(f"{{{SVG}}}g"):
        if len(group) < 2 or any(child.tag != f"{{{SVG}}}use" for child in group):
            continue
        for name, value in list(group[0].attrib.items()):
            if name not in {"x", "y", "href", *group.attrib} and all(child.get(name) == value for child in group):
                group.set(name, value)
                for child in group:
                    del child.attrib[name]


def _takes(element: Element, attributes: dict[str, str]) -> bool:
    """Return whether an element may have what its group says; a reference has a place of its own, which clips move."""
    own = element.attrib
    return element.tag != f"{{{SVG}}}use" and own.keys().isdisjoint(attributes) and "transform" not in own


def _unwrap(root: Element) -> bool:
    """Put the children of groups without attributes in their place; say whether anything changed."""
    changed = False
    for parent in list(root.iter()):
        for position, child in reversed(list(enumerate(parent))):
            empty = child.tag in {f"{{{SVG}}}g", f"{{{SVG}}}defs"} and len(child) == 0
            if child.tag == f"{{{SVG}}}g" and len(child) == 1 and _takes(child[0], child.attrib):
                child[0].attrib |= child.attrib
                child.attrib.clear()
            if empty or (child.tag == f"{{{SVG}}}g" and not child.attrib):
                parent.remove(child)
                for offset, grandchild in enumerate(child):
                    parent.insert(position + offset, grandchild)
                changed = True
    return changed
