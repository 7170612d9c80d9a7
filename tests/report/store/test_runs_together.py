"""The store under several programs at once, and after the death of one: nothing is lost, and it goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.hand_labs import lab_source
from helpers.places import TESTS

from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

COMMAND = [sys.executable, "-c", "from labreport.report.cli import run; run()"]

WRITER = """
import sys
from pathlib import Path

import msgspec
from helpers.hand_results import hand_result

from labreport.report.errors import UsageError
from labreport.report.store.runs import Store

root, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
result = hand_result("mnist", seeds=(0,))
print("READY", flush=True)
sys.stdin.readline()
refused = 0
for number in range(count):
    run = msgspec.structs.replace(result, run_id=f"20260101T000000Z-{name}{number:04d}")
    try:
        Store(root).save(run)
    except UsageError:
        refused += 1
    if number % 5 == 0:
        Store(root).list()
print(refused, flush=True)
"""


def _environment() -> dict[str, str]:
    paths = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths}


def _writer(root: Path, name: str, count: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "READY"
    return process


def _go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A user's folder with two labs that work and one that waits."""
    monkeypatch.chdir(tmp_path)
    for name, body in {
        "good": "pass",
        "other": "import time; time.sleep(0.5)",
        "slow": "import pathlib, time; pathlib.Path('ready').touch(); time.sleep(60)",
    }.items():
        (tmp_path / f"{name}.py").write_text(lab_source(body))
    paths = "".join(f'{name} = "{name}.py"\n' for name in ("good", "other", "slow"))
    (tmp_path / "labreport.toml").write_text(f'lang = ["en"]\nto = ["md"]\n[paths]\n{paths}')
    return tmp_path


def test_two_programs_that_write_and_list_at_once_lose_nothing(tmp_path):
    writers = [_writer(tmp_path, name, 40) for name in ("a", "b")]
    _go(*writers)
    assert [process.communicate(timeout=60)[0].strip() for process in writers] == ["0", "0"]
    listing = Store(tmp_path).list()
    assert len(listing.runs) == 80
    assert listing.unreadable == ()
    assert all(load(run.path).run_id == run.entry.run_id for run in listing.runs)


def test_of_two_programs_with_the_same_name_for_a_run_exactly_one_writes_it(tmp_path):
    writers = [_writer(tmp_path, "same", 40) for _ in range(2)]
    _go(*writers)
    refused = [int(process.communicate(timeout=60)[0]) for process in writers]
    assert sum(refused) == 40
    listing = Store(tmp_path).list()
    assert len(listing.runs) == 40
    assert listing.unreadable == ()


def test_a_program_killed_while_it_writes_leaves_whole_runs_only(tmp_path):
    chance = random.Random(7)
    for attempt in range(6):
        process = _writer(tmp_path, f"k{attempt}x", 10_000)
        _go(process)
        time.sleep(chance.uniform(0.01, 0.25))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        listing = Store(tmp_path).list()
        assert listing.unreadable == ()
        assert all(load(run.path).run_id == run.entry.run_id for run in listing.runs[:20])
    before = len(Store(tmp_path).list().runs)
    assert before > 0
    last = _writer(tmp_path, "after", 5)
    _go(last)
    assert last.communicate(timeout=30)[0].strip() == "0"
    assert len(Store(tmp_path).list().runs) == before + 5


def test_a_job_killed_in_the_middle_of_a_lab_leaves_a_store_that_goes_on(place, capsys):
    process = subprocess.Popen(
        [*COMMAND, "nightly", "good", "slow", "--no-check"],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    patience = time.monotonic() + 60
    while not (place / "ready").exists() and time.monotonic() < patience:
        time.sleep(0.02)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    listing = Store(place / "runs").list()
    assert listing.unreadable == ()
    assert [(run.entry.lab, run.entry.status) for run in listing.runs] == [("good", "complete")]
    for arguments in (["list"], ["trend", "--lang", "en"], ["gc", "--keep", "5"], ["run", "good", "other"]):
        assert main(arguments) == 0, arguments
    assert len(Store(place / "runs").list().runs) == 2


def test_a_night_killed_at_any_moment_leaves_a_store_that_lists_compares_and_goes_on(place, capsys):
    assert main(["run", "good", "other"]) == 0
    for number in range(6):
        # Other source each time, so that there is something to train; killed a little later each time: while it is
        # loading, training, writing, rendering, drawing.
        for lab in ("good", "other"):
            (place / f"{lab}.py").write_text(lab_source(f"import time; time.sleep(0.2)  # {number}"))
        night = subprocess.Popen(
            [*COMMAND, "nightly", "good", "other", "--no-check"],
            cwd=place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        time.sleep(0.4 + 0.35 * number)
        night.send_signal(signal.SIGKILL)
        night.wait(timeout=30)
        listing = Store(place / "runs").list()
        assert listing.unreadable == ()
        assert all(load(run.path).run_id == run.entry.run_id for run in listing.runs)
        assert main(["list"]) == main(["trend", "--lang", "en"]) == main(["compare", "last:1", "last:1"]) == 0
    before = len(Store(place / "runs").list().runs)
    (place / "good.py").write_text(lab_source("pass  # fixed"))
    # The labs have no notes, so their chapters can't be rendered: 4.
    assert main(["nightly", "good", "other", "--no-check"]) == 0
    assert len(Store(place / "runs").list().runs) > before
    assert main(["gc", "--keep", "1", "--yes"]) == 0
    assert len(Store(place / "runs").list().runs) == 2
    capsys.readouterr()


def test_two_nights_at_once_in_one_store_lose_nothing(place):
    nights = [
        subprocess.Popen(
            [*COMMAND, "nightly", "good", "other", "--no-check", "-q", "--json", "-o", folder],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
        )
        for folder in ("first", "second")
    ]
    told = [(*night.communicate(timeout=120), night.returncode) for night in nights]
    listing = Store(place / "runs").list()
    assert listing.unreadable == ()
    stored = {run.entry.run_id for run in listing.runs}
    for out, error, _ in told:
        assert out, error
        labs = json.loads(out)["labs"]
        assert {lab["lab"]: lab["state"] in ("trained", "fresh") for lab in labs} == {"good": True, "other": True}
        assert {lab["run"] for lab in labs} <= stored
