"""What a note marks as slides: their titles, what is spoken, and the marks of their claims."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers.hand_results import FURTHER, LABS, hand_result

from labreport import experiments
from labreport.report.chapters import notes
from labreport.report.chapters.build import build
from labreport.report.configuration import Configuration
from labreport.report.document import first
from labreport.report.rendering import html
from labreport.report.rendering.slides import room

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
NOTE = """# A note

## First {#first}

Before. {{ claim("mismatch_refused") }}

:::slide
- {{ claim("mismatch_refused") }}

[](#figure-directed-graph)
:::

Between.

:::slide
### A title of its own
Seen.
:::

:::caution
Behind.
:::

:::figure directed-graph
A graph. More of it.
:::
"""


def _built(tmp_path, note):
    (tmp_path / "en").mkdir(exist_ok=True)
    (tmp_path / "en" / "workflow.md").write_text(note)
    return build([hand_result("workflow")], "en", Configuration(notes=tmp_path), moment=MOMENT, version="1")


def test_a_slide_has_the_title_of_its_section_or_one_of_its_own_and_the_text_before_it_is_spoken(tmp_path):
    built = _built(tmp_path, NOTE)
    assert built.problems == ()
    (chapter,) = (one for one in built.report.chapters if one.id == "workflow")
    assert [slide.title for slide in chapter.slides] == ["First", "A title of its own"]
    spoken = [[first(block.markdown) for block in slide.blocks[-1].blocks] for slide in chapter.slides]
    assert spoken[0][0].startswith("Before.")
    assert spoken[1] == ["Between.", "Behind."]
    assert chapter.sections[0].blocks[0].markdown.startswith("Before.")
    page = html.html(built.report)
    assert "Seen." not in page
    assert "A title of its own" not in page


def test_a_claim_is_marked_where_the_text_makes_it_first_and_on_each_slide(tmp_path):
    twice = NOTE.replace("Between.", 'Between. {{ claim("mismatch_refused") }}')
    (chapter,) = (one for one in _built(tmp_path, twice).report.chapters if one.id == "workflow")
    marks = [first(block.markdown).count("-claim-mismatch_refused") for block in chapter.sections[0].blocks[:2]]
    assert marks == [1, 0]
    assert first(chapter.slides[0].blocks[0].markdown).count("-claim-mismatch_refused") == 1


@pytest.mark.parametrize(
    ("slide", "message"),
    [
        (":::slide name\nText.\n:::", "'slide' takes no name"),
        (":::slide\nText.\n", "'slide' is not closed"),
        (":::slide\n[](#figure-none)\n:::", "the link #figure-none leads nowhere"),
        (":::slide\nIn 3 steps.\n:::", "the number 3 is typed"),
    ],
)
def test_a_mistake_on_a_slide_is_named(tmp_path, slide, message):
    (problem, *_) = _built(tmp_path, f"# A note\n\n## One {{#one}}\n\nText.\n\n{slide}\n").problems
    assert message in problem


@pytest.mark.parametrize("lab", [*LABS, *FURTHER])
def test_no_line_of_source_that_a_slide_of_a_shipped_lab_shows_is_broken(lab):
    text = notes.source("en", lab)[0]
    shown = "".join(re.findall(r"^:::slide\n(.*?)^:::$", text, re.M | re.S)) or text
    kinds = {"listing": ("", "plain_", "example_"), "example": ("example_",)}
    named = {
        start + name
        for kind, starts in kinds.items()
        for name in re.findall(rf"#{kind}-(\w+)", shown)
        for start in starts
    }
    module = Path(experiments.__file__).parent / f"{lab}.py"
    source = module.read_text("utf-8")
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name in named]
    for function in functions:
        code = ast.get_source_segment(source, function) or ""
        lines = code.split("\n")
        indented = 4 if function.name.startswith("example_") else 0
        assert max(len(line) - indented for line in lines[bool(indented) :]) <= room.CODE_CHARACTERS, function.name
    assert functions or lab in ("tensors", "workflow", "convolution", "boston")
