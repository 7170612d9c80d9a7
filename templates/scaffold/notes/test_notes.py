"""Tests of the notes; `python -m pytest` in this folder runs them."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_a_chapter_is_rendered_from_these_notes(tmp_path):
    # The first lab trains almost nothing and needs no data; name others behind "build", or none for all of them.
    command = [sys.executable, "-m", "labreport", "build", "tensors", "--profile", "quick", "--to", "md"]
    folders = ["--runs-dir", str(tmp_path / "runs"), "--output", str(tmp_path / "reports")]
    done = subprocess.run([*command, *folders], cwd=HERE, capture_output=True, text=True, check=False)
    # 0: every chapter is rendered; the message names the file and line of what is wrong.
    assert done.returncode == 0, done.stderr
