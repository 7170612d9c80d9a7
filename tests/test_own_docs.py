"""The page about one's own experiment: its program runs, and its log is imported, reported and compared."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from helpers.places import ROOT, SHARED

from labreport.report.cli import main

PAGE = (ROOT / "docs" / "own.md").read_text("utf-8")


def test_the_program_of_the_page_runs_and_prints_what_it_recorded(warm_python, tmp_path):
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([warm_python, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["3", "0.97"]
    said = (tmp_path / "reports" / "labreport-en.md").read_text("utf-8")
    assert "epoch 3 is the best one, and beyond it the network overfits" in said


@pytest.mark.skipif(not SHARED.is_dir(), reason="the material beside the repository is not here")
def test_imported_logs_are_reported_in_both_languages_and_listed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy2(SHARED / "own" / "logs" / "csvlogger" / "plain.csv", tmp_path)
    assert main(["import", "plain.csv"]) == 0
    assert main(["render", "--lang", "zh,en", "--to", "html,md"]) == 0
    assert main(["list"]) == 0
    assert "plain" in capsys.readouterr().out
    assert "as far as the jitter of the curve can tell" in (tmp_path / "reports" / "labreport-en.md").read_text("utf-8")
    assert "最佳" in (tmp_path / "reports" / "labreport-zh.md").read_text("utf-8")


def test_every_option_that_the_page_names_exists(capsys):
    for command in ("record", "import", "repeat", "export"):
        assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    for option in set(re.findall(r"(?<!-)--[a-z-]+", PAGE)) - {"--epochs"}:
        assert option in text, option
