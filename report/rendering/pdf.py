"""A Report becomes PDF: markup for paper, set by WeasyPrint, tagged, with shipped fonts only.

WeasyPrint is imported when a PDF is asked for, because it needs system libraries that a machine may lack. It may fetch
`data:` addresses and the shipped fonts, nothing else. Whatever it warns about is an error here: a warning is the only
sign of a missing glyph, an ignored rule or an image without alternative text.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache as once
from functools import partial
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from labreport.report.document import Report
from labreport.report.errors import RenderingError, missing_extra
from labreport.report.look import Look
from labreport.report.rendering import cache, fonts, paper, program, texts, theme
from labreport.report.rendering.page import ReportPage
from labreport.report.rendering.sheets import language_style, placed, style, user_style
from labreport.report.rendering.weasyprint import fitting, lean, pace
from labreport.report.store.remarks import Steps, silent

_OPTIONS = {"pdf_variant": "pdf/ua-1", "presentational_hints": False}
KIND = "pdf"
MOST = 24
"""Files that are cached; each has about a megabyte."""
PANGO_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def pdf(
    report: Report,
    *,
    source_date: datetime,
    attached: Mapping[str, bytes] | None = None,
    look: Look | None = None,
    reuse: bool = False,
    progress: Steps = silent,
) -> bytes:
    """Return the report as a PDF file (PDF/UA-1), the same bytes for the same report and date.

    Args:
        report: what is printed.
        source_date: written as the date of creation.
        attached: files to carry along, by name.
        look: theme and templates.
        reuse: whether the file may be taken from the cache, where it was made before of the same markup.
        progress: called while the pages are set and written.

    Raises:
        RenderingError: a text, drawing or formula can't be shown, the system lacks Pango, or WeasyPrint warns.
    """
    _weasyprint()
    text = html(report, source_date=source_date, look=look)
    zoom = paper.zoom(look or Look())
    make = partial(written, text, source_date=source_date, attached=attached, zoom=zoom, progress=progress)
    if not reuse:
        return make()
    inputs = sha256(f"{program.fingerprint()} {source_date.isoformat()} {zoom} {text}".encode())
    for name, data in sorted((attached or {}).items()):
        inputs.update(f"\n{name} {sha256(data).hexdigest()}".encode())
    return cache.kept(KIND, inputs.hexdigest(), make, most=MOST)


def written(
    text: str,
    *,
    source_date: datetime,
    attached: Mapping[str, bytes] | None = None,
    zoom: float = 1.0,
    progress: Steps = silent,
) -> bytes:
    """Return markup for paper as a PDF file; arguments and errors as `pdf`."""
    weasyprint = _weasyprint()
    with _checked() as warnings:
        document = _fitted(fitting.numbered(text), warnings, progress)
        with pace.counting(pace.Pace(progress, len(document.pages))):
            content: bytes = document.write_pdf(
                **_OPTIONS,
                zoom=zoom,
                finisher=_name_column_heads,
                attachments=[
                    weasyprint.Attachment(
                        file_obj=io.BytesIO(data),
                        name=name,
                        created=source_date,
                        modified=source_date,
                        relationship="Data",
                    )
                    for name, data in sorted((attached or {}).items())
                ],
            )
    return content


def pages(report: Report, *, source_date: datetime, look: Look | None = None) -> Any:
    """Return the document whose pages `pdf` writes: all boxes have their places; arguments and errors as there."""
    return set_pages(html(report, source_date=source_date, look=look))


def set_pages(text: str) -> Any:
    """Return the document of some markup for paper, all boxes with their places."""
    _weasyprint()
    with _checked() as warnings:
        return _fitted(fitting.numbered(text), warnings)


@contextmanager
def _checked() -> Iterator[list[str]]:
    """Make every error and every warning of WeasyPrint one of ours; the warnings are collected in the list."""
    with _warnings() as warnings:
        try:
            yield warnings
        except _fatal_error() as error:
            raise RenderingError(f"The PDF could not be made: {error}") from error
        except Exception as error:  # a fault of the layout must not cost the other outputs
            raise RenderingError(f"The PDF could not be made: {type(error).__name__}: {error}") from error
    if warnings:
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        raise RenderingError(f"The PDF could not be made as it should be: {warnings[0]}{more}")


def _fitted(text: str, warnings: list[str], progress: Steps = silent) -> Any:
    """Return the pages of a report, set so that all its tables have their place on them."""
    document = _set(text, progress)
    fits: dict[str, fitting.TableFit] = {}
    for _ in range(fitting.MOST):
        found = fitting.fits(document, fits)
        if found == fits:
            break
        fits = found
        warnings.clear()  # those of the last setting count
        document = None  # two settings of a long document would take twice the memory
        document = _set(text.replace("</style>", f"{fitting.rules(fits)}</style>", 1), progress)
    return document


def set_alone(text: str) -> bytes:
    """Return markup that is a page by itself, such as one drawing, as a PDF; errors as `pdf`."""
    _weasyprint()
    with _checked():
        content: bytes = _set(text).write_pdf()
    return content


def _set(text: str, progress: Steps = silent) -> Any:
    """Return the pages of a report, set."""
    page = _weasyprint().HTML(string=text, base_url="about:report", url_fetcher=_fetcher_class()(), media_type="print")
    with pace.counting(pace.Pace(progress)):
        return lean.without_footnotes(page, text).render(**_OPTIONS)


def html(report: Report, *, source_date: datetime, look: Look | None = None) -> str:
    """Return the markup from which the PDF is made; raises as `pdf`."""
    page = ReportPage(report, "paper", look=look)
    texts.check(page)
    return markup(page, "pdf.html.j2", source_date=source_date, rules=paper.rules(page.look))


def markup(
    page: ReportPage,
    template: str,
    *,
    source_date: datetime,
    sheets: Sequence[str] = ("content", "paper"),
    rules: str = "",
    **context: object,
) -> str:
    """Return a template with everything in its place and its styles.

    Args:
        page: the helpers for paper.
        template: extends `base.html.j2`.
        source_date: of the report.
        sheets: names of the style sheets, after the theme's.
        rules: style rules of this page alone.
        **context: what the template places besides.
    """
    token = "labreport-styles"
    created = source_date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = placed(template, page.look, report=page.report, page=page, created=created, styles=Markup(token), **context)
    texts.check_links(text)
    return text.replace(token, _style_sheet(page, text, sheets, rules), 1)


def _name_column_heads(_document: object, pdf: Any) -> None:
    """Say of each head cell that it heads a column; WeasyPrint only names the heads of each cell."""
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("S") == "/TH" and "A" in item:
            item["A"]["Scope"] = "/Column"


def _style_sheet(page: ReportPage, text: str, names: Sequence[str], rules: str) -> str:
    faces = fonts.for_paper(text)
    before, between, after = (_css_string(page.words(f"page.page_{part}")) for part in ("before", "between", "after"))
    soft = theme.palette(page.look.theme).light["soft"]  # the margins of a page know no variables
    foot = f"@page{{color:{soft};@bottom-right{{content:{before} counter(page) {between} counter(pages) {after}}}}}\n"
    spoken = page.report.languages
    first, *others = names
    sheets = theme.style_sheet(page.look.theme) + style(first) + language_style(first, *spoken)
    sheets += "".join(language_style(name, *spoken) + style(name) for name in others)
    # The attribute is a hint that style sheets alone are to follow.
    starts = sorted({int(start) for start in re.findall(r'<ol start="(\d+)"', text)})
    counted = "".join(f'ol[start="{start}"]{{counter-reset:list-item {start - 1}}}\n' for start in starts)
    return faces + sheets + foot + counted + rules + page.formula_rules() + user_style(page.look)


def _css_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _weasyprint() -> Any:
    try:
        import weasyprint
    except (OSError, ImportError) as error:
        if isinstance(error, ModuleNotFoundError) and (missing := missing_extra(str(error))):
            raise missing from error
        raise RenderingError(
            "PDF needs the system library Pango, which can't be loaded. "
            f"On Debian: apt install {PANGO_PACKAGES}. HTML and Markdown need nothing."
        ) from error
    from labreport.report.rendering.weasyprint import patches

    patches.install()
    return weasyprint


def _fatal_error() -> type[BaseException]:
    from weasyprint.urls import FatalURLFetchingError

    error: type[BaseException] = FatalURLFetchingError
    return error


@once
def _fetcher_class() -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    shipped = {face.file for face in fonts.FACES.values()}

    class Fetcher(URLFetcher):  # type: ignore[misc]
        """Gives what lies in the page itself and the shipped fonts; anything else stops the rendering."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            name = url.removeprefix(fonts.SCHEME)
            if url.startswith(fonts.SCHEME) and name in shipped:
                return URLFetcherResponse(url, fonts.as_truetype(name), {"Content-Type": "font/ttf"})
            if url.startswith("data:"):
                return super().fetch(url, headers)
            raise FatalURLFetchingError(f"the page asks for {url[:80]}, and a report loads nothing.")

    return Fetcher


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what WeasyPrint warns about, and keep it off the terminal."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    logger = logging.getLogger("weasyprint")
    collector = Collector(logging.WARNING)
    handlers, propagate, level = list(logger.handlers), logger.propagate, logger.level
    logger.handlers, logger.propagate = [collector], False
    logger.setLevel(logging.WARNING)
    try:
        yield found
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
