"""A character without a glyph is named with its place and shown by its code point; it costs nothing but itself."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from helpers import pdf_text
from helpers.hand_labs import stored
from helpers.hand_results import hand_result
from helpers.sample_report import sample
from helpers.short_notes import PLAIN, configured, short

from labreport.experiments.result import Failure
from labreport.report.chapters import bilingual
from labreport.report.cli import main
from labreport.report.document import Prose
from labreport.report.errors import RenderingError
from labreport.report.rendering import fonts, glyphs, html, pdf
from labreport.report.store.runs import Store

STRANGE = "a \N{GRINNING FACE} film"
NOTES = {
    "tensors": PLAIN,
    "imdb": "# Strange\n\n## A {#a}\n\nBefore.\n\n:::table texts-confident_right\nRead them.\n:::\n",
}
"""What is strange stands in the run."""


def _strange(folder, words):
    """Store a run whose first review holds some words."""
    result = hand_result("imdb", seeds=(0,))
    (said, *others) = result.findings.predictions
    (first, *texts) = said.texts
    said = msgspec.structs.replace(said, texts=(msgspec.structs.replace(first, words=words), *texts))
    findings = msgspec.structs.replace(result.findings, predictions=(said, *others))
    return Store(folder / "runs").save(msgspec.structs.replace(result, findings=findings)).path


def _text(folder, name):
    path = folder / "reports" / name
    return "".join(pdf_text.pages(path.read_bytes())) if path.suffix == ".pdf" else path.read_text("utf-8")


@pytest.mark.parametrize("which", ["en", "bilingual"])
def test_a_strange_character_in_a_run_loses_no_form_and_no_chapter(place, capsys, which):
    short(place, **NOTES)
    stored(place, "tensors")
    _strange(place, STRANGE)
    assert main(["render", "--lang", which, "--to", "html,pdf,md"]) == 4
    (told,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("Error: "))
    assert "GRINNING FACE" in told
    assert "U+1F600" in told
    assert "chapter 'imdb'" in told
    assert "table 'imdb-table-" in told
    assert "row 1" in told
    printed = _text(place, f"labreport-{which}.pdf")
    assert "‹U+1F600›" in printed
    assert "\N{GRINNING FACE}" not in printed
    assert "could not be built" not in printed
    assert "\N{GRINNING FACE}" in _text(place, f"labreport-{which}.html"), "a browser has the fonts of its system"
    assert STRANGE in _text(place, f"labreport-{which}.md"), "what the reader's own fonts show stays as it is"


def test_markdown_and_notebooks_need_no_glyph(place, capsys):
    _strange(place, STRANGE)
    assert main(["render", "--lang", "en", "--to", "md,ipynb"]) == 0
    notebook = (place / "reports" / "labreport-en-notebooks" / "imdb.ipynb").read_text("utf-8")
    assert "GRINNING" not in capsys.readouterr().err
    assert "\N{GRINNING FACE}" in notebook


def test_a_strange_character_of_the_user_is_shown_on_cover_chapter_and_failure_page(place, capsys):
    stored(place, "tensors")
    failure = Failure(kind="OSError", message="no \N{ELECTRIC LIGHT BULB}", stage="lab")
    stored(place, "boston", status="failed", failure=failure)
    (place / "labreport.toml").write_text(
        'course = "Fun \N{ROCKET}"\nnotes = "mine"\nglossary = false\nprovenance = false\n', "utf-8"
    )
    note = place / "mine" / "en" / "tensors.md"
    note.parent.mkdir(parents=True)
    note.write_text("# Mine\n\nFun \N{ROCKET}\N{VARIATION SELECTOR-16}.\n", "utf-8")
    assert main(["render", "--lang", "en", "--to", "html,pdf"]) == 4
    told = capsys.readouterr().err
    cover, tensors, boston, _ = told.strip().splitlines()
    assert "cover: " in cover
    assert "ROCKET" in cover
    assert "chapter 'tensors'" in tensors
    assert "ROCKET" in tensors
    assert "1 more characters are shown so there" in tensors
    assert "chapter 'boston'" in boston
    assert "ELECTRIC LIGHT BULB" in boston
    text = _text(place, "labreport-en.pdf")
    assert "‹U+1F680›" in text
    assert "‹U+1F680 U+FE0F›" in text
    assert "‹U+1F4A1›" in text
    assert "Fun \N{ROCKET}\N{VARIATION SELECTOR-16}." in _text(place, "labreport-en.html")


def test_without_a_strange_character_nothing_is_touched():
    report = sample("en")
    assert glyphs.replaced(report) == (report, ())
    both = bilingual.merged(sample("zh"), sample("en"))
    assert glyphs.replaced(both) == (both, ())


def test_what_is_set_without_replacing_is_refused():
    report = sample("en")
    chapter = msgspec.structs.replace(report.chapters[0], opening=(Prose(markdown=STRANGE),))
    report = msgspec.structs.replace(report, chapters=(chapter, *report.chapters[1:]))
    with pytest.raises(RenderingError, match="GRINNING FACE"):
        pdf.pdf(report, source_date=datetime(2026, 1, 5, tzinfo=UTC))
    assert STRANGE in html.html(report)
    made, (problem,) = glyphs.replaced(report)
    assert "‹U+1F600›" in html.html(made)
    assert f"chapter '{chapter.id}'" in problem


def test_a_character_that_the_typesetting_reserves_is_shown_too(place, capsys):
    reserved = "\ue000"
    short(place, **NOTES)
    _strange(place, f"one {reserved} two")
    assert main(["render", "--lang", "en,bilingual", "--to", "html,md"]) == 4
    assert "reserved" in capsys.readouterr().err
    for name in ("labreport-en.html", "labreport-bilingual.html", "labreport-bilingual.md"):
        assert f"‹U+{ord(reserved):04X}›" in _text(place, name)


@pytest.mark.parametrize(
    "text", ["Ada \N{GRINNING FACE}", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627"]
)
def test_a_name_in_any_script_is_on_the_cover_of_a_page_and_by_code_points_on_paper(place, capsys, text):
    short(place, **NOTES)
    stored(place, "tensors")
    configured(place, f'cover = [["Name", "{text}"]]')
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    assert text in _text(place, "labreport-en.html")
    assert "U+" not in capsys.readouterr().err
    assert main(["render", "--lang", "en", "--to", "pdf", "--form", "sheet", "--force"]) == 4
    missing = next(one for one in text if fonts.lacking(one))
    assert f"(U+{ord(missing):04X}, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("o\ufb03ce, \ufb01n", "office, fin"),
        ("Jose\u0301 A\u030angstro\u0308m", "José Ångström"),
        ("\U0001d499", "x"),
        ("ＡＢＣ１２３（ｘ）", "ＡＢＣ１２３（ｘ）"),
        ("²½№℃①", "²½№℃①"),
    ],
)
def test_a_character_that_stands_for_others_is_shown_by_those(written, shown):
    assert fonts.composed(written) == shown
    assert not fonts.lacking(shown)


def test_what_code_printed_keeps_its_characters():
    assert fonts.composed("Jose\u0301", source=True) == "Jose\u0301"


def test_what_is_not_a_sign_is_not_left_to_the_browser():
    assert fonts.lacking("a\u202eb\ue000\N{GRINNING FACE}", screen=True) == {"\u202e", "\ue000"}
    assert not fonts.lacking("\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", screen=True)
