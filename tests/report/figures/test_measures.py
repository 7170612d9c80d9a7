"""Figures of decisions, probabilities, uneven classes and sequences, through their axes and what they say."""

from __future__ import annotations

import pytest
from helpers.hand_results import hand_result

from labreport.report.figures import measures, sequences
from labreport.report.figures.drawing import FigureError
from labreport.report.words import Words

EN = Words("en")


def test_recall_falls_over_the_threshold_and_the_chosen_one_is_marked():
    result = hand_result("metrics", seeds=(0,))
    chart = measures.thresholds(result, EN)
    (axes,) = chart.figure.axes
    recall = list(axes.lines[1].get_ydata())
    assert recall == sorted(recall, reverse=True)
    chosen = next(one.value for one in result.findings.measures if one.name == "threshold")
    assert [line.get_xdata()[0] for line in axes.lines[3:5]] == [0.5, chosen]


def test_the_roc_curve_runs_from_corner_to_corner():
    left, right = measures.ranking(hand_result("metrics", seeds=(0,)), EN).figure.axes
    curve = left.lines[1]
    assert (curve.get_xdata()[0], curve.get_ydata()[0]) == (0, 0)
    assert (curve.get_xdata()[-1], curve.get_ydata()[-1]) == (100, 100)
    assert right.lines[1].get_xdata()[-1] == 100


def test_recalls_are_drawn_without_and_with_weights():
    result = hand_result("uneven", seeds=(0,))
    (axes,) = measures.recall_size(result, EN).figure.axes
    plain, weighted = axes.lines
    assert len(plain.get_ydata()) == len(weighted.get_ydata()) == 46
    assert sum(weighted.get_ydata()) > sum(plain.get_ydata())
    with pytest.raises(FigureError, match="counts no answers"):
        measures.recall_size(hand_result("uneven", predictions=()), EN)


def test_the_padding_is_as_long_as_what_a_review_lacks():
    drawn = sequences.padding(hand_result("sequences"), EN)
    assert [row[1:] for row in drawn.rows[:5]] == [("107", "0"), ("68", "0"), ("52", "0"), ("24", "0"), ("0", "10")]
    assert "107 zeros" in drawn.alt
    assert drawn.svg.count(">false<") == 3


def test_a_word_is_shortened_to_its_cell():
    assert sequences._fitting("film", 20) == "film"
    short = sequences._fitting("extraordinarily", 8)
    assert short.endswith("…")
    assert len(short) < 9
