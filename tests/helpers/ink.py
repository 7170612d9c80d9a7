"""Where a PDF has ink: its pages as pixels, drawn by PDFium, which did not make them."""

from __future__ import annotations

import numpy as np
import pypdfium2

_SCALE = 1.0
"""Pixels for a point."""


def outside(content: bytes, margin: float = 12.0) -> list[int]:
    """Return the numbers, from 1, of the pages with ink nearer to the left or right edge than so many points."""
    with pypdfium2.PdfDocument(content) as document:
        return [number for number, page in enumerate(document, 1) if _inked(page, round(margin * _SCALE))]


def _inked(page: pypdfium2.PdfPage, margin: int) -> bool:
    pixels = page.render(scale=_SCALE, grayscale=True).to_numpy()
    return bool(np.min(pixels[:, :margin]) < 200 or np.min(pixels[:, -margin:]) < 200)


def texts(content: bytes) -> list[str]:
    """Return the text of each page as a reader copies it, without the blanks and line ends."""
    with pypdfium2.PdfDocument(content) as document:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]
