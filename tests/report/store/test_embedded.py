"""A report carries its data: what is got back is what was stored, byte for byte, and a forged report is refused."""

from __future__ import annotations

import base64
import bz2
import json
import lzma
from pathlib import Path

import pytest
from helpers.hand_results import hand_result

from labreport.report.errors import UnreadableError
from labreport.report.store import codec, embedded
from labreport.report.store.printed import Printed, PrintedPassage


def _results():
    return {lab: codec.encode(hand_result(lab)) for lab in ("mnist", "imdb")}


def _page(results) -> str:
    return f'<html><template data-name="{embedded.ELEMENT}">{embedded.packed(results)}</template></html>'


def test_what_html_carries_comes_back_byte_for_byte(tmp_path):
    path = tmp_path / "report.html"
    path.write_text(_page(_results()))
    assert embedded.extract(path) == _results()


def test_a_report_of_labreport_0_1_can_still_be_read():
    values = [0.123456789, 0.12345679, 1.2345678e-05, *(number / 97 for number in range(5)), 0.70710677, 0.33333334]
    found = embedded.extract(Path(__file__).with_name("report-0.1.html"))
    assert found == {"boston": json.dumps({"format": 1, "values": values}).encode()}


def test_the_same_results_are_packed_to_the_same_bytes():
    assert embedded.packed(_results()) == embedded.packed(_results())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html></html>", "carries no results"),
        (b"", "carries no results"),
        (b"%PDF-1.7 nothing", "damaged PDF"),
        (b'<template data-name="labreport-results">AAAA</template>', "damaged"),
        (b'<template data-name="labreport-results">A</template>', "damaged"),
        (b'<template data-name="labreport-results" data-code="85">A b</template>', "damaged"),
        (b'<template data-name="labreport-results" data-code="85">000</template>', "damaged"),
    ],
)
def test_another_tools_file_or_a_damaged_one_is_refused(tmp_path, content, message):
    path = tmp_path / "x.html"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=message):
        embedded.extract(path)


def test_a_cut_off_report_is_refused(tmp_path):
    path = tmp_path / "x.html"
    packed = embedded.packed(_results())
    data = packed[: len(packed) // 8 * 4]
    path.write_text(f'<template data-name="{embedded.ELEMENT}">{data}</template>')
    with pytest.raises(UnreadableError, match="damaged"):
        embedded.extract(path)


def test_a_result_changed_inside_a_report_is_refused(tmp_path, monkeypatch):
    results = _results()
    table = json.loads(lzma.decompress(base64.b64decode(embedded.packed(results))))
    table["imdb"]["result"] = table["imdb"]["result"].replace("0.8", "0.9", 1)
    data = base64.b64encode(lzma.compress(json.dumps(table).encode())).decode()
    path = tmp_path / "x.html"
    path.write_text(f'<template data-name="{embedded.ELEMENT}">{data}</template>')
    with pytest.raises(UnreadableError, match="the result of imdb was changed"):
        embedded.extract(path)


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path):
    path = tmp_path / "x.html"
    path.write_text(_page({"../../evil": b"{}"}))
    with pytest.raises(UnreadableError, match="not a name of a lab"):
        embedded.extract(path)


def test_a_report_that_unpacks_to_more_than_any_report_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "LARGEST", 10_000_000)
    path = tmp_path / "x.html"
    path.write_text(_page({"mnist": b" " * 20_000_000}))
    with pytest.raises(UnreadableError, match="damaged"):
        embedded.extract(path)


def test_a_missing_file_is_an_error_for_users(tmp_path):
    with pytest.raises(UnreadableError, match="No such file"):
        embedded.extract(tmp_path / "none.html")


def _pdf(path, attached):
    import pikepdf

    with pikepdf.new() as document:
        for name, content in attached.items():
            document.attachments[name] = pikepdf.AttachedFileSpec(document, content)
        document.save(path)


def test_what_a_pdf_carries_comes_back_and_a_changed_or_missing_result_is_refused(tmp_path):
    path = tmp_path / "x.pdf"
    whole = embedded.attachments(_results())
    _pdf(path, whole)
    assert embedded.extract(path) == _results()
    forged = whole | {"imdb-result.json": whole["imdb-result.json"].replace(b"0.8", b"0.9", 1)}
    _pdf(path, forged)
    with pytest.raises(UnreadableError, match="the result of imdb was changed"):
        embedded.extract(path)
    _pdf(path, {name: content for name, content in whole.items() if name != "imdb-result.json"})
    with pytest.raises(UnreadableError, match="the result of imdb was changed"):
        embedded.extract(path)


def test_a_forged_name_inside_a_result_is_refused():
    import msgspec

    for changes in ({"lab": "../../evil"}, {"run_id": "../x"}, {"lab": ""}):
        forged = codec.encode(msgspec.structs.replace(hand_result("mnist"), **changes))
        with pytest.raises(UnreadableError, match="is not a name of a lab or a run"):
            codec.decode(forged, "x.json")


def _text() -> Printed:
    return Printed(languages={"zh": {"imdb": [PrintedPassage(section="", markdown="一&<二>")]}})


def test_the_text_that_a_report_carries_comes_back_from_html_and_pdf(tmp_path):
    page, paper = tmp_path / "x.html", tmp_path / "x.pdf"
    elements = embedded.elements(_results(), _text())
    page.write_text("".join(f'<template data-name="{name}">{data}</template>' for name, data in elements.items()))
    _pdf(paper, embedded.attachments(_results(), _text()))
    for path in (page, paper):
        assert embedded.text(path) == _text()
        assert embedded.extract(path) == _results()


def test_a_report_from_before_carries_no_text(tmp_path):
    page, paper = tmp_path / "x.html", tmp_path / "x.pdf"
    page.write_text(_page(_results()))
    _pdf(paper, embedded.attachments(_results()))
    assert embedded.text(page) is None
    assert embedded.text(paper) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BZh9 nothing",
        bz2.compress(b"[]"),
        bz2.compress(b'{"format":2,"languages":{}}'),
        bz2.compress(b"{}")[:-4],
        bz2.compress(b" " * 2_000_000),
    ],
)
def test_a_damaged_or_newer_text_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.setattr(embedded, "LARGEST_TEXT", 1_000_000)
    data = base64.b64encode(content).decode()
    path = tmp_path / "x.html"
    path.write_text(f'<template data-name="{embedded.TEXT_ELEMENT}">{data}</template>')
    with pytest.raises(UnreadableError, match="the text it carries is damaged"):
        embedded.text(path)
    _pdf(tmp_path / "x.pdf", {embedded.TEXT_FILE: content + b" " * 1_000_000})
    with pytest.raises(UnreadableError, match="the text it carries is damaged"):
        embedded.text(tmp_path / "x.pdf")
