"""Matrices of classes: each row and column has its name where names have room."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from labreport.report.figures import shades, style
from labreport.report.figures.style import POINTS_PER_MM, text_width
from labreport.report.words import Words

LONG = "the name of a class that has no room on paper "


@pytest.mark.parametrize(
    ("names", "written", "turned"),
    [
        (["0", "1", "2"], ["0", "1", "2"], False),
        (["aeroplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "lorry"], None, True),
        ([f"topic-{number}" for number in range(46)], None, True),
        ([f"kind {number}" for number in range(60)], [str(number) for number in range(0, 60, 5)], False),
        ([LONG + "m" * number for number in range(20)], ["0", "5", "10", "15"], False),
    ],
)
def test_the_classes_of_a_matrix_are_written_by_name_where_names_have_room(
    names: list[str], written: list[str] | None, turned: bool
) -> None:
    labels = shades.Labels.of(names)
    with style.settings():
        axes = Figure().add_subplot()
        labels.write(axes, Words("en"))
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == (written or names)
    assert {tick.get_rotation() for tick in axes.get_xticklabels()} == {90.0 if turned else 0.0}
    # Neither the lines at the left nor the words above run into each other.
    between, line = labels.side / len(labels.names) * labels.step, labels.size / POINTS_PER_MM
    assert max(line, line if turned else max(text_width(name, labels.size) for name in labels.names)) < between
