"""Exercises draw numbers for each student: always the same, in every language, and with answers that are computed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from helpers.hand_results import LABS, hand_result

from labreport.report.chapters import notes
from labreport.report.chapters.build import build
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.own_exercises import own_exercises
from labreport.report.chapters.values import Context
from labreport.report.configuration import Configuration, override
from labreport.report.errors import NoteError

SOLVED = NotesInUse(solutions=True)


def _own(lab: str, language: str, variant: str, *, solutions: bool = True):
    return own_exercises(hand_result(lab), "3", language, NotesInUse(solutions=solutions), variant)


def _read(body: str, variant: str = ""):
    note = f"# T\n\n## A {{#a}}\n\n{body}\n"
    context = Context(hand_result("imdb"), "en", variant=variant)
    return notes.read(context, note, "n/en/x.md"), context.variant


EXERCISE = ':::exercise x 2\n{% set units = drawn("units", 4, 40, 4) %}\nTake {{ units }}.\n:::\n\n'


@pytest.mark.parametrize("lab", LABS)
def test_every_shipped_lab_has_an_exercise_with_numbers_of_each_students_own(lab):
    shown = {_own(lab, "en", f"c/{number}").chapter.sections[0].blocks[0].task for number in range(8)}
    assert len(shown) >= 7
    assert _own(lab, "en", "c/1") == _own(lab, "en", "c/1")


@pytest.mark.parametrize("lab", LABS)
def test_both_languages_have_the_same_numbers_and_the_same_key(lab):
    for variant in ("", "c/1"):
        english, chinese = _own(lab, "en", variant), _own(lab, "zh", variant)
        assert english.answers == chinese.answers
        assert len(english.answers) == 3
        task = english.chapter.sections[0].blocks[0]
        numbers = [
            sorted(re.findall(r"\d[\d\u202f]+", made.chapter.sections[0].blocks[0].task)) for made in (english, chinese)
        ]
        assert numbers[0] == numbers[1]
        assert sum(answer.points for answer in english.answers) == pytest.approx(task.points)
        assert all(answer.shown in (task.solution or "") for answer in english.answers)


def test_the_answers_of_the_shipped_exercises_are_right():
    for student in range(5):
        task, (hidden, last, both) = _task("workflow", student)
        inputs, width, outputs = task
        assert hidden == inputs * width + width
        assert last == width * outputs + outputs
        assert both == hidden + width * width + width + last
        (images, batch, epochs), (steps, left, total) = _task("mnist", student)
        assert steps == -(-images // batch)
        assert left == images - (steps - 1) * batch
        assert 1 <= left <= batch
        assert total == steps * epochs
        (found, missed, right, alarms), (accuracy, recall, precision) = _task("imdb", student)
        assert accuracy == pytest.approx(100 * (found + right) / (found + missed + right + alarms))
        assert recall == pytest.approx(100 * found / (found + missed))
        assert precision == pytest.approx(100 * found / (found + alarms))
        (pictures, side, _), (values, megabytes, features) = _task("tensors", student)
        assert (values, features) == (pictures * side**2 * 3, side**2 * 3)
        assert megabytes == pytest.approx(values * 4 / 1e6)
        counts, (majority, random, loss) = _task("reuters", student)
        assert majority == pytest.approx(100 * max(counts) / sum(counts))
        assert random == pytest.approx(100 * sum((count / sum(counts)) ** 2 for count in counts))
        assert loss == pytest.approx(1.0986123)
        (low, middle, high, seen, flats, parts), (deviation, standardised, trained) = _task("boston", student)
        assert deviation == pytest.approx((((low - middle) ** 2 + (high - middle) ** 2) / 3) ** 0.5)
        assert standardised == pytest.approx((seen - middle) / deviation)
        assert trained == flats - flats // parts


def _task(lab: str, student: int):
    """Return the numbers of a task in their order, and the values that are expected."""
    made = _own(lab, "en", f"c/{student}")
    text = made.chapter.sections[0].blocks[0].task.replace("\u202f", "").replace("`", "")
    text = text.partition("has your own.")[2].partition("Give each answer")[0]
    return [int(found) for found in re.findall(r"(?<![\w.\\])\d+", text)], [answer.value for answer in made.answers]


def test_an_exercise_has_the_number_that_it_has_in_the_chapter_and_a_student_gets_no_solution():
    made = _own("workflow", "en", "c/1", solutions=False)
    (task,) = made.chapter.sections[0].blocks
    assert task.number == "3.7"
    assert task.solution is None
    assert made.answers == ()


def test_what_is_drawn_lies_in_its_range_and_depends_on_every_part_of_what_names_it():
    drawn = {variant: _read(EXERCISE, variant)[0].sections[0].passages[0].text for variant in map(str, range(60))}
    found = {int(re.findall(r"\d+", text)[0]) for text in drawn.values()}
    assert found == set(range(4, 41, 4))
    other = EXERCISE.replace(":::exercise x", ":::exercise y")
    assert any(_read(other, variant)[0].sections[0].passages[0].text != text for variant, text in drawn.items())


def test_a_share_is_drawn_without_the_dust_of_binary_numbers():
    body = ':::exercise x 2\nTake {{ drawn("p", 0.1, 0.9, 0.1) }}.\n:::\n'
    shown = {_read(body, str(number))[0].sections[0].passages[0].text for number in range(60)}
    assert shown == {f"Take 0.{tenth}." for tenth in range(1, 10)}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{{ drawn("a", 1, 5) }}\n', "belongs into an exercise"),
        (EXERCISE + "{{ answer(units) }}\n", "belongs into a solution"),
        (EXERCISE + ":::solution x\n{{ answer(units, unit='parsec') }}\n:::\n", "there is no unit 'parsec'"),
        (EXERCISE + ":::solution x\n{{ answer(units) }} {{ answer(units) }}\n:::\n", "is there twice"),
        (EXERCISE + ":::solution x\n{{ answer('many') }}\n:::\n", "takes a number"),
        (EXERCISE + ":::solution x\n{{ answer(units, tolerance=-1) }}\n:::\n", "tolerance of 0 or more"),
        (':::exercise x 2\n{{ drawn("a", 5, 1) }}\n:::\n', "must give 2 to"),
        (':::exercise x 2\n{{ drawn("a", 1, 5) }} {{ drawn("a", 1, 6) }}\n:::\n', "another range already"),
        (':::exercise x 2\n{{ drawn("a", 0, 1, 0.0000000001) }}\n:::\n', "must give 2 to"),
    ],
)
def test_what_can_not_be_drawn_or_expected_names_the_line(body, message):
    with pytest.raises(NoteError, match=rf"n/en/x\.md:\d+: .*{re.escape(message)}"):
        _read(body)


def test_a_tolerance_follows_from_the_decimals_where_none_is_given():
    solved = ":::solution x\n{{ answer(units, part='a') }} {{ answer(units / 3, part='b', digits=2) }}"
    solved += " {{ answer(units / 3, part='c', tolerance=0.5, unit='%') }}\n:::\n"
    variant = _read(EXERCISE + solved)[1]
    assert [(answer.part, answer.tolerance) for answer in variant.expected] == [("a", 0), ("b", 0.01), ("c", 0.5)]
    assert variant.expected[2].shown.endswith("%")


def test_a_drawn_exercise_of_ones_own_may_not_link_to_what_its_sheet_has_not(tmp_path):
    (tmp_path / "en").mkdir()
    linked = EXERCISE.replace("Take", "See [](#figure-curves) and take")
    (tmp_path / "en" / "imdb.md").write_text(f"# T\n\n## A {{#a}}\n\n{linked}")
    with pytest.raises(NoteError, match="can't link to the chapter"):
        own_exercises(hand_result("imdb"), "3", "en", NotesInUse(folder=tmp_path), "c/1")
    (tmp_path / "en" / "imdb.md").write_text("# T\n\n## A {#a}\n\nNothing.\n")
    assert own_exercises(hand_result("imdb"), "3", "en", NotesInUse(folder=tmp_path), "c/1") is None


def test_what_looks_like_a_solution_has_a_canary_while_solutions_are_taken_out(monkeypatch):
    text = f"# T\n\n## A {{#a}}\n\n{EXERCISE}:::solution x\nSecret.\n:::\n"
    assert "Secret" not in notes.without_solutions(text, "n")
    assert notes.CANARY not in notes.without_solutions(text, "n")
    leaking = text.replace(":::solution x", " :::solution x")
    assert notes.CANARY in notes.without_solutions(leaking, "n")


def test_a_whole_report_of_a_variant_has_the_numbers_of_the_sheet():
    configuration = override(Configuration(), variant="c/1", edition="instructor", form="solutions")
    built = build([hand_result("workflow")], "en", configuration, moment=datetime(2026, 1, 4, tzinfo=UTC), version="1")
    tasks = {block.id: block for section in built.report.chapters[0].sections for block in section.blocks}
    (own,) = _own("workflow", "en", "c/1").chapter.sections[0].blocks
    assert (tasks[own.id].task, tasks[own.id].solution) == (own.task, own.solution)
    assert tasks[own.id].number == "2.7"
    assert [answer.value for answer in built.answers] == [
        answer.value for answer in _own("workflow", "en", "c/1").answers
    ]
