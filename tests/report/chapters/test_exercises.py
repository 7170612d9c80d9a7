"""Every lab asks enough, helps, and can be marked; the student has room to answer, the instructor the solutions."""

from __future__ import annotations

import re

import msgspec
import pytest
from helpers import pdf_text
from helpers.hand_results import FURTHER, LABS, hand_result
from helpers.shared_chapters import MOMENT, built, every_chapter

from labreport.report.configuration import Configuration, override
from labreport.report.document import Box, Exercise, Prose, Table
from labreport.report.rendering import pdf
from labreport.report.words import LANGUAGES, Words

ALL = (*LABS, *FURTHER)
CODE_WIDTH, SOLUTION_WIDTH = 76, 72
"""Characters of a line of code that fit on paper into an exercise and into the box of its solution."""


def _blocks(chapter, kind):
    return [block for section in chapter.sections for block in section.blocks if isinstance(block, kind)]


@pytest.fixture(scope="module", params=LANGUAGES)
def editions(request):
    return request.param, *(every_chapter(request.param, edition) for edition in ("student", "instructor"))


@pytest.mark.parametrize("lab", ALL)
def test_each_lab_has_five_exercises_with_points_hint_and_solution(editions, lab):
    _, student, instructor = editions
    asked, solved = (_blocks(edition[lab], Exercise) for edition in (student, instructor))
    assert len(asked) == len(solved) >= 5
    for here, there in zip(asked, solved, strict=True):
        assert (here.id, here.points, here.task, here.hint) == (there.id, there.points, there.task, there.hint)
        assert here.points > 0
        assert here.task
        assert here.hint
        assert here.solution is None
        assert here.answer_lines >= 3
        assert there.solution
        assert there.answer_lines == 0


@pytest.mark.parametrize("lab", ALL)
def test_each_question_for_oneself_is_answered_in_the_instructors_edition_alone(editions, lab):
    _, student, instructor = editions
    (asked,), (answered,) = (
        [block for block in _blocks(edition[lab], Box) if block.kind == "self-check"]
        for edition in (student, instructor)
    )
    assert asked == msgspec.structs.replace(answered, answers=None)
    questions, answers = (
        re.findall(r"^(?:- |\d\. )\S", text, re.MULTILINE) for text in (asked.blocks[-1].markdown, answered.answers)
    )
    assert len(questions) == len(answers) >= 3


@pytest.mark.parametrize("lab", ALL)
def test_each_lab_has_three_questions_for_oneself(editions, lab):
    _, student, _ = editions
    (box,) = (block for block in _blocks(student[lab], Box) if block.kind == "self-check")
    questions = [
        line
        for part in box.blocks
        if isinstance(part, Prose)
        for line in part.markdown.splitlines()
        if re.match(r"(- |\d+\. )", line)
    ]
    assert len(questions) >= 3
    assert all("?" in question or "？" in question for question in questions)


@pytest.mark.parametrize("lab", ALL)
def test_the_marking_scheme_adds_up_and_is_the_instructors_alone(editions, lab):
    language, student, instructor = editions
    caption = Words(language)("labs.marking_caption")
    assert not [table for table in _blocks(student[lab], Table) if table.caption == caption]
    (scheme,) = (table for table in _blocks(instructor[lab], Table) if table.caption == caption)
    points = [exercise.points for exercise in _blocks(instructor[lab], Exercise)]
    assert list(map(int, scheme.rows[0][1:])) == [*points, sum(points)]


@pytest.mark.parametrize("lab", ALL)
def test_no_line_of_code_in_an_exercise_is_broken_on_paper(editions, lab):
    _, _, instructor = editions
    for exercise in _blocks(instructor[lab], Exercise):
        widths = (exercise.task, CODE_WIDTH), (exercise.hint, CODE_WIDTH), (exercise.solution or "", SOLUTION_WIDTH)
        for text, width in widths:
            for code in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
                assert max(map(len, code.splitlines())) <= width, exercise.id


def test_on_paper_the_student_has_lines_to_write_on_and_the_instructor_solutions():
    for edition, form in (("student", "exercises"), ("instructor", "solutions")):
        whole = built([hand_result("workflow")], "en", Configuration(edition=edition)).report
        markup = pdf.html(whole, source_date=MOMENT)
        alone = built([hand_result("workflow")], "en", override(Configuration(), form=form)).report
        text = "".join(pdf_text.pages(pdf.pdf(alone, source_date=MOMENT)))
        lines = sum(exercise.answer_lines for exercise in _blocks(whole.chapters[0], Exercise))
        solutions = len(_blocks(whole.chapters[0], Exercise))
        found = re.search(r'<div class="answer"[^>]*>((?:<div></div>)+)', markup)
        if edition == "student":
            assert lines >= 15
            assert found
            assert "Marking scheme" not in text + markup
            assert markup.count("<div></div>") == lines + 2, "two lines are for a check of oneself"
        else:
            assert lines == 0
            assert found is None
            assert "<div></div>" not in markup
            assert "Marking" in text
            assert "Marking scheme" in markup
            assert text.count("Solution") >= solutions
            assert markup.count("Solution") >= solutions
