"""A repository that git refuses, because it belongs to another user, is named; it is not taken for none."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from helpers.hand_results import hand_result

from labreport.experiments.running.provenance import git_refuses, provenance
from labreport.report.chapters import provenance as chapters
from labreport.report.cli import main
from labreport.report.comparison import gitstore
from labreport.report.document import walk
from labreport.report.store import codec
from labreport.report.words import Words


@pytest.fixture
def foreign(tmp_path, monkeypatch) -> Path:
    """A repository that git takes for another user's, by the switch of git's own tests."""
    folder = tmp_path / "work"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.chdir(folder)
    return folder


def test_a_foreign_repository_is_told_from_none(foreign, tmp_path):
    assert git_refuses(foreign)
    assert not git_refuses(tmp_path)


def _recorded(folder):
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    return provenance(command=["x"], threads=0, deterministic=False, started=now, ended=now, folder=folder)


def test_the_record_and_the_page_say_that_git_refuses(foreign, tmp_path):
    refused = _recorded(foreign)
    assert refused.git_commit is None
    assert refused.git_refused is True
    assert b"git_refused" not in msgspec.json.encode(_recorded(tmp_path))
    for language, said in {"en": "git refuses this folder (safe.directory)", "zh": "git 拒绝该文件夹"}.items():
        result = msgspec.structs.replace(hand_result("boston"), provenance=refused)
        chapter = chapters.provenance([codec.decode(codec.encode(result), "x")], {"boston": "B"}, Words(language))
        assert said in "".join(str(found.text) for found in walk(chapter))


def test_another_repository_named_from_outside_is_not_asked(tmp_path, monkeypatch):
    for name in ("one", "two"):
        subprocess.run(["git", "init", "-q", str(tmp_path / name)], check=True)
        author = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", name]
        subprocess.run(["git", "-C", str(tmp_path / name), *author], check=True)
    expected = _recorded(tmp_path / "one").git_commit
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "two" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "two"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nothing"))
    assert _recorded(tmp_path / "one").git_commit == expected
    assert gitstore.ancestors("HEAD", tmp_path / "one").commits == (expected,)


def test_runs_of_a_foreign_repository_name_the_reason_and_the_way_out(foreign, capsys):
    (foreign / "runs").mkdir()
    assert main(["compare", "git:HEAD", "git:HEAD"]) == 2
    told = capsys.readouterr().err
    assert "git refuses the folder" in told
    assert "safe.directory" in told


def test_doctor_says_that_git_refuses(foreign, capsys, monkeypatch, warm_python):
    monkeypatch.setattr("sys.executable", warm_python)
    main(["doctor"])
    assert "git refuses this folder (safe.directory)" in capsys.readouterr().out
