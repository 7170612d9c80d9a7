"""One browser for all tests of a session; where there is none, the tests are skipped and say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import Chromium, executable


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    """A running Chromium."""
    program = executable()
    if program is None:
        pytest.skip("no Chromium on this machine; `apt-get install chromium` brings it")
    with Chromium(program) as running:
        yield running
