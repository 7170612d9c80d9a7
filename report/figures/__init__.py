"""Figures: from a Result to SVG with its alternative text and the table of its data.

`draw` takes the name that a note writes; what it returns is finished and the same in every process. Curves and matrices
are drawn by Matplotlib, diagrams and pictures by a few lines of our own.
"""

from __future__ import annotations

from report.figures.drawing import Drawing, FigureError
from report.figures.registry import draw, figure_names, strip

__all__ = ["Drawing", "FigureError", "draw", "figure_names", "strip"]
