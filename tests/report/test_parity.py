"""The notes of both languages are in step, and whoever changes one side alone is told which other side is stale."""

from __future__ import annotations

import pytest

from report import notes, parity


def test_the_shipped_notes_are_in_step():
    assert list(parity.problems()) == []


@pytest.fixture
def pair(monkeypatch):
    """A note whose texts a test may change; it was recorded in step as it is here."""
    texts = {
        "zh": "# 题\n\n## 甲 {#a}\n\n文\n\n## 乙 {#b}\n\n文\n",
        "en": "# T\n\n## A {#a}\n\ntext\n\n## B {#b}\n\ntext\n",
    }
    recorded = {"x": parity._pairs(dict(texts))}
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
    assert list(parity.problems(["x"])) == ["x, section b: changed in both languages and not yet compared"]


@pytest.mark.parametrize(
    ("addition", "told"),
    [
        ("\n{{ claim('overfits') }}\n", "part 4 differs|has 3 parts"),
        ("\n:::figure curves\nx\n:::\n", "part 4 differs|has 3 parts"),
        ("\n## C {#c}\n", "part 4 differs|has 3 parts"),
    ],
)
def test_a_part_that_one_language_lacks_is_named(pair, addition, told):
    import re

    pair["en"] += addition
    assert re.search(told, next(iter(parity.problems(["x"]))))


def test_a_language_that_is_missing_is_named(pair, monkeypatch):
    from report.errors import NoteError

    def source(language, name):
        if language == "zh":
            raise NoteError("notes/zh/x.md: the note is missing in this language.")
        return pair[language], "notes/en/x.md"

    monkeypatch.setattr(notes, "source", source)
    assert list(parity.problems(["x"])) == ["notes/zh/x.md: the note is missing in this language."]


def test_a_typed_number_is_named_with_its_line(pair):
    pair["en"] += "\nepoch 7\n"
    assert "notes/en/x.md:11: the number 7 is typed" in list(parity.problems(["x"]))
