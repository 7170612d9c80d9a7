"""Everything is imported under one name: in the distributions, by the tools, beside a user's own code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pytest
from helpers.places import ROOT


def test_the_only_name_to_import_from_the_wheel_is_labreport(distributions):
    with zipfile.ZipFile(distributions[0]) as wheel:
        names = wheel.namelist()
        tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
        size = len(wheel.read("labreport/report/cli.py"))
    assert tops == {"labreport"}
    assert size == (ROOT / "report" / "cli.py").stat().st_size
    for needed in (
        "labreport/py.typed",
        "labreport/templates/css/paper.css",
        "labreport/templates/languages/zh/notes/imdb.md",
        "labreport/templates/scaffold/regression/lab.py",
    ):
        assert needed in names
    assert "labreport/experiments/data/samples/mnist-sample.npz" in names


def test_the_sdist_holds_real_files_and_nothing_else_to_import(distributions):
    with tarfile.open(distributions[1]) as archive:
        members = archive.getmembers()
    assert not [member.name for member in members if member.issym() or member.islnk()]
    modules = {member.name.split("/", 1)[1] for member in members if member.name.endswith(".py")}
    assert {module.split("/")[0] for module in modules} == {"labreport"}
    assert "labreport/experiments/imdb.py" in modules


LAB = '''
"""A lab beside the user's own packages of the same names."""
from dataclasses import dataclass
import helper
from labreport.experiments.lab import Session
TITLE, VERSION = "Own lab", "1"
@dataclass(frozen=True, kw_only=True)
class Settings:
    value: float = 0.25
    """A number."""
def train(settings, dataset, session: Session, seed) -> None:
    session.score("value", settings.value + helper.MORE, model="own", unit="share", direction="higher")
'''


def test_a_users_packages_of_the_same_names_and_labreport_live_side_by_side(fresh, tmp_path):
    for name in ("experiments", "report", "templates"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"OWN = {name!r}\n")
    (tmp_path / "labreport_lab.py").write_text(LAB)
    (tmp_path / "helper.py").write_text("MORE = 0.5\n")
    (tmp_path / "labreport.toml").write_text('[paths]\nown = "labreport_lab.py"\n')
    (tmp_path / "main.py").write_text(
        "import experiments, report, templates, labreport.report.cli\n"
        "assert (experiments.OWN, report.OWN, templates.OWN) == ('experiments', 'report', 'templates')\n"
        "raise SystemExit(labreport.report.cli.main(['run', 'own', 'tensors', '--data', 'sample']))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = partial(subprocess.run, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    done = run([fresh, "main.py"])
    assert done.returncode == 0, done.stdout + done.stderr
    shown = run([fresh, "-m", "labreport", "show", "own", "--json"])
    assert re.search(r'"value":\s*0\.75\b', shown.stdout), shown.stdout + shown.stderr


@pytest.fixture
def planted(tmp_path):
    """A checkout in small with the same settings, an error of types and an import the wrong way."""
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "labreport", tmp_path / "labreport", symlinks=True)
    for folder in ("experiments", "report", "templates"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("")
    (tmp_path / "labreport" / "__main__.py").write_text("")
    (tmp_path / "experiments" / "result.py").write_text('from labreport.report import cli\n\nNUMBER: int = "text"\n')
    (tmp_path / "report" / "cli.py").write_text("")
    return tmp_path


def test_the_check_of_types_sees_the_modules_behind_the_links(planted):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", "/dev/null"],
        cwd=planted,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"experiments.result\.py:3: error: Incompatible types in assignment", done.stdout), done.stdout


def test_the_contracts_on_imports_see_the_modules_behind_the_links(planted):
    command = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(planted)}
    text = (planted / "pyproject.toml").read_text("utf-8")
    # The contracts about rooms need all rooms; the one about the two houses needs none of them.
    kept = re.split(r"(?=\[\[tool\.importlinter\.contracts\]\])", text)
    (planted / "contracts.toml").write_text('[tool.importlinter]\nroot_packages = ["labreport"]\n\n' + kept[1])
    done = subprocess.run(
        [command, "--no-cache", "--config", "contracts.toml"],
        cwd=planted, capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    plain = re.sub(r"\x1b\[\d+m", "", done.stdout)  # before 2.6 it colours what no terminal shows
    assert "experiments never imports report BROKEN" in plain, done.stdout + done.stderr


def test_a_bare_name_is_refused_by_the_linter(tmp_path):
    (tmp_path / "wrong.py").write_text("from report import cli\nimport experiments\n\nprint(cli, experiments)\n")
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "check", "--no-cache", "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.count("TID251") == 2
