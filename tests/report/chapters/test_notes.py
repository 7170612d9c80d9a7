"""Notes: values are bound, digits are not typed, both languages say the same, and a mistake names file and line."""

from __future__ import annotations

import pytest
from helpers.hand_results import FURTHER, LABS, hand_result

from labreport.report.chapters import notes
from labreport.report.chapters.values import Context
from labreport.report.errors import NoteError
from labreport.report.words import LANGUAGES, load_table

ROWS = [
    f"{letter}{number}"
    for letter, count in zip("ABCDEFX", (8, 11, 5, 8, 7, 8, 5), strict=True)
    for number in range(1, count + 1)
]
"""Every row of the fact sheet; X are the known faults of published listings."""


def _read(text: str, lab: str = "imdb", language="en"):
    return notes.read(Context(hand_result(lab), language), text, "notes/en/x.md")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_of_the_fact_sheet_is_anchored(language):
    anchored = {row for lab in LABS for row in notes.facts(notes.source(language, lab)[0])}
    assert anchored == set(ROWS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", [*LABS, *FURTHER])
def test_a_note_of_a_lab_reads_for_one_seed_and_for_several(lab, language):
    for seeds in ((0,), (0, 1, 2)):
        note = notes.read(Context(hand_result(lab, seeds=seeds), language), *notes.source(language, lab))
        assert {"question", "key-points", "sources"} <= {section.id for section in note.sections}


def test_both_languages_have_the_same_words():
    assert set(load_table("zh")) == set(load_table("en"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# T\nIt has 3 layers.", [(2, "3")]),
        ("# T\n第4轮", [(2, "4")]),
        ("# T\nshare 0.5,", [(2, "0.5,")]),
        ("# T\nfloat32, Conv2D, 3D, relu6, D1", []),
        ("# T\n{{ const(3) }} and $x_1 + 2$ and [](#figure-2)", []),
        ("# T\n:::equation e\nx_1\n---\nx one\n:::\n", []),
        ("# T\n:::sources\n- 1998\n:::\nafter 5", [(5, "5")]),
        ("# T\n## S {#s}\n<!-- facts: D1 -->\n", []),
    ],
)
def test_a_typed_number_is_found_and_what_is_exempt_is_not(text, found):
    assert notes.stray_digits(text) == found


def test_a_typed_number_fails_the_note_with_its_line():
    with pytest.raises(NoteError, match=r"notes/en/x\.md:3: the number 9 is typed"):
        _read("# T\n\noverfits after epoch 9\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# T\n\n{{ score('f1') }}", r"x\.md:3: .*no score 'f1'"),
        ("# T\n{{ settings.epoch }}", r"x\.md:2: No setting 'epoch'; there are .*epochs"),
        ("# T\n{{ nothing }}", r"x\.md:2: 'nothing' is undefined"),
        ("# T\n\n\n{{ claim('overfit') }}", r"x\.md:4: .*Did you mean 'overfits'"),
        ("# T\n{{ 1 + }}", r"x\.md:2: "),
        ("# T\n{{ score('test_accuracy').__class__ }}", r"x\.md:2: "),
        ("# T\n{{ data.class_names.__class__.__mro__ }}", r"x\.md:2: "),
        ("# T\n{% for a in settings %}x{% endfor %}", r"x\.md:2: a note may not hold 'for'"),
        ("# T\n{% include 'secret' %}", r"x\.md:2: a note may not hold 'include'"),
        ("# T\n{% macro m() %}x{% endmacro %}", r"x\.md:2: a note may not hold 'macro'"),
        ("# T\n{{ 'a' * 9999999999 }}", r"x\.md:2: '\*' works on numbers only"),
        ("# T\n{% set a = 'x' %}{% set a = a + a %}", r"x\.md:2: '\+' works on numbers only"),
        ("# T\n{{ 'a' ~ 'b' }}", r"x\.md:2: a note may not join texts"),
        ("# T\n{{ 9 ** 9 ** 9 ** 9 }}", r"x\.md:2: the power is too large"),
        ("# T\n{{ '%9999999d' % 1 }}", r"x\.md:2: the format .* is too wide"),
        ("# T\n{{ 1|number(999999999) }}", r"x\.md:2: number\(…\) takes 0 to 20 digits"),
        ("# T\n:::figure curves\ncaption", r"x\.md:2: 'figure' is not closed"),
        ("# T\n:::figure\ncaption\n:::\n", r"x\.md:2: 'figure' needs a name"),
        ("# T\n:::picture x\n:::\n", r"x\.md:2: unknown directive 'picture'"),
        ("# T\n:::note\n:::caution\n:::\n", r"x\.md:2: 'note' is not closed"),
        ("# T\n## Section without id\n", r"x\.md:2: the heading has no"),
        ("no title", r"x\.md:1: the note has no title"),
    ],
)
def test_a_mistake_in_a_note_names_file_and_line(text, message):
    with pytest.raises(NoteError, match=message):
        _read(text)


def test_foreign_text_is_escaped():
    result = hand_result("reuters")
    card_names = ("a*b*", "<b>x</b>", *result.findings.data.class_names[2:])
    import msgspec

    card = msgspec.structs.replace(result.findings.data, class_names=card_names)
    context = Context(hand_result("reuters", data=card), "en")
    note = notes.read(context, "# T\n{{ data.class_names[0] }} {{ data.class_names[1] }}", "x")
    assert note.opening[0].text == r"a\*b\* \<b\>x\</b\>"


def test_the_wording_of_a_claim_follows_its_verdict():
    from helpers.hand_parts import training

    texts = {}
    for name, curve in {"true": (0.5, 0.3, 0.4), "false": (0.5, 0.4, 0.3)}.items():
        fits = (training("selection", 0, {"val_loss": curve}, (10, 5), 2),)
        texts[name] = Context(hand_result("imdb", trainings=fits), "en").claim("overfits")
    assert "epoch 2" in texts["true"]
    assert texts["true"] != texts["false"]


def test_a_note_that_is_missing_in_a_language_is_an_error():
    with pytest.raises(NoteError, match=r"notes/en/nothing\.md: the note is missing"):
        notes.source("en", "nothing")


def test_comments_are_taken_out_and_lines_stay():
    note = _read("# T\n<!-- facts: D1 -->\ntext\n:::note\nx\n:::\n")
    assert note.opening[0].text == "text"
    assert note.opening[1].line == 4
