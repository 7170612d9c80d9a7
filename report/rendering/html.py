"""A Report becomes HTML: one file that holds everything it shows, or one file per chapter.

The page has no script, loads nothing and says so in a strict Content-Security-Policy, whose hash is computed from the
very text of its style sheet. Fonts are cut down to the characters the page shows.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256

from markupsafe import Markup

from labreport.report.document import Chapter, Report, Theme, ids
from labreport.report.rendering import fonts, minify, texts
from labreport.report.rendering.page import Page, environment, language_style, style
from labreport.report.rendering.theme import figure_rules, recoloured_page, styled
from labreport.report.store import compression

_POLICY, _STYLES = "labreport-policy", "labreport-styles"
"""Stand in the page until the style sheet, which depends on the page's characters, is made."""
INDEX = "index.html"


def html(report: Report, embedded: Mapping[str, bytes] | None = None, *, theme: Theme = "blue") -> str:
    """Return the report as one self-contained HTML file.

    Args:
        report: what is shown.
        embedded: data to carry along unseen, by name; they are written as text and never run.
        theme: in whose colours.

    Raises:
        RenderingError: a text, drawing or formula can't be shown; names the place.
    """
    page = Page(report, "screen", theme=theme)
    texts.check(page)
    return _file(page, page.chapters(), page.title(report.cover.title), embedded=embedded or {})


def split(report: Report, *, theme: Theme = "blue") -> dict[str, str]:
    """Return the report as one page for each chapter and an index page.

    The index holds the cover, the summary and the provenance. Raises as `html`.

    Returns:
        File name to page; each page stands for itself, links between them name the file.
    """
    files = {
        INDEX: (report.summary, report.provenance),
        **{f"{part.id}.html": (part,) for part in report.chapters},
    }
    home = {id_: name for name, chapters in files.items() for chapter in chapters for id_ in ids(chapter)}
    texts.check(Page(report, "screen"))
    order = list(files)
    pages = {}
    for position, (name, chapters) in enumerate(files.items()):
        page = Page(report, "screen", files=home, here=name, theme=theme)
        title = page.title(report.cover.title)
        if name != INDEX:
            title = f"{page.title(chapters[0].title)} · {title}"
        pages[name] = _file(
            page,
            chapters,
            title,
            first=name == INDEX,
            neighbours=_neighbours(page, files, order, position),
            elsewhere=frozenset(id_ for id_, file in home.items() if file != name),
        )
    return pages


def _file(
    page: Page,
    shown: Sequence[Chapter],
    title: str,
    *,
    first: bool = True,
    neighbours: Sequence[tuple[str, str, str]] = (),
    elsewhere: frozenset[str] = frozenset(),
    embedded: Mapping[str, bytes] | None = None,
) -> str:
    text = (
        environment()
        .get_template("report.html.j2")
        .render(
            report=page.report,
            page=page,
            shown=shown,
            first=first,
            title=title,
            neighbours=neighbours,
            embedded={name: compression.spelled(data) for name, data in (embedded or {}).items()},
            policy=_POLICY,
            styles=Markup(_STYLES),
        )
    )
    texts.check_links(text, elsewhere)
    text = minify.without_blanks(text)
    faces = fonts.style_sheet(text)
    text, rules, dark = minify.slim_drawings(minify.slim_pictures(minify.without_end_tags(text)))
    text = minify.without_quotes(text)
    text = recoloured_page(text, page.theme)
    styles = faces + minify.compact(styled(_style_sheet(page.report, rules, dark), page.theme) + style("user"))
    digest = b64encode(sha256(styles.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; font-src data:; style-src 'sha256-{digest}'; base-uri 'none'"
    return text.replace(_POLICY, policy, 1).replace(_STYLES, styles, 1)


def _style_sheet(report: Report, drawing_rules: str, dark_drawing_rules: str) -> str:
    dark = style("dark") + figure_rules() + dark_drawing_rules
    return (
        style("theme")
        + style("content")
        + language_style("content", *report.languages)
        + language_style("screen", *report.languages)
        + style("screen")
        + drawing_rules
        + f"@media screen and (prefers-color-scheme:dark){{\n{dark}}}\n"
    )


def _neighbours(
    page: Page, files: Mapping[str, Sequence[Chapter]], order: Sequence[str], position: int
) -> list[tuple[str, str, str]]:
    """Return relation, address and title of the pages before and after."""
    links = []
    for relation, other in (("prev", position - 1), ("next", position + 1)):
        if 0 <= other < len(order):
            name = order[other]
            title = page.words("page.back") if name == INDEX else page.text(files[name][0].title)
            links.append((relation, name, title))
    return links
