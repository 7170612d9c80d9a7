"""Figures: from a Result to SVG with its alternative text and the table of its data.

`registry.draw` takes the name that a note writes; what it returns is finished and the same in every process. Curves and
matrices are drawn by Matplotlib, diagrams and pictures by a few lines of our own. Nothing else is imported here: a page
that only wants the palette's colours does without Matplotlib.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

if os.path.lexists("matplotlibrc"):
    # Matplotlib reads a file of this name in the current folder while it is imported, whatever it is. Nothing in it
    # would change a figure of ours; so it is imported where there is none.
    _here = Path.cwd()
    os.chdir(Path(__file__).parent)
    try:
        importlib.import_module("matplotlib")
    finally:
        os.chdir(_here)
