"""A long document is set and written in little memory, and its file is the same, byte for byte."""

from __future__ import annotations

import gc
import io
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime

import pikepdf
import pydyf
import pytest
from helpers import pdf_text
from helpers.places import TESTS
from helpers.sample_report import sample
from weasyprint.pdf.stream import Stream

from labreport.report.rendering import fonts, pdf
from labreport.report.rendering.weasyprint import lean, patches

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
DRAWING = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20'>"
    "<defs><path id='p' d='M0 0h9v9z'/></defs><use href='%23p' x='4'/><text x='2' y='18'> a b </text></svg>"
)
STYLE = "html{font-family:'Labreport Sans'}@page{size:9cm}"
BODY = f'</style><title>T</title><p>One</p><img alt="d" src="{DRAWING}"><ol><li>x</ol><table><tr><th>h<tr><td>c</table>'


def _page(text: str, style: str = "") -> str:
    return f"<!doctype html><html lang=en><style>{fonts.for_paper(text)}{STYLE}{style}{text}"


def _alive(*names: str) -> Counter[str]:
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects() if type(thing).__name__ in names)


def test_the_file_is_the_same_as_without_what_saves_memory(warm_python):
    script = (
        "import sys\nfrom datetime import UTC, datetime\nfrom helpers.sample_report import sample\n"
        "from labreport.report.rendering import pdf\nfrom labreport.report.rendering.weasyprint import lean, patches\n"
        "patches.PATCHES = patches.PATCHES[:-2]\nlean.without_footnotes = lambda page, markup: page\n"
        "sys.stdout.buffer.write(pdf.pdf(sample('zh'), source_date=datetime(2026, 1, 5, tzinfo=UTC)))\n"
    )
    done = subprocess.run([warm_python, "-c", script], capture_output=True, check=True, cwd=TESTS)
    assert pdf.pdf(sample("zh"), source_date=MOMENT) == done.stdout


def test_a_drawing_that_stands_twice_is_painted_twice_alike():
    drawing = BODY.partition("</p>")[2].partition("<ol>")[0]
    once, twice = (b"".join(_streams(BODY + more)) for more in ("", f"<p>{drawing}</p>"))
    (path,) = re.findall(rb"0 0 m.*?9 9 l", once, re.DOTALL)
    assert twice.count(path) == 2


def _streams(text: str) -> list[bytes]:
    with pikepdf.open(io.BytesIO(pdf.written(_page(text), source_date=MOMENT))) as document:
        return [page.Contents.read_bytes() for page in document.pages]


def test_pages_that_are_set_hold_their_own_boxes_and_no_others():
    before = _alive("LineBox", "ComputedStyle")
    document = pdf.set_pages(_page(BODY + "<p>More words.</p>" * 300))
    assert len(document.pages) >= lean._LONG // 10
    shown = sum(
        type(box).__name__ == "LineBox"
        for page in document.pages
        for box in page._page_box.descendants(placeholders=True)
    )
    after = _alive("LineBox", "ComputedStyle") - before
    assert after["LineBox"] == shown
    assert after["ComputedStyle"] < 300


def test_after_writing_only_the_text_of_a_page_is_kept_of_it(monkeypatch):
    seen: list[int] = []
    usual = pydyf.PDF.write

    def write(file, *args, **named):
        seen.extend(len(thing.stream) for thing in file.objects if isinstance(thing, Stream))
        seen.append(_alive("LineBox")["LineBox"])
        return usual(file, *args, **named)

    monkeypatch.setattr(pydyf.PDF, "write", write)
    before = _alive("LineBox")["LineBox"]
    pdf.written(_page(BODY + "<p>More words.</p>" * 100), source_date=MOMENT)
    assert max(seen[:-1]) <= 2
    assert seen[-1] == before


@pytest.mark.parametrize("style", ["", "i{float:footnote}"])
def test_footnotes_are_styled_where_a_style_sheet_makes_them(style):
    content = pdf.written(_page(BODY + "<p>word <i>note</i> word", style), source_date=MOMENT)
    text = " ".join(pdf_text.pages(content)).replace(" ", "")
    assert ("1.note" in text) == bool(style)


def test_pages_are_named_once_and_again_when_one_is_added():
    patches.install()
    file = pydyf.PDF()
    file.add_page(pydyf.Dictionary({}))
    first = file.page_references
    assert first == (b"3 0 R",)
    assert file.page_references is first
    file.add_page(pydyf.Dictionary({}))
    assert file.page_references == (b"3 0 R", b"4 0 R")
