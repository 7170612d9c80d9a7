"""Exercises draw numbers for each student: always the same, in every language, and with answers that are computed."""

from __future__ import annotations

import math
import re
import statistics
from datetime import UTC, datetime

import pytest
from helpers.hand_results import FURTHER, LABS, hand_result

from labreport.report.chapters import notes
from labreport.report.chapters.build import build
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.chapters.own_exercises import own_exercises
from labreport.report.chapters.values import Context
from labreport.report.configuration import Configuration, override
from labreport.report.errors import NoteError

ALL = (*LABS, *FURTHER)


def _own(lab: str, language: str, variant: str, *, solutions: bool = True):
    return own_exercises(hand_result(lab), "3", language, NotesInUse(solutions=solutions), variant)


def _read(body: str, variant: str = ""):
    note = f"# T\n\n## A {{#a}}\n\n{body}\n"
    context = Context(hand_result("imdb"), "en", variant=variant)
    return notes.read(context, note, "n/en/x.md"), context.variant


EXERCISE = ':::exercise x 2\n{% set units = drawn("units", 4, 40, 4) %}\nTake {{ units }}.\n:::\n\n'


@pytest.mark.parametrize("lab", ALL)
def test_both_languages_have_the_same_numbers_and_the_same_key(lab):
    for variant in ("", "c/1"):
        english, chinese = _own(lab, "en", variant), _own(lab, "zh", variant)
        assert english.answers == chinese.answers
        assert len(_blocks(english)) == (1 if lab in LABS else 2)
        for task, other in zip(_blocks(english), _blocks(chinese), strict=True):
            assert sorted(_numbers(task.task)) == sorted(_numbers(other.task))
            answers = [answer for answer in english.answers if answer.exercise == task.id]
            assert [answer.part for answer in answers] == ["a", "b", "c"]
            assert sum(answer.points for answer in answers) == pytest.approx(task.points)
            assert all(answer.shown in (found.solution or "") for answer in answers for found in (task, other))


def _layers(inputs, width, outputs):
    hidden, last = inputs * width + width, width * outputs + outputs
    return hidden, last, hidden + width * width + width + last


