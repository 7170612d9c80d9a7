"""What a killed program left in the folder for temporary files is cleared by the next one, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys

from labreport.experiments.system import temporary


def test_folders_of_processes_that_are_gone_are_cleared_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, alive = tmp_path / f"labreport-{gone.pid}-abc", tmp_path / f"labreport-{os.getppid()}-abc"
    other, victim = tmp_path / "labreport-notes", tmp_path / "victim"
    for folder in (left, alive, other, victim):
        folder.mkdir()
        (folder / "file").write_text("x")
    link = tmp_path / f"labreport-{gone.pid}-link"
    link.symlink_to(victim)
    with temporary.folder() as made:
        assert made.is_dir()
        assert not left.exists()
        for folder in (alive, other, link):
            assert (folder / "file").exists()
    assert not made.exists()
