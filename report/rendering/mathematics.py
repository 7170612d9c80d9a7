"""Formulas: TeX becomes MathML for HTML, and a drawing for PDF, because WeasyPrint sets MathML on one flat line.

Both libraries let unknown commands pass as text; here they are an error that names the command. The drawing is made
of outlines (STIX Two Math), so no font is needed where it is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from typing import Any
from xml.etree import ElementTree

from markupsafe import escape

from labreport.report.errors import RenderingError
from labreport.report.languages import HAN, HAN_MARKS
from labreport.report.rendering import fonts

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\Z")
_UNKNOWN = re.compile(r"\\[A-Za-z]+")
_HAN = rf"[{HAN}{HAN_MARKS}]+"
_TEXT = re.compile(rf"(\\text\s*\{{[^{{}}]*\}})|(?:\\(?:mathrm|textrm|mbox|operatorname)\s*\{{({_HAN})\}})|({_HAN})")
_ENVIRONMENTS = {
    r"\begin{aligned}": r"\begin{split}",
    r"\end{aligned}": r"\end{split}",
    r"\begin{gathered}": r"\begin{array}{c}",
    r"\end{gathered}": r"\end{array}",
    r"\begin{align}": r"\begin{align*}",
    r"\end{align}": r"\end{align*}",
    r"\begin{equation}": "",
    r"\end{equation}": "",
}
"""What the libraries do not know, or number from one in each formula, as what draws the same."""
_HAN_TEXT = re.compile(rf"<mtext>(?=[^<]*[{HAN}{HAN_MARKS}])")
_LETTERS = re.compile(r'<mrow>((?:<mi mathvariant="normal">[^<]</mi>){2,})</mrow>')
_ALONE = re.compile(r"<mrow>(<(m[ino])\b[^>]*>[^<]*</\2>)</mrow>")
_OUTER = re.compile(r"(<math[^>]*>)<mrow>((?:(?!</?mrow>).)*)</mrow>(</math>)", re.DOTALL)
"""A group that groups nothing: one sign, or all that MathML takes for a row anyhow."""
_FUNCTION = re.compile(r"(<mi>(?:log|ln|exp|sin|cos|tan|arg|lim)</mi>)(?=<m(?:i|n|sub|sup|subsup|frac|row)>)")
_SIGN = re.compile(r"(^|[=(,\[<>&]|\\\\|\\(?:approx|leftarrow|rightarrow|left[\[(|]|le|ge|qquad|,))(\s*)-")
"""A minus that stands before a number alone."""
_BEFORE_NAME = re.compile(r"(?<=[\w)}])(?<!\{-\})(?<!\\cdot)(?<!\\times)\s*(?=\\(?:log|ln|exp)(?![A-Za-z]))")
_AFTER_NAME = re.compile(r"(\\(?:log|ln|exp)(?![A-Za-z]))\s*(?=[A-Za-z0-9]|\\hat)")
_ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded",
    "mphantom", "menclose", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts",
    "mprescripts", "none", "mtable", "mtr", "mtd",
}  # fmt: skip
_ATTRIBUTES = {
    "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle",
    "fence", "form", "height", "largeop", "linethickness", "lspace", "mathbackground", "mathcolor", "mathsize",
    "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowlines", "rowspacing", "rspace",
    "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width",
}  # fmt: skip
_VALUE = re.compile(r"[\w#.%+ -]*")
LONGEST = 2000
"""Characters of TeX that are set at most: the time it takes grows with their square."""
SIZE = 10.0
"""Size of type at which a drawing is made, in points; its measures are given in em."""
_INK = "var(--ink)"
_SCALE = 1.04
"""The mathematical font's small letters are lower than the text font's: formulas are set this much larger."""


def on_screen(tex: str, display: bool) -> str:
    """Return a formula for the screen: MathML, or the number alone where it is nothing else; raises as `mathml`."""
    number = None if display else plain_number(tex)
    return mathml(tex, display=display) if number is None else number


@dataclass(frozen=True)
class FormulaPicture:
    """A formula drawn as outlines.

    All measures are in em of the surrounding text.
    """

    svg: str
    width: float
    height: float
    depth: float
    """How far the drawing reaches below the base line."""


def plain_number(tex: str) -> str | None:
    """Return the formula as text if it is nothing but a number, which looks best in the font of the text."""
    return tex.replace("-", "−") if _NUMBER.match(tex) else None


@lru_cache(maxsize=1024)
def mathml(tex: str, *, display: bool = False) -> str:
    """Return the formula as MathML.

    Args:
        tex: TeX without dollar signs; characters of ASCII, and Chinese, which is set in the font of the text.
        display: whether it stands on a line of its own.

    Raises:
        RenderingError: an unknown command, an unbalanced brace, a character that the mathematical font lacks.
    """
    markup = _converted(tex, display=display)
    markup = _LETTERS.sub(lambda match: f"<mi>{re.sub('<[^>]*>', '', match.group(1))}</mi>", markup)
    markup = _FUNCTION.sub(r'\1<mspace width="0.17em"></mspace>', markup)
    markup = markup.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "").replace(' display="inline"', "")
    markup = _OUTER.sub(r"\1\2\3", _ALONE.sub(r"\1", markup))
    markup = re.sub(r"<mspace width=\"([^\"]+)\" />", r'<mspace width="\1"></mspace>', markup)
    markup = re.sub(r"&#x[0-9A-Fa-f]+;", lambda match: str(escape(unescape(match.group()))), markup)
    _check(markup, tex)
    return _HAN_TEXT.sub('<mtext class="text">', markup)


def _line(tex: str) -> str:
    """Return a formula as an error quotes it: on one line."""
    return " ".join(tex.split())


def _check(markup: str, tex: str) -> None:
    r"""Refuse what is not a formula: the library passes markup inside `\text` on as it is, and links with `\href`."""
    shown = _line(tex)
    try:
        elements = list(ElementTree.fromstring(markup).iter())
    except ElementTree.ParseError as error:
        raise RenderingError(
            f"The formula '{_line(tex)}' holds '<' or '&' in a place where it can't be set."
        ) from error
    for element in elements:
        if element.tag not in _ELEMENTS:
            raise RenderingError(
                f"The formula '{shown}' holds the element '{element.tag}', which is none of a formula."
            )
        for name, value in element.attrib.items():
            if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
                raise RenderingError(f"The formula '{shown}' asks for {name}='{value}', which a formula may not.")


@lru_cache(maxsize=1024)
def picture(tex: str, *, display: bool = False) -> FormulaPicture:
    """Return the formula as a drawing. Arguments and errors as for `mathml`."""
    mathml(tex, display=display)
    from ziamath.zmath import Latex

    _lend_chinese()
    try:
        svg = Latex(_spaced(_with_text(tex)), size=SIZE, color=_INK, inline=not display).svg()
    # Of what MathML can say, this library knows a part only, and says so in as many ways as the other one.
    except Exception as error:
        raise RenderingError(f"The formula '{_line(tex)}' can't be drawn ({type(error).__name__}).") from error
    box = re.search(r'viewBox="([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+)"', svg)
    if box is None:
        raise RenderingError(f"The formula '{_line(tex)}' could not be drawn.")
    _, top, width, height = (float(value) for value in box.groups())
    return FormulaPicture(
        svg=svg,
        width=round(width / SIZE * _SCALE, 3),
        height=round(height / SIZE * _SCALE, 3),
        depth=round((top + height) / SIZE * _SCALE, 3),
    )


def _with_text(tex: str) -> str:
    r"""Return a formula as the libraries know it: Chinese stands as text, also where written without `\\text`."""
    for written, known in _ENVIRONMENTS.items():
        tex = tex.replace(written, known)
    return _TEXT.sub(lambda match: match[1] or rf"\text{{{match[2] or match[3]}}}", tex)


def _spaced(tex: str) -> str:
    r"""Return a formula as the library that draws needs it: it takes a sign for a minus, and sets `\ln` too close."""
    return _AFTER_NAME.sub(r"\1\\,", _BEFORE_NAME.sub(r"\\,", _SIGN.sub(r"\1\2{-}", tex)))


@cache
def _lend_chinese() -> None:
    """Let the library that draws formulas take Chinese characters from the font of the text."""
    from ziafont.font import Font
    from ziamath.mathfont import MathFont

    text = Font(str(fonts.path("regular")))
    usual = MathFont.findglyph

    def findglyph(self: Any, char: str, variant: Any) -> Any:
        if not re.match(_HAN, char):
            return usual(self, char, variant)
        glyph: Any = text.glyph(char)
        # The library takes the width of another glyph where a font states equal widths once; these fill the em.
        glyph.advance = lambda nextchr=None: text.info.layout.unitsperem
        return glyph

    MathFont.findglyph = findglyph  # type: ignore[method-assign]


@lru_cache(maxsize=1024)
def _converted(tex: str, *, display: bool) -> str:
    from latex2mathml.converter import convert

    if len(tex) > LONGEST:
        raise RenderingError(f"The formula '{tex[:40]}…' is longer than {LONGEST} characters, and no page is as wide.")
    known = fonts.characters("regular")
    for character in tex:
        if not character.isascii() and not (character in known and re.match(_HAN, character)):
            raise RenderingError(
                f"The formula '{_line(tex)}' holds '{character}' (U+{ord(character):04X}), "
                "which the mathematical font lacks; use TeX commands and Latin letters."
            )
    try:
        markup = convert(_with_text(tex), display="block" if display else "inline")
    # The library raises a dozen classes without a common base, and IndexError for some unbalanced braces.
    except Exception as error:
        raise RenderingError(f"The formula '{_line(tex)}' is not valid TeX ({type(error).__name__}).") from error
    unknown = _UNKNOWN.search(markup)
    if unknown:
        raise RenderingError(f"The formula '{_line(tex)}' uses {unknown.group()}, which is not a known TeX command.")
    return markup
