"""A Report becomes HTML: one file that holds everything it shows, or one file per chapter.

What makes a page safe and self-contained stands in `sealed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from labreport.report.document import Chapter, Report, ids
from labreport.report.look import Look
from labreport.report.rendering import paper, parts, texts
from labreport.report.rendering.page import ReportPage
from labreport.report.rendering.sealed import Usage, sealed

INDEX = "index.html"


def html(
    report: Report,
    embedded: Mapping[str, str] | None = None,
    *,
    look: Look | None = None,
    used: Callable[[Usage], Usage] = lambda found: found,
    reuse: bool = False,
) -> str:
    """Return the report as one self-contained HTML file.

    Args:
        report: what is shown.
        embedded: data to carry along unseen, by name, spelled as text that means nothing in HTML; they are never run.
        look: theme and templates.
        used: changes which characters each face of the page gets; gets those that it must have.
        reuse: whether chapters may be taken from the cache, where the same ones were set before.

    Raises:
        RenderingError: a text, drawing or formula can't be shown; names the place.
    """
    page = ReportPage(report, "screen", look=look)
    texts.check(page, report.cover, screen=True)
    title = page.title(report.cover.title)
    return _file(page, page.chapters(), title, embedded=embedded or {}, used=used, reuse=reuse)


def split(report: Report, *, look: Look | None = None, reuse: bool = False) -> dict[str, str]:
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
    texts.check(ReportPage(report, "screen"), report.cover, screen=True)
    order = list(files)
    pages = {}
    for position, (name, chapters) in enumerate(files.items()):
        page = ReportPage(report, "screen", files=home, here=name, look=look)
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
            reuse=reuse,
        )
    return pages


def _file(
    page: ReportPage,
    shown: Sequence[Chapter],
    title: str,
    *,
    first: bool = True,
    neighbours: Sequence[tuple[str, str, str]] = (),
    elsewhere: frozenset[str] = frozenset(),
    embedded: Mapping[str, str] | None = None,
    used: Callable[[Usage], Usage] = lambda found: found,
    reuse: bool = False,
) -> str:
    known = parts.prepared(page, shown, reuse=reuse)
    return sealed(
        "report.html.j2",
        look=page.look,
        languages=page.report.languages,
        sheets=("content", "screen"),
        rules=paper.browser_rules(page.look),
        used=lambda text: used(parts.used(text, list(known.values()))),
        check=lambda text: texts.check_links(text, elsewhere),
        report=page.report,
        page=page,
        shown=shown,
        first=first,
        title=title,
        neighbours=neighbours,
        embedded=embedded or {},
    )


def _neighbours(
    page: ReportPage, files: Mapping[str, Sequence[Chapter]], order: Sequence[str], position: int
) -> list[tuple[str, str, str]]:
    """Return relation, address and title of the pages before and after."""
    links = []
    for relation, other in (("prev", position - 1), ("next", position + 1)):
        if 0 <= other < len(order):
            name = order[other]
            title = page.words("page.back") if name == INDEX else page.text(files[name][0].title)
            links.append((relation, name, title))
    return links
