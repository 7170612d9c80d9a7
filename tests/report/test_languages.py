"""A language is data: one from another distribution is found, set as its record says, and lent what it lacks."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import pdf_text
from helpers.hand_labs import stored
from helpers.hand_results import hand_result
from helpers.places import ROOT

from labreport.experiments import plugins
from labreport.report import languages
from labreport.report.chapters.build import document
from labreport.report.cli import main
from labreport.report.configuration import Configuration, check_names
from labreport.report.document import Chapter, LanguageTexts, walk
from labreport.report.errors import UsageError
from labreport.report.rendering.columns import length
from labreport.report.rendering.sheets import language_style
from labreport.report.rendering.typesetter import on_screen
from labreport.report.words import LANGUAGES, Borrowed, Words, load_table

EXAMPLE = ROOT / "examples" / "german"


def _forget() -> None:
    plugins.forget()
    languages.language.cache_clear()
    load_table.cache_clear()
    on_screen.cache_clear()
    languages.is_han.cache_clear()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a folder of texts on the path as `pip install` would, under a name of a language."""

    def installed(name: str, folder: Path) -> None:
        site = tmp_path / f"site-{name}"
        package = f"labreport_language_{name}"
        shutil.copytree(folder, site / package)
        info = site / f"{package}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[labreport.languages]\n{name} = {package}\n")
        monkeypatch.syspath_prepend(site)
        _forget()

    yield installed
    monkeypatch.undo()
    _forget()


@pytest.fixture
def german(install) -> Iterator[None]:
    install("de", EXAMPLE / "labreport_german")


def _report(which: str):
    from datetime import UTC, datetime

    results = [hand_result("workflow"), hand_result("tensors")]
    built = document(results, which, Configuration(), moment=datetime(2026, 1, 5, tzinfo=UTC), version="0")
    return built


def test_the_shipped_languages_come_first_and_through_the_same_door():
    assert languages.names()[:2] == LANGUAGES == ("zh", "en")
    assert languages.language("zh").tag == "zh-CN"
    assert Words("zh").record.colon == "："


