"""A logo becomes a small and harmless picture or an error, and goes onto the cover."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime

import msgspec
import pypdfium2
import pytest
from helpers.hand_results import hand_result
from helpers.sample_report import sample
from PIL import Image

from labreport.report.chapters.build import build
from labreport.report.chapters.logo import data_address
from labreport.report.configuration import Configuration
from labreport.report.document import Chapter
from labreport.report.errors import UsageError
from labreport.report.rendering import pdf


def _picture(path, kind="PNG"):
    Image.new("RGB", (4, 4), "navy").save(path, kind)
    return path


@pytest.mark.parametrize(("kind", "address"), [("PNG", "data:image/png;base64,"), ("JPEG", "data:image/jpeg;base64,")])
def test_a_picture_becomes_a_data_address_with_its_very_bytes(tmp_path, kind, address):
    path = _picture(tmp_path / "logo", kind)
    found = data_address(path)
    assert found.startswith(address)
    assert base64.b64decode(found.removeprefix(address)) == path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"\x89PNG\r\n\x1a\nbroken",
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "logo.png").write_bytes(content)
    with pytest.raises(UsageError, match="is not a PNG, JPEG or SVG picture"):
        data_address(tmp_path / "logo.png")


def test_a_missing_or_huge_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is not a file"):
        data_address(tmp_path / "none.png")
    (tmp_path / "logo.png").write_bytes(b"x" * 20_000_001)
    with pytest.raises(UsageError, match="at most"):
        data_address(tmp_path / "logo.png")


EMBLEM = """<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 20 8" onload="a()">
<style>@import url(https://example.org/x); .red { fill: #a01020 }</style><script>alert(1)</script>
<foreignObject><p>x</p></foreignObject><animate attributeName="x"/>
<a xlink:href="javascript:x()"><rect width="9" height="9"/></a>
<defs><linearGradient id="g"><stop offset="0" style="stop-color:#004080"/></linearGradient></defs>
<circle r="3" style="fill:url(#g);behavior:url(https://example.org/x)" onclick="x()"/>
<path class="red" d="M0 0h4v4z"/><use xlink:href="#g"/><use xlink:href="https://example.org/x#y"/></svg>"""


def _svg(folder, text):
    (folder / "logo.svg").write_text(text, "utf-8")
    address = data_address(folder / "logo.svg")
    assert address.startswith("data:image/svg+xml;base64,")
    return base64.b64decode(address.partition(",")[2]).decode()


def test_an_emblem_keeps_what_is_drawn_and_nothing_else(tmp_path):
    found = _svg(tmp_path, EMBLEM)
    for part in ('fill="#a01020"', 'fill="url(#g)"', 'stop-color="#004080"', 'viewBox="0 0 20 8"', 'href="#g"'):
        assert part in found
    for part in ("script", "alert", "example.org", "style", "foreignObject", "onclick", "onload", "<a", "animate"):
        assert part not in found


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<text>University</text>", "turn them into paths"),
        ('<image href="x.png"/>', "picture of pixels"),
        ("<g>" * 100 + "</g>" * 100, "more than 60 groups"),
        ("<g>", "is not SVG"),
        (
            '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g><use href="#a"/>',
            "references that lead to references",
        ),
    ],
)
def test_an_emblem_that_can_not_be_drawn_safely_is_refused(tmp_path, inside, message):
    with pytest.raises(UsageError, match=message):
        _svg(tmp_path, f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{inside}</svg>')


def test_an_emblem_with_entities_of_its_own_is_refused(tmp_path):
    with pytest.raises(UsageError, match="entities of its own"):
        _svg(tmp_path, '<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg viewBox="0 0 1 1">&a;</svg>')


def _scaled(path):
    address = data_address(path)
    content = base64.b64decode(address.partition(",")[2])
    assert len(content) <= 500_000
    return Image.open(io.BytesIO(content)), content


def test_a_large_picture_is_scaled(tmp_path):
    path = tmp_path / "large.png"
    Image.effect_noise((1800, 600), 90).convert("RGB").save(path)
    assert path.stat().st_size > 2_000_000
    assert _scaled(path)[0].size == (1200, 400)


def test_a_picture_for_printing_a_turned_one_and_one_with_more_behind_its_end_are_written_again(tmp_path):
    Image.new("CMYK", (8, 4), (0, 100, 100, 0)).save(tmp_path / "cmyk.jpg")
    assert _scaled(tmp_path / "cmyk.jpg")[0].mode == "RGB"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(tmp_path / "turned.jpg", exif=exif)
    assert _scaled(tmp_path / "turned.jpg")[0].size == (4, 8)
    path = _picture(tmp_path / "more.png")
    path.write_bytes(path.read_bytes() + b"<svg><script>alert(1)</script></svg>")
    assert b"script" not in _scaled(path)[1]


def test_a_png_without_pixels_is_refused(tmp_path):
    path = _picture(tmp_path / "empty.png")
    head, _, rest = path.read_bytes().partition(b"IDAT")
    path.write_bytes(head[:-4] + rest[-12:])
    with pytest.raises(UsageError, match="is not a PNG"):
        data_address(path)


def test_a_pdf_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "logo.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(UsageError, match="save it as SVG or PNG"):
        data_address(tmp_path / "logo.pdf")


def test_logo_and_course_details_are_on_the_cover(tmp_path):
    configuration = Configuration(
        logo=_picture(tmp_path / "logo.png"),
        institution={"en": "University of *Nowhere*"},
        course={"en": "ML 101"},
        lecturer={"en": "A. Teacher"},
        due={"en": "1 May"},
    )
    report = build(
        [hand_result("tensors")], "en", configuration, moment=datetime(2026, 1, 5, tzinfo=UTC), version="1"
    ).report
    facts = dict(report.cover.facts)
    assert facts["Institution"] == r"University of \*Nowhere\*"
    assert (facts["Course"], facts["Lecturer"], facts["Due"]) == ("ML 101", r"A. Teacher", "1 May")
    assert report.cover.head == "ML 101"
    assert report.cover.logo.startswith("data:image/png")


GRADIENTS = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><defs>
<radialGradient id="r" cx="50%" r="50%"><stop offset="0%" stop-color="#0f0"/>
<stop offset="1" stop-color="#080"/></radialGradient>
<linearGradient id="l"><stop offset="0" style="stop-color:#f00"/><stop offset="1" stop-color="#00f"/></linearGradient>
<style>.c{fill:url("#l")} #z{fill:#f0f} ellipse{fill:#ff0}</style></defs>
<rect width="40" height="100" fill="url('#l')"/><circle cx="75" cy="50" r="25" fill="url(#r)"/>
<rect class="c" x="110" width="40" height="100"/><rect id="z" x="160" width="40" height="40"/>
<ellipse cx="180" cy="75" rx="20" ry="20"/></svg>"""


def test_the_gradients_and_rules_of_an_emblem_are_printed(tmp_path):
    _svg(tmp_path, GRADIENTS)
    report = sample("en")
    cover = msgspec.structs.replace(report.cover, logo=data_address(tmp_path / "logo.svg"), logo_alt="Emblem", strip=())
    empty = [Chapter(id=name, number="", title="S") for name in "sp"]
    report = msgspec.structs.replace(report, cover=cover, chapters=(), summary=empty[0], provenance=empty[1])
    with pypdfium2.PdfDocument(pdf.pdf(report, source_date=datetime(2026, 1, 1, tzinfo=UTC))) as document:
        pixels = document[0].render(scale=2, rev_byteorder=True).to_numpy()[:, :, :3].reshape(-1, 3)
    found = {tuple(int(value) // 64 for value in colour) for colour in pixels}
    # red, blue, green light and dark, magenta, yellow: each part has its fill
    assert {(3, 0, 0), (0, 0, 3), (0, 3, 0), (0, 2, 0), (3, 0, 3), (3, 3, 0)} <= found


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ('<mask id="m"/><path d="M0 0h1" mask="url(#m)"/>', "uses mask, which can't be printed"),
        ('<filter id="m"/>', "uses filter, which can't be printed"),
        ("<style>g > path{fill:#f00}</style>", "style rule for 'g > path'"),
    ],
)
def test_what_an_emblem_would_lose_is_named(tmp_path, inside, message):
    with pytest.raises(UsageError, match=message):
        _svg(tmp_path, f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{inside}</svg>')


def test_a_small_file_with_many_pixels_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "logo.png"
    Image.new("1", (9000, 9000)).save(path)
    assert path.stat().st_size < 50_000
    with pytest.raises(UsageError, match="more than 40 million pixels"):
        data_address(path)
