"""Making pages smaller changes nothing that is seen."""

from __future__ import annotations

import re

import pytest
from sample_report import curve

from report import slim

STROKE = '<path d="M1 2L3 4" stroke="#1f4e8c" stroke-linejoin="miter" fill="none"/>'


def drawing(*parts: str) -> str:
    return f'<svg viewBox="0 0 9 9" width="9">{"".join(parts)}</svg>'


@pytest.mark.parametrize(
    ("path", "shorter"),
    [
        ("M22.68 144.57l150.23 0", "M22.7 144.6h150.2"),
        ("M109.06 144.57l0-119.06", "M109.1 144.6v-119.1"),
        ("M0 0L10 0L10 5L0 5z", "M0 0h10v5h-10z"),
        ("M0 0l.04 1l.04 1l.04 1", "M0 0v1l.1 1v1"),
        ("M1 1C1.11 2 3 4 5.55 6z", "M1 1C1.1 2 3 4 5.6 6z"),
        ("M0.5 0.5l1.5 2.5 1 1", "M.5 .5l1.5 2.5 1 1"),
        ("M1 1H5.55", "M1 1H5.55"),
        ("m1 1a2 2 0 0 1 3.33 3", "m1 1a2 2 0 0 1 3.33 3"),
    ],
)
def test_paths_are_rounded_without_adding_up_errors(path, shorter):
    assert slim.coarser(path) == shorter


def test_strokes_that_look_alike_share_one_class_and_have_one_class_attribute():
    page, rules, dark = slim.slim_drawings(drawing(*[STROKE] * 8))
    assert page.count("class=") == 8
    assert not re.search(r"<[^>]*class=[^>]*class=", page)
    assert "stroke" not in page
    assert rules == "svg .v0{fill:none;stroke:#1f4e8c;stroke-linejoin:miter}\n"
    assert dark.startswith("svg .v0{stroke:#")


def test_attributes_that_few_share_stay():
    page, rules, _ = slim.slim_drawings(drawing(STROKE))
    assert "stroke=#1f4e8c" in page
    assert rules.strip() == ""


def test_a_paint_from_a_definition_is_no_class():
    clipped = '<path d="M1 2L3 4" fill="url(#a)"/>'
    page, rules, _ = slim.slim_drawings(drawing(*[clipped] * 9))
    assert page.count('fill="url(#a)"') == 9
    assert rules.strip() == ""


def test_definitions_that_drawings_have_in_common_are_there_once():
    def marked(id_: str) -> str:
        return drawing(f'<defs><path id="{id_}" d="M0 1L2 3"/></defs><use x="1" y="2" href="#{id_}"/>')

    page, _, _ = slim.slim_drawings(marked("i1") + marked("i2"))
    assert page.count("<defs>") == 1
    assert page.count("href=#i1") == 2


def test_what_a_drawing_shows_is_still_there():
    page, _, _ = slim.slim_drawings(curve("验证"))
    assert page.count("<text") == curve("验证").count("<text")
    assert ">验证</text>" in page
    assert 'clip-path="url(#clip-1)"' in page
    assert "id=clip-1" in page


def test_a_bare_value_never_swallows_the_slash():
    page, _, _ = slim.slim_drawings(drawing('<use x="1" href="#a"/>', '<use y="2.55"/>'))
    assert "href=#a />" in page
    assert "y=2.5 />" in page


def test_styles_lose_their_blanks_and_nothing_else():
    styles = '.a > b, c:hover { margin: 0 auto; color: red; }\n.d::after { content: "· "; }\n'
    assert slim.compact(styles) == '.a > b,c:hover{margin:0 auto;color:red}\n.d::after{content:"· "}\n'
