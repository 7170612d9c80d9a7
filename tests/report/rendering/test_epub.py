"""A report as EPUB: well-formed pages in one zip file, whole, without a link that leads nowhere, the same each time."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from helpers.hand_results import hand_result

from labreport.report.chapters.build import build
from labreport.report.configuration import Configuration
from labreport.report.rendering import epub
from labreport.report.words import LANGUAGES

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"


@pytest.fixture(scope="module", params=LANGUAGES)
def files(request):
    results = [hand_result("workflow")]
    report = build(results, request.param, Configuration(), moment=MOMENT, version="1").report
    content = epub.epub(report, source_date=MOMENT)
    if request.param == LANGUAGES[0]:
        assert content == epub.epub(report, source_date=MOMENT)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_every_page_is_listed_is_well_formed_and_says_what_it_holds(files):
    package = ElementTree.fromstring(files["book/content.opf"])
    items = {item.get("href"): item.get("properties", "") for item in package.iter(f"{OPF}item")}
    assert {f"book/{name}" for name in items} == {name for name in files if name.endswith(".xhtml")}
    for name, properties in items.items():
        page = ElementTree.fromstring(files[f"book/{name}"])
        tags = {element.tag for element in page.iter()}
        assert ("mathml" in properties) == any(tag.endswith("MathML}math") for tag in tags), name
        assert ("svg" in properties) == any(tag.endswith("svg}svg") for tag in tags), name
    assert "mathml svg" in items["workflow.xhtml"]


def test_links_lead_to_an_id_of_the_book(files):
    ids = {
        f"{name.removeprefix('book/')}#{element.get('id')}"
        for name, text in files.items()
        if name.endswith(".xhtml")
        for element in ElementTree.fromstring(text).iter()
        if element.get("id")
    }
    for name in (name for name in files if name.endswith(".xhtml")):
        for link in ElementTree.fromstring(files[name]).iter(f"{XHTML}a"):
            target = link.get("href")
            if re.match(r"https?:|mailto:", target) or "#" not in target:
                continue
            here = name.removeprefix("book/") if target.startswith("#") else ""
            assert here + target in ids, target


def test_no_page_has_a_script_or_a_policy_that_readers_of_books_do_not_know(files):
    assert not [name for name, text in files.items() if "<script" in text or "http-equiv" in text]
