"""How Matplotlib draws here: fonts registered by file, fixed settings, sizes in millimetres, the same bytes each time.

Charts are plain `Figure` objects, never pyplot. Layout is by given margins, because automatic layout doubles the time
and moves axes when a label changes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from importlib import resources
from typing import Any, ParamSpec, TypeVar

import matplotlib.style
from matplotlib import colors, font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from labreport.report.figures import palette

SANS = "Labreport Sans"
MONO = "Labreport Mono"
TEXT_SIZE = 8.0
"""Points at the size the figure is printed in."""
POINTS_PER_MM = 72 / 25.4
_FILES = {
    (SANS, False): "LabreportSans-Regular.ttf",
    (SANS, True): "LabreportSans-Bold.ttf",
    (MONO, False): "LabreportMono-Regular.ttf",
}

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


def font_file(family: str = SANS, bold: bool = False) -> str:
    """Return the path of a shipped font file."""
    return str(resources.files("labreport.templates").joinpath("fonts", _FILES[family, bold]))


@cache
def _register() -> None:
    """Make the shipped fonts and the roles of the palette known to Matplotlib."""
    for family, bold in _FILES:
        font_manager.fontManager.addfont(font_file(family, bold))
    colors.get_named_colors_mapping().update(palette.STAND_INS)


@cache
def _font(family: str, bold: bool) -> FT2Font:
    return FT2Font(font_file(family, bold))


def text_width(text: str, size: float = TEXT_SIZE, *, bold: bool = False, mono: bool = False) -> float:
    """Return the width of a line of text in millimetres; `size` in points."""
    font = _font(MONO if mono else SANS, bold and not mono)
    font.set_size(size * 10, 72)
    font.set_text(text)
    return float(font.get_width_height()[0]) / 64 / 10 / POINTS_PER_MM


_SETTINGS: dict[Any, Any] = {
    "font.family": [SANS],
    "font.size": TEXT_SIZE,
    "text.parse_math": False,
    "text.color": palette.INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "labreport",
    "axes.linewidth": 0.7,
    "axes.edgecolor": palette.GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "xtick.color": palette.GREY,
    "ytick.color": palette.GREY,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.7,
    "ytick.major.size": 0,
    "ytick.major.pad": 3,
    "grid.color": palette.RULE,
    "grid.linewidth": 0.5,
    "lines.solid_capstyle": "round",
}
"""Where the report's style differs from Matplotlib's own."""


@contextmanager
def settings() -> Iterator[None]:
    """Make Matplotlib draw in the style of the report, whatever the user's own settings are."""
    _register()
    with matplotlib.style.context(["default", _SETTINGS]):
        yield


def charted(function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
    """Run a function that makes a chart under `settings`."""

    @wraps(function)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
        with settings():
            return function(*args, **kwargs)

    return run


def sheet(width: float, height: float) -> Figure:
    """Return an empty, transparent Figure; sizes in millimetres, a pixel is a point."""
    figure = Figure(figsize=(width / 25.4, height / 25.4), dpi=72)
    figure.patch.set_visible(False)
    return figure


def panel(figure: Figure, left: float, top: float, width: float, height: float, *, grid: bool = True) -> Axes:
    """Return axes at a place of the sheet, in millimetres from its upper left corner."""
    total_width, total_height = (float(inches) * 25.4 for inches in figure.get_size_inches())
    place = (left / total_width, 1 - (top + height) / total_height, width / total_width, height / total_height)
    axes: Axes = figure.add_axes(place)
    axes.patch.set_visible(False)
    if grid:
        axes.grid(axis="y", clip_on=False)
    return axes


def name_axes(axes: Axes, horizontal: str, vertical: str, *, lift: float = 4.0) -> None:
    """Name the horizontal axis below its middle and the vertical one above its upper end, both set upright.

    Args:
        axes: the axes.
        horizontal: name with its unit.
        vertical: name with its unit.
        lift: points between the axes and the name above them.
    """
    axes.set_xlabel(horizontal, labelpad=2.5, color=palette.INK)
    if vertical:
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        axes.annotate(vertical, (0, 1), xytext=(-4, lift), ha="left", va="bottom", color=palette.INK, **place)


def saved(figure: Figure) -> str:
    """Return the figure as Matplotlib writes it, without a date."""
    target = io.StringIO()
    with settings():
        FigureCanvasSVG(figure).print_figure(target, format="svg", metadata={"Date": None}, facecolor="none")
    return target.getvalue()
