"""A Report as PDF: real WeasyPrint, read back with pikepdf."""

from __future__ import annotations

import gc
import io
import logging
import sys
import tempfile
from datetime import UTC, datetime

import msgspec
import pikepdf
import pytest
from helpers.sample_report import curve, sample

from labreport.report.document import Chapter, Figure, Prose, Section
from labreport.report.errors import RenderingError
from labreport.report.rendering import pdf

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def short(language="zh"):
    """Return a report of few pages."""
    report = sample(language)
    return msgspec.structs.replace(report, chapters=report.chapters[1:], summary=Chapter(id="s", number="", title="S"))


def with_prose(markdown: str):
    section = Section(id="x", title="X", blocks=(Prose(markdown=markdown),))
    chapter = Chapter(id="tensors", number="1", title="T", sections=(section,))
    report = sample("zh")
    empty = Chapter(id="s", number="", title="S")
    cover = msgspec.structs.replace(report.cover, strip=())
    return msgspec.structs.replace(
        report, cover=cover, chapters=(chapter,), summary=empty, provenance=Chapter(id="p", number="", title="P")
    )


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request):
    return sample(request.param)


_told: list[logging.LogRecord] = []
"""What reached the log while the reports were made."""


@pytest.fixture(scope="module")
def content(report) -> bytes:
    listening = logging.Handler(logging.WARNING)
    listening.emit = _told.append
    logging.getLogger().addHandler(listening)
    try:
        return pdf.pdf(report, source_date=DATE, attached={"imdb-result.json": b"{}"})
    finally:
        logging.getLogger().removeHandler(listening)


@pytest.fixture(scope="module")
def document(content):
    with pikepdf.open(io.BytesIO(content)) as opened:
        yield opened


def structure(node):
    """Yield every element of the tag tree."""
    if isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield node
        children = node.get("/K")
        if isinstance(children, pikepdf.Array):
            for child in children:
                yield from structure(child)
        elif children is not None:
            yield from structure(children)


def test_the_document_has_a_title_and_a_language(report, document):
    assert str(document.docinfo["/Title"]) == report.cover.title
    assert str(document.Root.Lang) == {"zh": "zh-CN", "en": "en"}[report.language]
    assert document.Root.ViewerPreferences.DisplayDocTitle


def test_it_says_that_it_is_tagged_and_accessible(document):
    assert document.Root.MarkInfo.Marked
    with document.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"


def test_the_outline_holds_chapters_and_sections(report, document):
    with document.open_outline() as outline:
        titles = [item.title for item in outline.root]
        chapters = [report.summary, *report.chapters, report.provenance]
        assert titles == [chapter.title for chapter in chapters]
        assert [item.title for item in outline.root[2].children] == [s.title for s in report.chapters[1].sections]


def test_pages_are_of_a4_and_the_first_is_the_cover(document):
    for page in document.pages:
        width, height = (float(value) / 72 * 25.4 for value in list(page.mediabox)[2:])
        assert (round(width), round(height)) == (210, 297)


def test_only_shipped_fonts_are_embedded(document):
    names = set()
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font":
            names.add(str(item.BaseFont).partition("+")[2])
            for descendant in item.get("/DescendantFonts", []):
                assert "/FontFile2" in descendant.FontDescriptor
    assert names == {"Labreport-Sans", "Labreport-Sans-Bold", "Labreport-Sans-Italic", "Labreport-Mono"}


def test_every_picture_has_an_alternative_text_and_every_head_its_scope(document):
    elements = list(structure(document.Root.StructTreeRoot))
    pictures = [element for element in elements if element.S in ("/Figure", "/Formula")]
    assert {str(picture.S) for picture in pictures} == {"/Figure", "/Formula"}
    assert len(pictures) > 8
    assert all(str(picture.get("/Alt", "")) for picture in pictures)
    heads = [element for element in elements if element.S == "/TH"]
    assert heads
    assert all(head.A.Scope == "/Column" for head in heads)


def test_links_are_inside_the_document_or_on_the_web(document):
    targets = [annotation for page in document.pages for annotation in page.get("/Annots", [])]
    assert targets
    assert any("/Dest" in target for target in targets)
    for target in targets:
        if "/A" in target and "/URI" in target.A:
            assert str(target.A.URI).startswith("https://")


def test_files_are_attached_under_their_names(document):
    assert bytes(document.attachments["imdb-result.json"].get_file().read_bytes()) == b"{}"


def test_weasyprint_says_nothing_on_the_way(content):
    assert _told == []


def test_a_missing_pango_is_an_error_that_names_the_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    def refuse(name, *args, **kwargs):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **kwargs)

    real = __import__
    monkeypatch.setattr("builtins.__import__", refuse)
    with pytest.raises(RenderingError, match=pdf.PANGO_PACKAGES):
        pdf.pdf(short(), source_date=DATE)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "http://127.0.0.1:9/x.png", "labreport-font:../x"])
