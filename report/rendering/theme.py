"""The themes of a report: what each colour becomes on a dark ground, and in greys.

Style sheets and figures are written in the colours of the theme `blue`. Figures write the palette's strings into their
attributes, so that a rule per colour can find them; a colour that a figure mixes for itself (a shade of grey in a
digit) is left alone, and so is the white ground of pictures. Another theme is a table from these colours to its own,
and replaces them where everything else is done: in style sheets, in drawings and in the pictures inside them.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from labreport.report.document import Theme
from labreport.report.figures import palette

DARK: dict[str, str] = {
    palette.INK: "#e3e8ee",
    palette.GREY: "#a3afbb",
    palette.RULE: "#3a444f",
    palette.TRAINING: "#86b3f0",
    palette.VALIDATION: "#f2a35e",
    palette.TEST: "#5cc4b2",
    palette.BASELINE: "#93a0ad",
    palette.VERSION_A: "#b9a3ec",
    palette.VERSION_B: "#dcb45a",
}
"""Colour on a light ground to colour on a dark one, the same hue and a contrast of at least 4.5 for text."""

_GREY: dict[str, str] = {
    # Figures, by light and by dark ground. What lies side by side differs in lightness: test, training, validation,
    # baseline, from the strongest to the weakest.
    palette.INK: "#262626",
    palette.GREY: "#5e5e5e",
    palette.RULE: "#d6d6d6",
    palette.TRAINING: "#303030",
    palette.VALIDATION: "#6c6c6c",
    palette.TEST: "#000000",
    palette.BASELINE: "#949494",
    palette.VERSION_A: "#2b2b2b",
    palette.VERSION_B: "#6b6b6b",
    palette.PAPER_INK: "#141414",
    DARK[palette.INK]: "#e6e6e6",
    DARK[palette.GREY]: "#ababab",
    DARK[palette.RULE]: "#424242",
    DARK[palette.TRAINING]: "#cacaca",
    DARK[palette.VALIDATION]: "#9c9c9c",
    DARK[palette.TEST]: "#ffffff",
    DARK[palette.BASELINE]: "#707070",
    DARK[palette.VERSION_A]: "#d8d8d8",
    DARK[palette.VERSION_B]: "#9a9a9a",
    # theme.css, as far as a figure has not the same colour: soft, grounds, warm, alarm, code.
    "#55606c": "#5a5a5a",
    "#f5f7fa": "#f6f6f6",
    "#f1f5fb": "#f3f3f3",
    "#a34a08": "#636363",
    "#fdf5ee": "#f6f6f6",
    "#a4262c": "#000000",
    "#fdf1f1": "#eeeeee",
    "#8a4a0b": "#5c5c5c",
    "#0d6b5f": "#686868",
    "#1d6287": "#4a4a4a",
    # dark.css: ground, ink, rule, tint, accent, warm, alarm, code.
    "#14181d": "#171717",
    "#dfe5ec": "#e4e4e4",
    "#38424d": "#404040",
    "#1b2128": "#202020",
    "#8fb8f2": "#cccccc",
    "#1a2431": "#242424",
    "#f2a768": "#9a9a9a",
    "#2a211a": "#202020",
    "#f29a9a": "#ffffff",
    "#2d1d1f": "#2b2b2b",
    "#e6b07a": "#b4b4b4",
    "#6bcbb9": "#a6a6a6",
    "#9aa7b4": "#a2a2a2",
    "#c3aef0": "#d8d8d8",
    "#86c5e6": "#bfbfbf",
}

THEMES: Mapping[Theme, Mapping[str, str]] = {"blue": {}, "grey": _GREY}
"""Name of a theme to what it makes of the colours of `blue`; grey is for printers and copiers without colours."""

_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_PAINT = re.compile(r'(?<=[="])#[0-9a-f]{6}\b')
"""A colour as the value of an attribute, with quotes or without."""
_PICTURE = re.compile(r"(?<=data:image/png;base64,)[\w+/=\s]+")
"""Matplotlib breaks its lines."""
_INLINE = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_ADDRESS = re.compile(r'(<img\b[^>]*\ssrc="data:image/svg\+xml;base64,)([\w+/=]+)')


def figure_rules() -> str:
    """Return the style rules that give drawings their dark colours; they belong inside a dark media query."""
    return "".join(
        f'svg [fill="{light}"]{{fill:{dark}}}svg [stroke="{light}"]{{stroke:{dark}}}\n' for light, dark in DARK.items()
    )


def styled(text: str, theme: Theme) -> str:
    """Return a style sheet in the colours of a theme."""
    colours = THEMES[theme]
    return _COLOUR.sub(lambda found: colours.get(found[0], found[0]), text) if colours else text


def recoloured(svg: str, theme: Theme) -> str:
    """Return a drawing in the colours of a theme; in any but `blue` coloured pictures inside it become grey."""
    colours = THEMES[theme]
    if not colours:
        return svg
    svg = _PAINT.sub(lambda found: colours.get(found[0], found[0]), svg)
    return _PICTURE.sub(lambda found: _grey(found[0]), svg)


def recoloured_page(text: str, theme: Theme) -> str:
    """Return a page with its drawings, inline or as addresses of images, in the colours of a theme; nothing else."""
    if not THEMES[theme]:
        return text

    def image(found: re.Match[str]) -> str:
        return found[1] + b64encode(recoloured(b64decode(found[2]).decode(), theme).encode()).decode()

    return _ADDRESS.sub(image, _INLINE.sub(lambda found: recoloured(found[0], theme), text))


def _grey(data: str) -> str:
    """Return a PNG picture in base64 without its colours, as light as it was; one without colours as it was."""
    from PIL import Image

    picture = Image.open(io.BytesIO(b64decode(data)))
    if picture.mode not in ("RGB", "RGBA"):
        return data
    target = io.BytesIO()
    picture.convert("LA" if picture.mode == "RGBA" else "L").save(target, "PNG", optimize=True)
    return b64encode(target.getvalue()).decode("ascii")
