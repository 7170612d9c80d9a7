"""A folder of a user with labs of their own, for the tests of the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from helpers.begun_with import interruptible
from helpers.hand_results import hand_result
from labreport.report.store.runs import Store

COMMAND = str(Path(sys.executable).with_name("labreport"))

LAB = """
from dataclasses import dataclass
from labreport.experiments.lab import Session

TITLE, VERSION, DATASET = "Mine", "1", None

@dataclass(frozen=True, kw_only=True)
class Settings:
    rounds: int = 3
    rate: float = 0.5
    def __post_init__(self):
        if self.rounds < 1:
            raise ValueError(f"rounds must be at least 1, not {self.rounds}.")

def introduce(settings, dataset, session: Session) -> None:
    {body}
    session.measure("rounds", settings.rounds)
"""


def lab_source(body: str = "pass") -> str:
    """The source of a lab that does this before it records what it found."""
    return LAB.replace("{body}", body)


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command as a terminal does: Ctrl-C reaches all its processes."""
    return subprocess.Popen(
        interruptible([COMMAND, *arguments]),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stand_in(folder: Path, package: str) -> str:
    """Return a folder for the path of Python in which a package is empty, where only that it can be imported counts."""
    (folder / "stand-in").mkdir(exist_ok=True)
    (folder / "stand-in" / f"{package}.py").touch()
    return str(folder / "stand-in")


def stored(folder: Path, *labs: str, **changes) -> list[Path]:
    return [
        Store(folder / "runs").save(msgspec.structs.replace(hand_result(lab, seeds=(0,)), **changes)).path
        for lab in labs
    ]