def _steps(images, batch, epochs):
    steps = -(-images // batch)
    return steps, images - (steps - 1) * batch, steps * epochs


def _confusion(found, missed, right, alarms):
    shares = (found + right) / (found + missed + right + alarms), found / (found + missed), found / (found + alarms)
    return tuple(100 * share for share in shares)


def _guesser(*counts):
    shares = [count / sum(counts) for count in counts]
    return 100 * max(shares), 100 * sum(share**2 for share in shares), math.log(3)


def _standardised(low, middle, high, seen, flats, parts):
    deviation = statistics.pstdev([low, middle, high])
    return deviation, (seen - middle) / deviation, flats - flats // parts


def _penalty(weight, rate, penalty, steps):
    left = weight
    for _ in range(int(steps)):
        left -= rate * 2 * penalty * left
    return penalty * weight**2, (weight - rate * 2 * penalty * weight) / weight, left


def _pairs(reviews, gained, lost, smallest):
    changes = [1] * int(gained) + [-1] * int(lost) + [0] * int(reviews - gained - lost)
    error = statistics.pstdev(changes) / math.sqrt(reviews)
    return 100 * statistics.fmean(changes), 100 * error, smallest * 6


def _layer(side, _, channels, filters, window, *__):
    places = [row for row in range(int(side)) if row + window <= side]
    multiplications = len(places) ** 2 * filters * channels * window**2
    return len(places) // 2, filters * channels * window**2 + filters, multiplications


def _mistakes(images, convolutional, dense, places):
    share = 1 - convolutional / images
    return 100 * share, 100 * math.sqrt(share * (1 - share) / images), 100 * (1 - dense / images) ** places


def _rare(messages, share, found, alarms):
    positive, hits = messages * share / 100, messages * share / 100 * found / 100
    called = hits + (messages - positive) * alarms / 100
    precision, recall = hits / called, hits / positive
    return called, 100 * precision, 2 * precision * recall / (precision + recall)


def _bins(reviews, _, upper, praised, __, lower, slipped):
    bins = (upper, praised), (lower, slipped)
    said = [(p, y) for p, ones in bins for y in [1] * int(ones) + [0] * int(100 - ones)]
    share = statistics.fmean(y for _, y in said)
    error = sum(abs(p - ones / 100) for p, ones in bins) / 2
    brier = statistics.fmean((p - y) ** 2 for p, y in said)
    assert len(said) == reviews
    return 100 * error, brier, statistics.fmean((share - y) ** 2 for _, y in said)


def _macro(*counts):
    sizes, right = counts[:3], counts[3:]
    recalls = [rights / size for rights, size in zip(right, sizes, strict=True)]
    one_more = [*recalls[:2], (right[2] + 1) / sizes[2]]
    gain = statistics.fmean(one_more) - statistics.fmean(recalls)
    return 100 * sum(right) / sum(sizes), 100 * statistics.fmean(recalls), 100 * gain


def _weights(large, small, power, batch):
    heavy, light = small**-power, large**-power
    share = small * heavy / (small * heavy + large * light)
    return heavy / light, 100 * share, batch * small / (small + large)


def _network(positions, words, dimensions, units, batch):
    gate = (dimensions + units + 1) * units
    return words * dimensions, 4 * gate, batch * positions * dimensions * 4 / 1e6


def _padding(first, second, third, length, window):
    rows = [[0] * int(length - words) + [1] * int(min(words, length)) for words in (first, second, third)]
    seen = [any(rows[0][start : start + int(window)]) for start in range(int(length - window) + 1)]
    lost = first + second + third - sum(map(sum, rows))
    return sum(row.count(0) for row in rows), 100 * lost / (first + second + third), sum(seen)


COMPUTED = {
    "tensors-exercise-your-batch": lambda n, side, _: (n * side**2 * 3, n * side**2 * 3 * 4 / 1e6, side**2 * 3),
    "workflow-exercise-your-layers": _layers,
    "mnist-exercise-your-steps": _steps,
    "imdb-exercise-your-confusion": _confusion,
    "reuters-exercise-your-guesser": _guesser,
    "boston-exercise-your-standardised": _standardised,
    "remedies-exercise-your-penalty": _penalty,
    "remedies-exercise-your-pairs": _pairs,
    "convolution-exercise-your-layer": _layer,
    "convolution-exercise-your-mistakes": _mistakes,
    "metrics-exercise-your-rare": _rare,
    "metrics-exercise-your-bins": _bins,
    "uneven-exercise-your-macro": _macro,
    "uneven-exercise-your-weights": _weights,
    "sequences-exercise-your-network": _network,
    "sequences-exercise-your-padding": _padding,
}
"""What each exercise expects, computed in another way from the numbers of its task."""


@pytest.mark.parametrize("lab", ALL)
def test_the_answers_of_the_shipped_exercises_are_right_and_each_student_has_other_numbers(lab):
    made = [_own(lab, "en", f"c/{number}") for number in range(8)]
    assert _own(lab, "en", "c/1") == made[1]
    for place, task in enumerate(_blocks(made[0])):
        assert len({_blocks(one)[place].task for one in made}) >= 7
        for one in made:
            question = _blocks(one)[place].task.partition("for each student.")[2].partition("Give each answer")[0]
            expected = COMPUTED[task.id](*_numbers(question))
            found = [answer.value for answer in one.answers if answer.exercise == task.id]
            assert found == pytest.approx(expected)


def _blocks(made):
    return [block for section in made.chapter.sections for block in section.blocks]


def _numbers(text: str) -> list[float]:
    """Return the numbers of a task in their order, those of its formulas left out."""
    plain = re.sub(r"\$[^$]*\$", "", text).replace("\u202f", "").replace("`", "")
    return [float(found) for found in re.findall(r"(?<![\w.\\])\d+(?:\.\d+)?", plain)]


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
