"""Deleting old runs: shown first, done when asked, and never what is still needed."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from helpers.hand_history import START, entry, failed, put
from helpers.hand_results import hand_result

from labreport.report.cli import main
from labreport.report.errors import UsageError
from labreport.report.store import retention
from labreport.report.store.baselines import Baselines
from labreport.report.store.entries import Stored, entry_of
from labreport.report.store.files import OutputError
from labreport.report.store.index import Index
from labreport.report.store.retention import judge, parse_rule
from labreport.report.store.runs import Store

NOW = START + timedelta(days=100)


@pytest.fixture(autouse=True)
def readable(request, monkeypatch):
    """Hand-made runs are index files without a result; all but the tests of damaged results take them as whole."""
    if "damaged" not in request.node.name:
        monkeypatch.setattr(retention, "can_be_read", lambda run: True)


def _kept(runs, *rules: str, protected: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    fates = judge(runs, [parse_rule(rule) for rule in rules], protected, NOW)
    return [fate.run.entry.run_id for fate in fates if not fate.goes]


def _ids(*days: int) -> list[str]:
    return [entry(day=day).run_id for day in days]


@pytest.fixture
def runs(tmp_path):
    """Ten runs of one line, ten days apart; the one of day 90 is the newest."""
    for day in range(0, 100, 10):
        put(tmp_path, entry(day=day))
    return Store(tmp_path).list().runs


def test_the_newest_runs_of_a_line_stay(runs):
    assert _kept(runs, "3") == _ids(90, 80, 70)


def test_runs_not_older_than_some_days_stay(runs):
    assert _kept(runs, "25d") == _ids(90, 80)


def test_either_rule_keeps_a_run(runs):
    assert _kept(runs, "1", "45d") == _ids(90, 80, 70, 60)
    assert _kept(runs, "45d", "7") == _ids(90, 80, 70, 60, 50, 40, 30)


def test_the_newest_complete_run_stays_however_old_it_is(runs):
    assert _kept(runs, "2d") == _ids(90)


def test_runs_of_a_baseline_stay(runs):
    assert _kept(runs, "1", protected=frozenset({("imdb", entry(day=0).run_id)})) == _ids(90, 0)
    assert _kept(runs, "1", protected=frozenset({("mnist", entry(day=0).run_id)})) == _ids(90)


def test_each_line_is_counted_by_itself(tmp_path):
    kinds = ({}, {"profile": "quick"}, {"source": "sample"}, {"changed_settings": {"epochs": 4}}, {"lab": "mnist"})
    for number, changes in enumerate(kinds):
        for day in (number, number + 10):
            put(tmp_path, entry(day=day, **changes))
    assert len(_kept(Store(tmp_path).list().runs, "1")) == len(kinds)


def test_failed_runs_push_no_good_one_out_and_go_with_their_time(tmp_path):
    for day in (0, 10, 30):
        put(tmp_path, entry(day=day))
    for day in (5, 20, 40, 50, 60):
        put(tmp_path, failed(entry(day=day)))
    assert _kept(Store(tmp_path).list().runs, "2") == _ids(60, 50, 40, 30, 20, 10)


def test_a_lab_that_never_finished_is_counted_all_the_same(tmp_path):
    for day in range(5):
        put(tmp_path, failed(entry(day=day)))
    assert _kept(Store(tmp_path).list().runs, "2") == _ids(4, 3)


@pytest.mark.parametrize("text", ["0", "0d", "-1", "many", "", "3w", "1.5"])
def test_a_rule_that_can_not_be_is_refused(text):
    with pytest.raises(UsageError, match="90d for 90 days"):
        parse_rule(text)


def test_a_rest_is_what_a_killed_program_left_and_only_once_it_is_old(tmp_path):
    empty, half = tmp_path / "imdb" / "a", tmp_path / "imdb" / "b"
    for folder in (empty, half, tmp_path / "imdb" / "of-the-user", tmp_path / "baselines" / "main"):
        folder.mkdir(parents=True)
    (half / ".result.json.x.part").write_bytes(b"half")
    (tmp_path / "imdb" / "of-the-user" / "notes.txt").write_text("mine")
    run = put(tmp_path, entry(day=0))
    part = run / ".index.json.y.part"
    part.write_bytes(b"half")
    assert retention.leftovers(tmp_path).ours == ()
    tomorrow = time.time() + retention.REST_SECONDS + 60
    found = retention.leftovers(tmp_path, clock=lambda: tomorrow).ours
    assert sorted(found) == sorted([empty, half, part])
    for rest in found:
        retention.clear(rest)
    assert (run / "result.json").exists()
    assert not part.exists()
    assert not half.exists()


def test_finished_seeds_of_a_run_that_was_stopped_stay_for_a_month(tmp_path):
    seed = tmp_path / "imdb" / ".partial" / ("a" * 64) / "seed-0.msgpack"
    seed.parent.mkdir(parents=True)
    seed.write_bytes(b"seed")
    now = time.time()
    assert retention.leftovers(tmp_path, clock=lambda: now + retention.REST_SECONDS + 60).ours == ()
    (rest,) = retention.leftovers(tmp_path, clock=lambda: now + retention.KEPT_SECONDS + 60).ours
    retention.clear(rest)
    assert not seed.exists()


def test_a_result_that_a_disk_could_not_show_a_moment_ago_is_not_taken_for_a_rest(tmp_path):
    stored = Store(tmp_path).save(hand_result("tensors", seeds=(0,)))
    retention.clear(stored.path.parent)
    assert stored.path.read_bytes() == stored.content


def test_a_run_whose_deletion_was_cut_off_is_no_run_any_more(tmp_path, monkeypatch):
    put(tmp_path, entry(day=0))
    put(tmp_path, entry(day=1))

    def killed(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rmdir", killed)
    with pytest.raises(KeyboardInterrupt):
        retention.delete(Store(tmp_path).list().runs[-1])
    listing = Store(tmp_path).list()
    assert [run.entry.run_id for run in listing.runs] == _ids(1)
    assert listing.unreadable == ()


# The command


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A user's folder with four runs."""
    monkeypatch.chdir(tmp_path)
    for day in range(4):
        put(tmp_path / "runs", entry(day=day))
    return tmp_path


