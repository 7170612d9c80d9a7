"""Tests of the script; `python -m pytest` in this folder runs them."""

import subprocess
import sys
from pathlib import Path

import labreport

HERE = Path(__file__).parent


def run(*words):
    """Run labreport in this folder."""
    command = [sys.executable, "-m", "labreport", *words]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_script_is_recorded_and_reported(tmp_path):
    # One epoch. The folders are this test's own, so nothing of yours is touched.
    runs = str(tmp_path / "runs")
    run("record", "--runs-dir", runs, "--name", "__NAME__", "train.py", "--epochs", "1")
    run("render", "--runs-dir", runs, "--to", "md", "--output", str(tmp_path / "reports"))
    # What was measured can be read back: one epoch, and the scores of `evaluate`.
    [recorded] = labreport.runs(runs)
    assert len(recorded.history["val_loss"][0]) == 1
    assert "test_accuracy" in {score.name for score in recorded.scores}
