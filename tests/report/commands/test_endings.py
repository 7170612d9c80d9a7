"""However a lab ends the program it runs in, the exit code is true, and the run is stored."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from helpers.begun_with import limited
from helpers.hand_labs import COMMAND, lab_source, started, stored

from labreport.report.store.runs import Store

TRAIN = "\ndef train(settings, dataset, session, seed):\n    import os\n    {body}\n"


def called(place, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=60)


def lab(place, source: str) -> None:
    (place / "labreport.toml").write_text('[paths]\nmine = "mine.py"\n')
    (place / "mine.py").write_text(source)


def statuses(place) -> list[str]:
    return [run.entry.status for run in Store(place / "runs").list("mine").runs]


ENDS = {
    "introduce": lab_source("import os; os._exit(0)"),
    "seed": lab_source() + TRAIN.format(body="os._exit(0)"),
    "thread": lab_source(
        "import os, threading, time; threading.Thread(target=os._exit, args=(0,)).start(); time.sleep(9)"
    ),
    "C": lab_source("import ctypes; ctypes.CDLL(None).exit(0)"),
    "other program": lab_source("import os; os.execv('/bin/true', ['true'])"),
    "kill": lab_source("import os; os.kill(os.getpid(), 9)"),
    "descriptors": lab_source("import os; os.closerange(0, 999); os._exit(0)"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_lab_that_ends_the_program_is_exit_code_3_and_a_stored_failed_run(place, how):
    lab(place, ENDS[how])
    done = called(place, "run", "mine")
    assert done.returncode == 3, done.stderr
    assert statuses(place) == ["failed"]
    [line] = done.stderr.splitlines()
    assert "mine failed: ProcessEnded: it ended the whole program" in line
    (run,) = Store(place / "runs").list("mine").runs
    assert run.entry.failure is not None
    assert run.entry.failure.kind == "ProcessEnded"


def test_a_lab_that_ends_the_program_at_import_or_in_several_processes_is_never_success(place):
    lab(place, "import os; os._exit(0)\n" + lab_source())
    for command in ("run", "status"):
        done = called(place, command, "mine")
        assert done.returncode == 3
        assert "was ended from within" in done.stderr
    lab(place, lab_source() + TRAIN.format(body="os._exit(0)"))
    assert called(place, "run", "mine", "--seeds", "0-1", "--jobs", "2").returncode == 3
    assert statuses(place) == ["failed"]
    stored(place, "tensors")
    assert called(place, "build", "mine", "--lang", "en", "--to", "md").returncode == 3


@pytest.mark.parametrize("command", ["build --force", "nightly"])
def test_a_lab_that_ends_the_program_costs_no_other_lab_and_the_report_says_so(place, command):
    bodies = {"first": "pass", "mine": "import os; os._exit(0)", "killed": "import os; os.kill(os.getpid(), 9)"}
    for name, body in (bodies | {"last": "pass"}).items():
        (place / f"{name}.py").write_text(lab_source(body))
    names = [*bodies, "last"]
    (place / "labreport.toml").write_text("[paths]\n" + "".join(f'{name} = "{name}.py"\n' for name in names))
    first, *flags = f"{command} --no-check".split() if command == "nightly" else command.split()
    done = called(place, first, *names, "--lang", "en", "--to", "md", "-o", "out", *flags)
    assert done.returncode == 3, done.stderr
    runs = {run.entry.lab: run.entry.status for run in Store(place / "runs").list().runs}
    assert runs == {"first": "complete", "mine": "failed", "killed": "failed", "last": "complete"}
    assert len(Store(place / "runs").list().runs) == 4, "none is made twice"
    (report,) = (place / "out").rglob("labreport-en.md")
    assert report.read_text("utf-8").count("it ended the whole program") == 2


def test_a_run_is_stored_once_also_where_the_program_ends_between_storing_it_and_saying_so(place):
    window = "import os; from labreport.report.running import lost; lost.finish = lambda *_: os._exit(0)"
    lab(place, lab_source(window))
    done = called(place, "run", "mine", "--force")
    assert (done.returncode, statuses(place)) == (0, ["complete"]), done.stderr


BODIES = {
    "closed streams": "import sys; [stream.close() for stream in (sys.stdout, sys.stderr, sys.__stdout__)]",
    "closed descriptors": "import os; os.close(1); os.close(2)",
    "replaced streams": "import sys; sys.stdout = sys.stderr = None",
    "a copy that returns": "import os; os.fork()",
    "a copy that fails": "import os\n    if not os.fork(): raise SystemExit(0)",
    "a thread without end": "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()",
    "another exit code at exit": "import atexit, os; atexit.register(os._exit, 1)",
}


@pytest.mark.parametrize("how", BODIES)
def test_what_a_lab_does_to_the_process_changes_neither_exit_code_nor_run(place, how):
    lab(place, lab_source(BODIES[how]))
    done = called(place, "run", "mine", "--json")
    assert (done.returncode, statuses(place)) == (0, ["complete"]), done.stderr
    assert json.loads(done.stdout)[0]["status"] == "complete"
    assert "Traceback" not in done.stderr


def test_130_is_answered_only_where_someone_interrupted(place):
    lab(place, lab_source("import os; os.kill(os.getpid(), 2); import time; time.sleep(9)"))
    done = called(place, "run", "mine")
    assert done.returncode == 3
    assert "a lab or a library interrupted the program" in done.stderr


def test_a_second_sigterm_ends_a_lab_that_does_not_listen(place):
    patient = "try: open('begun', 'w').close(); import time; time.sleep(99)"
    lab(place, lab_source(f"while True:\n        {patient}\n        except BaseException: pass"))
    process = started(place, "run", "mine")
    until = time.monotonic() + 30
    while not (place / "begun").exists() and time.monotonic() < until:
        time.sleep(0.02)
    for _ in range(2):
        os.kill(process.pid, signal.SIGTERM)
        time.sleep(0.7)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 143
    assert errors == "Interrupted; every finished lab is saved.\n"
    assert statuses(place) == ["interrupted"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold this limit")
@pytest.mark.parametrize("megabytes", [60, 150])
def test_too_little_memory_is_neither_an_interruption_nor_a_failed_gate(place, megabytes):
    import resource

    stored(place, "tensors")
    limit = megabytes * 1024 * 1024
    words = limited(resource.RLIMIT_AS, limit, [COMMAND, "trend", "-o", "out"])
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, 2, 3, 4)
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error") <= 1
