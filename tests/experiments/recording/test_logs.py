"""Every given log is read as it is right; a bad one is refused with its file and line, and nothing is stored."""

from __future__ import annotations

import csv
import json
import math
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from helpers.places import SHARED

from labreport.experiments.recording.importing import IMPORTERS
from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

OWN = SHARED / "own"
EXPECTED = json.loads((OWN / "expected.json").read_text("utf-8"))["logs"] if OWN.is_dir() else {}
NOT_KEPT = {"learning_rate", "grad_norm"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(*words):
    assert main(["import", "--name", "it", *map(str, words)]) == 0
    (run,) = Store(Path("runs")).list("it").runs
    return load(run.path)


def columns(training, key):
    values = training.history[key]
    return list(zip(training.course.at.get(key, range(1, len(values) + 1)), values, strict=True))


@pytest.mark.skipif(not EXPECTED, reason="the logs lie beside the checkout, and do not here")
@pytest.mark.parametrize("name", EXPECTED or [""])
def test_a_log_gives_the_right_numbers(name, place, capsys):
    want = EXPECTED[name]
    result = imported(OWN / "logs" / want["path"])
    (one,) = result.findings.trainings
    assert one.epochs == want["epochs"]
    assert one.course.axis == "epoch"
    metrics = {key: direction for key, direction in want["metrics"].items() if key not in NOT_KEPT}
    assert {key: one.course.metrics.get(key) for key in metrics} == metrics
    assert not NOT_KEPT & set(one.course.metrics)
    assert set(one.course.metrics) - set(metrics) <= ({"loss"} if "eval_loss" in metrics else set())
    for key in ("val_loss", "eval_loss"):
        if key in want:
            pairs = columns(one, key)
            assert pairs[-1] == (want[key]["last_epoch"], pytest.approx(want[key]["last"], rel=1e-6))
            value, epoch = min((value, epoch) for epoch, value in pairs)
            assert (epoch, value) == (want[key]["best_epoch"], pytest.approx(want[key]["best"], rel=1e-6))
    assert one.seed == want["seed_of_the_run"]
    assert result.seeds == (() if one.seed is None else (one.seed,))
    assert list(one.course.phases) == want.get("segments", [])
    assert list(one.course.repeated) == want.get("repeated_epochs", [])
    said = capsys.readouterr().err
    assert ("starts again" in said) == ("segments" in want)
    assert ("stand twice" in said) == ("repeated_epochs" in want)


def test_a_log_says_nothing_of_the_machine_that_imports_it(place):
    (place / "log.csv").write_text("epoch,loss\n0,1.0\n1,0.5\n")
    result = imported("log.csv")
    assert result.provenance.git_commit is None
    assert result.provenance.machine.processor == "unknown"
    assert result.findings.own.files[0].name == "log.csv"
    assert result.findings.own.door == "import"
    assert result.findings.trainings[0].batch_size is None
    assert result.format == 2


GOOD = "epoch,loss,val_loss\n0,1.0,1.5\n1,0.5,1.25\n"
BAD = {
    "cut off": ("log.csv", GOOD + "2,0.2", "log.csv:4: the row is cut off: 2 of 3 cells"),
    "text": ("log.csv", GOOD + "2,low,3\n", "log.csv:4: 'low' in column loss is not a number"),
    "an epoch of text": ("log.csv", GOOD + "two,1,3\n", "log.csv:4: 'two' in column epoch is not a number"),
    "empty": ("log.csv", "", "log.csv: the file is empty"),
    "a head alone": ("log.csv", "epoch,loss\n", "log.csv: holds no values of a training"),
    "another kind": ("log.csv", "Dear reader,\nno table.\n", "not recognised. Known formats: csvlogger"),
    "JSON cut off": ("h.json", '{"loss": [1.0,\n 0.5', "h.json:2: the file is cut off"),
    "JSON of another kind": ("h.json", '{"loss": [[1], 2]}', "[1] in loss is not a number"),
    "JSON with a number that no float holds": (
        "h.json",
        '{"loss": [1.0, 1' + "0" * 400 + "]}",
        "… in loss is not a number",
    ),
    "JSON with text": ("h.json", '{\n"loss": [1.0,\n"low"]}', "h.json:3: 'low' in loss is not a number"),
    "JSON with gaps": ("h.json", '{"loss": [1, 2, 3], "val_loss": [1, 2]}', "val_loss has 2 values for 3 epochs"),
    "a pickle by name": ("h.pkl", "x", "a pickle is not read"),
    "a pickle by content": ("h.csv", "\x80\x04K\x01.", "a pickle is not read"),
    "a trainer's state without a log": ("trainer_state.json", '{"epoch": 3, "log_history": 3}', "has no log_history"),
    "events that are none": ("events.out.tfevents.1", "hello, this is not a record at all", "is damaged, or is not"),
    "missing": ("", "", "no such file"),
    "decimal commas": (
        "log.csv",
        "epoch;loss\n0;1,5\n",
        "log.csv:2: '1,5' in column loss is not a number; it has a decimal",
    ),
    "two columns of one name": ("log.csv", "epoch,loss,loss\n0,1,2\n", "log.csv:1: two columns are called loss"),
    "rows out of order": ("log.csv", "epoch,loss\n3,1\n1,2\n", "log.csv:3: the rows are not in the order of epochs"),
    "another table": ("log.csv", "name,age\nAnna,3\nBen,4\n", "not recognised"),
    "lines of JSON cut off": (
        "log.jsonl",
        '{"epoch": 1, "loss": 2}\n{"epoch": 2, "lo',
        "log.jsonl:2: the line is cut off",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_log_is_refused_with_its_place_and_nothing_is_stored(name, place, capsys):
    file, content, told = BAD[name]
    (place / "good.csv").write_text(GOOD)
    if file:
        (place / file).write_bytes(content.encode("latin-1") if "pickle" in name else content.encode())
    assert main(["import", "good.csv", file or "missing.csv"]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error) < 700
    assert "Traceback" not in error
    assert not (place / "runs").exists()


@pytest.mark.skipif(not EXPECTED, reason="the logs lie beside the checkout, and do not here")
@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_file_of_events_that_is_cut_off_is_refused(part, place, capsys):
    shutil.copytree(OWN / "logs" / "tensorboard_keras", place / "tb")
    (file,) = (place / "tb" / part).iterdir()
    file.parent.chmod(0o755)
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-7])
    assert main(["import", "tb"]) == 2
    assert "is cut off in record" in capsys.readouterr().err
    assert not (place / "runs").exists()


@pytest.mark.parametrize("form", ["csvlogger", "lightning", "wandb", "history", "records", "dvclive", "mlflow"])
def test_a_format_that_is_asked_for_and_not_there_is_a_clear_error(form, place, capsys):
    (place / "notes.txt").write_text("Dear reader,\nthis is a text.\n")
    assert main(["import", "--format", form, "notes.txt"]) == 2
    assert "notes.txt" in capsys.readouterr().err


def test_text_in_utf_16_is_refused_with_what_to_do(place, capsys):
    (place / "log.csv").write_bytes(GOOD.encode("utf-16"))
    assert main(["import", "log.csv"]) == 2
    assert "is text in UTF-16; save it as UTF-8" in capsys.readouterr().err


VALUES = {"loss": (1.0, 0.5), "val_loss": (1.5, 1.25)}
SPELLINGS = {
    "an index of pandas": ",loss,val_loss\n0,1.0,1.5\n1,0.5,1.25\n",
    "an index and epochs": ",epoch,loss,val_loss\n0,1,1.0,1.5\n1,2,0.5,1.25\n",
    "no epochs": "loss,val_loss\n1.0,1.5\n0.5,1.25\n",
    "capitals and blanks": "Epoch, loss, val_loss\n1, 1.0, 1.5\n2, 0.5, 1.25\n",
    "tabs": "epoch\tloss\tval_loss\n0\t1.0\t1.5\n1\t0.5\t1.25\n",
    "marks and CRLF": "\ufeffepoch;loss;val_loss\r\n0;1.0;1.5\r\n1;0.5;1.25\r\n",
    "a time of day": "epoch,when,loss,val_loss\n0,12:30,1.0,1.5\n1,12:31,0.5,1.25\n",
    "a frame of pandas": '{"loss":{"0":1.0,"1":0.5},"val_loss":{"0":1.5,"1":1.25}}',
    "records of pandas": '[{"loss":1.0,"val_loss":1.5},{"loss":0.5,"val_loss":1.25}]',
    "lines": '{"epoch": 0, "loss": 1.0, "val_loss": 1.5}\n{"epoch": 1, "loss": 0.5, "val_loss": 1.25}\n',
    "a mark before JSON": '\ufeff{"loss": [1.0, 0.5], "val_loss": [1.5, 1.25]}',
    "more beside the lists": '{"loss": [1.0, 0.5], "val_loss": [1.5, 1.25], "best_epoch": 2, "model": "cnn"}',
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_table_of_epochs_is_read_in_any_usual_spelling(name, place):
    (place / "log.txt").write_text(SPELLINGS[name], "utf-8")
    (one,) = imported("log.txt").findings.trainings
    assert one.history == VALUES
    assert one.epochs == 2
    assert one.course.at == {}


def test_null_in_a_history_is_an_epoch_without_a_value(place, capsys):
    (place / "h.json").write_text('{"loss":{"0":3,"1":2,"2":1},"val_loss":{"0":null,"1":2.5,"2":null},"test_acc":0.9}')
    result = imported("h.json")
    (one,) = result.findings.trainings
    assert one.course.at == {"val_loss": (2,)}
    assert one.history["val_loss"] == (2.5,)
    assert [(score.name, score.value) for score in result.findings.scores] == [("test_acc", 0.9)]
    assert "null stands for a missing value in val_loss" in capsys.readouterr().err


def test_values_of_every_fifth_epoch_stand_at_their_epochs(place):
    history = {"loss": [1 - 0.01 * epoch for epoch in range(20)], "val_loss": [0.9, 0.7, 0.5, 0.6]}
    (place / "h.json").write_text(json.dumps(history))
    (one,) = imported("h.json").findings.trainings
    assert one.epochs == 20
    assert one.course.at == {"val_loss": (5, 10, 15, 20)}


def test_not_a_number_in_a_log_makes_it_diverged_from_there_on(place):
    (place / "log.csv").write_text("epoch,loss,val_loss\n0,1,2\n1,nan,1\n2,nan,inf\n")
    (one,) = imported("log.csv").findings.trainings
    assert one.course.status == "diverged"
    assert one.course.diverged_at == 2
    assert math.isnan(one.history["loss"][1])
    assert one.history["val_loss"][2] == math.inf


def test_several_logs_are_the_seeds_of_one_run(place):
    for seed in (3, 7):
        (place / f"seed_{seed}").mkdir()
        (place / f"seed_{seed}" / "history.json").write_text(json.dumps({"loss": [1.0, seed / 10]}))
    result = imported("--seeds-from", r"seed_(\d+)", "seed_3/history.json", "seed_7/history.json")
    assert result.seeds == (3, 7)
    assert [one.course.group for one in result.findings.trainings] == ["seed", "seed"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seeds-from", "seed_(\\d+)", "good.csv"], "finds no seed"),
        (["--seeds-from", "(", "good.csv"], "is not an expression"),
        (["--seeds-from", "good", "good.csv"], "exactly one group"),
        (["--format", "csvloger", "good.csv"], "Did you mean 'csvlogger'"),
        (["--metric", "loss=up", "good.csv"], "NAME=higher or NAME=lower"),
        (["--name", "../x", "good.csv"], "can't name a run"),
        (["--name", "训练\n", "good.csv"], "can't name a run"),
        (["--name", "mnist", "good.csv"], "one of the labs that are shipped"),
    ],
)
def test_wrong_usage_is_told(words, told, place, capsys):
    (place / "good.csv").write_text(GOOD)
    assert main(["import", *words]) == 2
    assert told in capsys.readouterr().err
    assert not (place / "runs").exists()


def test_the_user_says_what_is_better_of_an_unknown_metric(place):
    (place / "log.csv").write_text("epoch,odd,val_odd\n0,1,2\n1,2,3\n")
    (one,) = imported("--metric", "odd=higher", "log.csv").findings.trainings
    assert one.course.metrics == {"odd": "higher", "val_odd": "higher"}


def test_the_same_log_is_stored_once(place, capsys):
    (place / "mine.csv").write_text(GOOD)
    assert main(["import", "mine.csv"]) == 0
    assert main(["import", "mine.csv"]) == 0
    assert "stored already" in capsys.readouterr().err
    assert len(Store(place / "runs").list("mine").runs) == 1


def test_what_is_imported_is_listed_and_shown(place, capsys):
    (place / "a.csv").write_text(GOOD)
    assert main(["import", "a.csv"]) == 0
    assert main(["list"]) == 0
    assert main(["show", "a"]) == 0
    said = capsys.readouterr().out
    assert "a " in said
    assert "complete" in said


def test_a_folder_of_ten_thousand_files_is_answered_soon(place, capsys):
    (place / "many").mkdir()
    for number in range(10_000):
        (place / "many" / f"{number}.txt").touch()
    assert main(["import", "many"]) == 2
    assert "not recognised" in capsys.readouterr().err


def test_a_log_that_could_be_two_things_is_asked_about(place, capsys):
    (place / "it").mkdir()
    (place / "it" / "metrics.csv").write_text("epoch,step,loss\n0,9,1.0\n1,19,0.5\n")
    (place / "it" / "trainer_state.json").write_text('{"log_history": [{"epoch": 1.0, "step": 1, "loss": 2.0}]}')
    assert main(["import", "it"]) == 2
    assert "this could be huggingface" in capsys.readouterr().err
    assert main(["import", "--format", "lightning", "it"]) == 0


def test_a_long_table_is_kept_thinned_with_its_extremes(place):
    from labreport.experiments.recording.importers.tables import Kept

    kept = Kept(1000)
    for epoch in range(1, 50_001):
        kept.add(epoch, -5.0 if epoch == 12_345 else 9.0 if epoch == 777 else 1 / epoch)
    column = kept.column()
    assert len(column.values) <= 1003
    assert column.at == sorted(column.at)
    assert column.at[-1] == 50_000
    assert column.values[column.at.index(12_345)] == -5.0
    assert column.values[column.at.index(777)] == 9.0


def test_steps_are_not_called_epochs(place):
    entries = [{"epoch": step / 40, "step": step, "loss": 1 / step} for step in (10, 20, 30)]
    (place / "trainer_state.json").write_text(json.dumps({"log_history": entries, "num_train_epochs": 1}))
    (one,) = imported("trainer_state.json").findings.trainings
    assert one.course.axis == "step"
    assert one.course.at["loss"] == (10, 20, 30)


def test_an_export_of_weights_and_biases_is_read(place):
    with (place / "wandb.csv").open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["Step", "run-1 - val_loss", "run-1 - val_loss__MIN", "run-1 - val_loss__MAX"])
        writer.writerows([[0, 0.5, 0.5, 0.5], [1, 0.25, 0.25, 0.25]])
    (one,) = imported("wandb.csv").findings.trainings
    assert one.history == {"val_loss": (0.5, 0.25)}
    assert one.course.axis == "step"


