"""Where a PDF has ink: its pages as pixels, drawn by PDFium, which did not make them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c

_SCALE = 1.0
"""Pixels for a point."""


def outside(content: bytes, margin: float = 12.0) -> list[int]:
    """Return the numbers, from 1, of the pages with ink within a margin, in points, at the left or right."""
    with pypdfium2.PdfDocument(content) as document:
        return [number for number, page in enumerate(document, 1) if _inked(page, round(margin * _SCALE))]


def _inked(page: pypdfium2.PdfPage, margin: int) -> bool:
    pixels = page.render(scale=_SCALE, grayscale=True).to_numpy()
    return bool(np.min(pixels[:, :margin]) < 200 or np.min(pixels[:, -margin:]) < 200)


def texts(content: bytes) -> list[str]:
    """Return the text of each page as a reader copies it, without the blanks and line ends."""
    with pypdfium2.PdfDocument(content) as document:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def sizes(content: bytes) -> Counter[float]:
    """Return how many characters have each size of type, in points as they stand on the page."""
    found: Counter[float] = Counter()
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text = page.get_textpage()
            for index in range(text.count_chars()):
                if text.get_text_range(index, 1).strip():
                    height = pdfium_c.FPDFText_GetFontSize(text, index)
                    found[round(height * _enlarged(text, index), 1)] += 1
    return found


def _enlarged(text: pypdfium2.PdfTextPage, index: int) -> float:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFText_GetMatrix(text, index, matrix)
    return abs(matrix.d)
