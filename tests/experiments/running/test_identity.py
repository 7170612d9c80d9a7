"""The key of a run: it changes with every input, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labreport.experiments import registry
from labreport.experiments.errors import LabError
from labreport.experiments.result import DataFile
from labreport.experiments.running import identity

FILES = (DataFile(name="a.npz", sha256="0" * 64),)
SETTINGS = {"units": 16, "learning_rate": 0.001}


@pytest.fixture
def lab_file(tmp_path: Path) -> Path:
    file = tmp_path / "own.py"
    file.write_text("from labreport.experiments.training import fit\n")
    return file


def parts(lab_file: Path, **changed: Any) -> dict[str, str]:
    given: dict[str, Any] = {"settings": SETTINGS, "files": FILES, "seeds": (0, 1), "profile": "full", **changed}
    profile = given.pop("profile")
    return identity.key_parts(lab_file, *given.values(), profile=profile)


def test_the_parts_name_every_input(lab_file):
    found = parts(lab_file)
    assert list(found) == ["lab", "engine", "settings", "data", "seeds", "profile", "keras", "tensorflow", "numpy"]
    assert found["settings"] == '{"learning_rate": 0.001, "units": 16}'
    assert found["data"] == f"a.npz:{'0' * 64}"
    assert found["seeds"] == "0,1"
    assert found["keras"].startswith("3.")


def test_the_same_inputs_give_the_same_key_in_any_order_of_settings(lab_file):
    turned = dict(reversed(SETTINGS.items()))
    assert identity.key(parts(lab_file)) == identity.key(parts(lab_file, settings=turned))
    assert len(identity.key(parts(lab_file))) == 64


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("settings", {"settings": {**SETTINGS, "units": 17}}),
        ("data", {"files": ()}),
        ("seeds", {"seeds": (1, 0)}),
        ("profile", {"profile": "quick"}),
    ],
)
def test_each_input_changes_the_key_and_is_named(lab_file, part, changed):
    old, new = parts(lab_file), parts(lab_file, **changed)
    assert identity.changed_parts(old, new) == (part,)
    assert identity.key(old) != identity.key(new)


def test_the_source_of_the_lab_and_of_what_it_imports_are_inputs(lab_file):
    old = parts(lab_file)
    lab_file.write_text("from labreport.experiments.training import fit\n# a remark\n")
    assert identity.changed_parts(old, parts(lab_file)) == ("lab",)
    lab_file.write_text("from labreport.experiments import selection\n")
    assert identity.changed_parts(old, parts(lab_file)) == ("lab", "engine")


def test_a_version_that_was_not_recorded_counts_as_changed():
    assert identity.changed_parts({"a": "1", "old": "x"}, {"a": "2", "b": "3"}) == ("a", "b", "old")


def test_the_engine_is_every_module_that_a_lab_uses_directly_or_through_others():
    names = {
        path.relative_to(identity.PACKAGE).as_posix() for path in identity.engine_files(registry.source_file("boston"))
    }
    assert {"training/stack.py", "training/__init__.py", "selection.py", "lab.py", "procedure.py"} <= names
    assert not names & {"boston.py", "imdb.py", "runner.py", "registry.py", "identity.py", "provenance.py"}


def test_a_package_that_is_missing_has_the_version_none():
    assert identity.package_version("no-such-package-anywhere") == "none"


def test_a_source_that_is_not_python_is_refused(lab_file):
    lab_file.write_text("def (")
    with pytest.raises(LabError, match=r"own\.py is no readable Python source"):
        parts(lab_file)
