"""Several labs at a time: which process does what."""

from __future__ import annotations

from pathlib import Path

from labreport.experiments import registry
from labreport.experiments.result import Result
from labreport.experiments.running.engines import Processes
from labreport.experiments.running.preparation import prepare
from labreport.experiments.running.runner import Asked, run_labs

LAB = """
import os
import time
from pathlib import Path

TITLE, VERSION = "Side by side", "1"

def train(settings, dataset, session, seed):
    folder = Path({folder!r})
    (folder / f"{name}-{{seed}}").touch()
    patience = time.monotonic() + 20
    while not (folder / {waits!r}).exists() and time.monotonic() < patience:
        time.sleep(0.01)
    session.measure("process", os.getpid())
"""


def side_by_side(folder: Path, labs: dict[str, tuple[str, tuple[int, ...]]]) -> dict[str, Result]:
    """Run labs in two processes; each waits in `train` for a file, such as the one that another lab's seed makes."""
    asked = []
    for name, (waits, seeds) in labs.items():
        file = folder / f"{name}.py"
        file.write_text(LAB.format(folder=str(folder), name=name, waits=waits))
        asked.append(Asked(prepared=prepare(registry.load(name, file), seeds=seeds)))
    found: dict[str, Result] = {}
    with Processes(2) as engine:
        run_labs(asked, engine, finished=lambda one, result: found.__setitem__(one.prepared.name, result))
    assert {result.status for result in found.values()} == {"complete"}
    return found


def processes(result: Result) -> list[float | int | bool]:
    return [measure.value for measure in result.findings.measures]


def test_a_process_that_is_free_begins_another_lab_and_leaves_the_seeds_of_one_lab_to_one_process(tmp_path):
    labs = {
        "brief": ("long-0", (0,)),
        "long": ("last-0", (0, 1)),  # its first seed lasts until the last lab is begun
        "last": ("long-1", (0,)),
    }
    found = side_by_side(tmp_path, labs)
    first, second = processes(found["long"])
    assert first == second
    assert processes(found["last"]) == processes(found["brief"]) != [first]


def test_when_every_lab_is_begun_a_process_that_is_free_helps_with_one_of_another(tmp_path):
    labs = {"brief": ("brief-0", (0,)), "long": ("long-1", (0, 1))}  # its first seed lasts until the second is begun
    found = side_by_side(tmp_path, labs)
    assert len(set(processes(found["long"]))) == 2
