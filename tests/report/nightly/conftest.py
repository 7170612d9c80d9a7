"""A folder of a user with small labs, in which nights can be run one after the other."""

from __future__ import annotations

import pytest
from helpers.nights import alone, furnish


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a user with a lab that works, one that raises, and one that waits."""
    alone(monkeypatch)
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    return tmp_path
