"""Where the notebook of a chapter is to be had: its address with a QR code, or the name of its file."""

from __future__ import annotations

import re

from labreport.experiments import registry
from labreport.report.document import NotebookLink, escape
from labreport.report.errors import UsageError
from labreport.report.words import Words

_PLACES = ("lab", "language")
_ADDRESS = re.compile(r"https?://[^\s<>\"\\^`{|}]+")


def address(pattern: str, lab: str, language: str) -> str:
    """Return the address of a lab's notebook.

    Args:
        pattern: as the configuration has it, such as "https://example.org/{language}/{lab}.ipynb".
        lab: takes the place of `{lab}`.
        language: takes the place of `{language}`.

    Raises:
        UsageError: it is not an address, or names another place.
    """
    filled = pattern
    for name, value in zip(_PLACES, (lab, language), strict=True):
        filled = filled.replace(f"{{{name}}}", value)
    if not _ADDRESS.fullmatch(filled):
        raise UsageError(
            f"notebooks: {pattern[:80]!r} is not an address; write one such as https://example.org/{{lab}}.ipynb, "
            f"in which {{lab}} and {{language}} are filled in."
        )
    return filled


def notebook_link(lab: str, language: str, pattern: str, words: Words) -> NotebookLink | None:
    """Return what a chapter says of its notebook: nothing where there is no address and the lab is not a shipped one.

    Args:
        lab: whose chapter it is.
        language: of the report.
        pattern: of the addresses, empty where the configuration names none.
        words: texts of the report's language.

    Raises:
        UsageError: the pattern is not one of an address.
    """
    if not pattern:
        return NotebookLink(text=words("labs.notebook_file", file=f"{lab}.ipynb")) if lab in registry.BOOK else None
    from labreport.report.figures import qr  # loads Matplotlib, which the check of an address must not

    place = address(pattern, lab, language)
    drawing = qr.code(place, words("labs.notebook_code"))
    said = words("labs.notebook_address", link=f"[{escape(place)}]({place})")
    return NotebookLink(text=said, svg=drawing.svg, alt=drawing.alt, width_mm=drawing.width_mm)
