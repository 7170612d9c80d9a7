"""An address as a QR code, for those who read it on paper."""

from __future__ import annotations

from itertools import groupby
from typing import Final
from xml.etree import ElementTree

from labreport.report.errors import UsageError
from labreport.report.figures import palette
from labreport.report.figures.drawing import Drawing
from labreport.report.figures.style import POINTS_PER_MM
from labreport.report.figures.svg import SVG, root_attributes, serialised, short

SIDE: Final = 22.0
"""Millimetres of the printed square, its margin included."""


def code(address: str, alt: str) -> Drawing:
    """Return the QR code of an address, with the margin that readers need, dark on light in every theme.

    Args:
        address: what it holds.
        alt: what it is, for those who can't see it.

    Raises:
        UsageError: the address is too long for one.
    """
    import segno

    try:
        made = segno.make(address, error="m", micro=False)
    except segno.DataOverflowError as error:
        raise UsageError(f"The address {address[:60]}… is too long for a QR code.") from error
    rows = [bytes(row) for row in made.matrix_iter(border=4)]
    size = SIDE * POINTS_PER_MM / len(rows)
    dark: list[str] = []
    for line, row in enumerate(rows):
        start = 0
        for value, run in groupby(row):
            length = len(list(run))
            if value:
                dark.append(f"M{start} {line}h{length}v1h-{length}z")
            start += length
    root = ElementTree.Element(f"{{{SVG}}}svg", root_attributes(SIDE, SIDE))
    side = short(SIDE * POINTS_PER_MM)
    ElementTree.SubElement(root, f"{{{SVG}}}rect", {"width": side, "height": side, "fill": palette.PAPER})
    path = {"transform": f"scale({size:.6f})", "d": "".join(dark), "fill": palette.PAPER_INK}
    ElementTree.SubElement(root, f"{{{SVG}}}path", path | {"shape-rendering": "crispEdges"})
    return Drawing(svg=serialised(root), alt=alt, width_mm=SIDE, height_mm=SIDE)