def test_nothing_is_deleted_before_it_is_asked_for(place, capsys):
    assert main(["gc", "--keep", "1"]) == 0
    told = capsys.readouterr()
    assert "Would delete 3 of 4 runs" in told.out
    assert "--yes" in told.err
    assert len(Store(place / "runs").list().runs) == 4
    assert main(["gc", "--keep", "1", "--yes", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["deleted"]
    assert len(data["runs"]) == 3
    assert data["bytes"] > 0
    assert [run.entry.run_id for run in Store(place / "runs").list().runs] == _ids(3)
    assert main(["gc", "--keep", "1", "--yes"]) == 0
    assert "Deleted 0 of 1 runs" in capsys.readouterr().out


def test_a_baseline_survives_every_cleaning(place, capsys):
    store = Store(place / "runs")
    path = store.save(hand_result("mnist", run_id="20200101T000000Z-00000000")).path
    store.save(hand_result("mnist", run_id="20200201T000000Z-00000000"))
    Baselines(store.root).set("main", [path])
    assert main(["gc", "--keep", "1", "--yes"]) == 0
    assert path.exists()
    assert len(Baselines(store.root).kept_runs()) == 1


def test_where_a_baseline_can_not_be_read_nothing_is_deleted(place, capsys):
    folder = place / "runs" / "baselines" / "main"
    folder.mkdir(parents=True)
    (folder / "imdb.json").write_bytes(b"{")
    assert main(["gc", "--keep", "1", "--yes"]) == 2
    assert "Set the baseline again" in capsys.readouterr().err
    assert len(Store(place / "runs").list().runs) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gc"], "--keep"),
        (["gc", "--keep", "soon"], "Can't read --keep 'soon'"),
        (["gc", "bostn", "--keep", "1"], "There is no run of 'bostn'"),
    ],
)
def test_wrong_usage_is_told(place, capsys, arguments, message):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_only_the_named_labs_are_cleaned(place):
    for day in range(3):
        put(place / "runs", entry(lab="mnist", day=day))
    assert main(["gc", "mnist", "--keep", "1", "--yes"]) == 0
    assert len(Store(place / "runs").list("imdb").runs) == 4
    assert len(Store(place / "runs").list("mnist").runs) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may delete what is protected from others")
