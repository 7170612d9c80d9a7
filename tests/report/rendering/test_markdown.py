"""A Report as Markdown: text, tables and code in place, figures as files."""

from __future__ import annotations

import re

import msgspec
import pytest
from helpers.sample_report import sample
from markdown_it import MarkdownIt

from labreport.report.document import Column, Listing, Prose, Table
from labreport.report.errors import RenderingError
from labreport.report.rendering.markdown import markdown, pictures


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request):
    return sample(request.param)


@pytest.fixture(scope="module")
def written(report) -> tuple[str, dict[str, str]]:
    return markdown(report)


def with_block(block):
    report = sample("en")
    chapter = msgspec.structs.replace(report.chapters[0], opening=(block,))
    return msgspec.structs.replace(report, chapters=(chapter,))


def test_every_picture_named_in_the_text_is_given_and_has_an_alternative_text(report, written):
    text, figures = written
    named = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text)
    assert {path for _, path in named} == {f"labreport-{report.language}-figures/{name}" for name in figures}
    assert all(label for label, _ in named)
    assert all(svg.startswith("<svg") and "xmlns=" in svg for svg in figures.values())


def test_the_folder_of_the_pictures_can_be_chosen(report):
    text, _ = markdown(report, "pictures")
    assert "](pictures/cover-1.svg)" in text


def test_every_inner_link_leads_to_an_anchor(written):
    text, _ = written
    anchors = set(re.findall(r'<a id="([^"]*)"></a>', text))
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors


def test_tables_have_the_same_number_of_cells_in_every_row(written):
    text, _ = written
    html = MarkdownIt("commonmark").enable("table").render(text)
    tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
    assert len(tables) == 6
    for table in tables:
        rows = [row.count("<td") + row.count("<th") for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)]
        assert len(set(rows)) == 1


def test_code_listing_and_output_stand_in_fences(written):
    text, _ = written
    assert "```python\ndef build_model(" in text
    assert "```text\n2 (2, 3)\n```" in text


def test_a_fence_is_longer_than_any_in_the_code():
    listing = Listing(id="l", number="1.1", caption="c", code="x = '''```'''", sha256="0" * 64, origin="ran")
    assert "````python\nx = '''```'''\n````" in markdown(with_block(listing))[0]


def test_a_bar_in_a_cell_does_not_end_it():
    table = Table(
        id="t",
        number="",
        caption="c",
        columns=(Column(title="a", kind="code"), Column(title="b")),
        rows=(("x | y", r"p \| q"),),
    )
    assert r"| `x \| y` | p \| q |" in markdown(with_block(table))[0]


def test_headings_follow_the_report(report, written):
    text, _ = written
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^(#+) (.*)$", prose, re.MULTILINE)
    assert headings[0] == ("#", report.cover.title)
    assert ("##", f"2 {report.chapters[1].title}") in headings
    assert ("###", report.chapters[1].sections[0].title) in headings


def test_the_logo_is_a_picture_of_its_own():
    report = sample("en")
    cover = msgspec.structs.replace(report.cover, logo="data:image/png;base64,iVBO", logo_alt="University")
    report = msgspec.structs.replace(report, cover=cover)
    assert pictures(report) == {"logo.png": b"\x89PN"}
    assert markdown(report)[0].startswith("![University](labreport-en-figures/logo.png)\n")
    assert pictures(sample("en")) == {}


def test_a_row_with_an_id_can_be_led_to():
    table = Table(id="t", number="", caption="c", columns=(Column(title="a"),), rows=(("b",),), row_ids=("x-claim-y",))
    assert '| <a id="x-claim-y"></a>b |' in markdown(with_block(table))[0]


def test_hostile_text_is_refused_here_too():
    with pytest.raises(RenderingError, match="Raw HTML"):
        markdown(with_block(Prose(markdown="<script>alert(1)</script>")))
