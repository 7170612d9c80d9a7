"""Processes of this machine: as many as were asked for, and none that outlives its engine."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from helpers.waiting import until

from labreport.experiments.running.engines import Processes


def named(content: bytes, tell: Any) -> int:
    """Return the process that does the task."""
    return os.getpid()


def deaf(content: bytes, tell: Any) -> None:
    """Ignore the request to end, say so in a file, and wait."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(content.decode()).write_text(str(os.getpid()))
    time.sleep(120)


def test_an_answer_that_is_here_before_its_process_is_said_to_be_free_starts_no_further_process(monkeypatch):
    with Processes(1) as engine:
        monkeypatch.setattr(Future, "add_done_callback", lambda future, function: None)
        found = {engine.submit(named, b"").result(timeout=60) for _ in range(3)}
    assert len(found) == 1


def test_a_process_that_ignores_the_request_to_end_is_ended(tmp_path):
    file = tmp_path / "process"
    with Processes(1) as engine:
        future = engine.submit(deaf, str(file).encode())
        until(lambda: file.exists() and file.read_text())
        begun = time.monotonic()
        engine.abandon(future)
        assert time.monotonic() - begun < 30
    until(lambda: not Path("/proc", file.read_text()).exists())
