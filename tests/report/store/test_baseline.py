"""Named baselines and what else the user may name: found, kept apart by key, and never quietly something else."""

from __future__ import annotations

import json

import msgspec
import pytest
from helpers.hand_gate import keyed, run, stored

from labreport.report import cli
from labreport.report.cli import main
from labreport.report.errors import UnreadableError, UsageError
from labreport.report.gate import reference
from labreport.report.store import codec, embedded, entries
from labreport.report.store.baselines import Baselines, NoBaselineError, key_of
from labreport.report.store.runs import Store


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder of a user, in which the commands are known."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(cli.COMMANDS, "baseline", "Set and show baselines.")
    return tmp_path


def test_the_key_is_lab_profile_data_and_engine():
    one = key_of(run("imdb"))
    assert one == key_of(run("imdb", [7], loss=0.3, version="other"))
    for other in (
        run("mnist"),
        run("imdb", profile="quick"),
        run("imdb", engine=("fit:callbacks",)),
        run("imdb", data=msgspec.structs.replace(run("imdb").findings.data, files=())),
    ):
        assert key_of(other) != one
        assert key_of(other).file_name != one.file_name


def test_set_show_and_list_name_the_runs(place, capsys):
    stored(place, run("imdb", day=1, version="old"), run("imdb", day=2), run("mnist"))
    assert main(["baseline", "set", "main"]) == 0
    assert capsys.readouterr().out == "mnist: 20260102T120000Z-mnist-new0\nimdb: 20260102T120000Z-imdb-new0\n"
    assert main(["baseline", "list"]) == 0
    assert "imdb, mnist" in capsys.readouterr().out
    assert main(["baseline", "show", "main"]) == 0
    text = capsys.readouterr().out
    assert "20260102T120000Z-imdb-new0" in text
    assert "here" in text
    assert main(["baseline", "show", "main", "--json"]) == 0
    assert {entry["key"]["lab"] for entry in json.loads(capsys.readouterr().out)} == {"imdb", "mnist"}
    assert main(["baseline", "list", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["main"]


def test_several_runs_of_one_key_are_one_baseline_and_setting_one_lab_leaves_the_others(place):
    first, second, other = stored(place, run("imdb", range(5)), run("imdb", range(5, 10), day=3), run("mnist"))
    baselines = Baselines(place / "runs")
    baselines.set("main", [first, second, first])
    baselines.set("main", [other])
    assert [(entry.key.lab, len(entry.runs)) for entry in baselines.entries("main")] == [("imdb", 2), ("mnist", 1)]
    baselines.set("main", [second])
    assert [(entry.key.lab, len(entry.runs)) for entry in baselines.entries("main")] == [("imdb", 1), ("mnist", 1)]
    assert baselines.kept_runs() == {("imdb", "20260103T120000Z-imdb-new5"), ("mnist", "20260102T120000Z-mnist-new0")}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["set", "a//b"], 2, "can't be called"),
        (["set", ".hidden"], 2, "can't be called"),
        (["set", "last:3"], 2, "can't be called"),
        (["set", "main", "nothing"], 2, "No run 'nothing'"),
        (["set", "main"], 5, "no complete full run"),
        (["show", "main"], 5, "no baseline 'main'"),
    ],
)
def test_what_can_not_be_a_baseline_is_told(place, capsys, arguments, code, message):
    if arguments[1] not in ("main",):
        stored(place, run("imdb"))
    assert main(["baseline", *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_quick_failed_and_foreign_runs_are_refused(place, capsys):
    quick, failed = stored(place, run("imdb", profile="quick"), run("mnist", status="failed"))
    for path, message in ((quick, "a smoke test is never a baseline"), (failed, "did not finish")):
        assert main(["baseline", "set", "main", str(path)]) == 2
        assert message in capsys.readouterr().err
    foreign = place / "elsewhere.json"
    foreign.write_bytes(codec.encode(run("imdb")))
    assert main(["baseline", "set", "main", str(foreign)]) == 2
    assert "is not in the store" in capsys.readouterr().err
    assert main(["baseline", "set", "main"]) == 5
    assert not (place / "runs" / "baselines").exists()


def test_a_quick_or_sample_run_is_never_found_for_a_full_one(place):
    [full, sample] = stored(place, run("imdb", day=1, version="old"), run("mnist", source="sample", day=1))
    Baselines(place / "runs").set("main", [full, sample])
    source = reference.read("main", Store(place / "runs"))
    assert source.of(run("imdb")).problem is None
    assert source.of(run("imdb", profile="quick")).problem.code == "profile"
    assert source.of(run("mnist")).problem.code == "data_source"
    assert source.of(run("mnist", source="sample")).problem is None


def test_a_baseline_whose_runs_are_gone_or_changed_says_so(place, capsys):
    first, second = stored(place, run("imdb", range(5), day=1), run("imdb", range(5, 10), day=2))
    baselines = Baselines(place / "runs")
    baselines.set("main", [first, second])
    store = Store(place / "runs")
    first.unlink()
    found = reference.read("main", store).of(run("imdb", day=3))
    assert [result.run_id for result in found.results] == ["20260102T120000Z-imdb-new5"]
    assert found.remark.code == "gone"
    assert found.problem is None
    second.write_bytes(second.read_bytes() + b" ")
    found = reference.read("main", store).of(run("imdb", day=3))
    assert (found.problem.code, found.problem.values["count"]) == ("gone", "2")
    assert main(["baseline", "show", "main"]) == 5
    assert "gone or changed" in capsys.readouterr().out


def test_a_damaged_or_newer_baseline_file_is_unreadable(place):
    [path] = stored(place, run("imdb"))
    baselines = Baselines(place / "runs")
    [entry] = baselines.set("main", [path])
    file = place / "runs" / "baselines" / "main" / entry.key.file_name
    file.write_text("{")
    with pytest.raises(UnreadableError, match="Set the baseline again"):
        baselines.kept_runs()
    file.write_text(json.dumps({**msgspec.to_builtins(entry), "format": 9}))
    with pytest.raises(UnreadableError, match="format 9"):
        baselines.entries("main")


def test_an_unknown_name_lists_the_known_ones_and_the_nearest(place):
    [path] = stored(place, run("imdb"))
    Baselines(place / "runs").set("main", [path])
    with pytest.raises(NoBaselineError, match="Did you mean 'main'"):
        reference.read("mian", Store(place / "runs"))
    for name in ("last:0", "last:x", "last:"):
        with pytest.raises(UsageError, match="last:N"):
            reference.read(name, Store(place / "runs"))


def test_last_takes_the_runs_of_earlier_versions_and_skips_what_can_not_be_compared(place):
    current = keyed(run("imdb", day=9, version="new"))
    stored(
        place,
        keyed(run("imdb", range(5), day=1, version="a")),
        keyed(run("imdb", range(5, 10), day=2, version="b")),
        keyed(run("imdb", range(5, 10), day=3, version="quick", profile="quick")),
        keyed(run("imdb", day=4, version="bad", status="failed")),
        keyed(run("imdb", range(20, 25), day=5, version="new")),
        current,
        keyed(run("imdb", day=10, version="later")),
    )
    store = Store(place / "runs")
    last = reference.read("last:2", store).of(current)
    assert [result.run_id[6:8] for result in last.results] == ["02", "01"]
    assert [result.run_id[6:8] for result in reference.read("last:1", store).of(current).results] == ["02"]


def test_last_reads_each_version_that_can_not_be_compared_once_and_no_run_of_its_own(place, monkeypatch):
    current = keyed(run("imdb", day=20, version="new"))
    own = [keyed(run("imdb", range(day, day + 5), day=day, version="new")) for day in range(12, 20)]
    quick = [keyed(run("imdb", range(day, day + 5), day=day, version="q", profile="quick")) for day in range(4, 12)]
    stored(place, *own, *quick, keyed(run("imdb", range(5), day=1, version="old")), current)
    read: list[str] = []
    monkeypatch.setattr(reference, "load", lambda path: read.append(path.parent.name[6:8]) or entries.load(path))
    last = reference.read("last:5", Store(place / "runs")).of(current)
    assert [result.run_id[6:8] for result in last.results] == ["01"]
    assert read == ["11", "01"]


def test_last_falls_back_to_the_same_version_only_where_there_is_no_other(place):
    current = run("imdb", day=9)
    stored(place, run("imdb", range(5, 10), day=1), current)
    assert len(reference.read("last:5", Store(place / "runs")).of(current).results) == 1
    alone = run("mnist")
    stored(place, alone)
    assert reference.read("last:5", Store(place / "runs")).of(alone).problem.code == "no_baseline"


def test_a_setting_changed_by_hand_is_another_experiment_but_a_new_default_is_judged(place):
    before = run("imdb", day=1)
    wider = {**before.settings, "units": 32}
    assert reference.differences(run("imdb", settings=wider), before) is None
    by_hand = run("imdb", settings=wider, changed_settings=("units",))
    assert reference.differences(by_hand, before).code == "setting"
    assert reference.differences(run("imdb", settings=wider), by_hand) is None
    assert reference.differences(run("imdb", engine=("fit:callbacks",)), before).code == "engine"
    assert reference.differences(run("imdb", lab_version="2"), before).code == "lab_version"
    assert reference.differences(run("imdb"), run("imdb", status="failed")).code == "baseline_failed"


def test_a_path_may_be_a_result_a_run_or_a_report_with_other_labs_too(place):
    path, _ = stored(place, run("imdb", day=1), run("boston", day=1))
    store = Store(place / "runs")
    packed = embedded.packed({"imdb": path.read_bytes()})
    (place / "old.html").write_text(f'<template data-name="{embedded.ELEMENT}">{packed}</template>')
    run_id = "20260101T120000Z-imdb-new0"
    for name in (str(path), str(path.parent), run_id, str(place / "runs"), str(place / "old.html")):
        source = reference.read(name, store)
        assert source.of(run("imdb")).results[0].run_id == run_id, name
        assert "/" not in source.label
    assert reference.read(str(path), store).of(run("mnist")).problem.code == "no_baseline"


def test_a_file_that_is_no_run_is_unreadable(place):
    (place / "notes.html").write_text("<p>another tool's page</p>")
    with pytest.raises(UnreadableError, match="carries no results"):
        reference.read("notes.html", Store(place / "runs"))
