"""One store and one client for all tests that change nothing."""

from __future__ import annotations

import pytest
from helpers import browsed


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """A store with runs of every kind."""
    return browsed.fill(tmp_path_factory.mktemp("viewed") / "runs")


@pytest.fixture(scope="session")
def site(store):
    """A client of the site about that store."""
    return browsed.client(store)
