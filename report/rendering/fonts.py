"""The shipped fonts: which characters they have, and subsets of them for a page.

Every character of a report must have a glyph in these fonts, or building it fails with the character and its place; a
box or a borrowed glyph is never printed. HTML carries, as woff2, only the glyphs that it shows.
"""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from hashlib import sha256
from importlib import resources
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import TYPE_CHECKING, Literal

from labreport.report.errors import RenderingError
from labreport.report.rendering.cache import kept
from labreport.report.rendering.face_reader import FaceReader

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FaceName = Literal["regular", "bold", "italic", "mono", "more", "more-bold", "math"]

SCHEME = "labreport-font:"
"""Address of a shipped font inside a style sheet for paper; the code that sets it knows these names and no others."""
SCREEN_EM = 250
"""Units of the em in the fonts of a page: a fifth of a pixel in its largest title, and a tenth less to carry."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """One shipped font file."""

    file: str
    family: str
    weight: int = 400
    style: Literal["normal", "italic"] = "normal"


FACES: dict[FaceName, Face] = {
    "regular": Face(file="LabreportSans-Regular.ttf", family="Labreport Sans"),
    "bold": Face(file="LabreportSans-Bold.ttf", family="Labreport Sans", weight=700),
    "italic": Face(file="LabreportSans-Italic.ttf", family="Labreport Sans", style="italic"),
    "mono": Face(file="LabreportMono-Regular.ttf", family="Labreport Mono"),
    "more": Face(file="LabreportSansMore-Regular.woff2", family="Labreport Sans More"),
    "more-bold": Face(file="LabreportSansMore-Bold.woff2", family="Labreport Sans More", weight=700),
}
"""The last two have the rarer Chinese characters, which the others hand on; they are opened where a text needs them."""
_RARER: tuple[FaceName, ...] = ("more", "more-bold")

MATH = Face(file="STIXTwoMath-Regular.ttf", family="Labreport Math")
"""The font of formulas on the screen; it comes with ziamath, which draws the formulas of the PDF from it."""

_INVISIBLE = {"Cc", "Cf", "Zl", "Zp"}
_NO_SIGN = _INVISIBLE | {"Cn", "Co", "Cs"}
_JOINERS = frozenset("\u200c\u200d")
"""Of an emoji that is put together of several, and of letters of Arabic and Persian."""


@cache
def content(file: str) -> bytes:
    """Return the bytes of a shipped font file."""
    if file == MATH.file:
        # Where ziamath lies, without importing it: that costs a tenth of a second.
        package = find_spec("ziamath")
        if package is None or package.origin is None:
            raise RenderingError(
                "The package ziamath, whose font sets the formulas, is missing. Install labreport again."
            )
        return (Path(package.origin).parent / "fonts" / file).read_bytes()
    return (resources.files("labreport.templates") / "fonts" / file).read_bytes()


def path(name: FaceName) -> Path:
    """Return where the file of a shipped font lies."""
    return Path(str(resources.files("labreport.templates") / "fonts" / FACES[name].file))


@cache
def characters(name: FaceName) -> frozenset[str]:
    """Return every character for which the face has a glyph."""
    return frozenset(map(chr, _font(name).getBestCmap()))


@cache
def _common() -> frozenset[str]:
    return characters("regular") | characters("mono") | {"\n", "\t", "\u00ad"}


def printable(text: str) -> str:
    """Return a text of the outside with the code points of what the shipped fonts lack.

    A word of a review or the name of a processor must not keep a page from being made.
    """
    return spelled(text, lacking(text))


def spelled(text: str, missing: frozenset[str]) -> str:
    """Return a text with the code points of missing characters in their place, such as ‹U+1F600›, each run in one."""
    if missing.isdisjoint(text):
        return text
    runs = re.compile(f"[{re.escape(''.join(sorted(missing)))}]+")
    return runs.sub(lambda run: f"‹{' '.join(f'U+{ord(character):04X}' for character in run.group())}›", text)


def lacking(text: str, *, screen: bool = False) -> frozenset[str]:
    """Return the characters of a text that can't be shown.

    Args:
        text: what is to be shown.
        screen: whether a browser shows it. What no shipped font has, such as an emoji or Hebrew, it takes from the
            fonts of its system; only what is not a sign at all (private use, unassigned, direction marks) can't be
            shown there. Paper has the shipped fonts alone, so that it is the same from every machine.
    """
    rest = frozenset(text) - _common()
    rest = rest - characters("more") if rest else rest
    return frozenset(one for one in rest if not screen or _is_no_sign(one))


def _is_no_sign(character: str) -> bool:
    return unicodedata.category(character) in _NO_SIGN and character not in _JOINERS


def composed(text: str, *, source: bool = False) -> str:
    """Return a text in characters that the shipped fonts have where these say the same.

    A letter with a combining mark becomes the letter that has it (é), a ligature its letters (ﬁ), a letter of another
    cut the plain one. What the fonts have is left alone, and so is what would have to be guessed.

    Args:
        text: what is to be shown.
        source: whether it is code or what code printed, whose characters stay.
    """
    if text.isascii():
        return text
    if not source:
        text = unicodedata.normalize("NFC", text)
    same: dict[str, str | int | None] = {one: plain for one in lacking(text) if not lacking(plain := _plain(one))}
    return text.translate(str.maketrans(same)) if same else text


def _plain(character: str) -> str:
    kind = unicodedata.decomposition(character).partition(" ")[0]
    if kind in ("<compat>", "<font>") or (kind and not kind.startswith("<")):
        return unicodedata.normalize("NFKC", character)
    return character


def for_paper(text: str) -> str:
    """Return the `@font-face` rules of a PDF that shows a text, each font at the address that `SCHEME` begins."""
    needed = [face for name, face in FACES.items() if name not in _RARER or not _common().issuperset(text)]
    return "".join(rule(face, SCHEME + face.file, "truetype") for face in needed)


@cache
def as_truetype(file: str) -> bytes:
    """Return the bytes of a shipped font as TrueType, which is how a PDF takes it."""
    if not file.endswith(".woff2"):
        return content(file)

    def unpacked() -> bytes:
        from fontTools.ttLib import TTFont

        font = TTFont(io.BytesIO(content(file)), recalcTimestamp=False)
        font.flavor = None
        target = io.BytesIO()
        font.save(target, reorderTables=False)
        return target.getvalue()

    key = sha256(content(file) + version("fonttools").encode()).hexdigest()
    return kept("fonts", f"{Path(file).stem}-{key}.ttf", unpacked)


def check(text: str, place: str, *, screen: bool = False) -> None:
    """Make sure that every character of a text can be shown.

    Args:
        text: what will be shown.
        place: where, in words for the error.
        screen: as in `lacking`.

    Raises:
        RenderingError: names the first character without a glyph, its code point and the place.
    """
    missing = lacking(text, screen=screen)
    for position, character in enumerate(text) if missing else ():
        if character in missing:
            code_point = f"U+{ord(character):04X}"
            name = unicodedata.name(character, "no name")
            shown = character if unicodedata.category(character) not in _INVISIBLE else "\N{REPLACEMENT CHARACTER}"
            around = " ".join(text[max(0, position - 12) : position + 12].split())
            raise RenderingError(
                f"{place}: the shipped fonts have no glyph for '{shown}' ({code_point}, {name}) in '{around}'. "
                "Write it otherwise, or add a font."
            )


def embedded(usage: Mapping[FaceName, frozenset[str]]) -> str:
    """Return `@font-face` rules with the subset of each face as a `data:` address."""
    rules = []
    bold = usage.get("bold", frozenset()) - _common()
    rarer: dict[FaceName, frozenset[str]] = {
        "more": usage.get("regular", frozenset()) - _common(),
        "more-bold": bold,
    }
    for name, needed in {**usage, **rarer}.items():
        # A page without formulas does without opening their font, which is the slowest of all.
        wanted = needed & characters(name) if needed else needed
        if wanted:
            data = b64encode(subset(name, wanted)).decode()
            rules.append(rule(FACES.get(name, MATH), f"data:font/woff2;base64,{data}", "woff2"))
    return "".join(rules)


def rule(face: Face, address: str, kind: str) -> str:
    """Return one `@font-face` rule."""
    return (
        f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};font-style:{face.style};'
        f'src:url("{address}") format("{kind}")}}\n'
    )


_MOST = 1_024
"""Subsets that are cached, of some kilobytes each: a page has about six, and a course of eleven labs 200 pages."""


@lru_cache(maxsize=32)
def subset(name: FaceName, wanted: frozenset[str]) -> bytes:
    """Return a woff2 file with the glyphs of these characters, the same bytes for the same characters.

    Half of a page's time goes into it, so it is cached from one command to the next.
    """
    inputs = sha256(f"{''.join(sorted(wanted))} {_cutting(name)}".encode())
    return kept("fonts", f"{name}-{inputs.hexdigest()}.woff2", lambda: cut(name, wanted), most=_MOST)


@cache
def _cutting(name: FaceName) -> str:
    """Return what decides the bytes of a subset besides its characters: the face, how it is cut, and by what."""
    parts = (content(FACES.get(name, MATH).file), Path(__file__).read_bytes())
    return " ".join([*(sha256(part).hexdigest() for part in parts), version("fonttools"), version("brotli")])


def cut(name: FaceName, wanted: frozenset[str]) -> bytes:
    """Return what `subset` returns, newly made."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib.scaleUpem import scale_upem
    from fontTools.ttLib.woff2 import WOFF2FlavorData

    options = Options(
        hinting=False, layout_features=["kern", "locl"], flavor="woff2", notdef_outline=True, name_IDs=[0, 1, 2, 13],
        recalc_timestamp=False,
    )  # fmt: skip
    if name == "math":
        options.layout_features = []
        options.drop_tables += ["DSIG", "GDEF", "GPOS", "GSUB"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(character) for character in wanted])
    font = _font(name)
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    # Its names are put aside: to find out which of them are needed, all that is laid out would be walked through.
    said = font["name"]
    del font["name"]
    subsetter.subset(font)
    said.names = [record for record in said.names if record.nameID in options.name_IDs and record.isUnicode()]
    font["name"] = said
    scale_upem(font, SCREEN_EM)
    font.flavor = "woff2"
    font.flavorData = WOFF2FlavorData(transformedTables=("glyf", "loca", "hmtx"))
    target = io.BytesIO()
    with _PACKING, _hasty_brotli():
        font.save(target)
    return target.getvalue()


