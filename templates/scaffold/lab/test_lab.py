"""Tests of the lab; `python -m pytest` in this folder runs them."""

import subprocess
import sys
from pathlib import Path

import labreport

HERE = Path(__file__).parent


def test_the_lab_is_trained_and_reported(tmp_path):
    # A quick run: QUICK in lab.py says what is smaller. Its folders are its own, so nothing of yours is touched.
    command = [sys.executable, "-m", "labreport", "build", "--profile", "quick", "--to", "md"]
    folders = ["--runs-dir", str(tmp_path / "runs"), "--output", str(tmp_path / "reports")]
    done = subprocess.run([*command, *folders], cwd=HERE, capture_output=True, text=True, check=False)
    # 0: trained, and every chapter rendered; the message names the file and line of what is wrong.
    assert done.returncode == 0, done.stderr
    # What was measured can be read back: at least one score, and a value for each epoch of each training.
    [run] = labreport.runs(tmp_path / "runs")
    assert run.scores
    assert run.history["loss"]
