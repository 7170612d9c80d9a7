"""Processes of this machine: as many as were asked for, and none that outlives its engine."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest
from helpers import seed_lab
from helpers.waiting import until

from labreport.experiments import registry
from labreport.experiments.recording import distant
from labreport.experiments.recording.launch import Launcher
from labreport.experiments.running.driver import NOT_KEPT
from labreport.experiments.running.engines import Engine, EngineError, Processes
from labreport.experiments.running.preparation import prepare
from labreport.experiments.running.runner import run_lab
from labreport.experiments.running.work import LabTask, TaskAnswer


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


def talkative(content: bytes, tell: Any) -> int:
    """Say more than a pipe holds that is not read."""
    for _ in range(4_000):
        tell(b"x" * 100)
    return 4_000


def test_words_that_can_not_be_shown_do_not_hold_up_the_task(capfd):
    heard = []

    def broken(event: bytes) -> None:
        heard.append(event)
        raise BrokenPipeError if len(heard) > 1 else ValueError("It can't be shown.")

    with Processes(1) as engine:
        engine.on_event = broken
        assert engine.submit(talkative, b"").result(timeout=60) == 4_000
        until(lambda: len(heard) == 4_000)
    assert capfd.readouterr().err.count("Traceback") == 1


class Forgetful(Engine):
    """Workers that are started again after each task, under another name, without what was sent to them."""

    def __init__(self) -> None:
        self.begun = 0

    def room(self) -> int:
        return 2

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.begun += 1
        where, (content,) = f"worker {self.begun}", args
        future: Future[Any] = Future()
        if fn is distant.carry_out:
            task = msgspec.msgpack.decode(content, type=distant.ScriptTask)
            script = distant.ScriptAnswer(where=where, needed=tuple(task.files.values()))
            future.set_result(msgspec.msgpack.encode(script))
        else:
            needed = (msgspec.msgpack.decode(content, type=LabTask).inputs,)
            future.set_result(msgspec.msgpack.encode(TaskAnswer(where=where, needed=needed)))
        return future


def test_workers_that_never_keep_what_is_sent_end_the_run_in_words():
    engine = Forgetful()
    result = run_lab(prepare(registry.load("seeds", Path(seed_lab.__file__))), engine=engine)
    assert (result.status, result.failure and result.failure.message) == ("failed", NOT_KEPT)
    assert engine.begun < 50


def test_workers_that_never_keep_what_is_sent_end_a_recording_in_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("print(1)")
    monkeypatch.setattr(distant, "Cluster", lambda on, mixed: Forgetful())
    script = distant.Distant("anywhere", "script", "train.py", [])
    with pytest.raises(EngineError, match="not there"):
        script.run(Launcher(unattended=True), [], folder=tmp_path, seed=0, timeout=None)
