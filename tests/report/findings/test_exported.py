"""Tables for other programs: every value is found again, and no name becomes a formula."""

from __future__ import annotations

import csv
import io
import json
import math

import msgspec
import pytest
from helpers.own_runs import own_run, score, seeds_run, sparse_run, training
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.cli import main
from labreport.report.findings.exported import as_csv
from labreport.report.store.runs import Store

FORMULA = ("=", "+", "-", "@", "\t", "\r")

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["=1+1", "'=1", "a,b", 'say "so"', "two\nlines", "\r", "-", "@SUM(A1)", "+1", "准确率", "'", "\0"]
)
floats = st.floats(allow_nan=True)


def read(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def plain(text):
    """What a text was before an apostrophe was set before it."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


@given(st.dictionaries(names, st.lists(floats, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_long_history_holds_every_value_at_its_epoch(history):
    rows = read(as_csv([own_run("mine", training(3, **history))], "history"))
    want = [(name, epoch, value) for name, values in history.items() for epoch, value in enumerate(values, start=1)]
    assert [(plain(row["metric"]), int(row["epoch"])) for row in rows] == [(name, epoch) for name, epoch, _ in want]
    assert all(same(float(row["value"]), value) for row, (_, _, value) in zip(rows, want, strict=True))
    assert not [row for row in rows if row["metric"].startswith(FORMULA)]
    assert {row["seed"] for row in rows} == {"3"}


@given(st.dictionaries(names, st.lists(floats, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_wide_history_holds_the_same(history):
    head, *rows = csv.reader(io.StringIO(as_csv([own_run("mine", training(**history))], "history", wide=True)))
    assert [plain(name) for name in head[8:]] == list(history)
    assert len(rows) == max(map(len, history.values()))
    for place, values in enumerate(history.values(), start=8):
        column = [row[place] for row in rows]
        assert all(same(float(cell), value) for cell, value in zip(column, values, strict=False))
        assert set(column[len(values) :]) <= {""}


@given(st.dictionaries(names, names | st.integers() | st.booleans(), max_size=4))
def test_settings_are_found_again_as_text(settings):
    rows = read(as_csv([own_run("mine", training(loss=[1.0]), settings=settings)], "settings"))
    want = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in settings.items()}
    assert {plain(row["setting"]): plain(row["value"]) for row in rows} == want


def test_a_value_stands_at_the_epoch_at_which_it_was_measured():
    rows = read(as_csv([sparse_run()], "history"))
    assert [int(row["epoch"]) for row in rows if row["metric"] == "val_loss"] == [5, 10, 15, 20]
    wide = read(as_csv([sparse_run()], "history", wide=True))
    assert [row["epoch"] for row in wide if row["val_loss"]] == ["5", "10", "15", "20"]
    assert len(wide) == 20


def test_trainings_that_nothing_distinguishes_keep_their_rows():
    run = own_run("mine", training(None, loss=[1.0, 2.0]), training(None, loss=[3.0]))
    assert [row["loss"] for row in read(as_csv([run], "history", wide=True))] == ["1.0", "2.0", "3.0"]


def test_scores_come_with_split_unit_and_direction():
    run = own_run("mine", training(loss=[1.0]), scores=(score("test_auc", 0.25, 3, unit="=x"),))
    (row,) = read(as_csv([run], "scores"))
    assert (row["score"], row["split"], row["seed"], row["value"]) == ("test_auc", "test", "3", "0.25")
    assert (row["unit"], row["direction"]) == ("'=x", "higher")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Store(tmp_path / "runs").save(seeds_run())
    later = msgspec.structs.replace(sparse_run(), run_id="20260105T000000Z-00000002")
    Store(tmp_path / "runs").save(later)
    return tmp_path


def test_runs_are_exported_from_the_store_a_folder_and_a_finished_report(place, capsys):
    assert main(["export", "digits"]) == 0
    text = capsys.readouterr().out
    assert len(read(text)) == 4 * 4 * 12
    assert main(["export", str(next((place / "runs" / "digits").iterdir()))]) == 0
    assert capsys.readouterr().out == text
    assert main(["render", "digits", "--to", "html", "--lang", "en", "-q"]) == 0
    capsys.readouterr()
    assert main(["export", "reports/labreport-en.html"]) == 0
    assert capsys.readouterr().out == text


def test_a_folder_gets_every_table_and_json_holds_all_of_it(place, capsys):
    assert main(["export", "-o", "tables"]) == 0
    assert sorted(path.name for path in (place / "tables").iterdir()) == ["history.csv", "scores.csv", "settings.csv"]
    assert main(["export", "-o", "runs.json"]) == 0
    found = json.loads((place / "runs.json").read_text("utf-8"))
    assert {run["lab"]: len(run["history"]) for run in found} == {"digits": 16, "sparse": 2}
    assert main(["export", "-o", "runs.json"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["export", "-o", "runs.json", "--force"]) == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["none"], 2, "No run 'none'"),
        (["--to", "xml"], 2, "csv"),
        (["--to", "json", "--wide"], 2, "leave --table and --wide out"),
        (["--wide", "--table", "scores"], 2, "Only a history can be wide"),
        (["--runs-dir", "empty"], 5, "There is no run in"),
        (["-o", "runs/digits/x.csv/y.csv"], 0, ""),
    ],
)
def test_what_can_not_be_exported_has_a_message_and_a_code(place, capsys, words, code, message):
    assert main(["export", *words]) == code
    assert message in capsys.readouterr().err


def test_a_damaged_run_is_named_and_the_others_are_exported(place, capsys):
    path = next((place / "runs" / "sparse").glob("*/result.json"))
    path.write_bytes(path.read_bytes()[:100])
    assert main(["export"]) == 2
    output = capsys.readouterr()
    assert "sparse" in output.err
    assert len(read(output.out)) == 4 * 4 * 12
