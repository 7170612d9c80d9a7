"""The colours of all figures; one colour means one thing in every figure and table.

The colours are told apart by readers with any of the common colour blindnesses, and lines also differ in width,
pattern or marker, so that a grey copy keeps them apart. Figures write these very strings into their attributes, which
is what a dark theme looks for when it maps them to lighter ones. Tints are the same colours at low opacity.
"""

from __future__ import annotations

INK = "#1f2933"
"""Text and axes that matter."""
GREY = "#5c6773"
"""Text of the second rank: numbers at the ticks, remarks."""
RULE = "#d3d8de"
"""Grid lines and quiet borders."""
TRAINING = "#1f4e8c"
"""The training part: deep blue, the accent of the report."""
VALIDATION = "#b9540b"
"""The validation part, and every mark that is set on a figure: warm."""
TEST = "#13776a"
"""The test part."""
BASELINE = "#7b8590"
"""What a simple rule or model reaches."""
VERSION_A = "#5b3f95"
"""First of two compared versions."""
VERSION_B = "#a87300"
"""Second of two compared versions."""

PAPER = "#ffffff"
"""Ground of pictures (digits, matrices), which stay as they are in a dark theme."""
PAPER_INK = "#111827"
"""Text on such a ground; not mapped by a dark theme."""

BAND = 0.18
"""Opacity of a band over seeds or folds."""
TINT = 0.07
"""Opacity of a region or box that stands behind something."""