def test_the_documentation_names_every_key_of_a_record():
    text = (ROOT / "docs" / "language.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(languages.Language.__struct_fields__)


def test_the_example_names_the_package_that_it_holds():
    text = (EXAMPLE / "pyproject.toml").read_text("utf-8")
    assert 'de = "labreport_german"' in text
    assert not list(EXAMPLE.rglob("*.py")), "a language needs no Python"


def test_a_language_from_elsewhere_lends_what_it_lacks(german):
    assert languages.names() == ("zh", "en", "de")
    words = Words("de")
    assert words("page.figure", number=1) == "Abbildung 1"
    lent = words("tables.comma")
    assert isinstance(lent, Borrowed)
    assert (lent, lent.language) == (Words("en")("tables.comma"), "en")
    with pytest.raises(KeyError):
        words("page.nothing")


def test_a_report_in_it_has_its_own_chapter_and_a_lent_one(german):
    built = _report("de")
    assert built.problems == ()
    workflow, tensors, *_ = built.report.chapters
    assert workflow.title == "Der Weg mit Keras: von Schichten zum trainierten Modell"
    assert isinstance(tensors.title, LanguageTexts)
    assert list(tensors.title.by_language) == ["en"]
    assert built.report.cover.title == "Keras-Versuche"
    lent = [found for found in walk(built.report.summary) if isinstance(found.text, LanguageTexts)]
    assert lent, "a head that German has no word for is a text in English"


def test_the_page_marks_what_is_lent(german, place, capsys):
    workflow, _ = stored(place, "workflow", "tensors")
    assert main(["render", "--lang", "de", "--to", "html,md"]) == 0, capsys.readouterr().err
    page = (place / "reports" / "labreport-de.html").read_text("utf-8")
    assert '<html lang="de">' in page
    assert re.search(r'<h2><a href="#tensors"><span lang="en">', page)
    assert re.search(r'<p lang="en">', page)
    assert re.search(r"<b>Figure 1\.\d</b>|<b>Listing 2\.\d</b>", page), "a lent chapter is lent with its labels"
    assert "<b>Abbildung 2.1</b>" in page or "<b>Abbildung 1.1</b>" in page
    assert "„an Ort und Stelle“" in page
    assert "Eine Eingabe mit falscher Form weist die Schicht" in page
    assert "Kapitel 1" in page
    assert "Inhalt" in page
    shorter = ("--no-glossary", "--no-provenance", "-o", "paper")
    assert main(["render", str(workflow), "--lang", "de", "--to", "pdf", *shorter]) == 0, capsys.readouterr().err
    paper = "".join(pdf_text.pages((place / "paper" / "labreport-de.pdf").read_bytes()))
    assert "Keras-Versuche" in paper


def test_a_changed_text_of_a_language_makes_the_report_stale(german, place, tmp_path):
    stored(place, "workflow")
    arguments = ["render", "--lang", "de", "--to", "md"]
    assert main(arguments) == 0
    page = place / "reports" / "labreport-de.md"
    assert "# Keras-Versuche" in page.read_text("utf-8")
    words = tmp_path / "site-de" / "labreport_language_de" / "words" / "labs.toml"
    words.write_text(words.read_text("utf-8").replace("Keras-Versuche", "Versuche mit Keras"), "utf-8")
    load_table.cache_clear()
    assert main(arguments) == 0
    assert "# Versuche mit Keras" in page.read_text("utf-8")


def test_any_languages_can_share_a_document(german, place, capsys):
    stored(place, "tensors")
    assert main(["render", "--lang", "de+en", "--to", "html,md"]) == 0, capsys.readouterr().err
    page = (place / "reports" / "labreport-de+en.html").read_text("utf-8")
    assert '<html lang="de">' in page
    assert 'Inhalt <span class="tr" lang="en">Contents</span>' in page
    with pytest.raises(UsageError, match=r"Unknown language 'fr'"):
        check_names("lang", ("de+fr",), "--lang")


def test_the_command_line_names_the_nearest_language(german, place, capsys):
    assert main(["render", "--lang", "dee"]) == 2
    error = capsys.readouterr().err
    assert "Unknown language 'dee'. Did you mean 'de'?" in error
    assert "zh, en, de, bilingual" in error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('tag = "xx"\nname = "X"\nfallbck = "en"', "fallbck"),
        ('name = "X"', "tag"),
        ('tag = "xx"\nname = "X"\nfallback = "klingon"', "Unknown language 'klingon'"),
        ('tag = "xx"\nname = "X"\nquotes = "«»"', "four characters"),
        ('tag = "xx"\nname = "X"\nbrackets = "()"', "needs {}"),
        ("tag =", "language.toml"),
    ],
)
def test_a_faulty_record_is_refused_with_its_place(install, tmp_path, content, message):
    folder = tmp_path / "faulty"
    folder.mkdir()
    (folder / "language.toml").write_text(content)
    install("xx", folder)
    with pytest.raises(UsageError, match=message) as caught:
        languages.language("xx")
    assert "xx: language.toml" in str(caught.value)
    assert languages.is_han("zh-TW"), "the other languages are none the worse for it"
    assert not languages.is_han("de")


def test_rules_of_a_language_come_with_the_languages_whose_passages_it_marks(german):
    assert "p:lang(zh)" in language_style("screen", "de"), "German marks Chinese characters, so their rules are needed"
    assert language_style("screen", "zh") == language_style("screen", "en") == language_style("screen", "de")


def test_a_text_in_several_languages_is_as_wide_as_the_widest():
    assert length(LanguageTexts({"zh": "过拟合", "en": "overfits", "de": "überangepasst"})) == len("überangepasst")


def test_a_chapter_is_never_half_in_another_language(german):
    tensors = _report("de").report.chapters[1]
    assert isinstance(tensors, Chapter)
    kinds = {"inline", "prose", "cell", "spoken"}
    assert not [found for found in walk(tensors) if found.kind in kinds and found.text and isinstance(found.text, str)]
