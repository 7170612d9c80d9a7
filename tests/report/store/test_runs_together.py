"""The store under several programs at once, and after the death of one: nothing is lost, and it goes on."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.hand_labs import lab_source
from helpers.nursery import nursery

from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

COMMAND = [sys.executable, "-c", "from labreport.report.cli import run; run()"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """What starts programs without the time that they take to start."""
    with nursery(tmp_path_factory.mktemp("programs")) as found:
        yield found


def _writer(root: Path, name: str, count: int) -> list[str]:
    return ["write", str(root), name, str(count)]


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


def test_two_programs_that_write_and_list_at_once_lose_nothing(tmp_path, programs):
    writers = programs.start(tmp_path, *(_writer(tmp_path, name, 40) for name in ("a", "b")))
    assert [program.ended() for program in writers] == [(0, "0\n", ""), (0, "0\n", "")]
    listing = Store(tmp_path).list()
    assert len(listing.runs) == 80
    assert listing.unreadable == ()
    assert all(load(run.path).run_id == run.entry.run_id for run in listing.runs)


def test_of_two_programs_with_the_same_name_for_a_run_exactly_one_writes_it(tmp_path, programs):
    writers = programs.start(tmp_path, *[_writer(tmp_path, "same", 40)] * 2)
    refused = [int(program.ended()[1]) for program in writers]
    assert sum(refused) == 40
    listing = Store(tmp_path).list()
    assert len(listing.runs) == 40
    assert listing.unreadable == ()


def test_a_program_killed_while_it_writes_leaves_whole_runs_only(tmp_path, programs):
    chance = random.Random(7)
    for attempt in range(6):
        [program] = programs.start(tmp_path, _writer(tmp_path, f"k{attempt}x", 10_000))
        # Once as it begins, then while it writes its second run or a later one, however slow the machine is.
        patience, second = time.monotonic() + 60, tmp_path / "mnist" / f"20260101T000000Z-k{attempt}x0001"
        while attempt and not second.exists() and time.monotonic() < patience:
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 0.12) * bool(attempt))
        program.kill()
        assert program.ended()[0] == -signal.SIGKILL
        listing = Store(tmp_path).list()
        assert listing.unreadable == ()
        assert all(load(run.path).run_id == run.entry.run_id for run in listing.runs[:20])
    before = len(Store(tmp_path).list().runs)
    assert before > 0
    [last] = programs.start(tmp_path, _writer(tmp_path, "after", 5))
    assert last.ended() == (0, "0\n", "")
    assert len(Store(tmp_path).list().runs) == before + 5


def test_a_job_killed_in_the_middle_of_a_lab_leaves_a_store_that_goes_on(place, programs, capsys):
    [job] = programs.start(place, ["nightly", "good", "slow", "--no-check"])
    patience = time.monotonic() + 60
    while not (place / "ready").exists() and time.monotonic() < patience:
        time.sleep(0.02)
    job.kill()
    assert job.ended()[0] == -signal.SIGKILL
    listing = Store(place / "runs").list()
    assert listing.unreadable == ()
    assert [(run.entry.lab, run.entry.status) for run in listing.runs] == [("good", "complete")]
    for arguments in (["list"], ["trend", "--lang", "en"], ["gc", "--keep", "5"], ["run", "good", "other"]):
        assert main(arguments) == 0, arguments
    assert len(Store(place / "runs").list().runs) == 2


def test_a_night_killed_at_any_moment_leaves_a_store_that_lists_compares_and_goes_on(place, programs, capsys):
    assert main(["run", "good", "other"]) == 0
    for number in range(6):
        # Other source each time, so that there is something to train; killed a little later each time: while it is
        # loading, which only a process of its own does, then while training, writing, rendering, drawing.
        for lab in ("good", "other"):
            (place / f"{lab}.py").write_text(lab_source(f"import time; time.sleep(0.2)  # {number}"))
        words = ["nightly", "good", "other", "--no-check"]
        if number == 0:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            night = subprocess.Popen([*COMMAND, *words], cwd=place, **quiet)
            time.sleep(0.4)
            night.kill()
            night.wait(timeout=30)
        else:
            [program] = programs.start(place, words)
            time.sleep(0.15 * number)
            program.kill()
            program.ended()
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


def test_two_nights_at_once_in_one_store_lose_nothing(place, programs):
    words = ["nightly", "good", "other", "--no-check", "-q", "--json", "-o"]
    told = [night.ended() for night in programs.start(place, *([*words, folder] for folder in ("first", "second")))]
    listing = Store(place / "runs").list()
    assert listing.unreadable == ()
    stored = {run.entry.run_id for run in listing.runs}
    for _, out, error in told:
        assert out, error
        labs = json.loads(out)["labs"]
        assert {lab["lab"]: lab["state"] in ("trained", "fresh") for lab in labs} == {"good": True, "other": True}
        assert {lab["run"] for lab in labs} <= stored
