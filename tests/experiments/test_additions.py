"""What a lab defines for its own notes: found in its file and beside it, never colliding, never imported in vain."""

from __future__ import annotations

import pytest

from labreport.experiments.definitions import claim, figure, lacking
from labreport.experiments.errors import LabError
from labreport.experiments.registry import additions
from labreport.experiments.result import Series

DEFINES = """
import labreport

@labreport.{kind}({given})
def {name}(result, *words):
    return None
"""


def lab(folder, **files):
    """Lay files beside a lab and return the lab's file."""
    for name, text in {"lab": "", **files}.items():
        (folder / f"{name}.py").write_text(text)
    return folder / "lab.py"


def defines(kind, name, given=""):
    """The source of a file that defines one thing."""
    return DEFINES.format(kind=kind, name=name, given=given)


def test_definitions_are_found_in_the_lab_and_in_the_files_beside_it(tmp_path):
    path = lab(
        tmp_path, lab=defines("claim", "mine"), figures=defines("figure", "two_words"), tables="import labreport"
    )
    found = additions.of("lab", path)
    assert list(found.claims) == ["mine"]
    assert list(found.figures) == ["two-words"]
    assert [file.name for file in found.files] == ["lab.py", "figures.py"]
    assert not found.problem


def test_a_file_that_defines_nothing_is_not_executed(tmp_path):
    path = lab(tmp_path, lab="import labreport\nraise SystemExit(3)", claims="@claim\ndef f(): ...\n1 / 0")
    assert additions.of("lab", path) == additions.NOTHING


@pytest.mark.parametrize(("kind", "name"), [("figure", "loss"), ("claim", "overfits"), ("table", "scores")])
def test_a_shipped_name_can_not_be_taken_and_the_error_names_both(tmp_path, kind, name):
    found = additions.of("wine", lab(tmp_path, figures=defines(kind, name)))
    assert found.problem == (
        f"The {kind} {name!r} of wine (figures.py) has the name of one of labreport; choose another."
    )


def test_two_files_of_a_lab_can_not_define_the_same_name(tmp_path):
    found = additions.of("wine", lab(tmp_path, lab=defines("claim", "mine"), claims=defines("claim", "mine")))
    assert "'mine' of wine (claims.py) has the name of one of lab.py" in found.problem


def test_what_is_only_imported_is_not_a_definition_of_the_lab(tmp_path):
    source = "from labreport.report.figures.curves import loss\n" + defines("figure", "mine")
    assert list(additions.of("wine", lab(tmp_path, figures=source)).figures) == ["mine"]


def test_a_lab_whose_source_is_gone_or_broken_has_a_problem_instead(tmp_path):
    assert "no such file" in additions.of("wine", tmp_path / "lab.py").problem
    assert "Unknown lab 'wine'" in additions.of("wine").problem
    broken = additions.of("wine", lab(tmp_path, figures=defines("figure", "mine") + "\n1 / 0"))
    assert "figures.py" in broken.problem
    assert "ZeroDivisionError" in broken.problem


def test_labs_that_are_shipped_define_nothing_and_are_not_imported():
    assert additions.of("imdb") == additions.NOTHING


def test_a_claim_without_the_words_of_a_verdict_is_refused():
    with pytest.raises(LabError, match="The claim 'rises' lacks a text for some, unknown in en"):
        claim("rises", en={"true": "yes", "false": "no"})(lambda result: None)


def test_a_need_that_no_run_can_meet_is_refused():
    with pytest.raises(LabError, match=r"'map' needs 'serie.x', which is not a part of a run; there are .*series"):
        figure("map", needs=("serie.x",))(lambda result, words: None)


def test_needs_are_parts_of_a_run_or_named_entries_in_them():
    from helpers.hand_results import hand_result

    run = hand_result("imdb", series=(Series(name="x", values=(1.0,)),))
    needs = ("series.x", "series.y", "trainings.selection", "folds", "settings.epochs", "settings.none", "data")
    assert lacking(run, needs) == ["series.y", "folds", "settings.none"]
