"""Programs killed at any moment: whatever was stored stays whole, and the next command goes on.

Cheap commands on a hand-made store, and each is a copy of a process that has imported everything, so that a kill costs
a tenth of a second and falls into the work itself. The moment is drawn evenly over the time that a command needs; then
the store is listed, and every run in it read.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from helpers.hand_labs import lab_source
from helpers.hand_results import hand_result

from fuzz import courses
from fuzz.watch import called
from labreport.report import cli
from labreport.report.store.baselines import Baselines
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

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
    ("tag", "tensors", "seen"),
    ("merge", "other"),
    ("export", "tensors", "-o", "got.csv", "--force"),
    ("course", "-q", "--force"),
    ("nightly", "good", "--no-check", "-q", "--lang", "en", "--to", "md"),
)


@dataclass(frozen=True, kw_only=True)
class Killed:
    """What became of the kills."""

    kills: int = 0
    too_late: int = 0
    """Commands that had ended before."""
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kills} kills ({self.too_late} of them after the end), faults: {len(self.faults)}\n" + "\n".join(
            self.faults[:20]
        )


def killed(count: int, place: Path, random: Random) -> Killed:
    """Start commands, each as a copy of this process, and kill each; return what was lost or damaged."""
    place.mkdir(parents=True)
    store = Store(place / "runs")
    kept = [store.save(hand_result(lab, seeds=(0,))) for lab in ("tensors", "workflow")]
    Baselines(store.root).set("main", [kept[0].path])
    (place / "good.py").write_text(lab_source())
    (place / "log.csv").write_text("epoch,loss\n0,1.0\n1,0.5\n")
    Store(place / "other").save(hand_result("mnist", seeds=(0,)))
    courses.lay_course(place, courses.COURSE.replace('roster = "class.csv"\n', "").encode(), b"")
    (place / "labreport.toml").write_text('notes = "mine"\n[paths]\ngood = "good.py"\n')
    for words in COMMANDS:
        called(words, place, within=place)  # so that everything is imported
    seconds = {words: _ended(_started(words, place)) for words in COMMANDS}
    faults: list[str] = []
    too_late = 0
    for number in range(count):
        words = COMMANDS[number % len(COMMANDS)]
        process = _started(words, place)
        time.sleep(random.random() * seconds[words])
        os.kill(process, signal.SIGKILL)
        too_late += os.WIFEXITED(os.waitpid(process, 0)[1])
        faults += [f"{' '.join(words)}: {fault}" for fault in _wrong(store, [one.path for one in kept])]
    return Killed(kills=count, too_late=too_late, faults=tuple(faults))


def _started(words: tuple[str, ...], place: Path) -> int:
    process = os.fork()
    if process == 0:
        os.chdir(place)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        os._exit(cli.main(list(words)))
    return process


def _ended(process: int) -> float:
    begun = time.monotonic()
    os.waitpid(process, 0)
    return time.monotonic() - begun


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


if __name__ == "__main__":
    count, place, seed = sys.argv[1:]
    found = killed(int(count), Path(place), Random(int(seed)))
    print(found)
    sys.exit(bool(found.faults))
