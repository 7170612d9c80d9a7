"""Shares as shades of one colour: the cells of a matrix, the names of its classes, and the scale beside it.

A shade is the colour of a role at the opacity of the share, so that a theme can change it; equal cells are one path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from labreport.report.figures import palette
from labreport.report.figures.style import TEXT_SIZE, text_width
from labreport.report.words import Words

STEPS = 50
"""Shades that are told apart in a matrix."""
LAYERS = 40
"""Shades of a scale."""
FEW_CLASSES = 12
"""Up to this many classes a matrix shows its counts."""
_PITCH = 2.4
"""Millimetres of a row that has a name in small letters."""
_SMALL = 6.2
"""Points of these letters."""
_WIDEST = 120.0
"""Millimetres to which a matrix grows, so that each of its rows can have a name."""
_LONGEST = 22.0
"""Millimetres of the longest name that is written beside such a matrix."""


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


@dataclass(frozen=True)
class Labels:
    """How the classes of a matrix are written beside it."""

    names: tuple[str, ...]
    """One for each row."""
    step: int = 1
    """1: each class is labelled; 5: each fifth."""
    size: float = TEXT_SIZE
    """Points of the letters."""
    side: float = 80.0
    """Side of the matrix in millimetres."""

    @classmethod
    def of(cls, names: Sequence[str]) -> Labels:
        """Return names where there is room for them, smaller ones where the classes are many, else some numbers."""
        if len(names) <= FEW_CLASSES:
            return cls(names=tuple(names))
        side, widest = len(names) * _PITCH, max(text_width(name, _SMALL) for name in names)
        if side <= _WIDEST and widest <= _LONGEST:
            return cls(names=tuple(names), size=_SMALL, side=max(side, 80.0))
        return cls(names=tuple(map(str, range(len(names)))), step=5, side=100.0)

    @property
    def few(self) -> bool:
        """Whether the cells have room for their counts."""
        return len(self.names) <= FEW_CLASSES

    @property
    def width(self) -> float:
        """Millimetres that the longest label takes."""
        return max(text_width(name, self.size) for name in self.names)

    @property
    def turned(self) -> bool:
        """Whether the labels above the matrix run upwards, because side by side they would meet."""
        return self.step == 1 and self.width > self.side / len(self.names) - 1

    @property
    def height(self) -> float:
        """Millimetres that the labels above the matrix take."""
        return self.width + 1 if self.turned else 4.0

    def write(self, axes: Axes, words: Words) -> None:
        """Write the classes at the left of a matrix and above it, with the name of what runs across."""
        ticks = list(range(0, len(self.names), self.step))
        labels = [self.names[label] for label in ticks]
        axes.set_xticks(ticks, labels, fontsize=self.size, rotation=90 if self.turned else 0)
        axes.set_yticks(ticks, labels, fontsize=self.size)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, pad=2)
        axes.xaxis.set_label_position("top")
        axes.set_xlabel(words("figures.predicted_class"), color=palette.INK, labelpad=5 if self.turned else 3)


def _square(x: float, y: float) -> Path:
    return Path([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)], closed=True)
