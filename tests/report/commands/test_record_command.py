"""`labreport record`: the script runs as without it; whatever goes wrong has its message and its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labreport.report.store.entries import load
from labreport.report.store.runs import Store

EPOCHS = """
import sys
for epoch in range(1, 4):
    print(f"Epoch {epoch}/3 loss={1 / epoch:.4f} val_loss={2 / epoch:.4f}", flush=True)
"""


@pytest.fixture
def place(tmp_path):
    return tmp_path


def recorded(place, *words, check=None, **more):
    command = [sys.executable, "-m", "labreport", "record", *words]
    done = subprocess.run(command, cwd=place, capture_output=True, check=False, timeout=120, **more)
    if check is not None:
        assert done.returncode == check, done.stderr.decode()
    return done


def results(place):
    return [load(run.path) for run in Store(place / "runs").list().runs]


def write(place, text, name="train.py"):
    (place / name).write_text(text, "utf-8")
    return name


def test_printed_epochs_of_a_loop_are_read_and_it_is_said(place):
    done = recorded(place, write(place, EPOCHS), check=0)
    (result,) = results(place)
    (one,) = result.findings.trainings
    assert one.history == {"loss": (1.0, 0.5, 0.3333), "val_loss": (2.0, 1.0, 0.6667)}
    assert one.course.source == "printed"
    assert one.course.planned == 3
    assert one.seed is None
    assert result.seeds == ()
    assert b"read from what was printed" in done.stderr
    assert done.stdout.count(b"Epoch") == 3
    assert result.findings.own.printed.count("Epoch") == 3


BAD = {
    "nothing measured": ("print('hello')", 5, "Nothing was measured"),
    "an exit code of its own": ("import sys; sys.exit(3)", 3, "ended with 3"),
    "a syntax error": ("def f(:\n", 1, "SyntaxError"),
    "an error": ("raise ValueError('no such thing')", 1, "ValueError: no such thing"),
    "an error whose message ends the program": (
        "class Odd(Exception):\n    def __str__(self): raise SystemExit(0)\nraise Odd",
        1,
        "Odd",
    ),
    "a kill": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, "nothing was measured"),
    "binary output": ("import sys; sys.stdout.buffer.write(bytes(range(256)) * 9)", 5, "Nothing was measured"),
    "an end at once": ("import os; os._exit(4)", 4, "ended with 4"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_script_that_measures_nothing_has_a_message_and_a_code(name, place):
    text, code, told = BAD[name]
    done = recorded(place, write(place, text), check=code)
    assert told in done.stderr.decode()
    assert not results(place)
    assert "labreport" not in done.stdout.decode("latin-1")
    assert b"boot.py" not in done.stderr


@pytest.mark.parametrize("name", BAD)
def test_what_a_script_prints_is_as_without_the_recorder(name, place):
    write(place, BAD[name][0])
    plain = subprocess.run([sys.executable, "train.py"], cwd=place, capture_output=True, check=False)
    done = recorded(place, "train.py")
    assert done.stdout == plain.stdout
    assert done.stderr.startswith(plain.stderr)


USAGE = {
    "missing": (["none.py"], "There is no script none.py"),
    "no script": ([], "Which script?"),
    "a picture": (["picture.py"], "is not a Python script"),
    "a folder": (["folder"], "folder without a __main__.py"),
    "a name for no lab": (["--name", "a/b", "train.py"], "can't name a run"),
    "the name of a lab": (["--name", "mnist", "train.py"], "one of the labs that are shipped"),
    "seeds": (["--seeds", "x", "train.py"], "seed"),
    "a time": (["--timeout", "soon", "train.py"], "is not a length of time"),
    "a template": (["--as", "loss {loss:f}", "train.py"], "{epoch:d}"),
    "data": (["--data", "none.csv", "train.py"], "none.csv"),
    "a program without a template": (["--", "true"], "--as"),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_is_told_before_anything_runs(name, place):
    words, told = USAGE[name]
    write(place, "open('ran', 'w')")
    (place / "picture.py").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    (place / "folder").mkdir()
    done = recorded(place, *words, check=2)
    assert told in done.stderr.decode()
    assert not (place / "ran").exists()
    assert len(done.stderr) < 600


def test_a_script_that_never_ends_is_ended_and_what_it_measured_is_kept(place):
    text = (
        EPOCHS
        + "\nimport subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\n"
        + "print(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    done = recorded(place, "--timeout", "6s", write(place, text), check=124)
    (result,) = results(place)
    assert result.status == "interrupted"
    assert result.failure.kind == "Timeout"
    assert result.findings.trainings[0].epochs == 3
    child = int(done.stdout.split()[-1])
    time.sleep(0.2)
    assert not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]


def test_ctrl_c_keeps_what_was_measured(place):
    write(place, EPOCHS + "\nimport time\ntime.sleep(600)\n")
    command = [sys.executable, "-m", "labreport", "record", "train.py"]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(3):
        assert b"Epoch" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    (result,) = results(place)
    assert result.status == "interrupted"
    assert result.findings.trainings[0].epochs == 3


def test_a_script_that_forks_is_recorded_once(place):
    text = "import os\nif os.fork() == 0:\n    print('child'); os._exit(0)\nos.wait()\n" + EPOCHS
    recorded(place, write(place, text), check=0)
    (result,) = results(place)
    assert len(result.findings.trainings) == 1


def test_arguments_paths_and_packages_of_the_script_are_its_own(place):
    folder = place / "实验 1"
    for package in ("experiments", "report"):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text(f"NAME = 'my {package}'\n")
    text = (
        "import os, sys, experiments, report, json\n"
        "print(json.dumps([experiments.NAME, report.NAME, sys.argv, sys.path[0], __file__, __name__]))\n"
        "heavy = ('keras', 'numpy', 'tensorflow', 'click')\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in heavy))\n"
        "os.chdir('/')\n" + EPOCHS
    )
    (folder / "训练.py").write_text(text, "utf-8")
    words = ["实验 1/训练.py", "--help", "--seeds", "-x", "", "--token", "hunter2secret"]
    done = recorded(place, *words, check=0)
    plain = subprocess.run([sys.executable, *words], cwd=place, capture_output=True, check=True)
    assert done.stdout == plain.stdout
    (result,) = results(place)
    assert result.lab.startswith("run-")
    assert "hunter2secret" not in json.dumps(str(result))
    assert set(result.findings.own.script.modules) == {"experiments/__init__.py", "report/__init__.py"}
    assert {item.name for item in result.findings.listings} == {
        "训练.py",
        "experiments/__init__.py",
        "report/__init__.py",
    }
    assert result.settings["help"] is True
    assert result.settings["token"] == "***"


def test_another_program_is_read_by_a_template(place):
    words = ["-c", 'for e in 0 1 2; do echo "ep $e  l:1e-0$e"; done; exit 7']
    recorded(place, "--name", "sh", "--as", "ep {epoch:d} l:{loss:f}", "--", "sh", *words, check=7)
    (result,) = results(place)
    assert result.findings.trainings[0].history == {"loss": (1.0, 0.1, 0.01)}
    assert result.status == "failed"
    assert "exit code 7" in result.failure.message


SEEDED = """
import os, random
{first}
for epoch in range(1, 3):
    print(f"epoch {epoch} loss {random.random():.6f}")
