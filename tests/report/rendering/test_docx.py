"""A document for word processors: headings, lists, tables with heads, alternative texts, formulas, languages."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import UTC, datetime

import docx as package
import msgspec
import pytest
from docx.oxml.ns import qn
from helpers.sample_report import sample

from labreport.report.document import Chapter, Figure, Prose, Report, Section, Table
from labreport.report.errors import RenderingError
from labreport.report.rendering import docx

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request) -> Report:
    return sample(request.param)


@pytest.fixture(scope="module")
def content(report) -> bytes:
    return docx.docx(report, source_date=MOMENT)


@pytest.fixture(scope="module")
def document(content):
    return package.Document(io.BytesIO(content))


def _blocks(report, kind):
    chapters = (report.summary, *report.chapters, report.provenance)
    parts = [part for chapter in chapters for part in (chapter.opening, *(one.blocks for one in chapter.sections))]
    return [block for part in parts for block in part if isinstance(block, kind)]


def _prose(markdown: str) -> Report:
    plain = sample("en")
    chapter = Chapter(
        id="a", number="1", title="A", sections=(Section(id="s", title="S", blocks=(Prose(markdown=markdown),)),)
    )
    empty = Chapter(id="b", number="", title="B")
    return msgspec.structs.replace(plain, summary=empty, chapters=(chapter,), provenance=empty, form="chapter")


def _read(markdown: str):
    return package.Document(io.BytesIO(docx.docx(_prose(markdown), source_date=MOMENT)))


def test_chapters_and_sections_are_headings_in_their_order(report, document):
    heads = [paragraph for paragraph in document.paragraphs if paragraph.style.name in ("Heading 1", "Heading 2")]
    shown = [
        chapter
        for chapter in (report.summary, *report.chapters, report.provenance)
        if chapter.opening or chapter.sections
    ]
    assert len(heads) == len(shown) + sum(len(chapter.sections) for chapter in shown)
    assert [paragraph.style.name for paragraph in document.paragraphs].count("Title") == 1


def test_every_table_has_a_head_row_and_every_figure_its_alternative_text(report, document):
    tables = document.tables
    assert len(tables) >= len(_blocks(report, Table)) > 0
    assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in tables)
    figures = _blocks(report, Figure)
    pictures = list(document.element.iter(qn("wp:docPr")))
    assert [picture.get("descr") for picture in pictures] == [str(figure.alt) for figure in figures]
    assert len(document.inline_shapes) == len(figures) > 0


def test_language_date_and_title_are_set_and_the_same_report_gives_the_same_bytes(report, content, document):
    properties = document.core_properties
    tag = {"zh": "zh-CN", "en": "en"}[report.language]
    assert (properties.language, properties.created.replace(tzinfo=UTC)) == (tag, MOMENT)
    languages = {node.get(qn("w:eastAsia")) for node in document.element.iter(qn("w:lang"))}
    assert "zh-CN" in languages
    default = document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    assert default.get(qn("w:val")) == {"zh": "en-GB", "en": "en-GB"}[report.language]
    assert docx.docx(report, source_date=MOMENT) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_lists_are_lists_and_each_numbering_begins_again():
    read = _read("1. one\n2. two\n\nBetween.\n\n1. again\n\n- a\n  - b\n")
    styles = [paragraph.style.name for paragraph in read.paragraphs]
    assert styles.count("List Number") == 3
    assert styles[-2:] == ["List Bullet", "List Bullet 2"]
    numbers = [
        paragraph._p.pPr.numPr.numId.val for paragraph in read.paragraphs if paragraph.style.name == "List Number"
    ]
    assert numbers[0] == numbers[1] != numbers[2]


def test_formulas_are_office_math_and_keep_all_their_signs():
    read = _read(
        r"Here $\frac{a}{b_1^2}+\sqrt{x}$ and"
        "\n\n"
        r"$$\sum_{i=1}^n \bar{y}_i = \begin{pmatrix} 1 & 2 \end{pmatrix}$$"
    )
    body = read.element.body
    names = {
        node.tag.removeprefix(MATH) for node in body.iter() if isinstance(node.tag, str) and node.tag.startswith(MATH)
    }
    assert {"oMath", "oMathPara", "f", "sSubSup", "rad", "acc", "m", "mr"} <= names
    said = "".join(node.text for node in body.iter(f"{MATH}t"))
    assert all(sign in said for sign in ("a", "b", "x", "∑", "n", "y", "1", "2"))


def test_links_emphasis_and_code_are_what_they_are():
    read = _read(
        "**bold** *slanted* `code` [there](https://example.org/a) ~~gone~~\n\n```python\na = 1\n\nb = 2\n```\n"
    )
    line = next(paragraph for paragraph in read.paragraphs if "bold" in paragraph.text)
    looks = {run.text: run for run in line.runs}
    assert looks["bold"].bold
    assert looks["slanted"].italic
    assert looks["gone"].font.strike
    assert looks["code"].font.name == "Consolas"
    (link,) = line._p.iter(qn("w:hyperlink"))
    assert read.part.rels[link.get(qn("r:id"))].target_ref == "https://example.org/a"
    assert any(paragraph.text == "a = 1\n\nb = 2" for paragraph in read.paragraphs)


def test_without_the_package_the_error_names_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(RenderingError, match="docx"):
        docx.docx(_prose("x"), source_date=MOMENT)
