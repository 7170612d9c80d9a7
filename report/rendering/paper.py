"""The sheet that a report is printed on: its format, large print, and a page for each exercise, as style rules.

Large print and A3 enlarge the whole page as a photocopier does, letters and drawings alike: the page is set for a
smaller sheet, and drawn larger. A3 is A4 enlarged; large print has letters of 16 points on every sheet.
"""

from __future__ import annotations

from labreport.report.look import Look

SHEETS = {"a4": (210.0, 297.0, 1.0), "letter": (215.9, 279.4, 1.0), "a3": (297.0, 420.0, 2**0.5)}
"""Width and height of each format in millimetres, and how much its page is enlarged."""
_LARGE = 1.6
"""Enlargement of large print: text of 10.2 points gets 16.3, and the smallest captions 14."""
_LARGE_PAGE = """\
@page{margin:15mm 11mm 16mm 11mm}
@page cover{margin:11mm}
:root:root{--indent:0mm}
.cover h1,.full h1{font-size:25pt;margin-top:6mm}
.cover .subtitle{margin:3mm 0 5mm}
.strip,.full .strip{margin-top:6mm;gap:3mm 6mm}
.cover dl,.full dl{margin-top:7mm}
.chapter>header{padding-top:4mm;margin-bottom:7mm}
.chapter h2,.contents h2{font-size:21pt}
"""
"""What differs on the smaller sheet for which large print is set."""
_EXERCISE_PAGES = """\
section:has(>.exercise){break-before:page}
.exercise~.exercise,.exercise+:not(.exercise){break-before:page}
"""


def zoom(look: Look) -> float:
    """Return how much the pages of a PDF are enlarged."""
    return SHEETS[look.paper][2] * (_LARGE if look.large else 1.0)


def rules(look: Look) -> str:
    """Return the style rules of a PDF that follow from its sheet; nothing for A4 as usual."""
    width, height, _ = SHEETS[look.paper]
    found = f"@page{{size:{width / zoom(look):.3f}mm {height / zoom(look):.3f}mm}}\n"
    if look.paper == "a4" and not look.large:
        found = ""
    return found + (_LARGE_PAGE if look.large else "") + (_EXERCISE_PAGES if look.exercise_pages else "")


def browser_rules(look: Look) -> str:
    """Return the style rules for printing the page for the screen from a browser; nothing for A4 as usual."""
    found = f"@page{{size:{look.paper}}}\n" if look.paper != "a4" else ""
    if zoom(look) != 1:
        found += f"html{{font-size:{10.3 * zoom(look):.1f}pt}}\n"
    found += _EXERCISE_PAGES if look.exercise_pages else ""
    return f"@media print{{\n{found}}}\n" if found else ""