def test_a_folder_that_can_not_be_changed_is_told(place, capsys):
    folder = place / "runs" / "imdb" / entry(day=0).run_id
    folder.chmod(0o500)
    try:
        assert main(["gc", "--keep", "1", "--yes"]) == 4
        assert "Can't delete" in capsys.readouterr().err
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(("noticed", "message"), [(True, "Can't read"), (False, "can't be read")])
def test_a_damaged_newest_run_never_costs_the_last_good_one(tmp_path, monkeypatch, capsys, noticed, message):
    monkeypatch.chdir(tmp_path)
    paths = []
    for day in ("01", "02"):
        result = hand_result("imdb", seeds=(0,))
        moment = f"2026-01-{day}T00:00:00Z"
        source = msgspec.structs.replace(result.provenance, started=moment, ended=moment)
        paths.append(Store(tmp_path / "runs").save(msgspec.structs.replace(result, run_id=day, provenance=source)).path)
    good, newest = paths
    status, content = newest.stat(), newest.read_bytes()
    # A disk that goes bad changes neither size nor time of a file: only reading shows it.
    newest.write_bytes(content[:500] if noticed else b"\0" * len(content))
    if not noticed:
        os.utime(newest, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert main(["gc", "--keep", "1", "--yes"]) == 2
    assert good.exists()
    assert newest.exists()
    assert message in capsys.readouterr().err


def test_a_link_out_of_the_store_is_never_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "result.json").write_text("mine")
    (tmp_path / "runs" / "imdb").mkdir(parents=True)
    (tmp_path / "runs" / "imdb" / "old").symlink_to(outside)
    run = Stored(folder=tmp_path / "runs" / "imdb" / "old", entry=entry_of(hand_result("imdb")))
    with pytest.raises(OutputError, match="leads out of the store"):
        retention.delete(run)
    assert (outside / "result.json").read_text() == "mine"


def test_nothing_outside_the_store_and_nothing_of_others_is_ever_deleted(place, capsys):
    victim = place / "victim"
    keys = ["a" * 64, "b" * 64]
    for name in (*keys, "empty"):
        (victim / name).mkdir(parents=True)
        (victim / name / "thesis.txt").write_text("years of work")
    (victim / "empty" / "thesis.txt").unlink()
    runs = place / "runs"
    (runs / "mnist").mkdir()
    (runs / "mnist" / ".partial").symlink_to(victim)
    (runs / "linked").symlink_to(victim)
    (runs / "imdb" / "single").symlink_to(victim / "empty")
    (runs / "imdb" / "broken").symlink_to(place / "gone")
    seeds = runs / "imdb" / ".partial" / keys[0]
    seeds.mkdir(parents=True)
    (seeds / "seed-0.msgpack").write_bytes(b"old")
    (seeds / "own.txt").write_text("mine")
    (runs / "imdb" / ".partial" / "notes").mkdir()
    kept = put(runs, entry(day=5))
    outside = put(place / "elsewhere", entry(day=1, run_id="of-another-store"))
    (runs / "imdb" / outside.name).symlink_to(outside)
    Index(runs).add(runs / "imdb" / outside.name, entry(day=1, run_id="of-another-store"), {})
    oldest = runs / "imdb" / entry(day=0).run_id
    (oldest / "own.txt").write_text("mine")
    long_ago = time.time() - 400 * 86_400
    for path in [*victim.rglob("*"), *runs.rglob("*")]:
        if path.name != "result.json":  # its time is that of its index
            os.utime(path, (long_ago, long_ago), follow_symlinks=False)
    assert main(["gc", "--keep", "1"]) == 0
    assert main(["gc", "--keep", "1", "--yes"]) in (0, 2)
    said = capsys.readouterr().out
    for name in ("mnist/.partial", "runs/linked", "imdb/single", "imdb/broken", ".partial/notes", "own.txt"):
        assert name in said, name
    assert {path.name for path in victim.rglob("*")} == {*keys, "empty", "thesis.txt"}
    assert (outside / "result.json").exists()
    assert kept.exists()
    assert not (oldest / "result.json").exists()
    assert (oldest / "own.txt").exists()
    assert [path.name for path in seeds.iterdir()] == ["own.txt"]
