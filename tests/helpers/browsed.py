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

from helpers.hand_history import entry, filling, put
from helpers.hand_results import hand_result
from helpers.own_runs import seeds_run
from labreport.experiments.result import Result
from labreport.report.browsing.application import application
from labreport.report.browsing.server import Door, Guard, address, listening, server
from labreport.report.browsing.stock import Stock
from labreport.report.comparison.record import Reason
from labreport.report.configuration import Configuration, override
from labreport.report.gate.verdict import Check, LabVerdict, Numbers, Verdict
from labreport.report.store import codec, live, verdicts
from labreport.report.store.runs import Store
from labreport.report.store.verdicts import KeptVerdict

TOKEN = "token"
NEW, OLD = "20260103T000000Z-00000001", "20260102T000000Z-00000000"
"""Ids of two runs of the lab digits."""
_JUDGED = Verdict(
    tool_version="1",
    baseline="main",
    level=0.05,
    moment="2026-01-02T00:05:00Z",
    labs=(
        LabVerdict(
            lab="digits",
            run_id=NEW,
            baseline_runs=(OLD, "20260101T000000Z-deleted"),
            checks=(
                Check(name="run", kind="run", status="passed", reason=Reason(code="finished", values={"seeds": "0-2"})),
                Check(
                    name="test_accuracy",
                    kind="metric",
                    rule="statistical",
                    status="failed",
                    reason=Reason(code="margin_failed", values={"loss": "0.02", "margin": "0.01"}),
                    numbers=Numbers(
                        unit="share",
                        direction="higher",
                        current=(0.92, 0.93, 0.925),
                        baseline=(0.94, 0.95, 0.945, 0.96),
                        loss=0.02,
                        p=0.02,
                        adjusted_p=0.04,
                    ),
                    fresh_seeds=(7, 8),
                ),
            ),
        ),
    ),
)
_KEPT = KeptVerdict(
    outcome="regressed",
    baseline="main",
    moment=_JUDGED.moment,
    runs=(("digits", NEW),),
    failed=(("digits", "test_accuracy"),),
)
VERDICT = _KEPT.stem
"""Name of the verdict of which the checks are kept."""
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
    outcomes = ("regressed", "passed")
    with filling(root):
        for day in range(130):
            put(root, entry(lab="wine", day=day, value=0.8 + day / 1000, outcome=outcomes[day % 2]))
    for outcome, day, run in (("passed", 3, NEW), ("passed", 4, "gone")):
        verdicts.keep(
            root,
            KeptVerdict(
                outcome=outcome,
                baseline="main",
                moment=f"2026-01-{day:02d}T00:05:00Z",
                runs=(("digits", run),),
            ),
        )
    verdicts.keep(root, _KEPT, codec.encode(_JUDGED))
    store.tag(next(iter(store.list().named("digits", NEW))), "good", "for-the-paper")
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


def kinds() -> tuple[str, ...]:
    """Return the address of a page of each kind behind the language, of the store that `fill` makes."""
    return (
        "",
        "?page=2",
        "?text=wine",
        f"run/digits/{NEW}",
        "gate",
        f"gate/{VERDICT}",
        "live/part",
        f"live/imdb/{KEY}/part",
        "trend",
        f"run/digits/{OLD}/report",
        f"compare?run=digits/{OLD}&run=digits/{NEW}",
        "none",
    )


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
