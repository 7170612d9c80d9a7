"""Markdown of notes and captions becomes safe HTML, set as each language wants it.

Markdown is parsed by markdown-it, checked, typeset, and cleaned by nh3 as a second fence. What a report must never
hold (raw HTML, images from elsewhere, links to files or scripts) is refused with an error instead of being dropped
silently, because it is always a mistake in a note.

What differs by language comes from its record: in Han a thin space stands between Han and Latin or digits, a line end
inside a paragraph leaves no blank, and emphasis is bold; elsewhere straight quotes are curled as the language has them.
Passages in the other script carry `lang`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping, Sequence
from functools import cache, lru_cache
from html import escape as escape_html
from typing import Any

import nh3
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

from labreport.report import languages
from labreport.report.document import SLOT
from labreport.report.errors import RenderingError
from labreport.report.languages import HAN, HAN_MARKS
from labreport.report.numbers import GROUP
from labreport.report.rendering import highlight, mathematics, parsing

THIN_SPACE = "\u2009"

MOST = 8192
"""Texts that a typesetter keeps as it has set them: those of a book, but not all that a server shows in a day."""

SetFormula = Callable[[str, bool], str]
"""Renders TeX as finished markup; the second argument says whether the formula is displayed."""

_WIDE = f"{HAN}{HAN_MARKS}“”‘’…—"
_BEFORE_HAN = r"0-9A-Za-z\u00c0-\u024f\u0370-\u03ff%‰°\u2032)\]+\-−"
_AFTER_HAN = r"0-9A-Za-z\u00c0-\u024f\u0370-\u03ff$#@+\-−±≈≤≥<>=√∞(\["
JOINER = "\u2060"
"""Ties what stands on both sides of it to one line."""
_OPENING = ("（", "“", "‘", "《", "(", "[")
_CLOSING = ("，", "。", "、", "；", "：", "！", "？", "）", "”", "’", "》", ",", ".", ";", ":", "!", "?", ")", "]")
_GAPS = re.compile(
    rf"(?<=[{_WIDE}])\n(?=[{_WIDE}])"
    rf"|(?<=[{HAN}])[ \n{THIN_SPACE}]*(?=[{_AFTER_HAN}{SLOT}])"
    rf"|(?<=[{_BEFORE_HAN}{SLOT}])[ \n{THIN_SPACE}]*(?=[{HAN}])"
    rf"|(?<=[{_WIDE}])\n|\n(?=[{_WIDE}])"
)
_IS_HAN = re.compile(f"[{HAN}]")
_IS_WIDE = re.compile(f"[{_WIDE}]")
_HAN_RUN = re.compile(rf"[{HAN}][{_WIDE}]*")
_WORDS = r"[A-Za-z][A-Za-z'’\-]*(?:[ ,.;:!?‘’'\"()&/0-9…—–-]+[A-Za-z][A-Za-z'’\-]*){3,}[.!?]?"
_LATIN_RUN = re.compile(rf"“{_WORDS}”[.,]?|{_WORDS}")
"""Four words or more in Latin letters; the quotes round them belong to them."""
_PLAIN = re.compile(r"[0-9A-Za-z .,%×−–:+\-]*\Z")
_POWER = re.compile(r"(?<=\d) × (?=10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])")
"""What a number such as 2.8 × 10⁻¹⁰ is not parted at."""
_LINE_END = re.compile(r"<br */?>", re.IGNORECASE)
"""The one tag that Markdown has no sign for in the cell of a table."""
_ALLOWED_SCHEMES = ("https://", "http://", "mailto:", "#")

_SLOTS = "slots"
"""Where the parser keeps, while it renders a text, the markup that takes the place of its slots."""
_HEADINGS = {"h3": "h4", "h4": "h5"}
"""What headings inside a section become: its own is of the third level already."""
_TAGS = {
    "a", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h4", "h5", "hr", "i", "li", "ol", "p", "pre", "s", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul", "wbr",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "span": {"lang"}, "i": {"lang"}, "ol": {"start"}, "th": {"class"}, "td": {"class"}}


@cache
def on_screen(language: str) -> Typesetter:
    """Return the typesetter of a language for the screen: what it has set for one page it does not set again."""
    return Typesetter(language, mathematics.on_screen)


class Typesetter:
    """Turns Markdown of one language into HTML.

    Args:
        language: name of the language.
        formula: renders the formulas.
    """

    def __init__(self, language: str, formula: SetFormula) -> None:
        self._language = languages.language(language)
        self._han = self._language.script == "han"
        other = self._language.latin if self._han else self._language.han
        self._other_tag = languages.language(other).tag if other else ""
        self._formula = formula
        self._once = lru_cache(maxsize=MOST)(self._converted)
        self._markdown = parsing.parser(self._language)
        for name, rule in {
            "math_inline": self._math_rule,
            "math_inline_double": self._math_rule,
            "math_block": self._math_rule,
            "fence": self._fence_rule,
            "code_block": self._fence_rule,
            "text": self._text_rule,
            "code_inline": _code_rule,
        }.items():
            self._markdown.add_render_rule(name, _adapted(rule))

    def inline(self, markdown: str) -> Markup:
        """Return one line of Markdown as HTML without a paragraph around it.

        Raises:
            RenderingError: raw HTML, an image, a forbidden link, an unknown TeX command.
        """
        return self._rendered(markdown, inline=True)

    def prose(self, markdown: str) -> Markup:
        """Return paragraphs, lists and small tables as HTML. Raises as `inline`."""
        return self._rendered(markdown, inline=False)

    def formulas(self, markdown: str) -> list[tuple[str, bool]]:
        """Return each formula in paragraphs that can be set, in TeX, and whether it is displayed."""
        tokens = self._markdown.parse(markdown)
        return [
            (part.content, part.type == "math_block")
            for token in tokens
            for part in (token, *(token.children or ()))
            if part.type.startswith("math_")
        ]

    def blocks(self, markdown: str) -> list[str]:
        """Return the source of each paragraph, list, table or block of code."""
        return [block for _, block in self.located(markdown)]

    def located(self, markdown: str) -> list[tuple[int, str]]:
        """Return the source of each block as `blocks` does, and its line, counted from 0."""
        lines = markdown.split("\n")
        spans = [token.map for token in self._markdown.parse(markdown) if token.level == 0 and token.map]
        return [(start, "\n".join(lines[start:end]).strip("\n")) for start, end in spans]

    def check_signs(self, markdown: str) -> None:
        """Make sure that no sign of Markdown or TeX is left in what paragraphs show.

        Raises:
            RenderingError: names the sign, what stands round it, and how to write it otherwise.
        """
        parsing.check_signs(self._markdown, markdown)

    def _rendered(self, markdown: str, *, inline: bool) -> Markup:
        if inline and markdown.count(" ") <= 2 and _PLAIN.match(markdown):
            return Markup(markdown)
        return self._once(markdown, inline)

    def _converted(self, markdown: str, inline: bool) -> Markup:
        if SLOT in markdown:
            raise RenderingError(f"The character U+{ord(SLOT):04X} is for private use and can't stand in a text.")
        tokens = self._markdown.parseInline(markdown) if inline else self._markdown.parse(markdown)
        slots: list[str] = []  # of this text alone: a server sets several at the same time
        for token in tokens:
            _check(token)
            _replace_style(token)
            if token.children is not None:
                token.children = self._typeset(token.children)
        html = self._markdown.renderer.render(tokens, self._markdown.options, {_SLOTS: slots})
        clean = nh3.clean(
            html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"https", "http", "mailto"}, link_rel=None
        )
        return Markup(_filled(clean.split(SLOT), slots).strip())

    def _typeset(self, tokens: Sequence[Token]) -> list[Token]:
        return _emphasised_in_han(_spaced(tokens), self._other_tag) if self._han else list(tokens)

    def _math_rule(self, token: Token, slots: list[str]) -> str:
        display = token.type == "math_block"
        slot = _slot(slots, self._formula(token.content, display))
        return f"<p>{slot}</p>\n" if display else slot

    def _fence_rule(self, token: Token, slots: list[str]) -> str:
        # Focusable, so that a long line can be scrolled with the keyboard; paper does not mind.
        block = highlight.block(token.content, (token.info or "text").split()[0])
        return _slot(slots, block.replace("<pre>", '<pre tabindex="0">', 1))

    def _text_rule(self, token: Token, _slots: list[str]) -> str:
        parts, end, text = [], 0, _POWER.sub(f"{GROUP}×{GROUP}", token.content)
        for match in (_LATIN_RUN if self._han else _HAN_RUN).finditer(text) if self._other_tag else ():
            parts += [
                escape_html(text[end : match.start()], quote=False),
                f'<span lang="{self._other_tag}">{escape_html(match.group(), quote=False)}</span>',
            ]
            end = match.end()
        return "".join([*parts, escape_html(text[end:], quote=False)])


def _slot(slots: list[str], markup: str) -> str:
    """Return what stands in a text for markup that the last cleaning need not see."""
    slots.append(str(markup))  # a Markup would escape what it is joined with
    return SLOT


def _code_rule(token: Token, _slots: list[str]) -> str:
    """Set code that may be parted after the dots and brackets of a long name, without a hyphen."""
    code = escape_html(token.content, quote=False)
    if len(token.content) > 14:
        code = re.sub(r"([.(,/=])(?=\w)", r"\1<wbr>", code)
    return f"<code>{code}</code>"


def _filled(parts: Sequence[str], slots: Sequence[str]) -> str:
    """Join text with its formulas; a mark that touches a formula is tied to it, or browsers would part them."""
    filled = [parts[0]]
    for slot, part in zip(slots, parts[1:], strict=True):
        if filled[-1].endswith(_OPENING):
            filled.append(JOINER)
        filled.append(slot)
        if part.startswith(_CLOSING):
            filled.append(JOINER)
        filled.append(part)
    return "".join(filled)


def _adapted(rule: Callable[[Token, list[str]], str]) -> Callable[..., str]:
    """Fit a rule that needs its token and the slots of its text to the signature the renderer calls."""

    def call(
        _renderer: Any,
        tokens: Sequence[Token],
        index: int,
        _options: OptionsDict,
        environment: MutableMapping[str, Any],
    ) -> str:
        return rule(tokens[index], environment[_SLOTS])

    return call


def _check(token: Token) -> None:
    """Refuse what a report must not hold."""
    for part in [token, *(token.children or [])]:
        if part.type == "html_inline" and _LINE_END.fullmatch(part.content):
            part.type = "hardbreak"
        elif part.type in ("html_block", "html_inline"):
            if re.fullmatch(r"\s*(<!--.*?-->\s*)*", part.content, re.DOTALL):
                part.type, part.content = "text", ""
                continue
            raise RenderingError(
                f"Raw HTML is not allowed in a text: {_excerpt(part.content)}. Write Markdown, or code in backticks."
            )
        if part.type == "heading_open" and part.tag not in _HEADINGS:
            raise RenderingError(
                "A heading of this level can't stand inside a text; within a section write ### or ####."
            )
        if part.type in ("heading_open", "heading_close"):
            part.tag = _HEADINGS[part.tag]
        if part.type == "image":
            target = str(part.attrs.get("src", ""))
            raise RenderingError(f"An image is not allowed in a text: {_excerpt(target)}. Place a figure instead.")
        if part.type == "link_open":
            target = str(part.attrs.get("href", ""))
            if not target.lower().startswith(_ALLOWED_SCHEMES):
                raise RenderingError(
                    f"The link to {_excerpt(target)} is not allowed; a link starts with https://, mailto: or #."
                )


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return f"'{text if len(text) <= 60 else text[:59] + '…'}'"


def _replace_style(token: Token) -> None:
    """Turn the parser's inline style of aligned table cells into a class; the page forbids inline styles."""
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrs["class"] = style.removeprefix("text-align:")


