"""What is replaced inside WeasyPrint, and whether the installed version still has it in the form that fits.

The functions are not a public interface, so a new version may drop one or call it otherwise. A patch that does not fit
is left out: the PDF is made as WeasyPrint makes it, and `labreport doctor` says what it lacks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import Any

from labreport.report.rendering.weasyprint import (
    continued,
    justification,
    lean,
    pace,
    placing,
    short_lines,
    tag_tree,
)
from labreport.report.rendering.weasyprint.replacing import original


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One function of WeasyPrint that is replaced."""

    purpose: str
    """What the PDF lacks without it."""
    uses: tuple[tuple[str, str, str], ...]
    """Module, name (of a method, with its class) and parameters of what is replaced or called by the replacement."""
    install: Callable[[], None]
    """Puts the replacement in place; calling it again changes nothing."""


PATCHES = (
    Patch(
        purpose="lines of Chinese that are flush on both sides",
        uses=(
            ("weasyprint.layout.inline", "justify_line", "context, line, extra_width"),
            ("weasyprint.text.line_break", "Layout", "style, justification_spacing, max_width"),
            ("weasyprint.text.line_break", "line_size", "line, style"),
        ),
        install=justification.install,
    ),
    Patch(
        purpose="full lines where Pango breaks too early",
        uses=(
            (
                "weasyprint.layout.inline",
                "split_first_line",
                "text, style, context, max_width, justification_spacing, is_line_start, minimum",
            ),
        ),
        install=short_lines.install,
    ),
    Patch(
        purpose="the language of each passage, and formulas that are named as such, for screen readers",
        uses=(("weasyprint.pdf.tags", "_build_box_tree", "box, parent, pdf, page_number, nums, annotations, tags"),),
        install=tag_tree.install,
    ),
    Patch(
        purpose="the head of a box once more where it goes on overleaf",
        uses=(
            (
                "weasyprint.layout.block",
                "block_container_layout",
                "context, box, bottom_space, skip_stack, page_is_empty, absolute_boxes, fixed_boxes, "
                "adjoining_margins, first_letter_style, first_line_style, discard, max_lines",
            ),
            (
                "weasyprint.layout.block",
                "block_level_layout",
                "context, box, bottom_space, skip_stack, containing_block, page_is_empty, absolute_boxes, "
                "fixed_boxes, adjoining_margins, first_letter_style, first_line_style, discard, max_lines",
            ),
        ),
        install=continued.install,
    ),
    Patch(
        purpose="pages filled to their end, with figures where they fit",
        uses=(
            (
                "weasyprint.layout.page",
                "make_page",
                "context, root_box, page_type, resume_at, page_number, page_state",
            ),
        ),
        install=placing.install,
    ),
    # Behind the one that tries a page in several ways: it counts those that stay.
    Patch(
        purpose="word of how far it is while it is made",
        uses=(
            (
                "weasyprint.layout.page",
                "make_page",
                "context, root_box, page_type, resume_at, page_number, page_state",
            ),
            ("weasyprint.document", "Page.paint", "self, stream, scale"),
        ),
        install=pace.install,
    ),
    Patch(
        purpose="little memory for many pages",
        uses=(
            ("weasyprint", "HTML._ua_stylesheets", "self, forms"),
            ("weasyprint.document", "layout_document", "html, root_box, context, max_loops"),
            ("weasyprint.document", "draw_page", "page, stream"),
            ("weasyprint.svg", "SVG.draw", "self, stream, concrete_width, concrete_height, base_url, context"),
        ),
        install=lean.install,
    ),
    Patch(
        purpose="little time for the tags of many pages",
        uses=(("pydyf", "PDF.page_references", "self"),),
        install=lean.install_references,
    ),
)


def install() -> None:
    """Put every patch in place that fits the installed WeasyPrint."""
    for patch in PATCHES:
        if fits(patch):
            patch.install()


def misfits() -> tuple[str, ...]:
    """Return what a PDF lacks with the installed WeasyPrint, because a patch does not fit it."""
    return tuple(patch.purpose for patch in PATCHES if not fits(patch))


def fits(patch: Patch) -> bool:
    """Return whether the installed WeasyPrint has all that a patch uses, with the same parameters."""
    return all(_parameters(module, name) == parameters for module, name, parameters in patch.uses)


def _parameters(module: str, name: str) -> str | None:
    try:
        found: Any = attrgetter(name)(import_module(module))
    except (ImportError, AttributeError):
        return None
    found = found.fget if isinstance(found, property) else found
    # What is in place already is judged by the function that it replaced.
    return ", ".join(inspect.signature(original(found)).parameters)
