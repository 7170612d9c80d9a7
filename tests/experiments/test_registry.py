"""Labs by name, by entry point and by file; nothing heavy is imported to find them."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from importlib.metadata import PathDistribution

import pytest
from helpers.places import ROOT

from labreport.experiments import plugins, registry
from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session
from labreport.experiments.registry import UnknownLabError
from labreport.experiments.running.task import perform

OWN_LAB = """
from dataclasses import dataclass

TITLE, VERSION = "Own lab", 2

@dataclass(frozen=True, kw_only=True)
class Settings:
    size: int = 3

def introduce(settings, dataset, session):
    session.measure("size", settings.size)
"""


def test_the_labs_stand_in_the_order_of_the_book():
    assert registry.names()[:6] == ("tensors", "workflow", "mnist", "imdb", "reuters", "boston")


@pytest.mark.parametrize("name", registry.BOOK)
def test_every_lab_of_the_package_has_all_its_parts(name):
    lab = registry.load(name)
    assert lab.name == name
    assert lab.title
    assert lab.version == "1"
    assert lab.file.name == f"{name}.py"
    assert registry.dataset_name(lab, lab.settings()) == lab.dataset


def test_the_setting_dataset_chooses_the_data():
    lab = registry.load("boston")
    assert registry.dataset_name(lab, lab.settings(dataset="california_housing")) == "california_housing"


def test_a_lab_that_was_written_over_in_the_same_second_is_the_new_one(tmp_path):
    for module, text in (
        ("own.py", f"import beside, inner.deep\n{OWN_LAB}"),
        ("beside.py", ""),
        ("inner/__init__.py", ""),
    ):
        (tmp_path / module).parent.mkdir(exist_ok=True)
        (tmp_path / module).write_text(text)
    script = (
        "from pathlib import Path; from labreport.experiments import registry\n"
        "lab = registry.load('own', Path('own.py'))\n"
        "print(lab.settings().size, lab.home.modules['inner.deep'].DEPTH)"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for size in (3, 4):  # one digit: the same size, and the same time
        (tmp_path / "own.py").write_text((tmp_path / "own.py").read_text().replace("= 3", f"= {size}"))
        (tmp_path / "inner" / "deep.py").write_text(f"DEPTH = {size}\n")
        for path in (tmp_path / "own.py", tmp_path / "inner" / "deep.py"):
            os.utime(path, (1e9, 1e9))
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
        )
        assert done.stdout == f"{size} {size}\n", done.stderr
    assert not list(tmp_path.rglob("__pycache__"))


def test_finding_and_importing_labs_imports_nothing_heavy():
    script = (
        "import sys; from labreport.experiments import registry, settings, selection\n"
        "from labreport.experiments.running import identity\n"
        "for name in registry.names(): registry.load(name)\n"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_an_unknown_lab_is_refused_with_the_nearest_and_the_known():
    with pytest.raises(UnknownLabError, match=r"Unknown lab 'minst'\. Did you mean 'mnist'\? Known: tensors, workflow"):
        registry.load("minst")


def test_a_lab_is_loaded_from_its_file_under_a_private_name(tmp_path):
    file = tmp_path / "json.py"  # the name of a module of Python
    file.write_text(OWN_LAB)
    lab = registry.load("own", file)
    assert (lab.title, lab.version, lab.dataset, lab.settings().size) == ("Own lab", "2", None, 3)
    assert lab.file == file.resolve()
    assert "loads" in dir(sys.modules["json"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("TITLE = 'x'", "lacks VERSION, introduce or train"),
        (OWN_LAB.replace("@dataclass(frozen=True, kw_only=True)", ""), "not a dataclass"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def (", "SyntaxError"),
        ("class Odd(BaseException): pass\nraise Odd('boo')", "Odd: boo"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd", "Odd"),
        (OWN_LAB + "Settings = Settings()", "not a dataclass"),
        (OWN_LAB + "TITLE = 3", "a TITLE that is not a text"),
        (OWN_LAB + "DATASET = ['mnist']", "a DATASET that is not the name of a data set"),
        (OWN_LAB + "DATA = 'points.csv'", "a DATA that is not made by labreport.files"),
        (OWN_LAB + "QUICK = [1]", "a QUICK that is not a table of settings"),
        (OWN_LAB + "train = 3", "a train that is not a function"),
        (OWN_LAB.replace("size: int = 3", "size: list[int] = None"), "The setting size is declared as list"),
        (OWN_LAB.replace("size: int = 3", "size: int"), "The setting size needs a default"),
    ],
)
def test_a_file_that_is_no_lab_is_refused(tmp_path, source, message):
    file = tmp_path / "own.py"
    file.write_text(source)
    with pytest.raises(LabError, match=message):
        registry.load("own", file)
    assert not any("_labreport_lab" in name for name in sys.modules if name.endswith("own"))


def test_a_missing_file_and_one_that_is_not_python_are_refused(tmp_path):
    with pytest.raises(LabError, match="no such file"):
        registry.load("own", tmp_path / "gone.py")
    text = tmp_path / "lab.txt"
    text.write_text("hello")
    with pytest.raises(LabError, match="not a Python file"):
        registry.load("own", text)


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """Another distribution that offers labs: one in a package, one that takes our name, and two that are none."""
    folder = tmp_path / "zoo-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo\nVersion: 1\n")
    (folder / "entry_points.txt").write_text(
        "[labreport.labs]\nzoo = zoo.labs.apes\nmnist = zoo.labs.apes\ngone = nowhere.at.all\nodd = zoo.labs:ODD\n"
    )
    labs = tmp_path / "zoo" / "labs"
    labs.mkdir(parents=True)
    (labs.parent / "__init__.py").write_text("")
    (labs / "__init__.py").write_text("ODD = 3\n")
    (labs / "help.py").write_text("MORE = 1\n")
    (labs / "apes.py").write_text("from .help import MORE\n" + OWN_LAB)
    monkeypatch.syspath_prepend(tmp_path)
    plugins.forget()
    yield labs
    plugins.forget()
    for name in [name for name in sys.modules if name.partition(".")[0] == "zoo"]:
        del sys.modules[name]


def test_labs_of_other_packages_come_by_entry_point_and_cannot_replace_ours(zoo):
    assert registry.names() == (*registry.BOOK, "gone", "odd", "zoo")
    assert registry.load("zoo").title == "Own lab"
    assert registry.load("mnist").dataset == "mnist"
    with pytest.raises(LabError, match=r"gone.* can't be imported from nowhere"):
        registry.load("gone")
    with pytest.raises(LabError, match="should be a module"):
        registry.load("odd")


def test_a_lab_imports_from_its_own_folder_and_leaves_nothing_behind(tmp_path):
    labs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helper.py").write_text(f"WORD = {name!r}\n")
        (tmp_path / name / "parts").mkdir()
        (tmp_path / name / "parts" / "late.py").write_text("from helper import WORD\nLATE = WORD\n")
        file = tmp_path / name / "lab.py"
        file.write_text(
            OWN_LAB.replace("TITLE", "import helper\nTITLE", 1)
            + "    import parts.late\n    session.measure(helper.WORD + parts.late.LATE, 1)\n"
        )
        labs.append(registry.load(name, file))
    before = list(sys.path), list(sys.meta_path)
    for lab in (*labs, *labs):
        part = perform(lab, lab.settings(), None, Session())
        assert [item.name for item in part.findings.measures] == ["size", lab.name * 2]
    assert (sys.path, sys.meta_path) == before
    assert not [
        name for name in sys.modules if name.partition(".")[0] in ("helper", "parts") or "_labreport_lab" in name
    ]


def test_a_lab_shares_modules_with_the_program_that_runs_it(tmp_path, monkeypatch):
    (tmp_path / "shared_by_both.py").write_text("COUNT = []\n")
    monkeypatch.syspath_prepend(tmp_path)
    shared = importlib.import_module("shared_by_both")
    (tmp_path / "lab.py").write_text("import shared_by_both\nshared_by_both.COUNT.append(1)\n" + OWN_LAB)
    registry.load("own", tmp_path / "lab.py")
    assert shared.COUNT == [1]
    assert sys.modules.pop("shared_by_both") is shared


def test_what_a_lab_says_when_it_cannot_be_imported_is_cut_short(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("raise ValueError('a' * 100_000 + '\\n' * 1000)")
    with pytest.raises(LabError, match="ValueError: aaa") as caught:
        registry.load("own", file)
    assert len(str(caught.value)) < 2000


def test_a_lab_that_prints_while_it_is_imported_leaves_standard_output_alone(tmp_path, capfd):
    file = tmp_path / "own.py"
    file.write_text("import os\nprint('Python')\nos.system('echo shell')\n" + OWN_LAB)
    registry.load("own", file)
    told = capfd.readouterr()
    assert told.out == ""
    assert "Python" in told.err
    assert "shell" in told.err


def test_a_setting_dataset_that_is_no_name_is_refused(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(OWN_LAB.replace("size: int", "dataset: int"))
    lab = registry.load("own", file)
    with pytest.raises(LabError, match="must be the name of a data set, not 3"):
        registry.dataset_name(lab, lab.settings())


def test_names_that_are_known_are_answered_without_another_look_at_a_distribution(monkeypatch):
    figures = plugins.Registry("figure", "labreport.figures")
    known = figures.names()
    monkeypatch.setattr(PathDistribution, "read_text", lambda *_: pytest.fail("what is installed was read again"))
    assert figures.names() == known
    assert figures.knows("network-selection")
    assert not figures.knows("nothing")
