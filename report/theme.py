"""The dark theme of figures: each colour of the palette and what it becomes on a dark ground.

Figures write the palette's strings into their attributes, so that a rule per colour can find them; a colour that a
figure mixes for itself (a shade of grey in a digit) is left alone, and so is the white ground of pictures.
"""

from __future__ import annotations

from report.figures import palette

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


def figure_rules() -> str:
    """Return the style rules that give drawings their dark colours; they belong inside a dark media query."""
    return "".join(
        f'svg [fill="{light}"]{{fill:{dark}}}svg [stroke="{light}"]{{stroke:{dark}}}\n' for light, dark in DARK.items()
    )
