"""A store to be looked at, the site about it without a port, and a site with one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.testclient import TestClient

from helpers.hand_history import entry, put
from helpers.hand_results import hand_result
from helpers.own_runs import seeds_run
from labreport.experiments.result import Result
from labreport.report.browsing.application import application
from labreport.report.browsing.server import Door, Guard, address, listening, server
from labreport.report.browsing.stock import Stock
from labreport.report.configuration import Configuration, override
from labreport.report.store import live, verdicts
from labreport.report.store.runs import Store
from labreport.report.store.verdicts import KeptVerdict

TOKEN = "token"
NEW, OLD = "20260103T000000Z-00000001", "20260102T000000Z-00000000"
"""Ids of two runs of the lab digits."""
KEY = "a" * 64
"""Of the run that is under way."""


def dated(result: Result, day: int, run_id: str) -> Result:
    """Return a result as if it had begun on a day of January 2026."""
    moment = f"2026-01-{day:02d}T00:0"
    when = msgspec.structs.replace(result.provenance, started=f"{moment}0:00Z", ended=f"{moment}5:00Z")
    return msgspec.structs.replace(result, run_id=run_id, provenance=when)


def fill(root: Path) -> Path:
    """Lay runs of every kind into a store, with verdicts of the gate, and one that is under way."""
    store = Store(root)
    store.save(dated(seeds_run(), 2, OLD))
    store.save(dated(seeds_run(), 3, NEW))
    store.save(hand_result("imdb", seeds=(0, 1)))
    for day in range(130):
        put(root, entry(lab="wine", day=day, value=0.8 + day / 1000, outcome="passed" if day % 2 else "regressed"))
    failed = [("digits", "test_accuracy")]
    for outcome, day, run in (("regressed", 2, OLD), ("passed", 3, NEW), ("passed", 4, "gone")):
        verdicts.keep(
            root,
            KeptVerdict(
                outcome=outcome,
                baseline="main",
                moment=f"2026-01-{day:02d}T00:05:00Z",
                runs=(("digits", run),),
                failed=tuple(failed) if outcome == "regressed" else (),
            ),
        )
    advance(root, 5)
    return root


def advance(root: Path, epochs: int) -> None:
    """Note that a run of imdb is at its epoch of that number."""
    now = time.time()
    run = live.LiveRun(lab="imdb", key=KEY, profile="full", seeds=(0, 1), started=now - 30, updated=now)
    notes = live.LiveNotes(root / "imdb" / ".partial" / KEY, run, every=0)
    for epoch in range(1, epochs + 1):
        values = {"loss": 1 / epoch, "val_loss": 0.4 + 0.01 * epoch, "epochs_per_second": 2.0}
        notes.advance("selection, seed 0", epoch, 20, values)


def client(root: Path, **changes: Any) -> TestClient:
    """Return a client of the site about a store, which has no port."""
    configuration = override(Configuration(), runs_dir=root, **changes)
    door = Door(token=TOKEN)
    site = application(Stock(root), configuration, door)
    return TestClient(Guard(site, door), base_url="http://127.0.0.1:8000", follow_redirects=True)


@contextmanager
def serving(app: Any, door: Door) -> Iterator[str]:
    """Serve an application in a thread; give the address at which it is, with its token."""
    listener: socket.socket = listening(door.host, 0)
    running = server(app, door)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield address(door, listener)
    finally:
        running.should_exit = True
        thread.join(10)
        listener.close()
