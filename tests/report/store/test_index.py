"""The index beside the runs: derived, kept up, made again, and never believed against the files."""

from __future__ import annotations

import json
import operator
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from helpers.hand_history import entry, failed, put
from helpers.hand_results import hand_result
from helpers.own_runs import own_run, sparse_run
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.cli import main
from labreport.report.errors import UsageError
from labreport.report.store import remarks
from labreport.report.store.index import FILE, FOLDER, Index
from labreport.report.store.merging import merge
from labreport.report.store.query import Query, parse_condition, parse_since
from labreport.report.store.rows import COLUMNS
from labreport.report.store.runs import Store

COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def _names(root: Path, **query: object) -> list[str]:
    return [run.entry.run_id[6:8] for run in Store(root).page(Query(**query)).runs]


def _filled(root: Path, days: int = 5) -> Path:
    for day in range(days):
        put(root, entry(day=day, value=0.5 + day / 10))
    return root


def _stored(root: Path, name: str) -> Path:
    return Store(root).save(msgspec.structs.replace(hand_result("tensors"), run_id=name)).path


# What is done by hand is noticed


def test_a_run_that_is_copied_in_deleted_or_edited_by_hand_is_noticed(tmp_path):
    first, second = _stored(tmp_path, "first"), _stored(tmp_path, "second")
    assert Store(tmp_path).page(Query(limit=9)).total == 2
    text = second.read_text("utf-8")
    copied = tmp_path / "tensors" / "third"
    copied.mkdir()
    assert Store(tmp_path).page(Query(limit=9)).total == 2
    (copied / "result.json").write_text(text.replace('"second"', '"third"'), "utf-8")
    assert {run.entry.run_id for run in Store(tmp_path).list(whole=False).runs} == {"first", "second", "third"}
    shutil.rmtree(first.parent)
    assert {run.entry.run_id for run in Store(tmp_path).list(whole=False).runs} == {"second", "third"}
    second.write_text(text.replace('"profile": "full"', '"profile": "quick"'), "utf-8")
    assert {run.entry.profile for run in Store(tmp_path).list(whole=False).runs} == {"full", "quick"}
    second.write_text(text, "utf-8")
    assert Store(tmp_path).page(Query(profile="quick")).total == 0


@pytest.mark.parametrize("rubbish", [b"", b"no database at all", b"SQLite format 3\0" + bytes(4096)])
def test_a_damaged_index_is_made_again_and_it_is_said(tmp_path, rubbish):
    _stored(tmp_path, "first")
    (tmp_path / FOLDER / FILE).write_bytes(rubbish)
    heard: list[str] = []
    remarks.listeners[:] = [heard.append]
    assert [run.entry.run_id for run in Store(tmp_path).list().runs] == ["first"]
    assert not rubbish or "made again" in heard[0]
    heard.clear()
    assert len(Store(tmp_path).list().runs) == 1
    assert heard == []


def test_an_index_that_names_the_runs_of_another_store_costs_them_nothing(tmp_path, capsys):
    root, others = tmp_path / "runs", tmp_path / "others"
    for folder, name in ((others, "first"), (others, "second"), (root, "third")):
        Store(folder).save(hand_result("tensors", seeds=(0,), run_id=name))
        Store(folder).list()
    with closing(sqlite3.connect(root / FOLDER / FILE)) as base:
        base.execute("ATTACH ? AS other", (str(others / FOLDER / FILE),))
        names = ", ".join(COLUMNS)
        base.execute(f"INSERT INTO runs ({names}) SELECT {names} FROM other.runs")
        base.execute("UPDATE runs SET place_lab = '../others/' || place_lab WHERE run != 'third'")
        base.commit()
    assert main(["gc", "--keep", "1", "--yes", "--runs-dir", str(root)]) == 0, capsys.readouterr()
    assert "made again" in capsys.readouterr().err
    assert len(Store(root).list().runs) == 1
    assert len(list(others.rglob("result.json"))) == 2


def test_a_store_whose_index_can_not_be_written_is_read_around_it_and_it_is_said(tmp_path):
    path = _stored(tmp_path, "first")
    shutil.rmtree(tmp_path / FOLDER)
    (tmp_path / FOLDER).write_text("in the way")
    heard: list[str] = []
    remarks.listeners[:] = [heard.append]
    assert [run.path for run in Store(tmp_path).list().runs] == [path]
    assert "can't be used" in heard[0]
    _stored(tmp_path, "second")
    assert len(Store(tmp_path).list().runs) == 2
    assert (tmp_path / FOLDER).read_text() == "in the way"


def test_a_folder_without_runs_gets_no_index(tmp_path):
    (tmp_path / "notes" / "mine").mkdir(parents=True)
    assert not Store(tmp_path).list().runs
    assert Store(tmp_path).page(Query()).total == 0
    assert not (tmp_path / FOLDER).exists()


def test_an_old_file_beside_a_result_still_says_what_was_noted(tmp_path):
    path = _stored(tmp_path, "first")
    shutil.rmtree(tmp_path / FOLDER)
    path.with_name("index.json").write_text(json.dumps({"lab": "tensors", "outcome": "failed", "report": "../r"}))
    (run,) = Store(tmp_path).list().runs
    assert (run.entry.outcome, run.entry.report) == ("failed", "../r")
    assert Store(tmp_path).tag(run, "seen").entry.outcome == "failed"


