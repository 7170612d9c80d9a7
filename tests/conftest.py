"""What holds for all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes says something of the machine, which others may use as well, and nothing of the code.
settings.register_profile("labreport", deadline=None)
settings.load_profile("labreport")

SLOWEST = (
    "test_scripts",
    "test_new_command",
    "test_reproducible",
    "test_notebook",
    "test_readme",
    "test_training",
    "test_confirmation_trained",
    "test_no_leak",
    "test_training_stack",
    "test_check_command",
    "test_compare_command",
    "test_record_command",
    "test_runs_together",
    "test_chapter",
    "test_moons",
    "test_docs",
)
"""The files of tests that take longest, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that of several processes none works alone at the end."""
    place = {name: number for number, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(SLOWEST)))
