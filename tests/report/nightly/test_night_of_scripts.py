"""A night reruns the scripts of the configuration: run, reported, judged and named like labs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.nights import FOLDER, judged, night, states
from helpers.own_runs import course, own_run, score, training
from lxml import etree

from labreport.report import configuration
from labreport.report.cli import main
from labreport.report.gate.checking import rerunner
from labreport.report.rendering import fonts
from labreport.report.store.baselines import Baselines
from labreport.report.store.entries import CONFIRMATION, PURPOSE, load
from labreport.report.store.runs import Store

SCRIPT = """
import sys
print("so be it")
for epoch in range(1, int(sys.argv[1]) + 1):
    print(f"Epoch {epoch} loss={1 / epoch:.4f} val_loss={0.5 + abs(epoch - 3) / 10:.4f}", flush=True)
"""
HEAD = 'lang = ["en"]\nto = ["md"]\n'


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a user with a script that measures, one that fails and one that measures nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_RUN_ID", "CI_JOB_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fonts, "embedded", lambda _page: "")  # they take most of the time of a page
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "broken.py").write_text("raise ValueError('the lamp went out')\n")
    (tmp_path / "silent.py").write_text("print('nothing to see')\n")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    return tmp_path


def configured(place, text):
    (place / "labreport.toml").write_text(HEAD + text)


WINE = '[record.wine]\ncommand = "train.py 4"\ndata = ["table.csv"]\n'


def test_scripts_are_run_and_reported_and_one_that_fails_does_not_stop_the_others(place, capsys):
    configured(
        place, WINE + '[record.broken]\ncommand = "broken.py"\n[record.silent]\ncommand = "silent.py"\ntimeout = "1m"\n'
    )
    code, data = night("wine", "broken", "silent", "--no-check", "--json", "--to", "html")
    assert code == 3
    assert states(data) == {"wine": "trained", "broken": "failed", "silent": "failed"}
    reasons = {lab["lab"]: lab["reason"] for lab in data["labs"]}
    assert reasons["broken"] == "ValueError: the lamp went out"
    assert "No fit was seen" in reasons["silent"]
    assert json.loads(capsys.readouterr().out)["exit_code"] == 3  # what scripts print is not among it
    page = (FOLDER / "report" / "labreport-en.html").read_text("utf-8")
    assert "the lamp went out" in page
    assert "train.py" in page
    assert '"wine"' in (FOLDER / "trend.json").read_text("utf-8")


def test_the_next_night_takes_a_script_whose_data_are_declared_from_the_store(place, capsys):
    configured(place, WINE + '[record.beer]\ncommand = "train.py 2"\n')
    assert night("wine", "beer", "--no-check")[0] == 0
    code, data = night("wine", "beer", "--no-check")
    assert code == 0
    assert states(data) == {"wine": "fresh", "beer": "trained"}  # nothing is known of what the other one read
    capsys.readouterr()
    assert main(["status", "wine", "beer", "--json"]) == 0
    wine, beer = json.loads(capsys.readouterr().out)
    assert (wine["state"], beer["state"]) == ("up to date", "stale")
    assert main(["build", "wine", "-q"]) == 0
    assert len(list((place / "runs" / "wine").iterdir())) == 1
    (place / "table.csv").write_text("a,b\n1,3\n")
    assert main(["status", "wine"]) == 0
    assert "changed: data" in capsys.readouterr().out
    assert states(night("wine", "--no-check")[1]) == {"wine": "trained"}


def test_the_gate_judges_a_script_by_its_baseline(place):
    configured(place, WINE)
    assert night("wine", "--no-check")[0] == 0
    assert main(["baseline", "set", "main", "wine"]) == 0
    (place / "train.py").write_text(SCRIPT + "# another version\n")
    assert night("--baseline", "main", "wine")[0] == 0  # by its best validation value
    (place / "train.py").write_text(SCRIPT.replace("val_loss", "step"))
    # Now it measures nothing that could be judged; so nothing was compared, and that is not a success.
    code, data = night("--baseline", "main", "wine")
    assert code == 5
    (run,) = data["labs"]
    assert [(lab["lab"], lab["run_id"]) for lab in judged()["verdict"]["labs"]] == [("wine", run["run"])]
    assert etree.parse(str(FOLDER / "junit.xml")).xpath("//testsuite[contains(@name, 'wine')]")
    assert "wine" in (FOLDER / "index.html").read_text("utf-8")


@pytest.mark.parametrize(("worse", "code", "status"), [(0.0, 0, "passed"), (0.3, 1, "failed"), (None, 1, "failed")])
def test_a_script_that_tests_nothing_is_judged_by_its_best_validation_value(place, worse, code, status):
    configured(place, WINE)

    def stored(day, worse):
        fits = []
        for seed in range(5):
            about = course(status="diverged", diverged_at=2) if worse is None and seed == 3 else course()
            best = 0.5 + (worse or 0) + 0.001 * seed
            fits.append(training(seed, about=about, loss=[1.0, 0.4, 0.3], val_loss=[1.0, best, 0.9]))
        run_id = f"202601{day:02}T000000Z-00000000-000000"
        return Store(place / "runs").save(own_run("wine", *fits, seeds=(0, 1, 2, 3, 4), run_id=run_id)).path

    Baselines(place / "runs").set("main", [stored(1, 0.0)])
    stored(2, worse)
    assert main(["check", "wine", "--baseline", "main", "--no-report", "-o", "gate", "-q"]) == code
    (lab,) = json.loads((place / "gate" / "result.json").read_text("utf-8"))["verdict"]["labs"]
    [one] = [check for check in lab["checks"] if check["kind"] == "metric"]
    assert (one["name"], one["status"], one["severity"]) == ("best_val_loss", status, "error")
    for artifact in ("summary.md", "index.html"):
        assert "best value on the validation data" in (place / "gate" / artifact).read_text("utf-8")


@pytest.mark.parametrize(("worse", "status"), [(0.02, "inconclusive"), (0.5, "failed")])
def test_a_script_without_seeds_is_subject_to_chance_so_one_run_can_not_tell(place, worse, status):
    configured(place, WINE)

    def stored(day, loss):
        fit = training(None, loss=[1.0, 0.4], val_loss=[1.0, loss])
        run_id = f"202601{day:02}T000000Z-00000000-000000"
        return Store(place / "runs").save(own_run("wine", fit, run_id=run_id)).path

    Baselines(place / "runs").set("main", [stored(1, 0.5)])
    stored(2, 0.5 + worse)
    main(["check", "wine", "--baseline", "main", "--no-report", "-o", "gate", "-q"])
    (lab,) = json.loads((place / "gate" / "result.json").read_text("utf-8"))["verdict"]["labs"]
    assert [check["status"] for check in lab["checks"] if check["kind"] == "metric"] == [status]
    assert "no chance enters" not in (place / "gate" / "summary.md").read_text("utf-8")


@pytest.mark.parametrize(("loss", "code", "status"), [(0.0, 0, "passed"), (0.3, 1, "failed")])
def test_every_test_score_of_a_script_is_judged_but_its_loss(place, loss, code, status):
    configured(place, WINE)

    def stored(day, worse):
        fits = [training(seed, loss=[1.0, 0.5]) for seed in range(5)]
        scores = [score("test_auc", 0.9 - worse + 0.001 * seed, seed) for seed in range(5)]
        scores += [score("test_loss", 0.1 + worse + 0.001 * seed, seed, direction="lower") for seed in range(5)]
        result = own_run(
            "wine", *fits, scores=tuple(scores), seeds=(0, 1, 2, 3, 4), run_id=f"202601{day:02}T000000Z-00000000-000000"
        )
        return Store(place / "runs").save(result).path

    Baselines(place / "runs").set("main", [stored(1, 0.0)])
    stored(2, loss)
    assert main(["check", "wine", "--baseline", "main", "--no-report", "-o", "gate", "-q"]) == code
    (lab,) = json.loads((place / "gate" / "result.json").read_text("utf-8"))["verdict"]["labs"]
    found = {
        check["name"]: (check["status"], check["severity"]) for check in lab["checks"] if check["kind"] == "metric"
    }
    assert found["test_auc"] == (status, "error")
    assert found["test_loss"][1] == "warning"


def test_a_suspicious_script_runs_again_with_fresh_seeds(place):
    configured(place, WINE)
    assert night("wine", "--no-check")[0] == 0
    store = Store(place / "runs")
    first = load(store.list("wine").runs[0].path)
    rerun = rerunner(
        configuration.load(place, {}), store, progress=lambda *_: None, announce=lambda _line: None, command=()
    )
    fresh = rerun(first, (7, 8))
    assert fresh.key_parts[PURPOSE] == CONFIRMATION
    assert fresh.key_parts["seeds"] == "7,8"
    assert load(store.list().newest("wine").path).run_id == first.run_id
    assert rerun(first, (7, 8)).run_id == fresh.run_id


def test_a_script_that_takes_longer_than_the_budget_is_stopped_with_what_it_measured(place):
    (place / "slow.py").write_text(SCRIPT + "import time\ntime.sleep(60)\n")
    configured(place, '[record.slow]\ncommand = "slow.py 2"\n')
    code, data = night("slow", "--no-check", "--budget", "3s")
    assert code == 5
    assert states(data) == {"slow": "stopped"}
    result = load(Store(place / "runs").list("slow").runs[0].path)
    assert result.status == "interrupted"
    assert result.findings.trainings[0].epochs == 2
    assert states(night("slow", "--no-check", "--budget", "2s")[1]) == {"slow": "long"}


def test_a_script_runs_in_the_folder_and_with_the_seeds_of_its_table(place):
    (place / "sub").mkdir()
    (place / "train.py").rename(place / "sub" / "train.py")
    configured(place, '[record.wine]\ncommand = "train.py 2"\ncwd = "sub"\nseeds = "0-1"\njobs = 2\n')
    assert main(["run", "wine", "-q"]) == 0
    result = load(Store(place / "runs").list("wine").runs[0].path)
    assert result.key_parts["seeds"] == "0,1"
    assert result.provenance.command == ("labreport", "record", "--name", "wine", "--seeds", "0-1", "train.py", "2")
    assert Path.cwd() == place


WRONG = {
    "no command": ("[record.wine]\nseeds = 3\n", "record.wine needs a command"),
    "an empty command": ('[record.wine]\ncommand = ""\n', "record.wine.command must be a text that is not empty"),
    "half a quotation": ('[record.wine]\ncommand = "train.py \'a"\n', "record.wine.command: No closing quotation"),
    "a missing script": ('[record.wine]\ncommand = "none.py"\n', "record.wine: There is no script none.py"),
    "a missing file": (WINE.replace("table", "none"), "record.wine: --data none.csv"),
    "a missing folder": (WINE + 'cwd = "none"\n', "record.wine.cwd: there is no folder none"),
    "an unknown key": (WINE + "seed = 3\n", "Did you mean 'seeds'"),
    "a wrong time": (WINE + 'timeout = "soon"\n', "is not a length of time"),
    "wrong groups": (WINE + 'groups = "folds"\n', "Did you mean 'fold'"),
    "a wrong template": (WINE + 'as = "loss {loss:f}"\n', "{epoch:d}"),
    "seeds that can't be": (WINE + 'seeds = "9-1"\n', "runs backwards"),
    "the name of a lab": ('[record.mnist]\ncommand = "train.py 4"\n', "the name of a lab that is installed"),
    "a name twice": (WINE + '[paths]\nwine = "train.py"\n', "a lab of [paths] as well"),
    "a name for no lab": ('[record."a b"]\ncommand = "train.py 4"\n', "can't name a lab"),
    "not a table": ('record = "train.py"\n', "record must be a table"),
    "settings": (WINE + "[settings.wine]\nepochs = 3\n", "settings.wine: a script of [record] has none"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_table_that_says_what_can_not_be_is_refused_before_anything_runs(name, place, capsys):
    text, message = WRONG[name]
    configured(place, text)
    assert main(["nightly", "wine" if "mnist" not in text else "mnist", "--no-check", "-q"]) == 2
    assert message in capsys.readouterr().err
    assert not list(place.glob("runs/*"))