# Several writers


def test_eight_writers_and_taggers_lose_nothing(tmp_path):
    _stored(tmp_path, "tagged")

    def write(number: int) -> None:
        for turn in range(3):
            _stored(tmp_path, f"run-{number}-{turn}")
            store = Store(tmp_path)
            store.tag(store.list(whole=False).named("tensors", "tagged")[0], f"tag-{number}-{turn}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Store(tmp_path).page(Query()).total == 25
    (run,) = Store(tmp_path).list().named("tensors", "tagged")
    assert len(run.entry.tags) == 24


def test_a_writer_that_is_killed_between_the_run_and_its_row_loses_nothing(tmp_path, monkeypatch):
    _stored(tmp_path, "first")
    assert Store(tmp_path).page(Query()).total == 1
    monkeypatch.setattr(Index, "add", lambda *_: None)
    _stored(tmp_path, "second")
    assert {run.entry.run_id for run in Store(tmp_path).list(whole=False).runs} == {"first", "second"}


# Questions


def test_runs_are_chosen_sorted_and_paged(tmp_path):
    _filled(tmp_path)
    put(tmp_path, failed(entry(day=7)))
    put(tmp_path, entry("mnist", day=8, value=0.99, changed_settings={"optimizer": "adam", "units": 32}))
    assert _names(tmp_path, limit=2) == ["09", "08"]
    assert _names(tmp_path, limit=2, offset=2) == ["05", "04"]
    assert _names(tmp_path, statuses=("failed",)) == ["08"]
    assert _names(tmp_path, labs=("mnist",)) == ["09"]
    assert _names(tmp_path, text="ADAM mnist") == ["09"]
    assert _names(tmp_path, where=(parse_condition("optimizer=adam"), parse_condition("units<=32"))) == ["09"]
    assert _names(tmp_path, where=(parse_condition("test_accuracy < 0.7"),)) == ["02", "01"]
    assert _names(tmp_path, sort="test_accuracy")[:2] == ["01", "02"]
    assert _names(tmp_path, sort="-test_accuracy")[-1] == "08"
    assert _names(tmp_path, since=parse_since("2026-01-08", datetime.now(UTC))) == ["09", "08"]
    page = Store(tmp_path).page(Query(limit=1, labs=("imdb",)))
    assert (len(page.runs), page.total) == (1, 6)


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(COMPARED)))
def test_a_condition_means_what_it_says(left, right, sign):
    found = parse_condition(f" my score {sign} {right!r} ")
    assert (found.name, found.value) == ("my score", right)
    assert COMPARED[found.operator](left, found.value) == COMPARED[sign](left, right)


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_one_line_of_what_is_wrong(text):
    try:
        found = parse_condition(text)
    except UsageError:
        return
    assert found.operator in COMPARED
    assert found.name in text
    assert '"' not in found.name


@pytest.mark.parametrize(
    "words",
    [
        ["--where", "accuracy"],
        ["--where", "<0.8"],
        ["--where", "a<"],
        ["--where", "a<b"],
        ["--where", "a<nan"],
        ["--where", 'a"]<1'],
        ["--since", "yesterday"],
        ["--since", "999999w"],
        ["--sort", "-"],
        ["--tag", "two words"],
        ["--lab", "../imdb"],
        ["--limit", "0"],
        ["--status", "done"],
    ],
)
def test_an_expression_that_can_not_be_is_named_with_exit_code_2(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    _filled(tmp_path / "runs", 1)
    assert main(["list", *words]) == 2
    assert "Traceback" not in capsys.readouterr().err


# Tags


def test_tags_lie_with_the_run_are_listed_and_are_taken_away(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = _stored(tmp_path / "runs", "first")
    _stored(tmp_path / "runs", "second")
    assert main(["tag", "first", "good", "paper"]) == 0
    assert json.loads(path.with_name("noted.json").read_bytes()) == {"tags": ["good", "paper"]}
    shutil.rmtree(tmp_path / "runs" / FOLDER)
    capsys.readouterr()
    assert main(["list", "--tag", "good", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["run_id"], row["tags"]) == ("first", ["good", "paper"])
    assert main(["tag", "first", "good", "--remove"]) == 0
    assert main(["list", "--tag", "good"]) == 0
    assert "first" not in capsys.readouterr().out.splitlines()[-1].replace("first: paper", "")


def test_the_name_that_a_user_gave_is_listed_and_found_where_the_store_has_another_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "runs")
    store.save(sparse_run())
    assert main(["list"]) == 0
    assert "TITLE" not in capsys.readouterr().out
    named = own_run("run-ce3c400a", door="import", run_id="named", title="手写数字识别")
    store.save(named)
    assert main(["list", "--text", "手写"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["LAB", "RUN", "STATUS", "PROFILE", "DATA", "SEEDS", "SCORE", "TITLE"]
    assert line.split() == ["run-ce3c400a", "named", "complete", "full", "–", "–", "–", "手写数字识别"]


def test_a_merge_joins_the_tags_of_a_run_that_both_stores_have(tmp_path):
    for name in ("a", "b"):
        _stored(tmp_path / name, "same")
        store = Store(tmp_path / name)
        store.tag(store.list().runs[0], name)
    merge([tmp_path / "b"], Store(tmp_path / "a"))
    assert Store(tmp_path / "a").list().runs[0].entry.tags == ("a", "b")
