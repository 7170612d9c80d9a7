"""The words of a language, and the values that are put into them."""

from __future__ import annotations

import pytest

from labreport.report.words import Words


@pytest.mark.parametrize(
    ("metric", "axis"),
    [
        ("损失", "对损失的贡献"),
        ("MAE", "对 MAE 的贡献"),
        ("测试 MAE", "对测试 MAE 的贡献"),
        ("F1 分数", "对 F1 分数的贡献"),
        ("（MAE）", "对（MAE）的贡献"),
        ("Größe", "对 Größe 的贡献"),
        ("", "对的贡献"),
    ],
)
def test_a_latin_word_stands_apart_from_the_chinese_beside_it(metric, axis):
    assert Words("zh")("compare.explain_axis", metric=metric) == axis


def test_a_value_is_never_changed_inside():
    value = "{x}在a中"
    assert value in Words("zh")("compare.explain_axis", metric=value)


def test_in_english_nothing_is_set_apart():
    assert "的MAE" in Words("en")("compare.explain_axis", metric="的MAE")
