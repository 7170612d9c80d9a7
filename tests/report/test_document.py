"""The tree of a report: one walk finds every text and one map changes them, by the types of the fields."""

from __future__ import annotations

import msgspec
import pytest
from helpers.sample_report import sample

from labreport.report.chapters import bilingual
from labreport.report.document import LanguageTexts, Prose, Report, each, first, ids, mapped, walk


@pytest.fixture(scope="module")
def both() -> Report:
    return bilingual.merged(sample("zh"), sample("en"))


def test_every_text_is_found_with_a_key_of_its_own_that_all_languages_share():
    chinese, english = (list(walk(sample(language))) for language in ("zh", "en"))
    assert [found.place.key for found in chinese] == [found.place.key for found in english]
    assert len({found.place.key for found in english}) == len(english) > 200
    assert {found.kind for found in english} == {"inline", "prose", "cell", "source", "formula", "drawing", "spoken"}


def test_a_place_names_chapter_section_and_block():
    places = {found.place.named for found in walk(sample("en"))}
    assert "cover" in places
    assert "chapter 'imdb', section 'imdb-results', figure 'imdb-figure-loss'" in places
    assert "chapter 'imdb', section 'imdb-results', table 'imdb-table-scores', row 2" in places
    (code,) = {found.place.section for found in walk(sample("en")) if "build_model" in str(found.text)}
    assert code == sample("en").chapters[1].sections[2].title


def test_a_map_that_changes_nothing_gives_the_same_tree(both):
    assert mapped(both, lambda found: found.text) is both


def test_a_map_changes_every_text_and_nothing_else(both):
    shouted = mapped(both, lambda found: each(found.text, str.upper))
    assert {first(found.text) for found in walk(shouted)} == {first(found.text).upper() for found in walk(both)}
    assert list(ids(shouted)) == list(ids(both))


def test_every_id_is_found_rows_of_tables_too(both):
    assert {"imdb", "imdb-results", "imdb-figure-loss", "imdb-figure-loss-data", "summary-table"} <= set(ids(both))
    table = msgspec.structs.replace(sample("en").summary.opening[1], row_ids=("one", "two"))
    assert list(ids(table)) == ["summary-table", "one", "two"]


def test_a_tree_in_several_languages_survives_json(both):
    assert msgspec.json.decode(msgspec.json.encode(both), type=Report) == both


def test_nothing_is_limited_to_two_languages():
    third = msgspec.structs.replace(
        mapped(sample("en"), lambda found: found.text if found.kind != "prose" else f"{found.text} (de)"), language="de"
    )
    joined = bilingual.merged(sample("zh"), sample("en"), third)
    assert joined.languages == ("zh", "en", "de")
    block = joined.chapters[1].sections[0].blocks[0]
    assert isinstance(block, Prose)
    assert isinstance(block.markdown, LanguageTexts)
    assert list(block.markdown.by_language) == ["zh", "en", "de"]
    assert isinstance(joined.chapters[1].title, LanguageTexts)