"""


def test_seeds_give_one_group_of_several_runs(place):
    recorded(place, "--seeds", "0-2", "--jobs", "2", write(place, SEEDED.replace("{first}", "")), check=0)
    (result,) = results(place)
    assert result.seeds == (0, 1, 2)
    assert result.findings.own.identical == 0
    assert {one.course.group for one in result.findings.trainings} == {"seed"}
    assert len({one.history["loss"] for one in result.findings.trainings}) == 3


def test_a_script_that_seeds_itself_is_found_out(place):
    done = recorded(place, "--seeds", "0-2", write(place, SEEDED.replace("{first}", "random.seed(42)")), check=0)
    (result,) = results(place)
    assert result.seeds == (42,)
    assert result.findings.own.identical == 2
    assert b"all 3 runs have the same numbers" in done.stderr
    assert b"its own seed 42" in done.stderr


def test_a_repetition_runs_only_where_something_may_have_changed(place):
    write(place, EPOCHS)
    (place / "data.csv").write_text("1")
    recorded(place, "--data", "data.csv", "train.py", check=0)
    assert b"unchanged" in recorded(place, "--data", "data.csv", "train.py", check=0).stderr
    assert b"unchanged" not in recorded(place, "--data", "data.csv", "train.py", "--epochs", "3", check=0).stderr
    (place / "data.csv").write_text("2")
    assert b"unchanged" not in recorded(place, "--data", "data.csv", "train.py", check=0).stderr
    recorded(place, "--name", "bare", "train.py", check=0)
    assert b"not all of its data were seen" in recorded(place, "--name", "bare", "train.py", check=0).stderr


def test_a_fault_of_the_watcher_is_one_warning_and_the_script_goes_on(place):
    text = "import sys\nsys.modules.pop('random', None)\nimport collections\n" + EPOCHS
    (place / "keras.py").write_text("class Model:\n    pass\n")  # no Keras at all
    done = recorded(place, write(place, "import keras\n" + text), check=0)
    assert done.stderr.count(b"the watcher failed") >= 1
    assert done.stderr.count(b"the script goes on") == 1
    assert len(results(place)) == 1


def test_a_script_that_records_by_itself_is_no_script_that_measured_nothing(place):
    text = "import labreport\nwith labreport.record('mine') as run:\n    run.epoch(loss=1.0)\n"
    done = recorded(place, write(place, text), check=0)
    (result,) = results(place)
    assert result.lab == "mine"
    assert b"the script recorded by itself, stored in" in done.stderr


def test_a_full_disk_under_the_record_is_one_warning_and_the_script_goes_on(place):
    # No file of this process may grow beyond 600 bytes: what Linux answers is that of a disk that is full.
    text = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))\n" + EPOCHS.replace("4)", "40)")
    done = recorded(place, write(place, text.replace("/3", "/39")), check=0)
    assert done.stdout.count(b"Epoch") == 39
    assert done.stderr.count(b"the script goes on") == 1
    (result,) = results(place)
    (one,) = result.findings.trainings
    assert 2 < one.epochs < one.course.planned == 39
    (note,) = result.findings.own.notes
    assert "what is recorded may be a part" in note


def test_what_is_recorded_is_listed_and_shown(place):
    recorded(place, write(place, EPOCHS), check=0)
    for words in (["list"], ["show", "train"]):
        done = subprocess.run(
            [sys.executable, "-m", "labreport", *words],
            cwd=place,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "COLUMNS": "200"},
        )
        assert "train" in done.stdout
        assert "complete" in done.stdout


DRAWN = """
import matplotlib.pyplot as plt
for number in (1, 2):
    plt.figure()
    plt.plot([1, number, 2])
    plt.show()
    plt.savefig(f"after-{number}.png")
print(plt.get_fignums())
for epoch in (1, 2):
    print(f"Epoch {epoch} loss={1 / epoch:.4f}")
"""


@pytest.mark.parametrize("display", ["", ":99"])
def test_showing_a_figure_does_what_it_does_without_the_recorder(place, display):
    name = write(place, DRAWN)
    environment = {**os.environ, "DISPLAY": display, "MPLBACKEND": "agg"}
    plain = subprocess.run([sys.executable, name], cwd=place, capture_output=True, check=True, env=environment)
    before = [(place / f"after-{number}.png").read_bytes() for number in (1, 2)]
    done = recorded(place, name, check=0, env=environment)
    assert done.stdout == plain.stdout
    assert b"[1, 2]" in done.stdout
    assert done.stderr.startswith(plain.stderr)  # with a display, Matplotlib warns, and names the line of the script
    assert (b"train.py:6: UserWarning" in plain.stderr) == bool(display)
    assert [(place / f"after-{number}.png").read_bytes() for number in (1, 2)] == before
    (result,) = results(place)
    assert [picture.name for picture in result.findings.own.pictures] == ["figure 1", "figure 2"]
