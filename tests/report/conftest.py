"""What tests of several rooms of the report start from."""

from __future__ import annotations

import pytest
from helpers.hand_labs import lab_source


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a user with a lab that works, one that raises, and one that waits."""
    monkeypatch.chdir(tmp_path)
    for name, body in {
        "good": "pass",
        "bad": "raise RuntimeError('the lamp went out')",
        "quits": "raise SystemExit(0)",
        "numbers": "import numpy; session.measure('x', numpy.float32(1))",
        "nothing": "return 3",
        "slow": "import time; print('READY', flush=True); time.sleep(60)",
    }.items():
        (tmp_path / f"{name}.py").write_text(lab_source(body))
    (tmp_path / "atimport.py").write_text("import sys; sys.exit(0)")
    names = ("good", "bad", "quits", "numbers", "nothing", "slow", "atimport")
    (tmp_path / "labreport.toml").write_text("[paths]\n" + "".join(f'{name} = "{name}.py"\n' for name in names))
    return tmp_path
