"""The example of an output format from another distribution."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.hand_results import hand_result
from helpers.places import ROOT

from labreport.report.store.runs import Store

COMMAND = str(Path(sys.executable).with_name("labreport"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder on the path of Python that holds the distribution as an installer leaves it."""
    source = shutil.copytree(ROOT / "examples" / "plain-text", tmp_path_factory.mktemp("example") / "plain-text")
    folder = tmp_path_factory.mktemp("installed")
    code = "import sys; from setuptools import build_meta; build_meta.prepare_metadata_for_build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=source, check=True, capture_output=True)
    shutil.copy(source / "labreport_plain_text.py", folder)
    return folder


@pytest.fixture(scope="module")
def labreport(warm_python):
    """Runs the command in a folder, with or without the distribution."""

    def run(folder: Path, installed: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(installed or "")}
        command = [warm_python, COMMAND, *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)

    return run


def test_a_report_and_a_comparison_are_written_as_plain_text(labreport, installed, tmp_path):
    store = Store(tmp_path / "runs")
    store.save(hand_result("imdb", seeds=(0,)))
    store.save(hand_result("imdb", seeds=(1,), run_id="20260106T120000Z-imdb"))
    done = labreport(tmp_path, installed, "render", "--to", "txt,md", "--lang", "en")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "reports" / "labreport-en.txt").read_text()
    assert "BINARY CLASSIFICATION: FILM REVIEWS" in text
    assert (tmp_path / "reports" / "labreport-en.md").exists()
    done = labreport(tmp_path, installed, "compare", "last:2", "last:1", "--to", "txt", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "comparison-en.txt").exists()


def test_without_the_distribution_the_format_is_unknown_and_the_nearest_is_named(labreport, tmp_path):
    Store(tmp_path / "runs").save(hand_result("imdb", seeds=(0,)))
    done = labreport(tmp_path, None, "render", "--to", "htm")
    assert done.returncode == 2
    assert "Unknown format 'htm'. Did you mean 'html'? Known: html, pdf, md, ipynb, split" in done.stderr
