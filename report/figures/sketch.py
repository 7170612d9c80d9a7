"""A tiny writer of SVG for diagrams: boxes, lines, arrows and text, placed in millimetres.

Diagrams have no axes, so they need no plotting library; written by hand they are small, and their strokes and colours
are the ones of the charts. Everything is an attribute, nothing a style, and no element has an id.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import Literal
from xml.etree import ElementTree

import numpy
from numpy.typing import NDArray
from PIL import Image

from labreport.report.figures import palette
from labreport.report.figures.drawing import Drawing, listed
from labreport.report.figures.style import MONO, POINTS_PER_MM, TEXT_SIZE
from labreport.report.figures.svg import SVG, root_attributes, serialised, short

Anchor = Literal["start", "middle", "end"]
_CAP_MIDDLE = 0.36
"""Half the height of capitals, as a share of the text's size: how far below the middle its base line lies."""


class Sketch:
    """A drawing under way.

    Args:
        width: in millimetres.
        height: in millimetres.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self._root = ElementTree.Element(f"{{{SVG}}}svg", root_attributes(width, height))

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        opacity: float = 1.0,
        stroke: str | None = None,
        radius: float = 0.0,
        thickness: float = 0.7,
        dashed: bool = False,
    ) -> None:
        """Draw a rectangle; `opacity` is that of the filling, `thickness` of the stroke in points."""
        points = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        if not radius:
            self.polygon(points, fill=fill, opacity=opacity, stroke=stroke, thickness=thickness, dashed=dashed)
            return
        place = {"x": _mm(x), "y": _mm(y), "width": _mm(width), "height": _mm(height), "rx": _mm(radius)}
        self._add("rect", place | _paint(fill, opacity, stroke, thickness, dashed))

    def polygon(
        self,
        points: Sequence[tuple[float, float]],
        *,
        fill: str = "none",
        opacity: float = 1.0,
        stroke: str | None = None,
        thickness: float = 0.7,
        dashed: bool = False,
    ) -> None:
        """Draw a closed outline."""
        data = "M" + "L".join(f"{_mm(x)} {_mm(y)}" for x, y in points) + "z"
        self._add("path", {"d": data} | _paint(fill, opacity, stroke, thickness, dashed))

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        colour: str = palette.INK,
        thickness: float = 0.7,
    ) -> None:
        """Draw a straight line."""
        self.polyline(((x1, y1), (x2, y2)), colour=colour, thickness=thickness)

    def polyline(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str = palette.INK,
        thickness: float = 0.7,
    ) -> None:
        """Draw a line through all points."""
        data = "M" + "L".join(f"{_mm(x)} {_mm(y)}" for x, y in points)
        self._add("path", {"d": data} | _paint("none", 1.0, colour, thickness, False))

    def arrow(
        self, x1: float, y1: float, x2: float, y2: float, *, colour: str = palette.GREY, thickness: float = 0.8
    ) -> None:
        """Draw a line with a filled head at its second end."""
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        along, across = ((x2 - x1) / length, (y2 - y1) / length), ((y1 - y2) / length, (x2 - x1) / length)
        size = min(1.8, length)
        base = (x2 - along[0] * size, y2 - along[1] * size)
        self.line(x1, y1, base[0], base[1], colour=colour, thickness=thickness)
        half = size * 0.36
        head = [(base[0] + sign * half * across[0], base[1] + sign * half * across[1]) for sign in (1, -1)]
        self.polygon([(x2, y2), *head], fill=colour)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str = "none",
        opacity: float = 1.0,
        stroke: str | None = None,
    ) -> None:
        """Draw a circle."""
        place = {"cx": _mm(x), "cy": _mm(y), "r": _mm(radius)}
        self._add("circle", place | _paint(fill, opacity, stroke, 0.7, False))

    def text(
        self,
        x: float,
        y: float,
        content: str,
        *,
        anchor: Anchor = "start",
        middle: bool = False,
        colour: str = palette.INK,
        size: float = TEXT_SIZE,
        bold: bool = False,
        mono: bool = False,
    ) -> None:
        """Write one line of text; `y` is its base line, or the middle of its capitals with `middle`."""
        drop = size * _CAP_MIDDLE / POINTS_PER_MM if middle else 0.0
        attributes = {"x": _mm(x), "y": _mm(y + drop), "fill": colour}
        if anchor != "start":
            attributes["text-anchor"] = anchor
        if size != TEXT_SIZE:
            attributes["font-size"] = short(size)
        if bold:
            attributes["font-weight"] = "700"
        if mono:
            attributes["font-family"] = MONO
        self._add("text", attributes).text = content

    def picture(self, x: float, y: float, width: float, height: float, pixels: NDArray[numpy.uint8]) -> None:
        """Place an image without smoothing; `pixels` has shape (rows, columns) or (rows, columns, 2): grey, opacity."""
        if pixels.ndim == 3 and pixels[..., 1].min() == 255:
            pixels = pixels[..., 0]
        target = io.BytesIO()
        Image.fromarray(pixels).save(target, "PNG", optimize=True)
        data = base64.b64encode(target.getvalue()).decode("ascii")
        place = {"x": _mm(x), "y": _mm(y), "width": _mm(width), "height": _mm(height)}
        look = {"preserveAspectRatio": "none", "image-rendering": "pixelated"}
        self._add("image", place | look | {"href": f"data:image/png;base64,{data}"})

    def trim(self, width: float) -> None:
        """Set the final width, in millimetres, once everything has its place."""
        self.width = width
        self._root.attrib |= root_attributes(self.width, self.height)

    def finished(self, alt: str, columns: tuple[str, ...] = (), rows: tuple[tuple[str, ...], ...] = ()) -> Drawing:
        """Return the drawing with what it says and, where it shows data, their table."""
        return Drawing(
            svg=serialised(self._root),
            alt=alt,
            width_mm=round(self.width, 2),
            height_mm=round(self.height, 2),
            **listed(columns, rows),
        )

    def _add(self, tag: str, attributes: dict[str, str]) -> ElementTree.Element:
        return ElementTree.SubElement(self._root, f"{{{SVG}}}{tag}", attributes)


def _paint(fill: str, opacity: float, stroke: str | None, thickness: float, dashed: bool) -> dict[str, str]:
    attributes = {"fill": fill}
    if fill != "none" and opacity != 1:
        attributes["fill-opacity"] = short(opacity)
    if stroke:
        attributes |= {"stroke": stroke, "stroke-width": short(thickness)}
        if dashed:
            attributes["stroke-dasharray"] = "2.5 2"
    return attributes


def _mm(value: float) -> str:
    return short(value * POINTS_PER_MM)