_PACKING = Lock()
"""Held while fonts are packed: a server makes several pages at once, and how fontTools compresses is set for all."""


@contextmanager
def _hasty_brotli() -> Iterator[None]:
    """Compress one degree less than fontTools does: a page's Chinese takes a third of the time and 0.2 % more room."""
    from fontTools.ttLib import woff2

    usual = woff2.brotli
    woff2.brotli = SimpleNamespace(compress=partial(usual.compress, quality=10), MODE_FONT=usual.MODE_FONT)
    try:
        yield
    finally:
        woff2.brotli = usual


def used(html: str) -> dict[FaceName, frozenset[str]]:
    """Return the characters that each face must show on a page."""
    return needed(faces(html) or {})


def faces(
    html: str, known: Mapping[str, Mapping[FaceName, str]] | None = None
) -> dict[FaceName, frozenset[str]] | None:
    """Return the characters that stand in each face on a page, or in a piece of one that holds whole elements.

    Args:
        html: the page, with an element `KNOWN_TAG` in place of each known piece.
        known: what is known of these pieces, by the attribute `data-part` of the element.

    Returns:
        None where a piece stands in another face than that of running text, in which it was read.
    """
    reader = FaceReader(known or {}, [name for name in (*FACES, "math") if name not in _RARER])
    reader.feed(html)
    reader.close()
    if reader.is_misled:
        return None
    return {name: frozenset("".join(texts)) for name, texts in reader.texts.items()}


