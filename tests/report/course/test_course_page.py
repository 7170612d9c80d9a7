"""The page about courses: its commands run in their order, and what it says of the files and keys is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import msgspec
import pytest
from helpers.places import ROOT

from labreport.report.cli import main
from labreport.report.course.marking import mark
from labreport.report.course.plan import CourseFile
from labreport.report.rendering.answers import ExpectedAnswer

PAGE = (ROOT / "docs" / "course.md").read_text("utf-8")
SHORT = {
    'forms = ["sheet", "chapter", "exercises"]': 'forms = ["exercises"]',
    'to = ["pdf", "html"]': 'to = ["html"]',
    "slides = true": "slides = false",
    "notebooks = true": "notebooks = false",
    'lms = ["moodle", "qti"]': "lms = []",
    "variants = 5": "variants = 0",
}
"""What is left out of the new course here, so that the test takes seconds."""


def test_the_commands_of_the_page_make_a_course_whose_answers_are_marked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines():
        words = shlex.split(line)
        if words[0] == "cd":
            monkeypatch.chdir(Path.cwd() / words[1])
            file = Path("course.toml")
            text = file.read_text("utf-8")
            for usual, short in SHORT.items():
                assert usual in text
                text = text.replace(usual, short)
            file.write_text(text, "utf-8")
            continue
        more = ["--profile", "quick", "--lang", "en"] if words[1] == "build" else []
        assert main([*words[1:], *more]) == 0, capsys.readouterr().err
    assert {path.name for path in Path("autumn").iterdir()} >= {"index.html", "own", "autumn-students.zip"}
    (grade,) = re.findall(r"^labreport (grade .*)$", PAGE, re.MULTILINE)
    Path("answers.csv").write_text("id,1.9a\n1001,12\n")
    assert main(shlex.split(grade)) == 0, capsys.readouterr().err
    assert "is off by" in capsys.readouterr().out


def test_the_page_lists_every_key_of_the_file():
    table = PAGE.partition("## course.toml")[2].partition("\n## ")[0]
    listed = set(
        re.findall(
            r"`([a-z_]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
        )
    )
    assert listed == {field.name for field in msgspec.structs.fields(CourseFile)}


@pytest.mark.parametrize("given", ["93.75", "93,75 %", "９３.７５％", "0.9375"])
def test_a_percentage_is_read_as_the_page_says(given):
    assert f"`{given}`" in PAGE
    assert _right(given, 93.75, "%")


@pytest.mark.parametrize("given", ["1486848", "1 486 848", "1,486,848", "1.486848e6", "1.486848×10⁶"])
def test_a_count_is_read_as_the_page_says(given):
    assert f"`{given}`" in PAGE
    assert _right(given, 1486848, "")


def _right(given: str, value: float, unit: str) -> bool:
    expected = ExpectedAnswer(
        exercise="a", number="1.1", value=value, tolerance=0.0, unit=unit, points=1.0, shown=str(value)
    )
    return mark(expected, given).judgement == "right"
