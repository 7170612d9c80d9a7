"""The example of a lab in a folder of its own: its data, figure, table and claim, in both languages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.places import ROOT

COMMAND = str(Path(sys.executable).with_name("labreport"))


@pytest.fixture(scope="module")
def labreport(warm_python):
    """Runs the command in a folder."""

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([warm_python, COMMAND, *arguments], cwd=folder, capture_output=True, text=True)

    return run


@pytest.fixture(scope="module")
def built(labreport, tmp_path_factory):
    """The example, copied and built as its README says."""
    folder = tmp_path_factory.mktemp("example") / "moons"
    shutil.copytree(ROOT / "examples" / "moons", folder)
    done = labreport(folder, "build", "-q")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def copy(built, tmp_path):
    """The built example, for a test that changes it."""
    return shutil.copytree(built, tmp_path / "moons")


def page(folder: Path, language: str) -> str:
    """Return a finished page."""
    return (folder / "reports" / f"labreport-{language}.html").read_text()


@pytest.mark.parametrize(
    ("language", "title", "alt", "moon", "sentence", "number"),
    [
        ("en", "Two moons", "100 test points in two", "lower", "nine in ten", "the lesser share"),
        ("zh", "两个月牙", "100 个测试点排成两个", "月牙", "九成", "较低的一个"),
    ],
)
def test_its_own_figure_table_and_claim_stand_in_its_chapter(built, language, title, alt, moon, sentence, number):
    shown = page(built, language)
    assert title in shown
    assert alt in shown
    assert moon in shown
    assert sentence in shown
    assert number in shown, "the table of evidence names the numbers in the words of the lab"


def test_no_unit_of_other_labs_is_put_to_its_scores(built):
    assert not re.search("thousand|dollar", page(built, "en"))


def test_it_is_rendered_where_keras_is_missing(copy, tmp_path):
    without = tmp_path / "without"
    without.mkdir()
    for name in ("keras", "tensorflow"):
        (without / f"{name}.py").write_text("raise ImportError('not here')")
    command = [sys.executable, COMMAND, "render", "--force", "-q", "--lang", "en"]
    # A true process: in a warm one Keras is there, whatever the path says.
    environment = {**os.environ, "PYTHONPATH": str(without)}
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "nine in ten" in page(copy, "en")


def test_new_words_of_a_claim_are_rendered_without_training(labreport, copy):
    claims = copy / "claims.py"
    claims.write_text(claims.read_text().replace("nine in ten test points", "90 of 100 test points"))
    done = labreport(copy, "build", "-v", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "90 of 100 test points" in page(copy, "en")
    assert "up to date" not in done.stderr


def test_where_the_lab_is_gone_the_chapter_stays_and_says_what_is_missing(labreport, copy):
    (copy / "lab.py").unlink()
    done = labreport(copy, "render", "--lang", "en")
    assert done.returncode == 4
    problems = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    missing = [re.search(r"moons: the (\w+ '[\w-]+') is missing: .*lab\.py.*no such file", line) for line in problems]
    assert [found and found[1] for found in missing] == [
        "claim 'both_moons_found'",
        "figure 'border'",
        "table 'each-moon'",
    ]
    shown = page(copy, "en")
    assert "The figure border cannot be drawn here" in shown
    assert "most frequent class" in shown, "the claims that are shipped are judged all the same"


def test_the_gate_and_strict_know_its_claim(labreport, copy):
    claims = copy / "claims.py"
    claims.write_text(claims.read_text().replace("min(shares) >= 0.9", "min(shares) >= 2"))
    done = labreport(copy, "render", "--strict", "--lang", "en")
    assert done.returncode == 1
    assert "both_moons_found does not hold" in done.stderr
