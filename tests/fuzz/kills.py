"""Programs killed at any moment: whatever was stored stays whole, and the next command goes on.

Cheap commands on hand-made stores, so that a kill costs a tenth of a second. A command is killed by SIGKILL at a moment
drawn evenly over the time that it needs; then the store is listed, and every run in it read.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from helpers.hand_labs import lab_source
from helpers.hand_results import hand_result

from labreport.report.store.baselines import Baselines
from labreport.report.store.runs import Store, load

COMMANDS = (
    ("run", "good", "--force", "-q"),
    ("build", "good", "--force", "-q", "--lang", "en", "--to", "md"),
    ("render", "tensors", "--lang", "en", "--to", "md", "-o", "out"),
    ("trend", "-o", "out"),
    ("check", "tensors", "--baseline", "main", "-o", "out", "--no-report"),
    ("baseline", "set", "main", "tensors"),
    ("gc", "--keep", "1", "--yes"),
    ("list",),
    ("import", "log.csv", "--name", "mine", "--force"),
    ("extract", "own.html", "-o", "got", "--force"),
    ("compare", "tensors", "workflow"),
    ("nightly", "good", "--no-check", "-q", "--lang", "en", "--to", "md"),
)
LONGEST = 1.5
"""Seconds after which a command is killed at the latest."""


@dataclass(frozen=True, kw_only=True)
class Killed:
    """What became of the kills."""

    kills: int = 0
    ended_before: int = 0
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.ended_before} more came too late; faults: {len(self.faults)} {self.faults[:5]}"
        )


def killed(count: int, place: Path, random: Random) -> Killed:
    """Start commands and kill each; return what was lost or damaged."""
    place.mkdir(parents=True)
    store = Store(place / "runs")
    kept = [store.save(hand_result(lab, seeds=(0,))) for lab in ("tensors", "workflow")]
    Baselines(store.root).set("main", [kept[0].path])
    (place / "good.py").write_text(lab_source())
    (place / "log.csv").write_text("epoch,loss\n0,1.0\n1,0.5\n")
    (place / "labreport.toml").write_text('[paths]\ngood = "good.py"\n')
    faults: list[str] = []
    before = 0
    for number in range(count):
        words = COMMANDS[number % len(COMMANDS)]
        process = subprocess.Popen(
            [sys.executable, "-m", "labreport", *words],
            cwd=place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(random.random() * LONGEST)
        before += process.poll() is not None
        process.kill()
        process.wait()
        _settle(place)
        faults += [f"{' '.join(words)}: {fault}" for fault in _wrong(store, [one.path for one in kept])]
    shutil.rmtree(place, ignore_errors=True)
    return Killed(kills=count - before, ended_before=before, faults=tuple(faults))


def _settle(place: Path) -> None:
    """Wait until the process that did the work is gone as well: it ends with the one that was killed."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if not any(_works_in(entry, place) for entry in Path("/proc").glob("[0-9]*")):
                return
        except OSError:
            continue
        time.sleep(0.01)


def _works_in(entry: Path, place: Path) -> bool:
    try:
        return (entry / "cwd").resolve() == place.resolve() and b"labreport" in (entry / "cmdline").read_bytes()
    except OSError:
        return False


def _wrong(store: Store, kept: list[Path]) -> list[str]:
    listing = store.list()
    found = list(listing.unreadable)
    for run in listing.runs:
        try:
            load(run.path)
        except Exception as error:
            found.append(f"{run.path}: {error}")
    found += [f"{path} is gone" for path in kept if not path.exists()]
    try:
        if len(Baselines(store.root).kept_runs()) != 1:
            found.append("the baseline has lost its run")
    except Exception as error:
        found.append(str(error))
    return found
