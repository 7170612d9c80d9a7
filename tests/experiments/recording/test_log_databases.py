"""Logs that are a database, of MLflow or of trackio: read as they are right, and refused in a line, in time."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import pytest

from labreport.report.cli import main
from labreport.report.store.entries import load
from labreport.report.store.runs import Store


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(name):
    assert main(["import", "--name", "it", name]) == 0
    (run,) = Store(Path("runs")).list("it").runs
    return load(run.path)


def test_a_database_of_mlflow_is_read(place):
    with sqlite3.connect("mlflow.db") as base:
        base.execute("create table metrics (key, value, timestamp, run_uuid, step, is_nan)")
        base.execute("create table params (key, value, run_uuid)")
        base.executemany("insert into metrics values ('loss', ?, 0, 'r', ?, 0)", [(1.0, 0), (0.5, 1)])
        base.execute("insert into params values ('seed', '4', 'r')")
    result = imported("mlflow.db")
    assert result.seeds == (4,)
    assert result.findings.trainings[0].history["loss"] == (1.0, 0.5)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            "with recursive n(step) as (select 1 union all select step from n where step = 1) select step from n",
            "interr",
        ),
        ("select length(hex(zeroblob(400000000))) step", "too big"),
    ],
)
def test_a_database_that_computes_without_end_is_refused_in_time(place, capsys, monkeypatch, rows, told):
    monkeypatch.setattr("labreport.experiments.recording.importers.databases._SECONDS", 0.5)
    with sqlite3.connect("mlflow.db") as base:
        base.execute(f"create view metrics as select count(step) run_uuid from ({rows})")
        base.execute("create table params (key, value)")
    assert main(["import", "--name", "it", "--format", "mlflow", "mlflow.db"]) == 2
    assert told in capsys.readouterr().err


@pytest.fixture
def trackio(place):
    """A database that trackio wrote."""
    with sqlite3.connect("digits.db") as base:
        base.executescript(Path(__file__).with_name("trackio-0.43.sql").read_text("utf-8"))
    return base


def test_a_database_of_trackio_is_read(trackio):
    result = imported("digits.db")
    (one,) = result.findings.trainings
    assert one.history["val_loss"] == (0.7, 0.5, 0.6, 0.65)
    assert one.history["loss"][:3] == (1.0, 0.5, 1 / 3)
    assert math.isnan(one.history["loss"][3])
    assert (one.course.axis, one.course.diverged_at) == ("epoch", 4)
    assert result.seeds == (7,)
    assert result.settings == {"learning_rate": 0.01, "seed": 7, "epochs": 3}
    assert result.findings.own.form == "trackio"


def test_what_trackio_did_not_count_by_epochs_is_counted_by_steps(trackio):
    with trackio:
        trackio.execute('update metrics set metrics = \'{"loss": 0.5, "remark": "x"}\'')
    (one,) = imported("digits.db").findings.trainings
    assert (one.course.axis, one.history) == ("step", {"loss": (0.5,) * 4})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("update metrics set run_id = 'b', run_name = 'second' where id = 1", "holds several runs"),
        ("update metrics set metrics = '{\"loss\": ' where id = 2", "a row is not JSON"),
        ("update metrics set metrics = '[1]'", "is not an object"),
        ("delete from metrics", "digits.db"),
        ("drop table configs", "digits.db"),
    ],
)
def test_a_database_of_trackio_that_can_not_be_read_is_refused(trackio, change, message, capsys):
    with trackio:
        trackio.execute(change)
    assert main(["import", "--name", "it", "digits.db"]) == 2
    assert message in capsys.readouterr().err
