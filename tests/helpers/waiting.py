"""Waiting for something that happens in another process, or in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait until something holds, and return it."""
    patience = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < patience, "waited in vain"
        time.sleep(0.02)
    return found
