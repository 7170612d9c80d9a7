"""Small stores with a history: runs as their rows in the index alone, so that a thousand of them cost a second.

The result beside an index is not a result at all, which proves that no one reads it; the index knows it as its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from labreport.experiments.result import Failure
from labreport.report.store.entries import RESULT, Entry
from labreport.report.store.index import Index
from labreport.report.store.lines import ScoreLine

START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
MACHINE = "Testium 3000 @ 2.00GHz × 4"
FAILURE = Failure(kind="RuntimeError", message="the lamp went out", stage="lab")


def entry(lab: str = "imdb", day: int = 0, value: float | None = 0.88, **changes: Any) -> Entry:
    """Return the index of a run of three seeds on a day, counted from 0; `value` is its test accuracy."""
    moment = START + timedelta(days=day)
    deviation = changes.pop("deviation", None if value is None else 0.002)
    line = ScoreLine(
        name="test_accuracy",
        split="test",
        unit="share",
        direction="higher",
        mean=value,
        deviation=deviation,
        seeds=3,
    )
    fields: dict[str, Any] = {
        "run_id": f"{moment:%Y%m%dT%H%M%SZ}-{day:08x}",
        "key": f"{day:064x}",
        "lab": lab,
        "status": "complete",
        "profile": "full",
        "source": "full",
        "seeds": (0, 1, 2),
        "score": ("test_accuracy", value) if value is not None else None,
        "started": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "ended": f"{moment + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        "scores": (line,),
        "seconds": 30.0,
        "lab_version": "1",
        "commit": f"{day // 3 + 1:040x}",
        "machine": MACHINE,
    }
    return Entry(**(fields | changes))


def put(root: Path, one: Entry) -> Path:
    """Lay a run into a store and return its folder."""
    folder = root / one.lab / one.run_id
    folder.mkdir(parents=True)
    (folder / RESULT).write_bytes(b"no result: no one may read this")
    Index(root).add(folder, one, {})
    return folder


@contextmanager
def filling(root: Path) -> Iterator[None]:
    """Keep the index open while many runs are laid into a store: closing it makes the disk write all that is in it."""
    with Index(root).opened(make=True):
        yield


def failed(one: Entry) -> Entry:
    """Return the run as if it had not finished."""
    return msgspec.structs.replace(one, status="failed", failure=FAILURE, scores=(), score=None)


def wobble(day: int) -> float:
    """Return a small number that looks like chance and is the same every time."""
    return ((day * 7919 + 13) % 101 - 50) / 50 * 0.002
