"""A watched program is followed while it runs: its epochs arrive as they are written down."""

from __future__ import annotations

import json
import threading

import pytest

from labreport.experiments.recording import following
from labreport.experiments.recording.watching.events import EVENTS


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(following, "SECONDS", 0.01)


def test_each_epoch_is_reported_once_with_what_was_planned_whatever_else_is_written(tmp_path):
    heard, enough = [], threading.Event()

    def progress(part, done, total, values):
        heard.append((part, done, total, values))
        if done == 3:
            enough.set()

    with following.followed(tmp_path, "seed 0", progress), (tmp_path / EVENTS).open("w") as file:
        for event in (
            {"kind": "fit", "fit": 1, "epochs": 5},
            {"kind": "epoch", "fit": 1, "epoch": 1, "logs": {"loss": 0.5, "text": "x"}},
            {"kind": "epoch", "fit": 1, "epoch": None, "logs": {}},
            ["not an event"],
            {"kind": "epoch", "fit": 2, "epoch": 3, "logs": {"loss": 0.25}},
        ):
            line = json.dumps(event) + "\n"
            file.write(line[:9])  # a line may be seen when it is half written
            file.flush()
            file.write(line[9:])
            file.flush()
        assert enough.wait(20)
    assert heard == [("seed 0, fit 1", 1, 5, {"loss": 0.5}), ("seed 0, fit 2", 3, 3, {"loss": 0.25})]


def test_a_program_that_writes_nothing_is_followed_in_silence(tmp_path):
    with following.followed(tmp_path, "", lambda *found: pytest.fail(str(found))):
        pass
