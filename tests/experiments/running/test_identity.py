"""The key of a run: it changes with every input, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labreport.experiments import registry
from labreport.experiments.errors import LabError
from labreport.experiments.result import DataFile
from labreport.experiments.running import identity
from labreport.experiments.system.reading import text_hash

FILES = (DataFile(name="a.npz", sha256="0" * 64),)
SETTINGS = {"units": 16, "learning_rate": 0.001}


LAB = """
TITLE, VERSION = "Own lab", "1"
def introduce(settings, dataset, session):
    pass
"""


@pytest.fixture
def lab_file(tmp_path: Path) -> Path:
    file = tmp_path / "own.py"
    file.write_text("from labreport.experiments.training import fit\n" + LAB)
    return file


def parts(lab_file: Path, **changed: Any) -> dict[str, str]:
    given: dict[str, Any] = {"settings": SETTINGS, "files": FILES, "seeds": (0, 1), "profile": "full", **changed}
    profile = given.pop("profile")
    return identity.key_parts(registry.load("own", lab_file), *given.values(), profile=profile)


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
    lab_file.write_text(lab_file.read_text() + "# a remark\n")
    assert identity.changed_parts(old, parts(lab_file)) == ("lab",)
    lab_file.write_text("from labreport.experiments import selection\n" + LAB)
    assert identity.changed_parts(old, parts(lab_file)) == ("lab", "engine")


def test_a_version_that_was_not_recorded_counts_as_changed():
    assert identity.changed_parts({"a": "1", "old": "x"}, {"a": "2", "b": "3"}) == ("a", "b", "old")


def test_the_engine_is_every_module_that_a_lab_uses_directly_or_through_others():
    names = {path.relative_to(identity.PACKAGE).as_posix() for path in identity.used_files(registry.load("boston"))[1]}
    used = {"training/stack.py", "training/__init__.py", "selection.py", "lab/session.py", "procedure/__init__.py"}
    assert used <= names
    assert not names & {"boston.py", "imdb.py", "runner.py", "registry.py", "identity.py", "provenance.py"}


def test_a_package_that_is_missing_has_the_version_none():
    assert identity.package_version("no-such-package-anywhere") == "none"


def test_a_source_that_is_not_python_is_refused(lab_file):
    (lab_file.parent / "helper.py").write_text("def (")
    lab_file.write_text(LAB + "    import helper\n")
    with pytest.raises(LabError, match=r"helper\.py is not readable Python source"):
        parts(lab_file)


@pytest.mark.parametrize(
    "changed", ["helper.py", "package/__init__.py", "package/inner.py", "package/sibling.py", "space/late.py"]
)
def test_modules_of_its_own_that_a_lab_imports_are_inputs_wherever_it_imports_them(lab_file, changed):
    folder = lab_file.parent
    for name, text in {
        "helper.py": "import package.inner\n",
        "package/__init__.py": "",
        "package/inner.py": "from . import sibling\n",
        "package/sibling.py": "from ..nowhere import x\n",
        "space/late.py": "",
        "unused.py": "",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    lab_file.write_text(LAB + "    import helper\n    from space import late\n")
    old = parts(lab_file)
    (folder / "unused.py").write_text("# changed")
    assert parts(lab_file) == old
    with (folder / changed).open("a") as file:
        file.write("# changed\n")
    assert identity.changed_parts(old, parts(lab_file)) == ("lab",)


def test_the_line_ends_of_a_source_or_of_a_text_are_no_input(lab_file):
    (lab_file.parent / "helper.py").write_text("NUMBER = 1\n")
    lab_file.write_text("import helper\n" + LAB)
    old = parts(lab_file)
    for file in (lab_file, lab_file.parent / "helper.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert parts(lab_file) == old
    assert text_hash(b"1,2\r\n") == text_hash(b"1,2\n")
    assert text_hash(b"\0\r\n") != text_hash(b"\0\n")
    assert text_hash(b"\xff\r\n") != text_hash(b"\xff\n")
