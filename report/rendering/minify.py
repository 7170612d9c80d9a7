"""Makes a finished page smaller without changing what it shows.

A page with six labs holds thousands of table cells and hundreds of strokes; blank lines, end tags and quotes that HTML
lets one omit, the same few attributes on every stroke, and digits that no screen can show are a fifth of it.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator

from labreport.report.rendering.theme import DARK

_PRESENTATION = frozenset(
    {
        "fill", "stroke", "stroke-width", "text-anchor", "fill-opacity", "stroke-opacity", "stroke-linecap",
        "stroke-linejoin", "stroke-dasharray", "opacity", "font-weight", "font-style", "image-rendering",
    }
)  # fmt: skip
"""Attributes of a drawing that a rule of a style sheet can give as well."""
_COORDINATES = frozenset({"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height", "points"})
_PREFORMATTED = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
_START_TAG = re.compile(r"<(?!meta|template)[a-z][\w-]*(?: [\w:-]+(?:=(?:\"[^\"]*\"|[^\s\"'=<>`]+))?)+ ?/?>")
"""A start tag whose values may lose their quotes: neither the policy, which comes later, nor what is carried along."""
_NEEDLESS_QUOTES = re.compile(r"=\"([^\s\"'=<>`/]+)\"(?=[ >])")
_PICTURE = re.compile(r'(<image\b[^>]*image-rendering="pixelated"[^>]*href="data:image/png;base64,)([^"]*)(")')
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_DEFINITIONS = re.compile(r"<defs>(.*?)</defs>", re.DOTALL)
_TAG = re.compile(r'<(\w+)((?: [\w-]+="[^"]*")+)(/?)>')
_AFTER_PARAGRAPH = "p|ul|ol|div|table|pre|section|h[2-6]|figure|details|/div|/section|/article|/details"
"""What ends a paragraph by its beginning."""
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')
_ID = re.compile(r' id="([^"]*)"')
_BARE = re.compile(r"[^\s\"'=<>`/]+\Z")
_NUMBER = re.compile(r"-?\d*\.\d+")
_STEP = re.compile(r"([A-Za-z])|(-?(?:\d+\.?\d*|\.\d+))")
_FEWEST = 5
"""Elements that must share their attributes before these become a class."""
_SCALE = 10
"""Parts of a point to which a drawing is rounded; a point is less than two pixels on the page."""

Style = tuple[tuple[str, str], ...]


def slim_pictures(page: str) -> str:
    """Return the page with each picture in as few pixels as it takes.

    Small pictures are drawn with every pixel twice as wide and high, for viewers that smooth them; browsers do not,
    since the page tells them to show pixels as they are.
    """
    return _PICTURE.sub(lambda match: match[1] + _halved(match[2]) + match[3], page)


def _halved(data: str) -> str:
    """Return a PNG picture with half as many rows and columns, in base64; as it was where that would lose anything."""
    import numpy
    from PIL import Image

    pixels = numpy.asarray(Image.open(io.BytesIO(b64decode(data))))
    half = pixels[::2, ::2]
    if pixels.shape[0] % 2 or pixels.shape[1] % 2 or not (half.repeat(2, axis=0).repeat(2, axis=1) == pixels).all():
        return data
    options: dict[str, int] = {}
    if half.ndim == 3 and half.shape[2] == 2:
        shown = half[..., 1] == 255
        free = sorted(set(range(256)) - set(half[..., 0][shown].tolist()))
        if not free or half[..., 1][~shown].any():
            return data
        # A grey that is nowhere shown stands for the gaps, which takes less than a second channel.
        half, options = numpy.where(shown, half[..., 0], numpy.uint8(free[-1])), {"transparency": free[-1]}
    target = io.BytesIO()
    Image.fromarray(half).save(target, "PNG", optimize=True, **options)
    return b64encode(target.getvalue()).decode("ascii")


def without_blanks(page: str) -> str:
    """Return the page without blank lines outside preformatted text, and without empty class attributes."""
    parts = _PREFORMATTED.split(page)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"\n\s*\n+", "\n", parts[index])
        parts[index] = re.sub(r'class="([^"]*?)\s+"', r'class="\1"', parts[index]).replace(' class=""', "")
    return "".join(parts)


def without_end_tags(page: str) -> str:
    """Return the page without the end tags of cells, rows, items and paragraphs, which HTML supplies by itself."""
    return re.sub(rf"</(?:t[dhr]|thead|tbody|li|dt|dd)>\s*|</p>(?=\s*<(?:{_AFTER_PARAGRAPH})\b)", "", page)


def without_quotes(page: str) -> str:
    """Return the page without quotes round values that need none, and with the shorter element for colours of code."""
    page = _PREFORMATTED.sub(lambda pre: pre[1].replace('<span class="', '<i class="').replace("</span>", "</i>"), page)
    return _START_TAG.sub(lambda tag: _NEEDLESS_QUOTES.sub(r"=\1", tag[0]), page)


def compact(styles: str) -> str:
    """Return a style sheet without the blanks that only its author needs; none stands inside its quoted texts."""
    return re.sub(r" ?([{};]) ?", r"\1", re.sub(r"([:,]) ", r"\1", styles)).replace(";}", "}")


def slim_drawings(page: str) -> tuple[str, str, str]:
    """Make the drawings of a page smaller.

    Attributes that many strokes share become classes, marks and clips that several drawings define alike are defined
    once, and coordinates are rounded to a tenth of a point.

    Returns:
        The page, the rules of the classes, and the rules of those that look different in the dark.
    """
    counts = Counter(
        style for drawing in _DRAWING.findall(page) for style in map(_style, _tags(drawing)) if style is not None
    )
    often = sorted((-count, style) for style, count in counts.items() if count >= _FEWEST)
    names = {style: f"v{number}" for number, (_, style) in enumerate(often)}
    known: dict[str, str] = {}

    def drawing(match: re.Match[str]) -> str:
        head, separator, body = match.group().partition(">")
        return head + separator + _TAG.sub(lambda tag: _rewritten(tag, names), _shared(body, known))

    rules, dark = [], []
    for style, name in names.items():
        rules.append(f"svg .{name}{{{';'.join(f'{attribute}:{value}' for attribute, value in style)}}}")
        changed = [f"{attribute}:{DARK[value]}" for attribute, value in style if value in DARK]
        if changed:
            dark.append(f"svg .{name}{{{';'.join(changed)}}}")
    return _DRAWING.sub(drawing, page), "".join(rules) + "\n", "".join(dark) + "\n"


def _tags(drawing: str) -> Iterator[str]:
    """Yield the attributes of every element inside a drawing."""
    _, _, body = drawing.partition(">")
    return (match.group(2) for match in _TAG.finditer(body))


def _style(attributes: str) -> Style | None:
    """Return how an element is painted, or None where nothing says so."""
    found = sorted((name, value) for name, value in _ATTRIBUTE.findall(attributes) if _is_style(name, value))
    return tuple(found) or None


def _is_style(name: str, value: str) -> bool:
    return name in _PRESENTATION and "(" not in value


def _rewritten(tag: re.Match[str], names: dict[Style, str]) -> str:
    """Return one start tag of a drawing: bare values first, so that hardly any meets the closing slash."""
    element, attributes, slash = tag.groups()
    name = names.get(_style(attributes) or ())
    parts = [f" class={name}"] if name else []
    for attribute, value in _ATTRIBUTE.findall(attributes):
        if name and _is_style(attribute, value):
            continue
        if attribute in _COORDINATES:
            value = _NUMBER.sub(lambda number: _short(float(number.group())), value)
        elif attribute == "d" and ' id="' not in attributes:
            value = coarser(value)
        parts.append(f" {attribute}={value}" if _BARE.match(value) else f' {attribute}="{value}"')
    parts.sort(key=lambda part: part.endswith('"'))
    if slash and not parts[-1].endswith('"'):
        slash = " /"
    return f"<{element}{''.join(parts)}{slash}>"


def _shared(drawing: str, known: dict[str, str]) -> str:
    """Take out the definitions that an earlier drawing has too, and lead to those.

    Args:
        drawing: the inside of an `<svg>`.
        known: definition without its id -> the id under which it is there already; filled here.
    """
    moved: dict[str, str] = {}

    def kept(definitions: re.Match[str]) -> str:
        rest = []
        for item in re.findall(r"<(?:path|rect|circle)\b[^>]*/>|<(?:clipPath|g)\b.*?</(?:clipPath|g)>", definitions[1]):
            id_ = _ID.search(item)
            if id_ is None:
                return definitions.group()
            content = item.replace(id_.group(), "", 1)
            if content in known:
                moved[id_[1]] = known[content]
            else:
                known[content] = id_[1]
                rest.append(item)
        return f"<defs>{''.join(rest)}</defs>" if rest else ""

    drawing = _DEFINITIONS.sub(kept, drawing)
    if not moved:
        return drawing
    return re.sub(r"(url\(#|href=\"#)([^\")]+)", lambda match: match[1] + moved.get(match[2], match[2]), drawing)


def coarser(path: str) -> str:
    """Return path data rounded to tenths of a unit, level and upright strokes in their short form.

    Rounding is done on the places, not on the steps between them, so that errors do not add up. Data with other
    commands than M, L, l, C, Q and z come back unchanged.
    """
    out: list[str] = []
    here = start = (0, 0)
    exact = exact_start = (0.0, 0.0)
    for command, numbers in _commands(path):
        if command == "z":
            out.append("z")
            here, exact = start, exact_start
            continue
        if command not in ("M", "L", "l", "C", "Q") or len(numbers) % 2:
            return path
        pairs = [(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        if command == "l":
            exact = (exact[0] + pairs[0][0], exact[1] + pairs[0][1])
            pairs = [exact]
        else:
            exact = pairs[-1]
        points = [(round(x * _SCALE), round(y * _SCALE)) for x, y in pairs]
        if command in ("L", "l"):
            if points[0] == here and out and not out[-1].startswith("M"):
                continue
            out.append(_line(points[0][0] - here[0], points[0][1] - here[1], out[-1] if out else ""))
        else:
            out.append(command + _numbers([value for point in points for value in point]))
        here = points[-1]
        if command == "M":
            start, exact_start = here, exact
    return "".join(out)


def _line(across: int, down: int, before: str) -> str:
    if not down:
        return "h" + _numbers([across])
    if not across:
        return "v" + _numbers([down])
    if before.startswith(("l", " ", "-", ".")):
        return _numbers([across, down], before)
    return "l" + _numbers([across, down])


def _numbers(values: list[int], before: str = "") -> str:
    """Return numbers, parted from each other and from path data before them only where they would run together."""
    out = ""
    for value in values:
        text = _short(value / _SCALE)
        last = re.split("[ a-zA-Z-]", out or before)[-1]
        if last and not text.startswith("-") and not (text.startswith(".") and "." in last):
            out += " "
        out += text
    return out


def _short(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    if text.startswith(("0.", "-0.")):
        text = text.replace("0.", ".", 1)
    return "0" if text == "-0" else text


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """Yield each command with its numbers; a command that is left out is said again."""
    lengths = {"M": 2, "L": 2, "l": 2, "C": 6, "Q": 4}
    command, numbers = "", list[float]()
    for letter, digits in _STEP.findall(path):
        if letter:
            if numbers:
                yield command, numbers
            command, numbers = letter, []
            if letter in "Zz":
                yield "z", []
            continue
        numbers.append(float(digits))
        if len(numbers) == lengths.get(command, 0):
            yield command, numbers
            command, numbers = {"M": "L"}.get(command, command), []
    if numbers:
        yield command, numbers
