"""The logo of an institution, checked before it goes onto a cover: a small PNG or JPEG, and really one."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path

from labreport.report.errors import UsageError

LARGEST = 500_000
"""Bytes: a logo is a small picture, and every report carries it."""
_KINDS = {"PNG": "image/png", "JPEG": "image/jpeg"}


def data_address(path: Path) -> str:
    """Return the picture as a `data:` address.

    Raises:
        UsageError: missing, too large, or no PNG or JPEG picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        if not path.is_file():
            raise UsageError(f"The logo {path} is not a file.")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"Can't read the logo {path}: {error.strerror or error}.") from error
    if len(content) > LARGEST:
        raise UsageError(f"The logo {path} is larger than {LARGEST} bytes; at most that many are taken.")
    try:
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(content), formats=tuple(_KINDS)) as picture:
            kind = _KINDS[str(picture.format)]
            picture.verify()
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise UsageError(f"The logo {path} is not a PNG or JPEG picture.") from error
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
