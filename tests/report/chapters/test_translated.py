"""The Chinese edition is Chinese: no English sentence stands in its notes, its words or the reports made of them."""

from __future__ import annotations

import pytest
from helpers.english import english_sentences
from helpers.hand_results import all_hand_results
from helpers.shared_chapters import built

from labreport.report.chapters import notes
from labreport.report.document import Table
from labreport.report.words import load_table

NOTES = ("tensors", "workflow", "mnist", "imdb", "reuters", "boston")


def test_a_sentence_is_seen_and_titles_names_and_code_are_none():
    assert english_sentences("使用条款：No licence stated; the makers ask for a citation.")
    assert not english_sentences("“Gradient-based learning applied to document recognition”，`a b c d e f`")
    assert not english_sentences("Y. LeCun, Leon Bottou, Yoshua Bengio, Patrick Haffner, Chris Burges 著")


@pytest.mark.parametrize("name", NOTES)
def test_no_english_sentence_stands_in_a_chinese_note(name):
    text, _ = notes.source("zh", name)
    without_sources = text.split("{#sources}")[0]
    assert english_sentences(without_sources) == []


def test_no_english_sentence_stands_in_the_words_of_the_chinese_report():
    texts = {key: text for key, text in load_table("zh").items() if not key.startswith("tables.citation_")}
    assert {key: found for key, text in texts.items() if (found := english_sentences(text))} == {}


def test_no_english_sentence_stands_in_a_table_of_the_chinese_book():
    report = built(all_hand_results(), "zh").report
    for part in report.chapters[:-1]:
        tables = (block for section in part.sections for block in section.blocks if isinstance(block, Table))
        cells = [cell for table in tables if "texts" not in table.id for row in table.rows for cell in row]
        assert [found for cell in cells for found in english_sentences(cell)] == []
