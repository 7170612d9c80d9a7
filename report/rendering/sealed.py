"""The one writer of pages for the screen: they load nothing, run nothing, and say so.

The Content-Security-Policy allows nothing but the style sheet whose hash it states, and pictures and fonts that lie in
the page itself. Fonts are cut down to the characters that the page shows.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from markupsafe import Markup

from labreport.report.look import Look
from labreport.report.rendering import fonts, theme
from labreport.report.rendering.sheets import language_style, placed, style, user_style

_POLICY, _STYLES = "labreport-policy", "labreport-styles"
"""Stand in the page until the style sheet, which depends on the page's characters, is made."""
_ALLOWED = "default-src 'none'; img-src data:; font-src data:; style-src '{}'; base-uri 'none'; form-action {}"
_SERVED = "; frame-src 'self'; connect-src 'self'"
"""What a page of our own server may do besides: show another page of it, and ask it for what has changed."""

Usage = Mapping[fonts.FaceName, frozenset[str]]


def sealed(
    template: str,
    *,
    look: Look,
    languages: Sequence[str],
    sheets: Sequence[str],
    rules: str = "",
    used: Callable[[str], Usage] = fonts.used,
    check: Callable[[str], object] = lambda _text: None,
    script: str = "",
    served: bool = False,
    **context: object,
) -> str:
    """Return a page as one self-contained HTML file.

    Args:
        template: name of a template that extends `sealed.html.j2`.
        look: theme, and the folder that is searched for templates first.
        languages: in which the page speaks; their style rules stand beside those of the sheets.
        sheets: names of the style sheets, after the theme's.
        rules: style rules of this page alone.
        used: returns the characters that each face shows on the page.
        check: called with the page before its styles are made; raises where something is wrong.
        script: the one that may run, which the template places; reports have none.
        served: whether it comes from a server of ours, which forms and frames of the page may ask.
        **context: what the template places.

    Raises:
        RenderingError: a template can't be used, or the theme can't.
    """
    text = placed(template, look, policy=_POLICY, styles=Markup(_STYLES), script=Markup(script), **context)
    check(text)
    dark = theme.dark_style_sheet(look.theme) + style("dark")
    styles = (
        fonts.embedded(used(text))
        + theme.style_sheet(look.theme)
        + "".join(_sheet(name, languages) for name in sheets)
        + rules
        + f"@media screen and (prefers-color-scheme:dark){{\n{dark}}}\n"
        + user_style(look)
    )
    policy = _ALLOWED.format(_hash(styles), "'self'" if served else "'none'")
    policy += f"; script-src '{_hash(script)}'" if script else ""
    return text.replace(_POLICY, policy + (_SERVED if served else ""), 1).replace(_STYLES, styles, 1)


def _hash(content: str) -> str:
    """Return what a policy says to allow this content and no other."""
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _sheet(name: str, languages: Sequence[str]) -> str:
    """Return a style sheet with the rules of languages: behind those for content, before those for a medium."""
    of_languages = language_style(name, *languages)
    return style(name) + of_languages if name == "content" else of_languages + style(name)