def _visible(token: Token) -> str:
    """Return what a token puts on the line: its text, a slot for code or a formula, a line end, or nothing."""
    if token.type == "text":
        return token.content
    if token.type in ("softbreak", "hardbreak"):
        return "\n" if token.type == "softbreak" else " "
    return SLOT if token.type in ("code_inline", "math_inline", "math_inline_double") else ""


def _spaced(tokens: Sequence[Token]) -> list[Token]:
    """Set thin spaces between Chinese and Latin, across the bounds of bold text, code and links too."""
    line = [(character, owner) for owner, token in enumerate(tokens) for character in _visible(token)]
    text = "".join(character for character, _ in line)
    contents: list[list[str]] = [[] for _ in tokens]

    def keep(start: int, end: int) -> None:
        for character, owner in line[start:end]:
            contents[owner].append(character)

    position = 0
    for match in _GAPS.finditer(text):
        low, high = match.span()
        keep(position, low)
        position = high
        before, after = text[low - 1 : low], text[high : high + 1]
        if _IS_HAN.match(before) and not _IS_WIDE.match(after):
            contents[line[low - 1][1]].append(THIN_SPACE)
        elif _IS_HAN.match(after) and not _IS_WIDE.match(before):
            contents[line[high][1]].append(THIN_SPACE)
    keep(position, len(line))
    result = []
    for token, characters in zip(tokens, contents, strict=True):
        if token.type == "text":
            token.content = "".join(characters)
        if token.type != "softbreak" or characters:
            result.append(token)
    return result


def _emphasised_in_han(tokens: Sequence[Token], latin: str) -> list[Token]:
    """Make emphasis bold, except round passages that are wholly Latin (the title of an English book): italic."""
    result = list(tokens)
    for index, token in enumerate(result):
        if token.type != "em_open":
            continue
        close = next(
            end
            for end in range(index, len(result))
            if result[end].type == "em_close" and result[end].level == token.level
        )
        content = "".join(_visible(part) for part in result[index:close])
        if re.search(f"[{HAN}]", content):
            token.tag = result[close].tag = "strong"
        else:
            token.tag = result[close].tag = "i"
            if latin:
                token.attrs["lang"] = latin
    return result