def test_the_fetcher_reads_neither_files_nor_the_network(monkeypatch, address):
    text = pdf.html(with_prose("x"), source_date=DATE).replace("<body>", f'<body><img alt="x" src="{address}">')
    monkeypatch.setattr(pdf, "html", lambda report, source_date, look: text)
    with pytest.raises(RenderingError, match="a report loads nothing"):
        pdf.pdf(with_prose("x"), source_date=DATE)


def test_a_warning_of_weasyprint_is_an_error(monkeypatch):
    text = pdf.html(with_prose("x"), source_date=DATE).replace("</style>", "p{no-such-property:1}</style>")
    monkeypatch.setattr(pdf, "html", lambda report, source_date, look: text)
    with pytest.raises(RenderingError, match="no-such-property"):
        pdf.pdf(with_prose("x"), source_date=DATE)


def test_a_drawing_that_loads_a_file_is_refused():
    figure = Figure(
        id="f",
        number="1.1",
        caption="x",
        svg=curve("x").replace("</svg>", '<image href="file:///etc/passwd"/></svg>'),
        alt="x",
        width_mm=10,
        height_mm=10,
    )
    report = with_prose("x")
    chapter = msgspec.structs.replace(report.chapters[0], opening=(figure,))
    with pytest.raises(RenderingError, match="chapter 'tensors', figure 'f'"):
        pdf.pdf(msgspec.structs.replace(report, chapters=(chapter,)), source_date=DATE)


def lines_of(text: str) -> list[float]:
    """Return where the lines of a Chinese paragraph end, in pixels from the edge of the page."""
    from weasyprint.formatting_structure.boxes import LineBox, TextBox

    pages = pdf.pages(with_prose(text), source_date=DATE)
    lines = [box for page in pages.pages for box in page._page_box.descendants() if isinstance(box, LineBox)]
    ends = []
    for line in lines:
        texts = [box for box in line.descendants() if isinstance(box, TextBox)]
        if texts and line.element is not None and line.element.tag == "p" and len(texts[0].text) > 12:
            ends.append(max(box.position_x + box.width for box in texts))
    return ends


def test_no_word_stands_alone_on_its_line(monkeypatch):
    # A blank that goes over the edge by a hair made some versions of Pango break after the first word.
    text = (
        "Work out by hand how many parameters each of the three layers in [Listing 4.1](#x) has, with 10\u202f000 "
        "inputs and 16 units in each hidden layer, and check your numbers against [Table 4.3](#x). How many parameters "
        "does the linear model have that serves as a baseline, and what share of the network's is that?"
    )
    report = msgspec.structs.replace(with_prose(text), language="en")
    from weasyprint.formatting_structure.boxes import LineBox

    text = pdf.html(report, source_date=DATE).replace("max-width: 131mm", "max-width: none")
    monkeypatch.setattr(pdf, "html", lambda report, source_date, look: text)
    pages = pdf.pages(report, source_date=DATE)
    paragraphs: dict[object, list[float]] = {}
    for page in pages.pages:
        for box in page._page_box.descendants():
            if isinstance(box, LineBox) and box.element is not None and box.element.tag == "p":
                paragraphs.setdefault(box.element, []).append(sum(child.width for child in box.children))
    widths = [width for lines in paragraphs.values() for width in lines[:-1]]
    assert len(widths) >= 3
    assert min(widths) > 0.7 * max(widths)


def test_passages_in_another_language_say_so(document):
    with_language = {str(element.get("/Lang", "")) for element in structure(document.Root.StructTreeRoot)}
    assert with_language - {""} == {"en"} if str(document.Root.Lang) == "zh-CN" else {"zh-CN"}


def test_chinese_lines_end_flush_though_words_of_latin_stand_in_them():
    sentence = (
        "网络记住了样本，却没有学到规律；用 TensorFlow 训练时，验证损失在第 4 轮最低，此后“上升”（overfitting）。"
    )
    ends = lines_of(sentence * 6)
    paragraph = ends[-8:-1]
    assert len(paragraph) >= 5
    # A line may end with a thin space, which hangs over the edge by a fifth of an em.
    assert max(paragraph) - min(paragraph) < 3.5, paragraph


def test_a_document_has_fonts_of_its_own_and_leaves_no_folder_of_them(tmp_path, monkeypatch):
    made = []

    def folder(prefix: str) -> str:
        made.append(tempfile.mkdtemp(prefix=prefix, dir=tmp_path))
        return made[-1]

    monkeypatch.setattr("weasyprint.text.fonts.mkdtemp", folder)
    text = pdf.html(with_prose("x"), source_date=DATE)
    assert pdf.written(text, source_date=DATE) == pdf.written(text, source_date=DATE)
    assert len(made) == 2
    gc.collect()
    assert list(tmp_path.iterdir()) == []
