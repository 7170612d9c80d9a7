"""Making pages smaller changes nothing that is seen."""

from __future__ import annotations

import base64
import io
import re

import lxml.html
import numpy
import pytest
from helpers.sample_report import curve, sample
from PIL import Image

from labreport.report.rendering import html, minify

STROKE = '<path d="M1 2L3 4" stroke="#1f4e8c" stroke-linejoin="miter" fill="none"/>'


def drawing(*parts: str) -> str:
    return f'<svg viewBox="0 0 9 9" width="9">{"".join(parts)}</svg>'


@pytest.mark.parametrize(
    ("path", "shorter"),
    [
        ("M22.68 144.57l150.23 0", "M22.7 144.6h150.2"),
        ("M109.06 144.57l0-119.06", "M109.1 144.6v-119.1"),
        ("M0 0L10 0L10 5L0 5z", "M0 0h10v5h-10z"),
        ("M0 0l.04 1l.04 1l.04 1", "M0 0v1l.1 1v1"),
        ("M1 1C1.11 2 3 4 5.55 6z", "M1 1C1.1 2 3 4 5.6 6z"),
        ("M0.5 0.5l1.5 2.5 1 1", "M.5.5l1.5 2.5 1 1"),
        ("M1 1.5l0.5 0.5 0.25 -0.5 1 0.5", "M1 1.5l.5.5.3-.5 1 .5"),
        ("M1.5 2l0 0M3.25 4.5l0 0", "M1.5 2h0M3.2 4.5h0"),
        ("M1 1H5.55", "M1 1H5.55"),
        ("m1 1a2 2 0 0 1 3.33 3", "m1 1a2 2 0 0 1 3.33 3"),
    ],
)
def test_paths_are_rounded_without_adding_up_errors(path, shorter):
    assert minify.coarser(path) == shorter


def test_strokes_that_look_alike_share_one_class_and_have_one_class_attribute():
    page, rules, dark = minify.slim_drawings(drawing(*[STROKE] * 8))
    assert page.count("class=") == 8
    assert not re.search(r"<[^>]*class=[^>]*class=", page)
    assert "stroke" not in page
    assert rules == "svg .v0{fill:none;stroke:#1f4e8c;stroke-linejoin:miter}\n"
    assert dark.startswith("svg .v0{stroke:#")


def test_attributes_that_few_share_stay():
    page, rules, _ = minify.slim_drawings(drawing(STROKE))
    assert "stroke=#1f4e8c" in page
    assert rules.strip() == ""


def test_a_paint_from_a_definition_is_no_class():
    clipped = '<path d="M1 2L3 4" fill="url(#a)"/>'
    page, rules, _ = minify.slim_drawings(drawing(*[clipped] * 9))
    assert page.count("fill=url(#a) ") == 9
    assert rules.strip() == ""


def test_definitions_that_drawings_have_in_common_are_there_once():
    def marked(id_: str) -> str:
        return drawing(f'<defs><path id="{id_}" d="M0 1L2 3"/></defs><use x="1" y="2" href="#{id_}"/>')

    page, _, _ = minify.slim_drawings(marked("i1") + marked("i2"))
    assert page.count("<defs>") == 1
    assert page.count("href=#i1") == 2


def test_what_a_drawing_shows_is_still_there():
    page, _, _ = minify.slim_drawings(curve("验证"))
    assert page.count("<text") == curve("验证").count("<text")
    assert ">验证</text>" in page
    assert "clip-path=url(#clip-1)" in page
    assert "id=clip-1" in page


def test_a_bare_value_never_swallows_the_slash():
    page, _, _ = minify.slim_drawings(drawing('<use x="1" href="#a"/>', '<use y="2.55"/>'))
    assert "href=#a />" in page
    assert "y=2.5 />" in page


def test_tags_that_html_supplies_and_quotes_that_it_does_not_need_go():
    page = (
        '<meta name="a">\n<div class="box" id="x-1">\n\n<table class="a b">\n<thead><tr>\n<th>h</th></tr></thead>\n'
        '<tbody>\n<tr><td>1</td></tr>\n</tbody>\n</table>\n<p>one</p>\n<p>two <a href="#x-1" title="a=b">three</a>\n'
        'four</p></div>\n<pre tabindex="0"><code><span class="k">if</span>  x == "y":\n\n  pass</code></pre>'
    )
    slimmed = minify.without_quotes(minify.without_end_tags(minify.without_blanks(page)))
    assert slimmed == (
        '<meta name="a">\n<div class=box id=x-1>\n<table class="a b">\n<thead><tr>\n<th>h<tbody>\n<tr><td>1</table>\n'
        '<p>one\n<p>two <a href=#x-1 title="a=b">three</a>\nfour</div>\n'
        '<pre tabindex=0><code><i class=k>if</i>  x == "y":\n\n  pass</code></pre>'
    )


def outline(page: str) -> list[tuple[object, ...]]:
    """Return every element outside drawings and formulas in order: its name, its attributes and its text."""
    page = re.sub(r"<(svg|math|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return [
        (
            "span" if node.tag == "i" and node.getparent().tag == "code" else node.tag,
            sorted((name, value.strip()) for name, value in node.attrib.items() if value.strip()),
            " ".join((node.text or "").split()),
            " ".join((node.tail or "").split()),
        )
        for node in lxml.html.document_fromstring(page).body.iter()
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_slim_page_is_the_same_document(monkeypatch, language):
    thin = html.html(sample(language))
    for name in ("without_blanks", "without_end_tags", "without_quotes", "slim_pictures"):
        monkeypatch.setattr(minify, name, lambda page: page)
    monkeypatch.setattr(minify, "slim_drawings", lambda page: (page, "", ""))
    thick = html.html(sample(language))
    assert len(thin) < len(thick)
    assert outline(thin) == outline(thick)


def picture(pixels) -> str:
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG")
    data = base64.b64encode(target.getvalue()).decode()
    return f'<image x="0" image-rendering="pixelated" href="data:image/png;base64,{data}"/>'


def shown(page: str):
    data = base64.b64decode(page.partition("base64,")[2].partition('"')[0])
    return numpy.asarray(Image.open(io.BytesIO(data)).convert("LA"))


@pytest.mark.parametrize("channels", [1, 2])
def test_pictures_lose_the_pixels_that_say_nothing_new(channels):
    small = numpy.arange(2 * 28 * 28, dtype=numpy.uint8).reshape(28, 28, 2) // 2
    small[..., 1] = 255
    small[:, 10:12] = 0
    pixels = small if channels == 2 else small[..., 0]
    before = picture(pixels.repeat(2, axis=0).repeat(2, axis=1))
    after = minify.slim_pictures(before)
    assert len(after) < len(before)
    found, opaque = shown(after), shown(picture(pixels))
    assert (found[..., 1] == opaque[..., 1]).all()
    assert (found[..., 0] == opaque[..., 0])[opaque[..., 1] > 0].all()


def test_a_picture_whose_pixels_all_differ_stays():
    page = picture(numpy.arange(16, dtype=numpy.uint8).reshape(4, 4))
    assert minify.slim_pictures(page) == page


def test_styles_lose_their_blanks_and_nothing_else():
    styles = '.a > b, c:hover { margin: 0 auto; color: red; }\n.d::after { content: "· "; }\n'
    assert minify.compact(styles) == '.a > b,c:hover{margin:0 auto;color:red}\n.d::after{content:"· "}\n'
