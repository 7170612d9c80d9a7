"""A lab without TensorFlow whose seeds can be watched, and disturbed by files in a folder; a file like a user's."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from labreport.experiments.errors import LabError
from labreport.experiments.lab import Session
from labreport.experiments.result import Training

TITLE, VERSION = "Seeds", "1"


@dataclass(frozen=True, kw_only=True)
class Settings:
    folder: str = "."


def introduce(settings: Settings, dataset: None, session: Session) -> None:
    """Count the seeds."""
    session.measure("seeds", len(session.seeds))


def train(settings: Settings, dataset: None, session: Session, seed: int) -> None:
    """Square the seed. A file named after what is to happen to a seed makes it happen; see the tests."""
    folder, draft = Path(settings.folder), session.draft
    with (folder / f"trained-{seed}").open("a") as file:
        file.write("x")
    with session.stage("work"):
        session.measure("square", seed * seed)
        if (folder / f"interrupt-{seed}").exists():
            raise KeyboardInterrupt
        _take_memory(folder / f"memory-{seed}")
        _wait(folder / f"wait-{seed}")
        if (folder / f"end-{seed}").exists():
            os._exit(1)
        if (folder / f"fail-{seed}").exists():
            raise LabError(f"Seed {seed} went wrong.")
    draft.trainings.append(
        Training(
            role="final",
            seed=seed,
            epochs=3,
            batch_size=1,
            train_samples=1,
            validation_samples=0,
            history={"loss": (1 / (seed + 3), math.inf, -0.0)},
            seconds=0.25,
        )
    )
    draft.engine += ("loop:wide", f"loop:seed={seed % 2}")
    session.progress(session.part("final"), 3, 3, {"loss": 0.5})


def _take_memory(told: Path) -> None:
    """Find too little memory, once or always; and really take some where the process is to."""
    if told.exists():
        if told.read_text() == "once":
            told.unlink()
        raise MemoryError
    if megabytes := int(os.environ.get("LABREPORT_TEST_TAKES", "0")):
        told.with_name("taken").touch()
        held = b"x" * (megabytes << 20)
        time.sleep(5)
        assert held


def _wait(told: Path) -> None:
    """Wait for the file that is named in a file, if there is one."""
    if told.exists():
        told.with_name(told.name.replace("wait", "process")).write_text(str(os.getpid()))
        awaited, patience = told.with_name(told.read_text()), time.monotonic() + 60
        while not awaited.exists() and time.monotonic() < patience:
            time.sleep(0.01)
