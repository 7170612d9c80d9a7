"""The mark behind every sentence of a claim leads to the row that holds its evidence, in every form of the report.

That of notebooks is followed in `test_notebook`.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pikepdf
import pytest
from helpers import pdf_text
from helpers.hand_results import LABS, all_hand_results, hand_result

from labreport.report.chapters import build, claim_words
from labreport.report.chapters.claim_words import evidence_id
from labreport.report.chapters.notes_in_use import SHIPPED
from labreport.report.configuration import Configuration
from labreport.report.document import VERDICT_MARKS
from labreport.report.findings.claims.record import defined, state
from labreport.report.findings.claims.wording import title
from labreport.report.languages import documents
from labreport.report.rendering import html, pdf
from labreport.report.rendering.markdown import markdown
from labreport.report.words import Words

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
MARK = f"[{''.join(VERDICT_MARKS.values())}]"
MARKED = re.compile(rf"\[({MARK})\]\(#([\w-]+)\)")


class Rows(HTMLParser):
    """Collects the marks of a page, and the text of each row that has an id."""

    def __init__(self, text):
        super().__init__()
        self.marks, self.rows = [], {}
        self._row = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "a" and "proof" in (found.get("class") or "").split():
            self.marks.append((found["href"], found["aria-label"]))
        if tag == "tr":
            self._row = found.get("id")
            self.rows.setdefault(self._row, "")

    def handle_data(self, data):
        if self._row is not None:
            self.rows[self._row] += data


def _built(results, which, edition="student", **asked):
    made = build.document(results, which, Configuration(edition=edition, **asked), moment=MOMENT, version="0.1.0")
    assert made.problems == ()
    return made.report


def _claims(language="en", labs=LABS):
    """The row of every claim that the notes make, and what it is called in words."""
    return {evidence_id(lab, name): title(defined(name), language) for lab in labs for name in SHIPPED.claims(lab)}


def _close(text):
    """Return a text without white space: where a line breaks or Chinese meets Latin letters, it differs."""
    return re.sub(r"\s", "", text)


IN_HTML = {"zh": LABS[:3], "en": LABS[3:]}
"""Each lab is looked at in one of the languages: what sets a page knows of no lab. In Markdown it is in both."""
IN_BOTH = ("mnist", "boston")
"""Labs of the document in both languages, which is put together from the documents in each."""


@pytest.fixture(scope="module", params=documents())
def report(request):
    results = all_hand_results() if request.param in IN_HTML else map(hand_result, IN_BOTH)
    return _built(list(results), request.param)


@pytest.fixture(scope="module")
def instructors():
    return _built([hand_result("imdb")], "en", "instructor")


@pytest.mark.parametrize("which", documents())
def test_in_html_every_mark_leads_to_the_row_of_its_claim(which):
    labs = IN_HTML.get(which, IN_BOTH)
    report = _built([hand_result(lab) for lab in labs], which)
    page = Rows(html.html(report))
    languages = report.languages
    names = {Words(language)(f"page.evidence_{mark}") for language in languages for mark in ("checked", "open")}
    assert len(page.marks) == len(_claims(labs=labs)) * len(languages)
    assert {target for target, _ in page.marks} == {f"#{id_}" for id_ in _claims(labs=labs)}
    assert {name for _, name in page.marks} <= names
    assert all(_close(name) in _close(page.rows[id_]) for id_, name in _claims(languages[0], labs).items())


def test_in_markdown_every_mark_leads_to_the_row_of_its_claim(report):
    text, _ = markdown(report)
    labs = [part.id for part in report.chapters if part.id in LABS]
    assert {target for _, target in MARKED.findall(text)} == set(_claims(labs=labs))
    for id_, name in _claims(report.languages[0], labs).items():
        (row,) = (line for line in text.splitlines() if f'<a id="{id_}"></a>' in line)
        assert row.startswith(f'| <a id="{id_}"></a>{name} ')


def test_the_instructors_edition_names_the_identifier_behind_the_words(instructors):
    text, _ = markdown(instructors)
    for name in SHIPPED.claims("imdb"):
        assert text.count(f"`{name}` | ") == 1


def test_in_pdf_every_mark_leads_to_the_page_of_its_row():
    content = pdf.pdf(_built([hand_result("workflow")], "en", glossary=False), source_date=MOMENT)
    pages = pdf_text.pages(content)
    expected = _claims(labs=["workflow"])
    with pikepdf.open(io.BytesIO(content)) as document:
        links = [note for page in document.pages for note in page.get("/Annots", []) if "/Dest" in note]
        targets = [str(note.Dest) for note in links if str(note.Dest) in expected]
        places = dict(pikepdf.NameTree(document.Root.Names.Dests).items())
        numbers = {page.objgen: number for number, page in enumerate(document.pages)}
        assert sorted(targets) == sorted(expected)
        for id_, name in expected.items():
            where = places[id_]
            destination = where.D if isinstance(where, pikepdf.Dictionary) else where
            assert _close(name) in _close(pages[numbers[destination[0].objgen]])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_writes_a_number_as_the_sentence_does(language):
    result = hand_result("mnist")
    found = state("beats_linear", result)
    written = claim_words.written_number("score", found, result, language)
    assert written.endswith("%")
    assert written in claim_words.sentence(found, result, language)