def needed(shown: Mapping[FaceName, frozenset[str]]) -> dict[FaceName, frozenset[str]]:
    """Return the characters that each face must have for what stands in it.

    The mono face hands what it lacks to the regular one, so that carries every character outside the mono face; what it
    lacks itself, `embedded` takes from the face of the rarer characters.
    """
    shown = {name: shown.get(name, frozenset()) for name in (*FACES, "math") if name not in _RARER}
    handed_on = frozenset[str]().union(*(shown[name] - characters(name) for name in ("bold", "italic", "mono")))
    digits = frozenset("0123456789 ")
    # List numbers are drawn by the browser and stand in no text.
    return {**shown, "regular": shown["regular"] | handed_on | digits | frozenset(".•–")}


def _font(name: FaceName) -> TTFont:
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(content(FACES.get(name, MATH).file)), lazy=True, recalcTimestamp=False)
    # No one sees the names of glyphs, and looking up thousands of them takes longer than all the rest.
    font.setGlyphOrder([f"glyph{number:05}" for number in range(font["maxp"].numGlyphs)])
    return font


_TEXT_IN_SVG = re.compile(r"<(?:text|tspan)\b[^>]*>([^<]*)")


def svg_text(svg: str) -> str:
    """Return the text that a drawing shows."""
    from html import unescape

    return unescape("".join(_TEXT_IN_SVG.findall(svg)))
