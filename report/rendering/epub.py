"""A Report becomes EPUB 3: the pages of `html.split` as XHTML, with MathML and SVG, zipped with a list of them.

Without a library of its own: an EPUB is a zip file with two small lists, and the parser of HTML that WeasyPrint brings
turns our pages into XML. Fonts and styles lie in each page, as on the screen.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from labreport.report import languages
from labreport.report.document import Report
from labreport.report.errors import missing_extra
from labreport.report.look import Look
from labreport.report.rendering import html
from labreport.report.rendering.page import ReportPage

_XHTML = "http://www.w3.org/1999/xhtml"
_NAMESPACES = {
    "": _XHTML,
    "m": "http://www.w3.org/1998/Math/MathML",
    "svg": "http://www.w3.org/2000/svg",
    "xlink": "http://www.w3.org/1999/xlink",
}
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""Date of each entry; the zip format knows none earlier."""
_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""


def epub(report: Report, *, source_date: datetime, look: Look | None = None) -> bytes:
    """Return the report as an EPUB file, the same bytes for the same report and date.

    Args:
        report: what is shown.
        source_date: written as the date of the last change.
        look: theme and templates.

    Raises:
        RenderingError: a text, drawing or formula can't be shown; names the place.
    """
    pages = {name.replace(".html", ".xhtml"): _xhtml(page) for name, page in html.split(report, look=look).items()}
    helper = ReportPage(report, "screen", look=look)
    titles = {"index.xhtml": helper.title(report.cover.title)}
    titles |= {f"{chapter.id}.xhtml": helper.title(chapter.title) for chapter in report.chapters}
    tag = languages.language(report.language).tag
    number = UUID(bytes=sha256("".join(pages.values()).encode()).digest()[:16], version=4)
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "book/content.opf": _package(pages, titles["index.xhtml"], tag, number, source_date),
        "book/nav.xhtml": _contents(titles, helper.words("page.contents"), tag),
        **{f"book/{name}": page for name, page in pages.items()},
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode())
    return target.getvalue()


def _xhtml(page: str) -> str:
    """Return a page as XML, without the policy, which a reader of books does not know, and links to other pages."""
    try:
        import tinyhtml5
    except ModuleNotFoundError as error:
        if missing := missing_extra(str(error)):
            raise missing from error
        raise
    for prefix, address in _NAMESPACES.items():
        ElementTree.register_namespace(prefix, address)
    tree = tinyhtml5.parse(page, namespace_html_elements=True)
    head = tree.find(f"{{{_XHTML}}}head")
    for meta in head.findall(f"{{{_XHTML}}}meta"):
        if meta.get("http-equiv") or meta.get("name") in ("viewport", "color-scheme"):
            head.remove(meta)
    for figure in tree.iter(f"{{{_XHTML}}}figure"):
        caption, data = figure.find(f"{{{_XHTML}}}figcaption"), figure.find(f"{{{_XHTML}}}details")
        if caption is not None and data is not None:  # EPUB has a caption at the end or the beginning alone
            figure.remove(data)
            caption.append(data)
    for link in tree.iter(f"{{{_XHTML}}}a"):
        link.set("href", re.sub(r"^([\w-]+)\.html", r"\1.xhtml", link.get("href", "")))
    text: str = ElementTree.tostring(tree, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n{text}\n'


def _package(pages: dict[str, str], title: str, tag: str, number: UUID, moment: datetime) -> str:
    items = ['<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>']
    for place, (name, page) in enumerate(pages.items()):
        held = " ".join(kind for kind, mark in (("mathml", "<m:math"), ("svg", "<svg:svg")) if mark in page)
        properties = f' properties="{held}"' if held else ""
        items.append(f'<item id="p{place}" href="{name}" media-type="application/xhtml+xml"{properties}/>')
    spine = "".join(f'<itemref idref="p{place}"/>\n' for place in range(len(pages)))
    changed = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{tag}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{number}</dc:identifier>
<dc:title>{escape(title)}</dc:title>
<dc:language>{tag}</dc:language>
<meta property="dcterms:modified">{changed}</meta>
</metadata>
<manifest>
{chr(10).join(items)}
</manifest>
<spine>
{spine}</spine>
</package>
"""


def _contents(titles: dict[str, str], heading: str, tag: str) -> str:
    entries = "".join(f"<li><a href={quoteattr(name)}>{escape(title)}</a></li>\n" for name, title in titles.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="{_XHTML}" xmlns:epub="http://www.idpf.org/2007/ops" lang="{tag}" xml:lang="{tag}">
<head><title>{escape(heading)}</title></head>
<body><nav epub:type="toc"><h1>{escape(heading)}</h1>
<ol>
{entries}</ol></nav></body>
</html>
"""
