"""Every given script, unedited, gives under `labreport record` what is known to be right."""

from __future__ import annotations

import importlib.util
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.places import SHARED

from labreport.report.cli import main
from labreport.report.store.entries import load

OWN = SHARED / "own"
EXPECTED = json.loads((OWN / "expected.json").read_text("utf-8"))["scripts"] if OWN.is_dir() else {}

pytestmark = pytest.mark.skipif(not EXPECTED, reason="the scripts lie beside the checkout, and do not here")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_script_gives_the_right_numbers(name, tmp_path, request, monkeypatch, capfd):
    """One of them is recorded by a command that is started, and loads TensorFlow itself."""
    want = EXPECTED[name]
    for package in want.get("needs", ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    scripts = tmp_path / "scripts"
    shutil.copytree(OWN / "scripts", scripts)
    for path in [scripts, *scripts.rglob("*")]:
        path.chmod(0o755)
    place = scripts / want["cwd"]
    runs = tmp_path / "runs"
    monkeypatch.chdir(place)
    words = ["record", "--name", "it", "--runs-dir", str(runs), *want["run"]]
    if name == "train_cli.py":
        code = subprocess.run([sys.executable, "-m", "labreport", *words], check=False, timeout=900).returncode
    else:
        monkeypatch.setattr(sys, "executable", request.getfixturevalue("warm_python"))
        code = main(words)
    printed, complaints = capfd.readouterr()
    assert code == want["exit_code"], complaints
    assert "the watcher failed" not in complaints
    (stored,) = runs.glob("it/*/result.json")
    check(load(stored), want, printed, place)


def check(result, want, printed, place):
    fits = parts(result)
    assert [epochs(fit) for fit in fits] == [one["epochs"] for one in of_this_run(want, fits)]
    for fit, one in zip(fits, want["fits"], strict=True):
        metrics = {key: direction for key, direction in one["metrics"].items() if key != "learning_rate"}
        assert {key: fit["metrics"][key] for key in fit["metrics"]} == metrics
        if want["same_numbers_every_run"]:
            assert_curve(fit, one["val_loss"], 0.02)
    compare_with_own_truth(result, fits, want, printed, place)
    seeds = want["seeds_set_by_script"]
    assert list(result.seeds) == seeds
    assert {one.seed for one in result.findings.trainings} == set(seeds or [None])
    for key, direction in want.get("test", {}).items():
        assert (key, direction) in {(s.metric, s.direction) for s in result.findings.scores if s.split == "test"}
    if "total_epochs" in want:
        (only,) = result.findings.trainings
        assert only.epochs == want["total_epochs"]
        assert sum(only.course.phases) == want["total_epochs"]
    if want.get("diverged"):
        assert [one.course.status for one in result.findings.trainings] == ["diverged"]
    if "watched" in want:
        stopping = result.findings.trainings[0].course.stopping
        assert (stopping.monitor, stopping.direction) == (want["watched"]["metric"], want["watched"]["direction"])
    if "planned_epochs" in want:
        assert result.findings.trainings[0].course.planned == want["planned_epochs"]
    if "error" in want:
        assert result.status == "failed"
        assert result.failure.kind == want["error"]
        assert "No space left on device" in result.failure.message
        assert "raise OSError" in result.failure.stage
        assert [one.course.status for one in result.findings.trainings] == ["failed"]
    else:
        assert result.status == "complete"


def parts(result):
    """Each phase of each training, with its values by epoch, counted in its own phase."""
    found = []
    for one in result.findings.trainings:
        begin = 0
        for length in one.course.phases or (one.epochs,):
            columns = {}
            for key, values in one.history.items():
                at = one.course.at.get(key, range(1, len(values) + 1))
                pairs = zip(at, values, strict=True)
                columns[key] = [(e - begin, v) for e, v in pairs if begin < e <= begin + length]
            found.append({"columns": columns, "metrics": dict(one.course.metrics)})
            begin += length
    return found


def epochs(fit):
    return max(e for column in fit["columns"].values() for e, _ in column)


def of_this_run(want, fits):
    """Where early stopping ends a run without a seed, its length is not a fixed number."""
    if want["same_numbers_every_run"] or want.get("own_truth", {}).get("file") is None:
        return want["fits"]
    return [{"epochs": epochs(fit)} for fit in fits]


def assert_curve(fit, want, tolerance):
    column = fit["columns"]["val_loss"]
    last_epoch, last = column[-1]
    finite = [(value, epoch) for epoch, value in column if math.isfinite(value)]
    best, best_epoch = min(finite)
    assert (last_epoch, best_epoch) == (want["last_epoch"], want["best_epoch"])
    assert best == pytest.approx(want["best"], rel=tolerance, abs=tolerance)
    assert (
        math.isnan(last) if want["last"] == "nan" else last == pytest.approx(want["last"], rel=tolerance, abs=tolerance)
    )


def compare_with_own_truth(result, fits, want, printed, place):
    truth = want.get("own_truth", {})
    name = Path(want["run"][0]).name
    file = truth.get("file", "")
    if file.endswith("training.csv"):
        rows = [line.split(",") for line in (place / file).read_text().splitlines()]
        for key in ("loss", "val_loss", "accuracy"):
            position = rows[0].index(key)
            own = [float(row[position]) for row in rows[1:]]
            assert [v for _, v in fits[0]["columns"][key]] == pytest.approx(own, abs=1e-6)
        scores = {one.metric: one for one in result.findings.scores if one.split == "test"}
        for key in ("accuracy", "loss"):
            (told,) = re.findall(rf"Test {key}: ([0-9.]+)", printed)
            assert scores[key].value == pytest.approx(float(told), abs=6e-5)
    elif file.endswith("history.json"):
        own = json.loads((place / file).read_text())
        assert own == {key: [v for _, v in column] for key, column in fits[0]["columns"].items()}
    elif name in ("gradient_tape.py", "pytorch_loop.py"):
        keys = list(want["fits"][0]["metrics"])
        rows = re.findall(truth["stdout"][0], printed)
        for position, key in enumerate(keys, start=1):
            own = [float(row[position]) for row in rows]
            assert [v for _, v in fits[0]["columns"][key]] == own
    elif name == "imdb_lstm.py":
        ((best, of),) = re.findall(truth["stdout"][0], printed)
        column = fits[0]["columns"]["val_loss"]
        assert min((v, e) for e, v in column)[1] == int(best)
        assert len(column) == int(of)
    elif name == "notebook_digits.py":
        (last,) = re.findall(truth["stdout"][0], printed)
        assert fits[0]["columns"]["val_accuracy"][-1][1] == pytest.approx(float(last), abs=6e-5)
        assert [picture.name for picture in result.findings.own.pictures] == ["figure 1", "figure 1"]
    elif name == "nan_loss.py":
        (first,) = re.findall(truth["stdout"][0], printed)
        assert result.findings.trainings[0].course.diverged_at <= int(first)
    elif name == "kfold_diabetes.py":
        own = [float(value) for _, value in re.findall(truth["stdout"][0], printed)]
        assert [fit["columns"]["val_mae"][-1][1] for fit in fits] == pytest.approx(own, abs=6e-5)
        assert {one.course.group for one in result.findings.trainings} == {"fold"}
