"""Scripts on the workers of a cluster: what they measure there is what they measure here."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from helpers.waiting import until

from labreport.experiments.recording.distant import ScriptAnswer, ScriptTask, carry_out
from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

SCRIPT = """import random, sys
from pathlib import Path
from parts.steps import STEPS
scale = float(Path("data/scale.txt").read_text())
for epoch in range(1, STEPS + 1):
    print(f"Epoch {epoch}/{STEPS} loss: {scale * random.random():.4f} val_loss: {random.random():.4f}")
"""
SLOW = """import os, random, time
from pathlib import Path
Path({folder!r}, f"{{os.getpid()}}").touch()
while not Path({killed!r}).exists():
    time.sleep(0.02)
for epoch in (1, 2):
    print(f"Epoch {{epoch}}/2 loss: {{random.random():.4f}} val_loss: {{random.random():.4f}}")
"""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with a script, a module beside it, and a data file."""
    for name, text in (("train.py", SCRIPT), ("parts/steps.py", "STEPS = 3\n"), ("data/scale.txt", "2.0")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(cluster, *words: str, runs: str = "runs") -> int:
    return main(["record", "--on", str(cluster.file), "--runs-dir", runs, *words])


def stored(place: Path, runs: str = "runs"):
    [run] = Store(place / runs).list().runs
    return load(run.path)


def test_the_seeds_of_a_script_measure_on_a_cluster_what_they_measure_here(place, cluster, capfd):
    assert record(cluster, "--seeds", "0-2", "--data", "data/scale.txt", "train.py") == 0
    words = ["record", "--seeds", "0-2", "--data", "data/scale.txt", "--runs-dir", "here", "train.py"]
    assert main(words) == 0
    there, here = stored(place), stored(place, "here")
    assert there.findings.trainings == here.findings.trainings
    assert (there.key, there.seeds, there.findings.listings) == (here.key, here.seeds, here.findings.listings)
    assert list(there.findings.own.script.modules) == list(here.findings.own.script.modules) == ["parts/steps.py"]
    assert (place / "runs").is_dir()
    assert (
        str(place) not in (place / "runs").joinpath(*Store(place / "runs").list().runs[0].path.parts[-3:]).read_text()
    )


@pytest.mark.parametrize(("declared", "where"), [('data = ["data/scale.txt"]', "worker"), ("", "here")])
def test_a_script_of_the_configuration_goes_to_the_cluster_where_its_data_are_declared(
    place, cluster, capfd, declared, where
):
    # On a worker there is nothing but what was sent.
    (place / "beside.txt").touch()
    (place / "train.py").write_text(f"{SCRIPT}print('worker' if not Path('beside.txt').exists() else 'here')\n")
    (place / "labreport.toml").write_text(f'[record.wine]\ncommand = "train.py"\nseeds = "0-1"\n{declared}\n')
    assert main(["run", "wine", "--on", str(cluster.file)]) == 0
    assert stored(place).findings.own.printed.split()[-1] == where


def test_a_file_that_is_neither_sent_nor_there_is_named(place, cluster, capfd, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "scale.txt"
    other.write_text("2.0")
    script = place / "train.py"
    script.write_text(f"{SCRIPT}open({str(other)!r}).read()\n")
    assert record(cluster, "--data", "data/scale.txt", "--data", str(other), "train.py") == 0
    task = ScriptTask(
        driver="x",
        kind="script",
        program="train.py",
        arguments=(),
        seed=None,
        timeout=None,
        files={},
        elsewhere={str(other): "0" * 64},
    )
    answer = msgspec.msgpack.decode(carry_out(msgspec.msgpack.encode(task), lambda event: None), type=ScriptAnswer)
    assert answer.lacking == str(other)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--as", "epoch {epoch:d} loss {loss:f}", "--", "sh", "-c", "echo loss 1.0"),
            "Only a Python script can be sent",
        ),
        (("-m", "json.tool"), "is installed; only one below the current folder"),
    ],
)
def test_what_can_not_be_sent_is_refused(place, cluster, words, message, capfd):
    assert record(cluster, *words) == 2
    assert message in capfd.readouterr().err


def test_a_worker_that_is_killed_costs_no_seed(place, cluster, tmp_path_factory, capfd):
    begun = tmp_path_factory.mktemp("begun")
    done = begun.with_name("killed")
    (place / "slow.py").write_text(SLOW.format(folder=str(begun), killed=str(done)))
    killed: list[int] = []

    def kill() -> None:
        until(lambda: list(begun.iterdir()))
        worker = next(iter(cluster.processes()))
        killed.append(worker)
        os.kill(worker, signal.SIGKILL)
        done.touch()

    thread = Thread(target=kill)
    thread.start()
    assert record(cluster, "--seeds", "0-3", "slow.py") == 0
    thread.join()
    assert killed
    assert stored(place).seeds == (0, 1, 2, 3)


def test_without_a_scheduler_the_exit_code_is_3(place, capfd, monkeypatch):
    monkeypatch.setattr("labreport.experiments.running.cluster._CONNECTING", 0.5)
    assert main(["record", "--on", "tcp://127.0.0.1:1", "train.py"]) == 3
    assert "There is no Dask scheduler" in capfd.readouterr().err
