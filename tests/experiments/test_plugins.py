"""Registries: entries by name, imported when asked for, with the shipped ones through the same door."""

from __future__ import annotations

import sys

import pytest

from labreport.experiments import plugins
from labreport.experiments.plugins import PluginError, Registry


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """Two distributions: ours offers `square` and `broken`, another one `square` too, and `cube`."""
    for name, points in {
        "labreport": "square = shapes:SQUARE\nbroken = shapes:GONE\n",
        "zoo": "square = shapes:STOLEN\ncube = shapes:CUBE\n",
    }.items():
        folder = tmp_path / f"{name}-9.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9\n")
        (folder / "entry_points.txt").write_text(f"[labreport.shapes]\n{points}")
    (tmp_path / "shapes.py").write_text("SQUARE, STOLEN, CUBE = 'ours', 'stolen', 'theirs'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shapes", raising=False)
    plugins.forget()
    yield Registry("shape", "labreport.shapes", order=("square",))
    plugins.forget()


def test_what_is_shipped_comes_first_and_keeps_its_name(offered):
    assert offered.names() == ("square", "broken", "cube")
    assert offered.get("square") == "ours"
    assert offered.get("cube") == "theirs"


def test_nothing_is_imported_before_it_is_asked_for(offered):
    assert "cube" in offered
    assert offered.point("cube").value == "shapes:CUBE"
    assert "shapes" not in sys.modules


def test_an_unknown_entry_is_refused_with_the_nearest_and_the_known(offered):
    with pytest.raises(PluginError, match=r"Unknown shape 'cub'. Did you mean 'cube'\? Known: square, broken, cube"):
        offered.get("cub")


def test_an_entry_that_cannot_be_imported_names_its_distribution(offered):
    with pytest.raises(PluginError, match=r"The shape 'broken' of labreport can't be imported from shapes:GONE"):
        offered.get("broken")
