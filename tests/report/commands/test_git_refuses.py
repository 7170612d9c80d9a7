"""A repository that git refuses, because it belongs to another user, is named; it is not taken for none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from labreport.experiments.running.provenance import git_refuses
from labreport.report.cli import main


@pytest.fixture
def foreign(tmp_path, monkeypatch) -> Path:
    """A repository that git takes for another user's: git's own switch for its tests, set in a git of this test."""
    git = shutil.which("git")
    assert git is not None
    folder = tmp_path / "work"
    folder.mkdir()
    subprocess.run([git, "init", "-q", str(folder)], check=True)
    tool = tmp_path / "bin" / "git"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {git} "$@"\n', "utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(folder)
    return folder


def test_a_foreign_repository_is_told_from_none(foreign, tmp_path):
    assert git_refuses(foreign)
    assert not git_refuses(tmp_path)


def test_runs_of_a_foreign_repository_name_the_reason_and_the_way_out(foreign, capsys):
    (foreign / "runs").mkdir()
    assert main(["compare", "git:HEAD", "git:HEAD"]) == 2
    told = capsys.readouterr().err
    assert "git refuses the folder" in told
    assert "safe.directory" in told


def test_doctor_says_that_git_refuses(foreign, capsys):
    main(["doctor"])
    assert "git refuses this folder (safe.directory)" in capsys.readouterr().out
