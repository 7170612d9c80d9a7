"""Small labs of a user, and nights with them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import msgspec
import pytest

from helpers.hand_results import hand_result
from labreport.report.cli import main
from labreport.report.store.runs import Store

LAB = """
from dataclasses import dataclass
from labreport.experiments.lab import Session

TITLE, VERSION, DATASET = "Mine", "1", None

@dataclass(frozen=True, kw_only=True)
class Settings:
    rounds: int = 3

def introduce(settings, dataset, session: Session) -> None:
    {body}
    session.measure("rounds", settings.rounds)

def train(settings, dataset, session: Session, seed) -> None:
    session.score("test_accuracy", {value}, direction="higher")
"""
GATE = '[gate.good.test_accuracy]\ntest = "margin"\nabsolute = 0.01\n'
FOLDER = Path("reports/nightly")


def write_lab(folder: Path, name: str, body: str = "pass", value: object = 0.9) -> None:
    """Write a lab: `body` is done before it measures, `value` is its accuracy, or an expression with `seed`."""
    (folder / f"{name}.py").write_text(LAB.format(body=body, value=value))


def furnish(folder: Path, further: str = "") -> None:
    """Put a lab that works, one that raises and one that waits into a folder, with notes and a configuration.

    Reports are text, which takes no time to make: what is looked at are nights.

    Args:
        folder: of a user.
        further: lines of the configuration.
    """
    write_lab(folder, "good")
    write_lab(folder, "bad", "raise RuntimeError('the lamp went out')")
    write_lab(folder, "slow", "import time; time.sleep(60)")
    for language in ("en", "zh"):
        for lab in ("good", "bad", "slow"):
            note = folder / "notes" / language / f"{lab}.md"
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text("# Mine\n\n## Question {#question}\n\nWhat is it?\n")
    paths = "".join(f'{name} = "{name}.py"\n' for name in ("good", "bad", "slow"))
    head = f'lang = ["en"]\nto = ["md"]\nnotes = "notes"\n{further}\n'
    (folder / "labreport.toml").write_text(f"{head}[paths]\n{paths}{GATE}")


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a night know of no CI around it."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_RUN_ID", "CI_JOB_URL"):
        monkeypatch.delenv(name, raising=False)


def night(*arguments: str) -> tuple[int, dict]:
    """Run a night and return its exit code and what nightly.json says."""
    code = main(["nightly", *arguments, "-q"])
    return code, json.loads((FOLDER / "nightly.json").read_bytes())


def next_second() -> None:
    """Wait until a run that begins is newer than those there are, because the newest is known by its second."""
    time.sleep(1.01 - time.time() % 1)


def judged() -> dict:
    """Return what result.json says of the last night."""
    return json.loads((FOLDER / "result.json").read_bytes())


def states(data: dict) -> dict[str, str]:
    """Return what became of each lab."""
    return {lab["lab"]: lab["state"] for lab in data["labs"]}


def earlier(folder: Path, lab: str, day: str, seconds: float) -> Path:
    """Store a run of another version of a lab, which took that number of seconds."""
    result = hand_result("tensors", seeds=(0,), run_id=f"{day}T030000Z-00000000", timings={"total": seconds})
    moment = f"{day[:4]}-{day[4:6]}-{day[6:]}T03:00:00Z"
    when = msgspec.structs.replace(result.provenance, started=moment, ended=moment)
    return Store(folder / "runs").save(msgspec.structs.replace(result, lab=lab, provenance=when)).path
