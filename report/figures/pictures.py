"""A figure that a user's script drew itself, as it was recorded: a picture of dots in a frame of the report's size."""

from __future__ import annotations

from base64 import b64encode

from msgspec import UNSET

from labreport.experiments.definitions import figure
from labreport.experiments.result import Result
from labreport.report.figures.drawing import Drawing, FigureError
from labreport.report.words import Words

WIDEST, TALLEST = 150.0, 110.0
"""Millimetres that a picture may take."""
DOTS_PER_MM = 100 / 25.4
"""Matplotlib's own resolution, so that a picture is as large as its author saw it, where there is room."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@figure("picture-NUMBER")
def picture(result: Result, words: Words, number: str) -> Drawing:
    """Return a recorded figure as a drawing.

    Args:
        result: the run.
        words: texts of the report's language.
        number: its place among the figures of the run, from 1.

    Raises:
        FigureError: there is no such figure, or it is not a PNG picture.
    """
    own = result.findings.own
    known = () if own is UNSET else own.pictures
    if not number.isdecimal() or not 1 <= int(number) <= len(known):
        raise FigureError(f"the run has {len(known)} recorded figures, and no figure {number}")
    found = known[int(number) - 1]
    width, height = _size(found.png)
    scale = min(1 / DOTS_PER_MM, WIDEST / width, TALLEST / height)
    across, down = width * scale, height * scale
    data = b64encode(found.png).decode()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{across:.1f}mm" height="{down:.1f}mm">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )
    return Drawing(svg=svg, alt=words("own.picture_alt", name=found.name), width_mm=across, height_mm=down)


def _size(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG in dots, from its header."""
    if png[:8] != _SIGNATURE or png[12:16] != b"IHDR":
        raise FigureError("a recorded figure is not a PNG picture")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
