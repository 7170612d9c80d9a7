"""The command line and what is around it: streams that are closed or full, Ctrl-C, a folder full of namesakes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
from helpers.hand_labs import COMMAND, LAB, started, stored

from labreport.report.cli import main

NAMESAKES = ("report", "multiprocessing", "json", "random", "numpy", "click", "msgspec", "pickle", "sitecustomize")

TRAIN = """
def train(settings, dataset, session, seed):
    import time
    time.sleep({seconds})
"""


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    line = f"{shlex.quote(COMMAND)} {command}"
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def workers(process: subprocess.Popen[str], count: int) -> list[int]:
    """Wait until a command has this number of processes at work, and return their ids."""
    patience = time.monotonic() + 60
    while time.monotonic() < patience and process.poll() is None:
        found, parents = [], {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if b"spawn_main" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except (OSError, ValueError):
                continue
        # Between a command and its processes is the one that is watched.
        found = [one for one in found if parents.get(parents[one]) == process.pid]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no {count} processes; exit code {process.poll()}")


@pytest.mark.parametrize("arguments", [["run", "talks"], ["build", "talks"], ["status", "talks"]])
def test_a_lab_that_prints_leaves_json_alone_on_standard_output(place, capfd, arguments):
    body = "import os; print('Python'); os.write(1, b'bytes'); os.system('echo shell'); pass"
    (place / "talks.py").write_text("print('at import')\n" + LAB.replace("{body}", body))
    (place / "labreport.toml").write_text('lang = ["en"]\nto = ["md"]\n[paths]\ntalks = "talks.py"\n')
    main([*arguments, "--json"])
    told = capfd.readouterr()
    json.loads(told.out)
    assert "at import" in told.err


def test_what_a_lab_prints_is_no_result_of_run(place, capfd):
    (place / "good.py").write_text(LAB.replace("{body}", "print('HELLO')"))
    assert main(["run", "good"]) == 0
    told = capfd.readouterr()
    assert [line.endswith("result.json") for line in told.out.splitlines()] == [True]
    assert "HELLO" in told.err


@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing_but_what_is_told(place, streams):
    stored(place, "tensors")
    assert shell(f"run good --force {streams}", place).returncode == 0
    assert shell(f"list {streams}", place).returncode == 0
    assert shell(f"render tensors --lang en --to md --force {streams}", place).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("streams", [">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"])
def test_a_full_disk_behind_the_streams_is_never_taken_for_a_failed_gate(place, streams):
    assert shell(f"run good --force {streams}", place).returncode == 2
    assert shell(f"run godd {streams}", place).returncode == 2


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.3, 1.5])
def test_ctrl_c_while_two_languages_are_rendered_is_one_line_and_130(place, pause):
    stored(place, "tensors", "mnist", "imdb")
    process = started(place, "render")
    workers(process, 2)
    time.sleep(pause)  # while they start, import, and render
    os.killpg(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=30)
    assert (process.returncode, output, error) == (130, "", "Interrupted; every finished lab is saved.\n")


def test_ctrl_c_while_two_processes_train_is_one_line_and_130(place):
    (place / "slow.py").write_text(LAB.replace("{body}", "pass") + TRAIN.format(seconds=60))
    process = started(place, "run", "slow", "--seeds", "0-3", "--jobs", "2", "-q")
    workers(process, 1)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=30)
    assert (process.returncode, output, error) == (130, "", "Interrupted; every finished lab is saved.\n")


def test_a_language_whose_process_was_killed_is_rendered_again(place):
    stored(place, "tensors")
    process = started(place, "render", "--lang", "zh,en", "--to", "html")
    os.kill(workers(process, 2)[0], signal.SIGKILL)
    output, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert output.splitlines() == ["reports/labreport-zh.html", "reports/labreport-en.html"]


def test_a_folder_full_of_namesakes_hides_none_of_our_modules(place):
    for name in NAMESAKES:
        (place / f"{name}.py").write_text(f"raise SystemExit('the {name} of the user')")
    for package in ("experiments", "templates"):
        (place / package).mkdir()
        (place / package / "__init__.py").write_text("raise SystemExit('a package of the user')")
    stored(place, "tensors")
    (place / "good.py").write_text(LAB.replace("{body}", "pass") + TRAIN.format(seconds=0.3))
    trained = shell("run good --seeds 0-3 --jobs 2 -q", place)
    assert (trained.returncode, trained.stderr) == (0, "")
    rendered = shell("render tensors --lang zh,en --to html -q", place)
    assert (rendered.returncode, rendered.stderr) == (0, "")
