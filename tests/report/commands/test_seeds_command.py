"""Several seeds on the command line: in several processes, stopped, killed, and gone on with."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from helpers.hand_labs import started
from helpers.places import HELPERS

from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

LAB = HELPERS / "seed_lab.py"
RUN = ["run", "watched", "--seeds", "0-2", "-P", "folder=."]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a user with a lab whose seeds can be held up: `wait-1` holds up seed 1 for good."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "watched.py").write_text(LAB.read_text("utf-8"))
    (tmp_path / "labreport.toml").write_text('[paths]\nwatched = "watched.py"\n')
    (tmp_path / "json.py").write_text("raise SystemExit('a module of the user took the place of Python\\'s own')")
    return tmp_path


def _until(condition, seconds: float = 30) -> None:
    patience = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < patience, "waited in vain"
        time.sleep(0.02)


def _kept(place: Path) -> list[str]:
    return sorted(path.name for path in place.glob("runs/watched/.partial/*/seed-*"))


def _alive(group: int) -> bool:
    """Whether a process of a group is still there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_number_of_processes_changes_no_finding_and_no_key(place, capsys):
    assert main(RUN) == 0
    assert main([*RUN, "--jobs", "3"]) == 0
    assert "unchanged" in capsys.readouterr().err
    assert main([*RUN, "--jobs", "3", "--force"]) == 0
    one, other = (load(run.path) for run in Store(place / "runs").list().runs)
    assert repr(one.findings) == repr(other.findings)
    assert one.key == other.key


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_an_impossible_number_of_processes_is_wrong_usage(place, capsys, value):
    assert main([*RUN, "--jobs", value]) == 2
    assert "--jobs" in capsys.readouterr().err
    (place / "labreport.toml").write_text(f'jobs = "{value}"\n')
    assert main(["list"]) == 2
    assert "jobs must be a whole number from 1" in capsys.readouterr().err


def test_ctrl_c_stops_all_processes_and_the_next_run_goes_on(place, capsys):
    (place / "wait-0").write_text("never")
    (place / "wait-2").write_text("never")
    process = started(place, *RUN, "--jobs", "2")
    _until(lambda: _kept(place) == ["seed-1.msgpack"] and (place / "trained-2").exists())
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    _until(lambda: not _alive(process.pid))
    assert main(["list", "--json"]) == 0
    (stopped,) = json.loads(capsys.readouterr().out)
    assert stopped["status"] == "interrupted"
    for name in ("wait-0", "wait-2"):
        (place / name).unlink()
    assert main([*RUN, "--jobs", "2"]) == 0
    assert "not trained again: seed 1" in capsys.readouterr().err
    assert (place / "trained-1").read_text() == "x"
    assert not (place / "runs" / "watched" / ".partial").exists()


def test_a_killed_run_leaves_no_process_behind_and_its_finished_seeds_are_taken_over(place, capsys):
    (place / "wait-0").write_text("never")
    (place / "wait-2").write_text("never")
    process = started(place, *RUN, "--jobs", "2")
    _until(lambda: _kept(place) == ["seed-1.msgpack"] and (place / "trained-2").exists())
    process.kill()
    process.communicate(timeout=30)
    _until(lambda: not _alive(process.pid))
    assert main(["list"]) == 0
    assert "watched" not in capsys.readouterr().out
    for name in ("wait-0", "wait-2"):
        (place / name).unlink()
    assert main([*RUN, "--force"]) == 0
    assert (place / "trained-1").read_text() == "xx"  # forced: what was finished counts no more


def test_a_seed_that_fails_is_exit_code_3(place, capsys):
    (place / "fail-1").touch()
    assert main([*RUN, "--jobs", "2"]) == 3
    assert "Seed 1 went wrong." in capsys.readouterr().err
