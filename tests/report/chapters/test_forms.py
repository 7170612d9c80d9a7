"""Forms of a report take parts away; what is left says the same under the same number, and no link leads astray."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from helpers import ink
from helpers.hand_results import FURTHER, LABS, hand_result
from helpers.shared_chapters import built

from labreport.report.configuration import Configuration, load, override
from labreport.report.document import Box, Exercise, Figure, Table, ids, walk
from labreport.report.rendering import html, pdf

MOMENT = datetime(2026, 1, 4, tzinfo=UTC)
FORMS = ("chapter", "sheet", "exercises", "solutions")


@cache
def _built(labs=("imdb",), language="en", **asked):
    configuration = override(Configuration(), **asked)
    results = [hand_result(lab, seeds=(0, 1, 2) if lab in LABS else (0,)) for lab in labs]
    made = built(results, language, configuration)
    assert made.problems == ()
    return made.report


def _blocks(report, kind):
    chapters = report.chapters
    return [
        block
        for chapter in chapters
        for part in (chapter.opening, *(section.blocks for section in chapter.sections))
        for block in part
        if isinstance(block, kind)
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_has_chapters_of_the_book_and_nothing_around_them(form):
    report = _built(form=form)
    assert [chapter.id for chapter in report.chapters] == ["imdb"]
    for page in (html.html(report), pdf.html(report, source_date=MOMENT)):
        assert page.count("<h1") == 1
        assert 'class="cover' not in page
        assert f'<body class="{form}">' in page
    assert 'class="contents"' not in page, "two pages need no list of what is on them"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_left_has_the_number_and_the_words_that_it_has_in_the_book(form, language):
    book = _built(LABS, language, edition="instructor" if form == "solutions" else "student")
    numbers = {block.id: block.number for kind in (Figure, Table, Exercise) for block in _blocks(book, kind)}
    left = _built(("imdb",), language, form=form)
    shown = [block for kind in (Figure, Table, Exercise) for block in _blocks(left, kind)]
    assert shown
    assert all(numbers[block.id] == block.number for block in shown)
    assert left.chapters[0].number == "4"


@pytest.mark.parametrize("form", FORMS)
def test_no_link_of_a_form_leads_to_what_it_has_not(form):
    # The writer of pages checks each link, and raises where one leads nowhere.
    report = _built(LABS, form=form)
    assert html.html(report)
    if form != "chapter":
        assert not any("-claim-" in str(found.text) for found in walk(report))


def test_a_chapter_explains_its_marks_itself():
    report = _built(form="chapter")
    assert "ends with ✓ was checked" in report.chapters[0].opening[0].markdown
    assert "imdb-evidence" in set(ids(report))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("lab", [*LABS, *FURTHER])
def test_a_sheet_has_aims_two_figures_and_two_exercises_on_two_pages(lab, language):
    report = _built((lab,), language, form="sheet")
    assert [block.kind for block in _blocks(report, Box)] == ["aims"]
    assert len(_blocks(report, Figure)) == 2
    assert len(_blocks(report, Table)) <= 1
    tasks = _blocks(report, Exercise)
    assert len(tasks) == 2
    assert not any(task.solution or task.hint or task.answer_lines for task in tasks)
    if (lab, language) in (("metrics", "en"), ("boston", "zh")):
        assert len(ink.texts(pdf.pdf(report, source_date=MOMENT))) == 2


def test_exercises_are_those_of_the_book_and_solutions_belong_to_the_instructor():
    book = [task.id for task in _blocks(_built(), Exercise)]
    tasks = _blocks(_built(form="exercises"), Exercise)
    assert [task.id for task in tasks] == book
    assert all(task.solution is None for task in tasks)
    solved = _built(form="solutions")
    assert all(task.solution for task in _blocks(solved, Exercise))
    assert len(_blocks(solved, Table)) == 1, "the marking scheme"
    assert override(Configuration(), form="solutions").edition == "instructor"


def test_chapters_are_numbered_by_their_place_in_the_course(tmp_path):
    (tmp_path / "labreport.toml").write_text('chapters = ["boston", "moons", "imdb"]\n')
    order = load(tmp_path, {}).chapters
    report = _built(("imdb", "mnist"), chapters=order)
    assert [(chapter.id, chapter.number) for chapter in report.chapters[:2]] == [("imdb", "3"), ("mnist", "4")]
    assert next(iter(_blocks(report, Figure))).number.startswith("3.")


@pytest.mark.parametrize("left_out", ["glossary", "provenance"])
def test_appendices_can_be_left_out_of_a_book(left_out):
    whole, shorter = html.html(_built()), html.html(_built(**{left_out: False}))
    assert f'id="{left_out}"' in whole
    assert f'id="{left_out}"' not in shorter


def _own_note(folder: Path, sheet: str):
    (folder / "en").mkdir()
    shown = "## A {#a}\n\n:::table scores\nScores.\n:::\n\n:::figure curves\nLook.\n:::\n"
    note = f"# Short\n\n:::sheet\n{sheet}\n:::\n\n{shown}"
    (folder / "en" / "imdb.md").write_text(note)
    return override(Configuration(), notes=folder, form="sheet")


def test_a_sheet_shows_what_the_note_lists_in_that_order(tmp_path):
    asked = _own_note(tmp_path, "figure-curves\ntable-scores")
    made = built([hand_result("imdb")], "en", asked)
    (section,) = made.report.chapters[0].sections
    assert [block.id for block in section.blocks] == ["imdb-figure-curves", "imdb-table-scores"]


def test_a_sheet_that_lists_what_is_not_there_is_a_fault_of_the_note(tmp_path):
    asked = _own_note(tmp_path, "figure-curves\nfigure-gone")
    made = built([hand_result("imdb")], "en", asked)
    assert "imdb.md:3: the sheet shows figure-gone, which the chapter lacks." in made.problems[0]


def test_where_a_note_lists_nothing_a_sheet_shows_the_first_of_each(tmp_path):
    asked = _own_note(tmp_path, "figure-curves")
    path = tmp_path / "en" / "imdb.md"
    path.write_text(path.read_text().replace(":::sheet\nfigure-curves\n:::\n\n", ""))
    made = built([hand_result("imdb")], "en", asked)
    (section,) = made.report.chapters[0].sections
    assert [block.id for block in section.blocks] == ["imdb-figure-curves", "imdb-table-scores"]


def test_a_sheet_of_a_run_that_failed_says_so():
    failed = hand_result("imdb", status="failed")
    made = built([failed], "en", override(Configuration(), form="sheet"))
    assert _blocks(made.report, Box)[0].kind == "failure"
