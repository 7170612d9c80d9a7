"""One browser of each kind for all tests of a session; where there is none, the tests are skipped and say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.chromium import Chromium, executable

pytest.register_assert_rewrite("watching")


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    """A running Chromium."""
    with Chromium(_program()) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running Chromium behind Playwright, in which axe can be run."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    program = _program()
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


def _program() -> str:
    program = executable()
    if program is None:
        pytest.skip("no Chromium on this machine; `apt-get install chromium` brings it")
    return program
