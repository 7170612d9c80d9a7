"""The badge: one SVG with the outcome, for a README or a page; it loads nothing.

It is always in English: an image can't bring a font of 100 kB, and Chinese without one is boxes on many machines.
"""

from __future__ import annotations

from html import escape

from labreport.report.gate import wording
from labreport.report.gate.verdict import GateOutcome, Verdict
from labreport.report.languages import TERMINAL
from labreport.report.numbers import integer
from labreport.report.words import Words

LABEL = "labreport"
COLOURS: dict[GateOutcome, str] = {
    "passed": "#13702f",
    "first": "#55606c",
    "regressed": "#a4262c",
    "failed": "#a4262c",
    "unreadable": "#8a4a0b",
    "nothing": "#8a4a0b",
    "inconclusive": "#8a4a0b",
}
"""Ground behind the outcome; white text on it has a contrast of at least 4.5."""


def badge(verdict: Verdict, exit_code: int | None = None) -> str:
    """Return the badge as an SVG document; arguments as for `wording.ending`."""
    words = Words(TERMINAL)
    text, outcome = wording.ending(verdict, words, exit_code)
    name = text
    if skipped := wording.skipped(verdict):
        text = words("gate.badge_skipped", outcome=text, count=integer(len(skipped)))
        name = words("gate.badge_skipped", outcome=name, count=words("gate.names_separator").join(skipped))
    left, right = _width(LABEL), _width(text)
    label = escape(f"{LABEL}: {name}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{label}">'
        f"<title>{label}</title>"
        f'<rect width="{left}" height="20" fill="#1f2933"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLOURS[outcome]}"/>'
        '<g fill="#ffffff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14">{LABEL}</text>'
        f'<text x="{left + right / 2:g}" y="14">{escape(text)}</text></g></svg>\n'
    )


def _width(text: str) -> int:
    """Return a width in pixels that the text surely fits."""
    return 12 + 7 * len(text)
