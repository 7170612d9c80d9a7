"""Eight programs that write into one store at once, and one of them killed: nothing is lost, and the index is right.

Each is a copy of this process; it stores runs, tags them and lists the store, as fast as it can.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
from helpers.hand_results import hand_result

from labreport.report.store.entries import RESULT, load
from labreport.report.store.index import Index
from labreport.report.store.runs import Store

WRITERS = 8
LABS = ("mnist", "tensors", "workflow")


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of the writers."""

    writers: int
    stored: int
    """Runs of which a writer heard that they are stored."""
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.writers} writers, {self.stored} runs stored, faults: {len(self.faults)}\n" + "\n".join(
            self.faults[:20]
        )


def written(each: int, place: Path, random: Random) -> Written:
    """Let the writers write into an empty store, kill the first in the middle, and look at what is there.

    Args:
        each: runs that each writer is to store.
        place: folder of the store; made.
        random: draws the moment of the kill.
    """
    place.mkdir(parents=True)
    logs = [place.with_name(f"{place.name}-{number}.log") for number in range(WRITERS)]
    processes = [_started(place, number, each * (20 if number == 0 else 1), log) for number, log in enumerate(logs)]
    while not logs[0].exists() or logs[0].stat().st_size < 200:  # it has begun to store
        time.sleep(0.01)
    time.sleep(random.random() * 0.5)
    os.kill(processes[0], signal.SIGKILL)
    codes = [os.waitpid(process, 0)[1] for process in processes]
    faults = [f"writer {number}: ended with {code}" for number, code in enumerate(codes) if number and code]
    told = [name for log in logs for name in log.read_text().split("\n")[:-1]]
    faults += _wrong(place, told)
    return Written(writers=WRITERS, stored=len(told), faults=tuple(faults))


def _started(place: Path, number: int, count: int, log: Path) -> int:
    process = os.fork()
    if process:
        return process
    try:
        results = [hand_result(lab, seeds=(0,)) for lab in LABS]
        with log.open("w", buffering=1) as told:
            for count_so_far in range(count):
                store = Store(place)
                result = results[count_so_far % len(results)]
                name = f"20260101T000000Z-{number}x{count_so_far:05d}"
                store.save(msgspec.structs.replace(result, run_id=name))
                told.write(f"{result.lab}/{name}\n")
                if count_so_far % 10 == 3:
                    (run,) = store.list().named(result.lab, name)
                    store.tag(run, f"writer-{number}")
    except BaseException as error:
        print(f"writer {number}: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _wrong(place: Path, told: list[str]) -> list[str]:
    store = Store(place)
    listing = store.list()
    found = list(listing.unreadable)
    listed = {f"{run.entry.lab}/{run.entry.run_id}": run for run in listing.runs}
    found += [f"{name} is lost" for name in told if name not in listed]
    on_disk = {"/".join(path.parts[-3:-1]) for path in place.glob(f"*/*/{RESULT}")}
    found += [f"{name} is not in the index" for name in on_disk - listed.keys()]
    found += [f"{name} is in the index alone" for name in listed.keys() - on_disk]
    for name, run in listed.items():
        if f"{load(run.path).lab}/{load(run.path).run_id}" != name:
            found.append(f"{name} holds another run")
        number, count = (int(part) for part in run.entry.run_id.split("-")[1].split("x"))
        if count % 10 == 3 and number and run.entry.tags != (f"writer-{number}",):
            found.append(f"{name} has lost its tag")
    with closing(sqlite3.connect(Index(place).path)) as connection:
        answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return [*found, *([] if answer == "ok" else [f"the index: {answer}"])]


if __name__ == "__main__":
    each, place, seed = sys.argv[1:]
    made = written(int(each), Path(place), Random(int(seed)))
    print(made)
    sys.exit(bool(made.faults))
