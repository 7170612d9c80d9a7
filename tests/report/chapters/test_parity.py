"""The notes of both languages are in step, and a change of one side alone names the other side as stale."""

from __future__ import annotations

import re

import pytest

from labreport.report import languages
from labreport.report.chapters import notes, parity
from labreport.report.cli import main
from labreport.report.words import LANGUAGES


def test_the_shipped_notes_are_in_step():
    assert list(parity.problems()) == []


@pytest.fixture
def pair(monkeypatch):
    """A note whose texts a test may change; it was recorded in step as it is here."""
    texts = {
        "zh": "# 题\n\n## 甲 {#a}\n\n文\n\n## 乙 {#b}\n\n文\n",
        "en": "# T\n\n## A {#a}\n\ntext\n\n## B {#b}\n\ntext\n",
    }
    recorded = {"x": parity.together(texts)}
    monkeypatch.setattr(notes, "source", lambda language, name: (texts[language], f"notes/{language}/{name}.md"))
    monkeypatch.setattr(parity, "_record", lambda: recorded)
    return texts


def test_a_recorded_pair_has_no_problem_and_white_space_is_no_change(pair):
    pair["en"] = pair["en"].replace("text", "  text\n")
    assert list(parity.problems(["x"])) == []


def test_a_side_that_was_changed_alone_makes_the_other_stale(pair):
    pair["en"] = pair["en"].replace("## B {#b}\n\ntext", "## B {#b}\n\nanother text")
    assert list(parity.problems(["x"])) == ["x, section b: en was changed after zh, which is stale"]


def test_a_section_changed_in_both_languages_waits_to_be_compared(pair):
    pair["en"] = pair["en"].replace("## B", "## Bee")
    pair["zh"] = pair["zh"].replace("## 乙", "## 丙")
    assert list(parity.problems(["x"])) == ["x, section b: changed in all languages and not yet compared"]


@pytest.mark.parametrize(
    ("addition", "told"),
    [
        ("\n{{ claim('overfits') }}\n", "part 4 differs|has 3 parts"),
        ("\n:::figure curves\nx\n:::\n", "part 4 differs|has 3 parts"),
        ("\n## C {#c}\n", "part 4 differs|has 3 parts"),
    ],
)
def test_a_part_that_one_language_lacks_is_named(pair, addition, told):
    pair["en"] += addition
    assert re.search(told, next(iter(parity.problems(["x"]))))


def test_a_language_that_is_missing_is_named(pair, monkeypatch):
    from labreport.report.errors import NoteError

    def source(language, name):
        if language == "zh":
            raise NoteError("notes/zh/x.md: the note is missing in this language.")
        return pair[language], "notes/en/x.md"

    monkeypatch.setattr(notes, "source", source)
    assert list(parity.problems(["x"])) == ["notes/zh/x.md: the note is missing in this language."]


def test_a_typed_number_is_named_with_its_line(pair):
    pair["en"] += "\nepoch 7\n"
    assert "notes/en/x.md:11: the number 7 is typed" in list(parity.problems(["x"]))


def test_doctor_names_the_stale_section(pair, capsys, monkeypatch):
    monkeypatch.setattr(parity, "all_notes", lambda: ["x"])
    assert main(["doctor", "--notes"]) == 0
    assert "all languages in step" in capsys.readouterr().out
    pair["zh"] = pair["zh"].replace("## 甲 {#a}\n\n文", "## 甲 {#a}\n\n别的文字")
    assert main(["doctor", "--notes"]) == 2
    assert "x, section a: zh was changed after en, which is stale" in capsys.readouterr().out


def _terms(language):
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", notes.source(language, "glossary")[0], re.MULTILINE)
    return [tuple(cell.strip() for cell in (row if language == "en" else row[::-1])) for row in rows]


def test_the_glossary_pairs_the_same_terms_in_both_languages():
    english, chinese = _terms("en"), _terms("zh")
    assert len(english) == len(chinese) > 60
    assert sorted(english)[1:] == sorted(chinese)[1:]


OTHER_WORDS = {
    "zh": ("纪元", "周期", "正确率", "精度", "过度拟合", "密集层", "稠密", "代价函数", "误差函数", "权值", "批次"),
    "en": ("optimiser", "cross entropy", "cost function", "over-fit", "mini-batch", "standardiz"),
}
"""What others call the terms of the glossary; here each thing has one name."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_term_has_one_name_throughout(language):
    for folder in ("notes", "words"):
        for name in languages.files(language, folder):
            text = languages.text(language, f"{folder}/{name}")
            text = re.sub(r"`[^`]*`|\]\([^)]*\)|^:::sources.*?^:::$", "", text, flags=re.S | re.M)
            assert [word for word in OTHER_WORDS[language] if word in text.lower()] == [], name
