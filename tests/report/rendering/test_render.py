"""A Report as HTML: whole, safe, readable by everyone, and the same every time."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest
from helpers.sample_report import curve, sample

from labreport.report.document import Box, Chapter, Column, Exercise, Figure, Prose, Report, Table
from labreport.report.errors import RenderingError
from labreport.report.rendering import columns, html, pdf


class Reader(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request) -> Report:
    return sample(request.param)


@pytest.fixture(scope="module")
def text(report) -> str:
    return html.html(report, {"labreport-results": "data"})


@pytest.fixture(scope="module")
def reader(text) -> Reader:
    return Reader(text)


def with_block(block, report: Report | None = None) -> Report:
    """Return the sample with one block put at the beginning of its first chapter."""
    report = report or sample("en")
    chapter = msgspec.structs.replace(report.chapters[0], opening=(block,))
    return msgspec.structs.replace(report, chapters=(chapter, *report.chapters[1:]))


def test_the_page_names_its_language_and_title(report, text, reader):
    assert reader.all("html") == [{"lang": {"zh": "zh-CN", "en": "en"}[report.language]}]
    assert f"<title>{report.cover.title}</title>" in text


def test_ids_are_there_once_and_every_inner_link_leads_to_one(reader):
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"][1:] for attributes in reader.all("a") if attributes["href"].startswith("#")}
    assert targets
    assert targets <= set(ids)


def test_every_drawing_has_an_alternative_text(report, reader):
    drawings = reader.all("svg")
    assert len(drawings) == 2 + len(report.cover.strip)
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in drawings)
    assert not reader.all("img")


def test_the_page_has_no_script_no_inline_style_and_asks_for_nothing(text, reader):
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form", "audio", "video"}
    for _, attributes in reader.elements:
        assert not any(name == "style" or name.startswith("on") for name in attributes)
        assert "src" not in attributes
    style = text[text.index("<style>") : text.index("</style>")]
    assert all(address.startswith('"data:font/woff2;base64,') for address in re.findall(r"url\(([^)]*)\)", style))
    assert "@import" not in style


def test_the_policy_allows_just_this_style_sheet(text, reader):
    policy = next(a["content"] for a in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; font-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert text.count("<style") == 1


def test_the_page_has_landmarks_and_a_link_past_the_contents(text, reader):
    assert [len(reader.all(tag)) for tag in ("main", "nav", "h1")] == [1, 1, 1]
    assert reader.all("a")[0] == {"class": "skip", "href": "#text"}
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_block_of_the_report_is_on_the_page(report, text):
    for piece in ("imdb-figure-loss", "imdb-table-scores", "imdb-listing-build_model", "imdb-example-matrix"):
        assert f' id="{piece}">' in text
    for kind in ("key-points", "caution", "note", "self-check", "sources", "failure"):
        assert f'class="box {kind}"' in text
    assert '<div class="equation" role="math"' in text
    assert "<details" in text


def test_the_data_behind_a_figure_follows_it(text):
    figure = text[text.index(' id="imdb-figure-loss">') :]
    figure = figure[: figure.index("</figure>")]
    assert '<details id="imdb-figure-loss-data">' in figure
    assert figure.count("<tr>") == 21


def test_the_marks_of_sample_data_stand_under_the_title_and_in_captions(report, text):
    assert text.count('<p class="mark">') == 2
    assert text.count('<span class="tag">') == 2


def test_data_to_carry_along_are_inert_and_come_back(text):
    assert '<template data-name="labreport-results">data</template>' in text


def test_the_same_report_gives_the_same_page(report, text):
    assert html.html(report, {"labreport-results": "data"}) == text


def test_code_and_output_are_shown_as_they_are(text):
    code = re.sub(r"<[^>]*>", "", text[text.index(' id="imdb-example-matrix">') :].partition("</figure>")[0])
    assert "x = np.array([[1, 2, 3], [4, 5, 6]])" in code
    assert "2 (2, 3)" in code


def test_a_split_report_has_one_page_for_each_chapter_and_links_between_them():
    report = sample("en")
    pages = html.split(report)
    assert list(pages) == ["index.html", "tensors.html", "imdb.html"]
    ids = {name: {a["id"] for _, a in Reader(text).elements if "id" in a} for name, text in pages.items()}
    for name, text in pages.items():
        for attributes in Reader(text).all("a"):
            file, _, target = attributes["href"].partition("#")
            if file.startswith("https:"):
                continue
            assert not target or target in ids[file or name], (name, attributes)
    assert 'href="index.html#provenance"' not in pages["index.html"]
    assert 'href="imdb.html#imdb-figure-loss"' in pages["tensors.html"]
    assert 'rel="next" href="imdb.html"' in pages["tensors.html"]


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ("<script>alert(1)</script>", "Raw HTML"),
        ("![x](http://example.org/x.png)", "image"),
        ("[x](file:///etc/passwd)", "file:///etc/passwd"),
        ("[x](javascript:alert(1))", "javascript"),
        (r"$\foo$", r"\\foo"),
        ("[x](#nowhere)", "#nowhere"),
    ],
)
def test_a_hostile_or_broken_text_is_refused(markdown, message):
    with pytest.raises(RenderingError, match=message):
        html.html(with_block(Prose(markdown=markdown)))


def test_the_error_names_the_place():
    box = Box(kind="note", title="Note", blocks=(Prose(markdown="a <b>bold</b> word"),))
    with pytest.raises(RenderingError, match=r"chapter 'tensors', box 'Note': Raw HTML"):
        html.html(with_block(box))


def test_a_character_without_a_glyph_names_chapter_table_and_row():
    table = Table(id="t", number="1.1", caption="x", columns=(Column(title="a"),), rows=(("ok",), ("ก",)))
    with pytest.raises(RenderingError, match=r"chapter 'tensors', table 't', row 2: .*'ก' \(U\+0E01"):
        pdf.html(with_block(table), source_date=datetime(2026, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><script>alert(1)</script></svg>",
        '<svg onload="alert(1)"></svg>',
        '<svg><rect style="fill:red"/></svg>',
        '<svg><image href="http://example.org/x.png"/></svg>',
        "<svg><foreignObject></foreignObject></svg>",
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        "not a drawing",
    ],
)
def test_a_drawing_that_runs_styles_or_loads_something_is_refused(svg):
    figure = Figure(id="f", number="1.1", caption="x", svg=svg, alt="x", width_mm=10, height_mm=10)
    with pytest.raises(RenderingError, match="chapter 'tensors', figure 'f'"):
        html.html(with_block(figure))


def test_a_drawing_without_a_glyph_for_its_text_is_refused():
    figure = Figure(id="f", number="1.1", caption="x", svg=curve("ก"), alt="x", width_mm=10, height_mm=10)
    with pytest.raises(RenderingError, match=r"figure 'f'.*U\+0E01"):
        pdf.html(with_block(figure), source_date=datetime(2026, 1, 5, tzinfo=UTC))


def test_an_id_that_is_there_twice_is_refused():
    report = sample("en")
    table = report.summary.opening[1]
    with pytest.raises(RenderingError, match="'summary-table' is there 2 times"):
        html.html(with_block(table, report))


def test_names_with_markup_characters_stay_text():
    table = Table(
        id="t", number="1.1", caption="x", columns=(Column(title="a", kind="code"),), rows=(('<img src="x">&',),)
    )
    assert "<code>&lt;img src=&#34;x&#34;&gt;&amp;</code>" in html.html(with_block(table))


def test_a_mark_behind_a_claim_has_a_name_and_leads_to_its_row():
    table = Table(
        id="t", number="1.1", caption="x", columns=(Column(title="a"),), rows=(("b",),), row_ids=("lab-claim-falls",)
    )
    box = Box(kind="note", title="N", blocks=(Prose(markdown="It falls.[✓](#lab-claim-falls)"), table))
    text = html.html(with_block(box))
    assert 'It falls.\u2060<a class="proof" href="#lab-claim-falls" aria-label="Evidence: checked">✓</a>' in text
    assert '<tr id="lab-claim-falls">' in text


def test_the_logo_stands_on_the_cover():
    report = sample("en")
    cover = msgspec.structs.replace(report.cover, logo="data:image/png;base64,AAAA", logo_alt="University & Co")
    text = html.html(msgspec.structs.replace(report, cover=cover))
    assert '<img class="logo" src="data:image/png;base64,AAAA" alt="University &amp; Co">' in text
    assert text.index('class="logo"') < text.index("<h1")


def test_narrow_columns_keep_their_lines_whole_and_wide_ones_do_not():
    assert columns.whole([16, 200], [True, True]) == [0]
    assert columns.whole([40, 40], [True, True]) == []
    assert columns.whole([10, 20, 30], [True, True, True]) == [0, 1, 2]
    assert columns.whole([26, 13, 8, 70], [False, True, True, True]) == [0, 1, 2]
    assert columns.whole([64, 25, 14], [False, True, True]) == []


def test_a_solution_is_shown_where_the_report_has_one():
    exercise = Exercise(id="e", number="1.1", points=3, task="Why?", hint="Think.", solution="Because.")
    text = html.html(with_block(exercise))
    assert '<div class="solution">' in text
    student = html.html(with_block(msgspec.structs.replace(exercise, solution=None, answer_lines=6)))
    assert 'class="solution"' not in student
    assert "Because" not in student


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0.5", "12.25", "3"], ["0.5\u2007", "12.25", "3\u2008\u2007\u2007"]),
        (["-1", "+2", "−3"], ["−1", "+2", "−3"]),
        (["97.9 %", "100 %"], ["97.9 %", "100\u2008\u2007 %"]),
        (["1 of 3", "–", "2"], ["1 of 3", "–", "2"]),
        (["1,000", "2.5"], ["1,000\u2008\u2007", "2.5"]),
    ],
)
def test_numbers_are_padded_to_their_decimal_points(cells, expected):
    assert columns.aligned(cells) == expected


def test_an_empty_chapter_is_no_mistake():
    report = msgspec.structs.replace(sample("en"), chapters=(Chapter(id="x", number="1", title="Nothing yet"),))
    report = msgspec.structs.replace(
        report,
        summary=Chapter(id="summary", number="", title="S"),
        cover=msgspec.structs.replace(report.cover, strip=()),
    )
    assert "Nothing yet" in html.html(report)


@pytest.mark.parametrize(("language", "most"), [("en", 91_000), ("zh", 131_000)])
def test_a_page_takes_few_bytes(language, most):
    assert len(html.html(sample(language)).encode()) < most


def test_a_drawing_takes_few_bytes():
    from labreport.report.figures import svg
    from labreport.report.figures.style import panel, saved, settings, sheet

    with settings():
        figure = sheet(150, 60)
        axes = panel(figure, 12, 5, 120, 45)
        axes.plot(range(20), [1 / (1 + epoch) for epoch in range(20)], "o-", color="#1f4e8c", markeredgewidth=0)
    drawing = svg.cleaned(saved(figure), "x", 150, 60)
    assert "<use" not in drawing, "dots and ticks are strokes of one path each"
    assert drawing.count("<path") <= 6
    assert len(drawing) < 3000
