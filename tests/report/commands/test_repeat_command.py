"""`labreport repeat`: a lab and a script once more; what can't be repeated says why, with exit code 3."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import msgspec
import pytest
from helpers.nights import write_lab
from helpers.own_runs import own_run, training
from helpers.places import HELPERS

from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

LOOP = """
import sys
from pace import PACE
for epoch in range(1, int(sys.argv[1]) + 1):
    print(f"Epoch {epoch}/3 loss={PACE / epoch:.4f}", flush=True)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(LOOP)
    (tmp_path / "pace.py").write_text("PACE = 1\n")
    return tmp_path


@pytest.fixture
def recorded(place):
    command = [sys.executable, "-m", "labreport", "record", "train.py", "3"]
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=60)
    return place


def test_a_lab_gives_the_same_numbers_and_nothing_is_stored(place, capsys):
    shutil.copy(HELPERS / "seed_lab.py", place / "seeds.py")
    (place / "labreport.toml").write_text('[paths]\nseeds = "seeds.py"\n')
    assert main(["run", "seeds", "--seeds", "0-1"]) == 0
    assert main(["repeat", "seeds", "-q"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("seeds: identical (")
    assert len(Store(place / "runs").list().runs) == 1
    # The store keeps the source of the lab, so a run of an edited lab is repeated with the lab as it was.
    (place / "seeds.py").write_text((place / "seeds.py").read_text().replace("seed * seed", "seed + 9"))
    assert main(["repeat", "seeds", "-q"]) == 0
    assert "identical" in capsys.readouterr().out
    shutil.rmtree(place / "runs" / "sources")
    assert main(["repeat", "seeds", "-q"]) == 3
    assert "the source of the lab has changed" in capsys.readouterr().err


def test_a_script_gives_the_same_numbers(recorded, capsys):
    assert main(["repeat", "train", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["compared"], found["seeded"]) == ("identical", 1, False)


@pytest.mark.parametrize("name", ["train.py", "pace.py"])
def test_a_script_that_was_edited_or_deleted_runs_from_the_record(name, recorded, capsys):
    (recorded / name).write_text("PACE = 2\n")
    assert main(["repeat", "train"]) == 0
    (recorded / name).unlink()
    assert main(["repeat", "train"]) == 0
    assert capsys.readouterr().out.count("train: identical") == 2


def test_a_script_whose_numbers_depend_on_something_else_is_different(place, capsys):
    (place / "drift.txt").write_text("1")
    (place / "train.py").write_text(LOOP.replace("{PACE /", "{float(open('drift.txt').read()) /"))
    command = [sys.executable, "-m", "labreport", "record", "train.py", "3"]
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=60)
    (place / "drift.txt").write_text("2")
    assert main(["repeat", "train"]) == 1
    said = capsys.readouterr().out
    assert "loss: 1 before, 2 now from epoch 1 on" in said
    assert "No seed was set" in said


def test_a_run_of_another_machine_is_within_the_tolerance_which_is_named(place, capsys):
    write_lab(place, "good", value=0.9)
    (place / "labreport.toml").write_text('[paths]\ngood = "good.py"\n')
    assert main(["run", "good"]) == 0
    store = Store(place / "runs")
    here = load(store.list().runs[0].path)
    machine = msgspec.structs.replace(here.provenance.machine, processor="Testium 3000")
    [score] = [one for one in here.findings.scores if one.name == "test_accuracy"]
    other = msgspec.structs.replace(
        here,
        run_id=f"{here.run_id}x",
        provenance=msgspec.structs.replace(here.provenance, machine=machine),
        findings=msgspec.structs.replace(
            here.findings, scores=(msgspec.structs.replace(score, value=score.value * 1.001),)
        ),
    )
    store.save(other)
    assert main(["repeat", other.run_id]) == 0
    out = capsys.readouterr().out
    assert "good: within the tolerance of another machine or version" in out
    assert "processor: Testium 3000 → " in out
    assert main(["repeat", other.run_id, "--tolerance", "0"]) == 1


def test_a_script_whose_data_are_gone_is_refused(place, capsys):
    (place / "table.csv").write_text("a,b\n1,2\n")
    command = [sys.executable, "-m", "labreport", "record", "--data", "table.csv", "train.py", "3"]
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=60)
    (place / "table.csv").unlink()
    assert main(["repeat", "train"]) == 3
    error = capsys.readouterr().err
    assert "can't be repeated" in error
    assert "table.csv" in error


REFUSED = {
    "a log": (own_run("digits", training(loss=[1.0]), door="import"), "imported from a log"),
    "code of one's own": (own_run("digits", training(loss=[1.0]), door="api"), "handed over by code of your own"),
    "a failed run": (own_run("digits", training(loss=[1.0]), status="failed"), "only a complete run"),
    "a script without its command": (own_run("digits", training(loss=[1.0])), "does not hold how it was started"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_repeated_is_refused_with_the_reason(name, place, capsys):
    result, reason = REFUSED[name]
    Store(place / "runs").save(result)
    assert main(["repeat", "digits"]) == 3
    assert reason in capsys.readouterr().err


def test_a_script_with_a_secret_argument_is_refused(place, capsys):
    command = [sys.executable, "-m", "labreport", "record", "train.py", "3", "--token", "abcdef123456"]
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=60)
    assert main(["repeat", "train"]) == 3
    assert "secrets and private folders are not stored" in capsys.readouterr().err
