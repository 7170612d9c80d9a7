"""Shares as shades of one colour: the cells of a matrix, and the scale beside it.

A shade is the colour of a role at the opacity of the share, so that a theme can change it; equal cells are one path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from labreport.report.figures import palette
from labreport.report.words import Words

STEPS = 50
"""Shades that are told apart in a matrix."""
LAYERS = 40
"""Shades of a scale."""


def cells(axes: Axes, strengths: NDArray[numpy.float64], colour: str) -> None:
    """Draw the cells of a matrix.

    Args:
        axes: get the limits of the matrix, its first row at the top; the middle of a cell is a whole number.
        strengths: shape (rows, columns), from 0 (nothing is drawn) to 1.
        colour: of the full share.
    """
    rows, columns = strengths.shape
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    axes.patch.set(visible=True, facecolor=palette.PAPER)
    squares: dict[int, list[Path]] = defaultdict(list)
    for (row, column), strength in numpy.ndenumerate(strengths):
        squares[round(float(strength) * STEPS)].append(_square(column - 0.5, row - 0.5))
    for step, paths in sorted(squares.items()):
        if step:
            outline = Path.make_compound_path(*paths)
            axes.add_patch(PathPatch(outline, color=colour, alpha=step / STEPS, linewidth=0))


def scale(axes: Axes, colour: str, *, start: float = 0.0, end: float = 1.0, strongest: float = 1.0) -> None:
    """Draw the shades of a colour from nothing at the height `start` to the strongest at `end`.

    Each layer lies on the ones before and reaches to the end, so that no seam shows between two shades.

    Args:
        axes: get the limits 0 to 1 in both directions.
        colour: of the full share.
        start: height of the weakest shade, from 0 to 1.
        end: height of the strongest.
        strongest: its strength, up to 1.
    """
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.patch.set(visible=True, facecolor=palette.PAPER)
    reached = 0.0
    for layer in range(1, LAYERS + 1):
        share = strongest * layer / LAYERS
        edge = start + (end - start) * (layer - 1) / LAYERS
        alpha = (share - reached) / (1 - reached)
        axes.add_patch(Rectangle((0, edge), 1, end - edge, color=colour, alpha=alpha, linewidth=0))
        reached = share


def label_classes(axes: Axes, words: Words, names: Sequence[str], *, few: bool) -> None:
    """Write the classes at the left of a matrix and above it, by name where they are few, else each fifth number."""
    ticks = list(range(0, len(names), 1 if few else 5))
    labels = [names[label] if few else str(label) for label in ticks]
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=2)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(words("figures.predicted_class"), color=palette.INK, labelpad=3)


def _square(x: float, y: float) -> Path:
    return Path([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)], closed=True)
