"""A folder of a user with small labs, in which nights can be run one after the other."""

from __future__ import annotations

import pytest
from helpers.nights import GATE, write_lab


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a user with a lab that works, one that raises, and one that waits."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_RUN_ID", "CI_JOB_URL"):
        monkeypatch.delenv(name, raising=False)
    write_lab(tmp_path, "good")
    write_lab(tmp_path, "bad", "raise RuntimeError('the lamp went out')")
    write_lab(tmp_path, "slow", "import time; time.sleep(60)")
    for language in ("en", "zh"):
        for lab in ("good", "bad", "slow"):
            note = tmp_path / "notes" / language / f"{lab}.md"
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text("# Mine\n\n## Question {#question}\n\nWhat is it?\n")
    paths = "".join(f'{name} = "{name}.py"\n' for name in ("good", "bad", "slow"))
    (tmp_path / "labreport.toml").write_text(f'lang = ["en"]\nto = ["html"]\nnotes = "notes"\n[paths]\n{paths}{GATE}')
    return tmp_path
