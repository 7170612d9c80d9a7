"""The plan of the rooms, kept: imports run one way, light commands stay light, files stay readable."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from helpers.hand_results import hand_result
from helpers.places import ROOT
from rooms import house

from labreport.experiments import registry
from labreport.report.cli import main
from labreport.report.store.runs import Store

HEAVY = ("tensorflow", "keras", "matplotlib", "weasyprint", "scipy")
SHARED_NAMES = {"Settings", "Listing", "Example", "Text"}
"""Each lab has its `Settings`; a listing, an example and a text are stored, and placed on a page by that name."""
BARE = ("experiments", "report", "templates")


def _sources(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if ".venv" not in path.parts)


@cache
def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_everything_is_imported_under_one_name():
    for folder in (*BARE, "tests", "docs"):
        for path in _sources(folder):
            assert not {name for name in _imports(path) if name.split(".")[0] in BARE}, path


def test_experiments_never_import_the_report():
    for path in _sources("experiments"):
        assert not {name for name in _imports(path) if name.startswith(("labreport.report", "labreport.templates"))}, (
            path
        )


def test_only_the_execution_runs_labs():
    for path in _sources("report"):
        for name in _imports(path):
            if name.startswith("labreport.experiments.running.runner"):
                assert path.name == "execution.py", path


@pytest.mark.parametrize(("folder", "most"), [("report", 22), ("experiments", 16)])
def test_the_rooms_are_few_and_no_way_leads_back_into_a_room(folder, most):
    counted = house(folder)
    assert not counted.circles()
    # A lab is a room that no other room reads: a reader of the plan passes it by, so labs may be as many as there are.
    assert len(counted.rooms - _labs()) <= most


def test_no_other_room_reads_a_lab_and_every_lab_that_is_shipped_stands_on_their_floor():
    assert not {(above, below) for above, below in house("experiments").arrows if below in _labs()}
    assert _labs() == set(registry.BOOK)


def _labs() -> set[str]:
    """Return the rooms on the floor of the labs, as the contract in pyproject.toml lists them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (floors,) = (each["layers"] for each in contracts if each.get("containers") == ["labreport.experiments"])
    (labs,) = (floor for floor in floors if "mnist" in floor)
    return set(labs.split(" | "))


def test_every_type_name_means_one_thing():
    homes: dict[str, list[str]] = {}
    for folder in ("experiments", "report", "labreport"):
        for path in _sources(folder):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    homes.setdefault(node.name, []).append(str(path))
                elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    name = node.targets[0].id
                    if name[0].isupper() and not name.isupper():
                        homes.setdefault(name, []).append(str(path))
    assert {name for name, places in homes.items() if len(places) > 1} == SHARED_NAMES


def test_no_file_is_longer_than_can_be_read_in_one_sitting():
    for folder in ("experiments", "report", "tests", "templates"):
        for path in _sources(folder):
            assert len(path.read_text("utf-8").splitlines()) <= 400, path


def test_no_file_is_called_utilities():
    assert not [path for folder in ("experiments", "report") for path in _sources(folder) if "util" in path.stem]


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], (*HEAVY, "numpy", "jinja2", "msgspec", "rich")),
        (["list"], (*HEAVY, "numpy", "jinja2", "labreport.experiments.registry")),
        (["show", "imdb"], (*HEAVY, "numpy")),
        (["schema"], HEAVY),
        (["render", "--help"], ("tensorflow", "keras", "weasyprint", "matplotlib")),
        (["compare", "--help"], ("tensorflow", "keras", "weasyprint", "matplotlib")),
        (["status"], ("tensorflow", "keras", "weasyprint", "matplotlib")),
    ],
)
def test_a_light_command_loads_nothing_heavy(arguments, forbidden, tmp_path):
    program = (
        "import sys; from labreport.report.cli import main; code = main(sys.argv[1:]);"
        f"print('LOADED', [name for name in {forbidden!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "LOADED []" in done.stdout, done.stdout + done.stderr


@pytest.mark.remembering
def test_a_report_whose_figures_were_drawn_before_is_made_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Store(tmp_path / "runs").save(hand_result("tensors"))
    words = ["render", "tensors", "--lang", "en", "--to", "html", "-q", "--force"]
    assert main(words) == 0
    program = (
        "import sys; from labreport.report.cli import main; main(sys.argv[1:]); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False", done.stderr
    assert (tmp_path / "reports" / "labreport-en.html").is_file()


def test_importing_labreport_loads_nothing_of_others():
    program = "import sys; before = set(sys.modules); import labreport; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['labreport']"


def test_the_public_names_are_looked_up_where_they_live():
    import labreport

    listed = {name for names in labreport._HOMES.values() for name in names}
    assert set(labreport.__all__) == {"__version__", "report", *listed}
    assert set(labreport.__all__) <= set(dir(labreport))
    assert all(getattr(labreport, name) is not None for name in labreport.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = labreport.nothing


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "labreport", "--version"], capture_output=True, text=True, check=True)
    import labreport

    assert done.stdout.split()[-1] == labreport.__version__


def test_the_contracts_on_imports_hold():
    """The floors of the rooms stand in pyproject.toml, every room on one of them."""
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_tracked_file_names_a_path_of_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    words = ("/" + "work/main", "/" + "root/", "/" + "home/")
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".j2", ".css", ".yml", "") and path.is_file():
            text = path.read_text("utf-8")
            assert not [word for word in words if word in text and path.name != "test_provenance.py"], name


READERS = {
    "experiments/data/download.py": "what was just downloaded",
    "experiments/recording/observed.py": "what a process of ours wrote",
    "experiments/recording/watching/process.py": "the script that is run",
    "experiments/system/reading.py": "the reader",
}
"""Modules that read files by themselves, and which those are."""


def test_files_of_others_are_read_by_the_one_reader_that_refuses_what_is_not_a_file():
    for folder in ("experiments", "report"):
        for path in _sources(folder):
            text = path.read_text("utf-8")
            # Files of this distribution are read by their own ways.
            if path.relative_to(ROOT).as_posix() in READERS or "resources." in text:
                continue
            calls = [line.strip() for line in text.splitlines() if ".read_bytes(" in line or ".read_text(" in line]
            assert [call for call in calls if "stream." not in call and "/proc" not in call] == [], path
