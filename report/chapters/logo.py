"""The logo of an institution, made fit for a cover: a picture that every report carries, small and harmless.

A small PNG or JPEG goes in as it is. A large one, one for printing (CMYK), one that a camera turned (EXIF), or one with
something behind its end is written again, at the size that a cover needs. SVG is rebuilt; see `emblem`.
"""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path

from labreport.experiments.system import reading
from labreport.report.chapters.emblem import harmless
from labreport.report.errors import UsageError

LARGEST = 500_000
"""Bytes of a picture that goes in as it is: every report carries it."""
MOST = 20_000_000
"""Bytes that are read."""
PIXELS = 40_000_000
"""Pixels of a picture that is unpacked at most; a small file may hold many."""
SIDE = 1200
"""Pixels of the longer side at most: 70 mm at 430 dots to the inch."""
_KINDS = {"PNG": "image/png", "JPEG": "image/jpeg"}
_ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
_ORIENTATION = 0x0112


def data_address(path: Path) -> str:
    """Return the picture as a `data:` address.

    Raises:
        UsageError: missing, too large, or not a PNG, JPEG or SVG picture.
    """
    try:
        if not path.is_file():
            raise UsageError(f"The logo {path} is not a file.")
        with reading.opened(path) as file:
            content = file.read(MOST + 1)
    except OSError as error:
        raise UsageError(f"Can't read the logo {path}: {error.strerror or error}.") from error
    if len(content) > MOST:
        raise UsageError(f"The logo {path} is larger than {MOST} bytes; at most that many are read.")
    if content.startswith(b"%PDF"):
        raise UsageError(f"The logo {path} is a PDF; save it as SVG or PNG.")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg", b"<!--")):
        kind, content = "image/svg+xml", harmless(content, f"The logo {path}")
    else:
        kind, content = _raster(content, path)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _raster(content: bytes, path: Path) -> tuple[str, bytes]:
    """Return the kind and the bytes of a picture of pixels."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(content), formats=tuple(_KINDS)) as picture:
            form = str(picture.format)
            if picture.width * picture.height > PIXELS:
                raise UsageError(f"The logo {path} has more than {PIXELS // 10**6} million pixels; make it smaller.")
            picture.load()
            turned = picture.getexif().get(_ORIENTATION, 1) != 1
            small = len(content) <= LARGEST and max(picture.size) <= SIDE and content.endswith(_ENDS[form])
            if small and not turned and picture.mode in _MODES:
                return _KINDS[form], content
            made = ImageOps.exif_transpose(picture)
            with_holes = made.mode in ("LA", "RGBA", "PA") or "transparency" in made.info
            made = made.convert("RGBA" if with_holes else "RGB")
            made.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            target = io.BytesIO()
            if form == "PNG":
                made.save(target, "PNG", optimize=True)
            if form == "JPEG" or (target.tell() > LARGEST and not with_holes):
                form, target = "JPEG", io.BytesIO()
                made.convert("RGB").save(target, "JPEG", quality=88, optimize=True)
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise UsageError(f"The logo {path} is not a PNG, JPEG or SVG picture.") from error
    return _KINDS[form], target.getvalue()
