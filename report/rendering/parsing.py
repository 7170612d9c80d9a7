"""The Markdown of notes: CommonMark with tables, strikethrough, task lists, formulas, and emphasis that suits Chinese.

CommonMark finds where emphasis ends by the blanks and marks round it, and Chinese has no blanks: `**过拟合：**训练`
stays unmarked. Here a mark of Chinese counts as a letter, and a mark beside a Chinese character may begin or end
emphasis, as https://github.com/tats-u/markdown-cjk-friendly lays down.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.emphasis import tokenize as emphasis
from markdown_it.rules_inline.strikethrough import tokenize as strikethrough
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from labreport.report.errors import RenderingError
from labreport.report.languages import HAN, HAN_MARKS, Language

_CJK = re.compile(f"[{HAN}{HAN_MARKS}\u3040-\u30ff\uac00-\ud7af]")
_FORMULA = re.compile(r"(?<!\d)\$(?!\s)(?P<double>\$?)((?:\\.|[^$\\])+)(?<!\s)\$(?P=double)(?!\d)", re.DOTALL)
_MONEY = re.compile(rf"\d[^{{}}]*[{HAN}{HAN_MARKS}]")
"""A sum of money and Chinese text up to the next formula: between them stands no blank."""
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_BOXES = {" ": "☐", "x": "☑", "X": "☑"}
_SIGNS = re.compile(
    r"\*(?=\S)|(?<=\S)\*|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)|__|~~|`|==(?=\w)|\$(?!\d)|\\[A-Za-z(\[]"
    r"|(?<=\w)\^(?=[^\s^]+\^)|(?<=\w)~(?=[^\s~]+~)|\^\[|\A!!!|\A\[TOC\]|\A\[\[TOC\]\]|\A:(?=\s)"
    r"|\[[\^@!]|\]\(|\]\[|\{#|\{\{|\}\}|\{%|%\}|:::|<!--|\A#{1,6}(?=\S)|\A\[[ xX]\]|\A\|"
)
_APART = "\u200b"
"""Stands for code, a formula or an escaped sign, whose neighbours it keeps apart."""
_ADVICE = {
    "$": r"write a formula as $x$, without blanks inside, and the sign itself as \$",
    "^": "write it as a formula, $x^n$, or put a backslash before it",
    "~": "write it as a formula, $x_n$, or put a backslash before it",
    "!": "write a box as docs/notes.md shows",
    "\\": "write a formula between $…$, and code between backticks",
    "[": "write what it stands for as docs/notes.md shows, or the bracket itself with a backslash before it",
}


def parser(language: Language) -> MarkdownIt:
    """Return the parser of a language's notes."""
    options = {"html": True, "typographer": bool(language.quotes), "quotes": language.quotes}
    made = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    if language.quotes:
        made.enable("smartquotes")
    # Every target is accepted here and judged in the typesetter, which gives an error instead of leaving it as text.
    made.validateLink = lambda url: True  # type: ignore[method-assign]
    made.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    made.use(deflist_plugin)
    made.inline.ruler.at("math_inline", _formula)
    made.inline.ruler.at("emphasis", _for_chinese(emphasis))
    made.inline.ruler.at("strikethrough", _for_chinese(strikethrough))
    made.core.ruler.after("inline", "tasks", _tasks)
    return made


def check_signs(parser: MarkdownIt, markdown: str) -> None:
    """Make sure that no sign of Markdown or TeX is left in what paragraphs show, outside code.

    Raises:
        RenderingError: names the first one and what stands round it.
    """
    # What was escaped is a token of its own until the last rule joins it with the text round it.
    parser.core.ruler.disable("text_join")
    try:
        tokens = parser.parse(markdown)
    finally:
        parser.core.ruler.enable("text_join")
    for token in tokens:
        _check_line(token.children or [])


def _check_line(children: list[Token]) -> None:
    text, linked = "", 0
    for child in children:
        linked += child.nesting if child.type in ("link_open", "link_close") and child.info == "auto" else 0
        if child.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif child.type == "text" or (child.type == "text_special" and child.content == child.markup):
            text += "" if linked else child.content
        else:
            text += _APART
    for line in text.split("\n"):
        if found := _SIGNS.search(line):
            sign = found.group()
            around = line[max(0, found.start() - 12) : found.end() + 12].replace(_APART, "").strip()
            advice = _ADVICE.get(sign[0], "put a backslash before it to show the sign itself")
            raise RenderingError(f"The sign '{sign}' marks nothing here and would be printed ('{around}'); {advice}.")


def _formula(state: StateInline, silent: bool) -> bool:
    """Read `$x$` or `$$x$$`: no blank inside the signs and no digit outside, so that sums of money are none."""
    found = _FORMULA.match(state.src, state.pos) if state.src[state.pos] == "$" else None
    if found is None or _MONEY.match(found.group(2)):
        return False
    if not silent:
        token = state.push("math_inline_double" if found["double"] else "math_inline", "math", 0)
        token.content, token.markup = found.group(2), found["double"] + "$"
    state.pos = found.end()
    return True


def _for_chinese(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return a rule of emphasis that judges by Chinese characters where its signs may open and close."""

    def read(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.delimiters)
        if not rule(state, silent):
            return False
        before, after = state.src[start - 1 : start], state.src[state.pos : state.pos + 1]
        if state.src[start] != "_" and (_CJK.match(before) or _CJK.match(after)):
            opens = _may_stand(after, before)
            closes = _may_stand(before, after)
            for delimiter in state.delimiters[known:]:
                delimiter.open, delimiter.close = opens, closes
        return True

    return read


def _may_stand(inside: str, outside: str) -> bool:
    """Return whether a sign of emphasis may stand between its text and what is outside."""
    if not inside or inside.isspace():
        return False
    return not _is_mark(inside) or not outside or outside.isspace() or _is_mark(outside) or bool(_CJK.match(outside))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" and not _CJK.match(character)


def _tasks(state: StateCore) -> None:
    """Turn the `[ ]` and `[x]` that begin an item of a list into an empty and a ticked box."""
    for item, paragraph, line in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not line.children:
            continue
        first = line.children[0]
        if first.type == "text" and (found := _TASK.match(first.content)):
            first.content = _BOXES[found[1]] + first.content[found.end() :]
