"""Source text with its parts marked by short classes; two palettes (light, dark) lie in the style sheet.

Only parts that get a colour of their own are marked: a `span` for every name and bracket would double the page and slow
the PDF down.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

_CLASSES: dict[_TokenType, str] = {
    Token.Keyword: "k",
    Token.Operator.Word: "k",
    Token.Literal.String: "s",
    Token.Literal.Number: "n",
    Token.Comment: "c",
    Token.Name.Function: "f",
    Token.Name.Class: "f",
    Token.Name.Decorator: "d",
    Token.Name.Builtin: "b",
    Token.Generic.Error: "x",
}
"""Kinds of source that have a colour, and the class of each; subordinate kinds inherit."""


@lru_cache(maxsize=16)
def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return get_lexer_by_name("text", stripnl=False, ensurenl=False)


def _class(kind: _TokenType) -> str:
    while kind not in _CLASSES:
        if kind.parent is None:
            return ""
        kind = kind.parent
    return _CLASSES[kind]


@lru_cache(maxsize=512)
def source(code: str, language: str = "python") -> str:
    """Return the code as HTML, with a `span` round each run of one colour.

    Args:
        code: source text.
        language: a name that Pygments knows; any other is set plain.
    """
    parts: list[str] = []
    open_class = ""
    for kind, text in _lexer(language).get_tokens(code.strip("\n")):
        css_class = _class(kind)
        # White space has no colour: it joins the run before it.
        if css_class != open_class and not text.isspace():
            parts.append("</span>" if open_class else "")
            parts.append(f'<span class="{css_class}">' if css_class else "")
            open_class = css_class
        parts.append(escape(text, quote=False))
    parts.append("</span>" if open_class else "")
    return "".join(parts)


def block(code: str, language: str = "python") -> str:
    """Return the code as a finished `pre` block."""
    return f"<pre><code>{source(code, language)}</code></pre>"
