"""What the README says is true: its commands run, its tables name what there is, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.places import ROOT
from rooms import HOUSES, house

from labreport.report.cli import COMMANDS, main

README = (ROOT / "README.md").read_text("utf-8")
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line]

EXPLAINED = 47
"""Column of the plan of rooms at which the explanations begin."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("labreport ")])
def test_every_labreport_command_of_the_readme_runs(line, folder, monkeypatch, capsys, warm_python):
    # In this process, which has TensorFlow loaded after the first of them, as those have that it starts; `make report`
    # below starts the real command.
    monkeypatch.setattr("sys.executable", warm_python)
    monkeypatch.chdir(folder)
    # No network in a test: what has no full data here takes the samples, as the README says.
    monkeypatch.setenv("LABREPORT_OFFLINE", "true")
    assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err


def test_every_make_target_of_the_readme_exists():
    targets = sorted({shlex.split(line)[1] for line in re.findall(r"make [a-z-]+[^`\n|]*", README)})
    assert "report" in targets
    done = subprocess.run(["make", "-n", *targets], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_make_report_builds_a_report(tmp_path):
    """The first command of the README, on one lab; the environment is there already."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("the tests do not run in the environment that `make` keeps")
    arguments = f"tensors --lang en --to html --data sample --runs-dir {tmp_path}/runs -o {tmp_path}/reports"
    done = subprocess.run(
        ["make", "report", f"ARGS={arguments}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "labreport-en.html").is_file()


def test_the_readme_names_every_command():
    assert all(re.search(rf"`labreport [^`]*\b{name}|`{name}\b", README) for name in COMMANDS)


def test_every_file_the_readme_names_exists():
    paths = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(
        r"`((?:experiments|report|templates|tests|docs)/[\w./-]*|\.ci/run)`", README
    )
    assert paths
    for path in paths:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("folder", HOUSES)
def test_the_plan_of_the_readme_names_every_room_and_no_other(folder):
    plan = re.search(rf"^{folder}/ .*\n((?:  .*\n)+)", README, re.MULTILINE)
    assert plan is not None
    lines = plan.group(1).splitlines()
    # The names of a line end where its explanation begins, at the same column in every line.
    names = [name for line in lines for name in line[:EXPLAINED].split()]
    assert sorted(names) == sorted(house(folder).rooms)


def test_the_continuous_integration_runs_the_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.rstrip().endswith("exec make test")


def test_the_changelog_names_the_version():
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert f"## {version.group(1)}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
