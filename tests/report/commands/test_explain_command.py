"""`labreport explain`: planted changes are found, what is stored is not run again, and every refusal has its reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import msgspec
import pytest
from helpers.own_runs import own_run, training
from helpers.places import HELPERS

from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

ALL = ("-P", "units=16", "-P", "rate=0.5", "-P", "depth=3", "-P", "colour=blue")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(HELPERS / "noisy_lab.py", tmp_path / "noise.py")
    (tmp_path / "labreport.toml").write_text('[paths]\nnoise = "noise.py"\n')
    return tmp_path


def run(*words):
    assert main(["run", "noise", "--seeds", "0-4", "-q", *words]) == 0


def explained(capsys, *words):
    capsys.readouterr()
    assert main(["explain", "last:2", "last:1", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_planted_changes_are_found_and_the_idle_one_is_not_blamed(place, capsys):
    run()
    run(*ALL)
    found = explained(capsys)
    blamed = {one["factors"][0]: one["mean"] for one in found["attribution"]["contributions"] if one["p"] < 0.05}
    assert list(blamed) == ["units", "depth", "rate"] or list(blamed) == ["units", "rate", "depth"]
    assert blamed["units"] == pytest.approx(-0.048, abs=0.005)
    joint = [one["factors"] for one in found["attribution"]["interactions"] if one["verdict"] == "responsible"]
    assert joint == [["rate", "depth"]]
    assert found["factors"][0] == {"name": "units", "a": "64", "b": "16"}
    assert len(found["cells"]) == 16
    assert found["recorded"] == pytest.approx(sum(one["mean"] for one in found["attribution"]["contributions"]))


def test_what_is_stored_is_not_run_again_and_never_becomes_the_newest_run(place, capsys):
    run()
    run("-P", "units=16", "-P", "depth=3")
    newest = Store(place / "runs").list().newest("noise").entry.run_id
    first = explained(capsys)
    stored = len(Store(place / "runs").list().runs)
    assert stored == 4
    assert explained(capsys) == first
    assert len(Store(place / "runs").list().runs) == stored
    assert Store(place / "runs").list().newest("noise").entry.run_id == newest


def test_the_answer_stands_on_pages_in_both_languages(place, capsys):
    run()
    run("-P", "units=16", "-P", "colour=**blue**<b>")
    capsys.readouterr()
    assert main(["explain", "last:2", "last:1", "--to", "md,html", "-o", "out"]) == 0
    assert "units accounts for" in capsys.readouterr().out
    english, chinese = ((place / "out" / f"explanation-{language}.md").read_text() for language in ("en", "zh"))
    assert "**units** accounts for" in english
    assert "no effect of colour is shown" in english.lower()
    assert "其中 **units** 贡献" in chinese
    assert "<b>" not in english + (place / "out" / "explanation-en.html").read_text().split("</style>")[1][:2000]


def test_what_outlasts_the_budget_is_stopped_and_the_same_command_goes_on(place, capsys):
    lab = place / "noise.py"
    lab.write_text(
        lab.read_text()
        .replace("import random", "import random\nimport time\nfrom pathlib import Path")
        .replace("    chance =", "    time.sleep(9 * Path('slow').exists())\n    chance =")
    )
    run()
    run("-P", "units=16", "-P", "depth=3")
    (place / "slow").write_text("")
    refused(capsys, 3, "The budget is used up after 2 of 4 combinations", "last:2", "last:1", "--budget", "1s")
    (place / "slow").unlink()
    assert len(explained(capsys, "--budget", "1m")["cells"]) == 4
    assert Store(place / "runs").list().newest("noise").entry.status == "complete"


def test_few_seeds_blame_nothing(place, capsys):
    run("-P", "units=1000")
    run()
    assert main(["explain", "last:2", "last:1", "--seeds", "0-1"]) == 0
    assert "With fewer than 3 seeds no effect can be separated from chance" in capsys.readouterr().out


def refused(capsys, code, message, *words):
    capsys.readouterr()
    assert main(["explain", *words]) == code
    assert message in capsys.readouterr().err


def test_every_refusal_has_its_reason(place, capsys):
    run()
    refused(capsys, 5, "There is no last:2", "last:2", "last:1")
    refused(capsys, 5, "they have the same inputs", "last:1", "last:1")
    run("-P", "units=16")
    refused(capsys, 5, "no score 'nonsense'", "last:2", "last:1", "--metric", "nonsense")
    refused(capsys, 2, "not a length of time", "last:2", "last:1", "--budget", "soon")
    refused(capsys, 3, "more than the budget", "last:2", "last:1", "--seeds", "5-9", "--budget", "0.0001s")
    Store(place / "runs").save(own_run("digits", training(loss=[1.0]), door="import"))
    refused(capsys, 5, "their numbers answer other questions", "noise", "digits")
    refused(capsys, 3, "was not run by labreport", "digits", "digits")
    refused(capsys, 2, "nothing", "noise", "nothing")
    for number in (1, 2):
        Store(place / "runs").save(
            own_run("digits", training(loss=[1.0]), run_id=f"2027010{number}T000000Z-0000000{number}")
        )
    refused(capsys, 2, "several labs in common", "last:2", "last:1")


def test_the_code_of_a_lab_is_swapped_like_a_setting(place, capsys):
    run()
    source = (place / "noise.py").read_text()
    assert "0.8 +" in source
    # The newer version has a setting more, which belongs to its code.
    (place / "noise.py").write_text(
        source.replace("0.8 +", "0.75 +").replace('colour: str = "red"', 'colour: str = "red"\n    width: int = 7')
    )
    run("-P", "units=32")
    found = explained(capsys)
    blamed = {one["factors"][0]: one["mean"] for one in found["attribution"]["contributions"] if one["p"] < 0.05}
    assert blamed["the code"] == pytest.approx(-0.05, abs=0.008)
    assert blamed["units"] == pytest.approx(-0.032, abs=0.008)
    assert [one["name"] for one in found["factors"]] == ["units", "the code"]
    assert found["held"] == []
    assert found["recorded"] == pytest.approx(sum(one["mean"] for one in found["attribution"]["contributions"]))
    assert main(["explain", "last:2", "last:1", "--lang", "zh"]) == 0
    assert "代码" in capsys.readouterr().out
    # Without the kept source of the older one it can't be swapped, and that is said.
    shutil.rmtree(place / "runs" / "sources")
    assert explained(capsys)["held"] == ["lab"]


@pytest.fixture
def other_python(place):
    """A Python in which another version of NumPy seems to be installed."""
    about = place / "installed" / "numpy-9.9.9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 9.9.9\n")
    program = place / "python9"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{about.parent}" exec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return program


def test_versions_are_swapped_where_there_is_a_python_that_has_them(place, other_python, capsys):
    lab = place / "noise.py"
    effect = "0.8 + 0.04 * (version('numpy') == '9.9.9') +"
    lab.write_text(lab.read_text().replace("import random", "import random\nfrom importlib.metadata import version"))
    lab.write_text(lab.read_text().replace("0.8 +", effect))
    command = [str(other_python), "-m", "labreport", "run", "noise", "--seeds", "0-4", "-q"]
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=60)
    run("-P", "units=16")
    assert explained(capsys)["held"] == ["numpy"]
    found = explained(capsys, "--python", f"A={other_python}")
    blamed = {one["factors"][0]: one["mean"] for one in found["attribution"]["contributions"] if one["p"] < 0.05}
    assert blamed == pytest.approx({"units": -0.048, "the environment": -0.04}, abs=0.006)
    assert found["factors"][1]["a"] == "numpy 9.9.9"
    assert found["held"] == []
    stored = len(Store(place / "runs").list().runs)
    assert explained(capsys, "--python", f"A={other_python}") == found
    assert len(Store(place / "runs").list().runs) == stored
    refused(capsys, 3, "but this Python has", "last:2", "last:1", "--python", f"B={other_python}")
    refused(capsys, 3, "A ran with numpy 9.9.9", "last:2", "last:1", "--python", f"A={sys.executable}")
    refused(capsys, 3, "can't run labreport", "last:2", "last:1", "--python", "A=/bin/false")
    refused(capsys, 2, "is not a program", "last:2", "last:1", "--python", "A=nowhere")
    refused(capsys, 2, "write A=PATH", "last:2", "last:1", "--python", "/bin/true")
    refused(capsys, 2, "names A twice", "last:2", "last:1", "--python", "A=/bin/true", "--python", "a=/bin/true")
    newest = load(Store(place / "runs").list().newest("noise").path)
    parts = {**newest.key_parts, "engine": "0" * 64}
    Store(place / "runs").save(
        msgspec.structs.replace(newest, key_parts=parts, run_id="20990101T000000Z-00000000-000000")
    )
    refused(capsys, 3, "(engine); give --python B=PATH", "last:3", "last:1", "--python", f"A={other_python}")
    shutil.rmtree(next((place / "runs" / "noise").glob("2099*")))
    run("-P", "units=8")
    refused(capsys, 2, "nothing to swap", "last:2", "last:1", "--python", f"A={sys.executable}")


SCRIPT = """
import random, sys
from pace import PACE
for epoch in range(1, 4):
    loss = PACE + 0.1 * (int(sys.argv[1]) > 3) + 0.01 * random.random() / epoch
    print(f"Epoch {epoch}/3 loss={1 / epoch:.4f} val_loss={loss:.4f}", flush=True)
"""


def test_a_script_without_a_test_is_taken_apart_by_its_best_validation_value(place, monkeypatch, capsys):
    (place / "labreport.toml").write_text("")
    (place / "train.py").write_text(SCRIPT)
    for pace, argument in (("1.0", "3"), ("1.5", "4")):
        (place / "pace.py").write_text(f"PACE = {pace}\n")
        # What is stored as the command, and run again, is what this process was started with.
        monkeypatch.setattr("sys.argv", ["labreport", "record", "--seeds", "0-2", "train.py", argument])
        assert main() == 0
    found = explained(capsys)
    means = {one["factors"][0]: one["mean"] for one in found["attribution"]["contributions"]}
    assert means == pytest.approx({"the code": 0.5, "argument 1": 0.1}, abs=0.02)
    assert (found["attribution"]["metric"], found["split"], found["held"]) == ("best_val_loss", "validation", [])
    assert main(["explain", "last:2", "last:1"]) == 0
    assert "measured on the validation data" in capsys.readouterr().out
