"""A course of one lab with a short note, made once for all tests that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.hand_labs import stored

from labreport.report.cli import main

NOTE = """# Short

Body {{ settings.video_batch }}.

## Tasks {#exercises}

:::exercise open-end 3 sentence
Explain $x^2$ and `code`, see [](#figure-descent):

1. first
2. second
:::

:::solution open-end
This sentence stands in the solution of the open exercise alone.
:::

:::exercise own 2 sum
{% set units = drawn("units", 4, 400, 4) %}
Take {{ units }} units.
:::

:::hint own
Think.
:::

:::solution own
Twice that is {{ answer(2 * units, part="a") }}, a tenth {{ answer(units / 10, part="b", unit="KB", digits=1) }}.
:::

:::figure descent
Look.
:::
"""
COURSE = """
name = "ml"
title = { zh = "机器学习", en = "Machine <learning>" }
labs = ["tensors"]
lang = ["en", "zh"]
forms = ["exercises"]
to = ["html", "pdf"]
slides = false
notebooks = false
variants = 2
roster = "class.csv"
hand_in = { en = "To *Anna*, room <7>.", zh = "交到七室。" }
[dates]
tensors = 2026-10-12
"""
ROSTER = 'name,学号,Group\n王珺,1,A\n\n"=HYPERLINK(""http://x"")",2,*B*\n../x,3,B\n'


def prepared(folder: Path) -> Path:
    """Write a run, notes in both languages, a course and a roster into a folder."""
    stored(folder, "tensors")
    for language in ("en", "zh"):
        (folder / "mine" / language).mkdir(parents=True)
        (folder / "mine" / language / "tensors.md").write_text(NOTE, "utf-8")
    (folder / "labreport.toml").write_text('notes = "mine"\n', "utf-8")
    (folder / "course.toml").write_text(COURSE, "utf-8")
    (folder / "class.csv").write_text(ROSTER, "utf-8")
    return folder


@pytest.fixture
def course_place(tmp_path, monkeypatch):
    """A folder in which a course can be made."""
    monkeypatch.chdir(tmp_path)
    return prepared(tmp_path)


@pytest.fixture(scope="package")
def made(tmp_path_factory):
    """The folder of a finished course; nothing may be changed in it."""
    home = prepared(tmp_path_factory.mktemp("course"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        assert main(["course", "-q"]) == 0
    return home / "ml"