def test_sacred_is_read_with_its_seed(place):
    (place / "1").mkdir()
    metrics = {"loss": {"steps": [0, 1], "values": [1.0, 0.5], "timestamps": ["a", "b"]}}
    (place / "1" / "metrics.json").write_text(json.dumps(metrics))
    (place / "1" / "config.json").write_text('{"seed": 9, "net": {"units": 3}, "api_key": "abcdefgh12345"}')
    result = imported("1")
    assert result.seeds == (9,)
    assert result.settings["net.units"] == 3
    assert result.settings["api_key"] == "***"


def test_importers_are_found_by_their_entry_points():
    assert {"csvlogger", "history", "tensorboard", "mlflow", "lightning", "huggingface", "dvclive"} <= set(
        IMPORTERS.names()
    )


def test_yaml_that_stands_for_billions_of_values_is_refused(place, capsys):
    (place / "metrics.csv").write_text("epoch,step,train_loss\n0,1,0.5\n1,2,0.25\n")
    lines = ["a: &a {x: 1}"]
    for before, name in pairwise("abcdefghij"):
        lines.append(f"{name}: &{name} {{" + ", ".join(f"k{number}: *{before}" for number in range(10)) + "}")
    (place / "hparams.yaml").write_text("\n".join(lines))
    assert main(["import", "metrics.csv"]) == 2
    assert "hparams.yaml: has aliases, which are not read" in capsys.readouterr().err
    (place / "hparams.yaml").write_text("lr: " + "[" * 5000)
    assert main(["import", "metrics.csv"]) == 2
    (place / "hparams.yaml").write_text("day: 2026-13-45\nn: " + "9" * 5000)
    assert main(["import", "metrics.csv"]) == 2
    assert "Traceback" not in capsys.readouterr().err
