"""The cover says what its user wants in the user's order, and the date of the user's place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from helpers.hand_results import hand_result

from labreport.report.chapters.build import build
from labreport.report.configuration import load
from labreport.report.errors import UsageError
from labreport.report.rendering import html
from labreport.report.rendering.markdown import markdown

FACTS = '[["学院", "信息学院"], ["姓名", ""], ["学号", ""], ["成绩", ""]]'


def _report(folder, text, moment=datetime(2026, 1, 4, 23, 30, tzinfo=UTC)):
    (folder / "labreport.toml").write_text(text, "utf-8")
    configuration = load(folder, {})
    return build([hand_result("tensors")], "zh", configuration, moment=moment, version="1").report


def test_facts_of_any_name_stand_first_in_their_order(tmp_path):
    report = _report(tmp_path, f"cover = {FACTS}\n")
    assert report.cover.facts[:4] == (("学院", "信息学院"), ("姓名", ""), ("学号", ""), ("成绩", ""))


def test_an_empty_fact_is_a_line_to_write_on(tmp_path):
    report = _report(tmp_path, f"cover = {FACTS}\n")
    assert '<dt>姓名</dt><dd class="blank"></dd>' in html.html(report)
    assert "- 姓名：____" in markdown(report)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('cover = [["姓名"]]', "cover.* must be a list of pairs"),
        ('cover = "姓名"', "cover"),
        ('cover = {zh = [["a", ""]], en = []}', "as many facts in each language"),
        ('timezone = "Asia/Nowhere"', "there is no time zone 'Asia/Nowhere'; write one such as Asia/Shanghai"),
        ('timezone = "../../etc/passwd"', "there is no time zone"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        _report(tmp_path, text)


def test_the_date_is_that_of_the_time_zone(tmp_path):
    utc = _report(tmp_path, "")
    assert utc.date == "2026-01-04"
    assert "2026-01-04 UTC" in [value for _, value in utc.cover.facts]
    assert _report(tmp_path, 'timezone = "Asia/Shanghai"\n').date == "2026-01-05"
    assert "2026-01-05" in [value for _, value in _report(tmp_path, 'timezone = "Asia/Shanghai"\n').cover.facts]
