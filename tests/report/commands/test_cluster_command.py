"""`--on`: the commands that train do it on a Dask cluster."""

from __future__ import annotations

import importlib
import json
import os
import signal

import pytest
from helpers.places import HELPERS

from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

RUN = ["run", "watched", "--seeds", "0-2", "-P", "folder=."]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a user with a lab whose seeds can be held up."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "watched.py").write_text((HELPERS / "seed_lab.py").read_text("utf-8"))
    (tmp_path / "labreport.toml").write_text('[paths]\nwatched = "watched.py"\n')
    return tmp_path


def test_run_build_nightly_and_repeat_train_on_a_cluster(place, cluster, capsys, monkeypatch):
    on = ["--on", str(cluster.file)]
    folder = ["-P", f"folder={place}"]
    assert main(["run", "watched", "--seeds", "0-2", *folder]) == 0
    assert main(["run", "watched", "--seeds", "0-2", *folder, *on, "--force"]) == 0
    one, other = (load(run.path) for run in Store(place / "runs").list().runs)
    assert repr(one.findings) == repr(other.findings)
    assert one.key == other.key
    assert one.provenance.machine.processor == other.provenance.machine.processor
    assert main(["repeat", "watched", *on]) == 0
    assert "identical" in capsys.readouterr().out
    monkeypatch.setenv("LABREPORT_ON", str(cluster.address))
    assert main(["build", "watched", "--seeds", "3-4", *folder, "--lang", "en", "--to", "md"]) == 0
    assert main(["nightly", "watched", "--seeds", "5-6", *folder, "--lang", "en", "--no-check", "-o", "night"]) == 0
    assert [len(load(run.path).seeds) for run in Store(place / "runs").list().runs] == [2, 2, 3, 3]


SCORED = """
from dataclasses import dataclass
TITLE, VERSION = "Scored", "1"

@dataclass(frozen=True, kw_only=True)
class Settings:
    rate: float = 0.5
    size: int = 1

def train(settings, dataset, session, seed):
    session.score("test_error", settings.rate + seed / 1000 + settings.size / 1e6)
"""


def test_explain_measures_its_combinations_on_a_cluster(place, cluster, capsys):
    (place / "watched.py").write_text(SCORED)
    runs = ["run", "watched", "--seeds", "0-2", "--on", cluster.address]
    assert main(runs) == main([*runs, "-P", "rate=0.7", "-P", "size=2"]) == 0
    capsys.readouterr()
    assert main(["explain", "last:2", "last:1", "--on", cluster.address]) == 0
    assert "rate" in capsys.readouterr().out


def test_a_scheduler_that_does_not_answer_is_exit_code_3(place, capsys, monkeypatch):
    monkeypatch.setattr("labreport.experiments.running.cluster._CONNECTING", 0.5)
    assert main([*RUN, "--on", "tcp://127.0.0.1:9"]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert "There is no Dask scheduler at tcp://127.0.0.1:9" in line
    assert not Store(place / "runs").list().runs


def test_a_worker_that_hangs_is_exit_code_3_and_not_waited_for_for_ever(place, cluster, capsys, monkeypatch):
    monkeypatch.setattr("labreport.experiments.running.cluster._ANSWERING", 1)
    hanging = cluster.processes()[0]
    os.kill(hanging, signal.SIGSTOP)
    try:
        assert main([*RUN, "--on", cluster.address]) == 3
    finally:
        os.kill(hanging, signal.SIGCONT)
    [line] = capsys.readouterr().err.splitlines()
    assert "has not answered for 1 s" in line


def test_without_the_extra_one_line_names_what_installs_it(place, capsys, monkeypatch):
    original = importlib.import_module

    def missing(name, *more):
        if name == "distributed":
            raise ModuleNotFoundError("No module named 'distributed'", name=name)
        return original(name, *more)

    monkeypatch.setattr("labreport.experiments.running.cluster.import_module", missing)
    monkeypatch.setattr("labreport.report.errors.find_spec", lambda name: None)
    assert main([*RUN, "--on", "tcp://127.0.0.1:8786"]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert "pip install 'labreport[cluster]'" in line


def test_a_lab_that_fails_on_a_cluster_leaves_the_others_complete(place, cluster, capsys):
    (place / "other.py").write_text((HELPERS / "seed_lab.py").read_text("utf-8"))
    (place / "labreport.toml").write_text('[paths]\nwatched = "watched.py"\nother = "other.py"\n')
    (place / "fail-1").touch()
    command = ["build", "watched", "other", "--seeds", "0-1", "--lang", "en", "--to", "md", "--json"]
    settings = ["-P", f"watched.folder={place}", "-P", f"other.folder={place / 'empty'}"]
    (place / "empty").mkdir()
    assert main([*command, *settings, "--on", cluster.address]) == 3
    given = json.loads(capsys.readouterr().out)
    assert [(run["lab"], run["status"]) for run in given["runs"]] == [("watched", "failed"), ("other", "complete")]
    assert "Seed 1 went wrong." in (place / "reports" / "labreport-en.md").read_text("utf-8")
