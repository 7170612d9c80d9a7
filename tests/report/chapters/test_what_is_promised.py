"""What a report promises of itself: marks with a legend, listings that ran or not, and tags where there are results."""

from __future__ import annotations

import re

import msgspec
import pytest
from helpers.hand_results import all_hand_results, hand_result
from helpers.shared_chapters import built, chapter_of, every_chapter

from labreport.experiments.registry import BOOK as LABS
from labreport.report.chapters import tables
from labreport.report.document import CHECKED, OPEN, Exercise, Figure, Listing, Prose, Table
from labreport.report.words import LANGUAGES, Words

EDITIONS = ("student", "instructor")


def _blocks(result, kind):
    return _in(chapter_of(result), kind)


def _in(part, kind):
    return [block for section in part.sections for block in section.blocks if isinstance(block, kind)]


@pytest.mark.parametrize("lab", ["mnist", "imdb", "reuters", "boston"])
def test_only_a_listing_that_ran_is_said_to_have_run(lab):
    _expect_origins(every_chapter()[lab])


def test_of_a_run_of_an_older_version_too_only_a_listing_that_ran_is_said_to_have_run():
    listings = hand_result("mnist").findings.listings
    unmarked = tuple(msgspec.structs.replace(item, ran=msgspec.UNSET) for item in listings)
    _expect_origins(chapter_of(hand_result("mnist", format=1, listings=unmarked)))


def _expect_origins(part):
    origins = {item.id.rpartition("-")[2]: item.origin for item in _in(part, Listing)}
    assert (origins["build_model"], origins["fit"]) == ("ran", "compared")


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_marks_are_explained_before_the_first_of_them_stands(language):
    report = built(all_hand_results(), language).report
    prose, table = report.summary.opening
    assert isinstance(prose, Prose)
    assert isinstance(table, Table)
    for mark in (CHECKED, OPEN):
        assert mark in prose.markdown
        assert mark in table.caption
    column = [row[5] for row in table.rows]
    assert column[0] == f"6 {CHECKED}"
    assert all("/" not in cell for cell in column)


def test_the_settings_name_what_was_really_held_out():
    result = hand_result("imdb")
    fits = tuple(
        msgspec.structs.replace(fit, validation_samples=2_000) if fit.validation_samples else fit
        for fit in result.findings.trainings
    )
    rows = {row[0]: row[1] for row in tables.table("settings", hand_result("imdb", trainings=fits), Words("en")).rows}
    assert (rows["validation_samples"], rows["held_out"]) == ("10\u202f000", "2\u202f000")


def test_tables_of_scores_say_for_how_many_epochs_each_model_was_trained():
    content = tables.table("scores", hand_result("imdb", seeds=(0,)), Words("en"))
    place = [column.title for column in content.columns].index("epochs")
    assert {row[0]: row[place] for row in content.rows} == {
        "network, trained for the chosen epochs": "4",
        "network, trained for all epochs": "20",
        "linear model": "4",
        "always the most frequent class": "–",
    }


def test_drawings_without_data_carry_no_tag_of_the_data():
    tagged = {item.id: item.tag_line for item in (*_blocks(_sample("imdb"), Figure), *_blocks(_sample("imdb"), Table))}
    assert tagged["imdb-figure-network-selection"] == tagged["imdb-table-settings"] == ""
    assert "sample data" in tagged["imdb-figure-curves"]
    assert {item.tag_line for item in _blocks(_sample("tensors"), Figure)} == {""}
    assert tagged["imdb-model-selection"] == tagged["imdb-table-data-card"] == ""


def test_what_shows_only_data_carries_no_tag_of_the_seed():
    tagged = {item.id: item.tag_line for item in (*_blocks(_sample("imdb"), Figure), *_blocks(_sample("imdb"), Table))}
    assert tagged["imdb-figure-class-sizes"] == tagged["imdb-table-texts-example"] == "sample data"
    assert tagged["imdb-table-scores"] == "sample data · one seed"


def _sample(lab):
    card = hand_result("imdb" if lab == "imdb" else "mnist").findings.data
    return hand_result(lab, seeds=(0,), data=msgspec.structs.replace(card, train_samples=5_000))


def test_a_chapter_without_scores_does_not_say_that_they_are_lower():
    (mark, *_) = chapter_of(_sample("tensors")).marks
    assert "Scores" not in mark
    (mark, *_) = chapter_of(_sample("imdb")).marks
    assert "Scores on a sample are usually lower" in mark


@pytest.mark.parametrize("lab", LABS)
def test_figures_tables_and_exercises_have_the_same_numbers_in_both_editions(lab):
    student, instructor = (every_chapter("en", edition)[lab] for edition in EDITIONS)
    numbers = [
        {item.id: item.number for kind in (Figure, Table, Listing, Exercise) for item in _in(part, kind) if item.number}
        for part in (student, instructor)
    ]
    assert numbers[0]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", LABS)
def test_what_a_note_prints_as_a_shape_is_python(lab, language):
    for edition in EDITIONS:
        for item in _in(every_chapter(language, edition)[lab], Exercise):
            text = f"{item.task}{item.hint}{item.solution or ''}"
            assert not re.findall(r"\((?:\d[\d\u202f]*, )*\d+\u202f\d+(?:, [\d\u202f]+)*,?\)", text), item.id


def test_one_run_that_cannot_tell_is_not_listed_as_one_of_one():
    part = chapter_of(hand_result("imdb", seeds=(0,)))
    rows = next(item for item in _in(part, Table) if item.id == "imdb-table-evidence").rows
    open_rows = [row for row in rows if row[1] == Words("en")("labs.verdict_unknown")]
    assert open_rows
    assert {row[2] for row in open_rows} == {"–"}
    assert all(row[2] in ("0 / 1", "1 / 1") for row in rows if row not in open_rows)
