"""Shards of a night become one store: nothing twice, nothing lost, and what contradicts is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.hand_gate import keyed, run, values

from labreport.experiments.running import identity
from labreport.report.cli import main
from labreport.report.store import files
from labreport.report.store.baselines import Baselines
from labreport.report.store.entries import load
from labreport.report.store.runs import Store


def shard(folder: Path, name: str, *seeds: int, day: int = 2, lab: str = "imdb", **changes):
    """Store a run of some seeds, as a machine of its own would."""
    result = keyed(run(lab, seeds, day=day, **changes))
    Store(folder / name).save(result)
    return result


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def merge(folder: Path, *names: str, target: str = "runs"):
    return main(["merge", *(str(folder / name) for name in names), "--runs-dir", str(folder / target), "-q"])


def runs(folder: Path, target: str = "runs"):
    return Store(folder / target).list().runs


def test_the_seeds_of_one_lab_from_two_shards_become_one_run(tmp_path, capsys):
    parts = [shard(tmp_path, "a", 0, 1, 2, 3, 4), shard(tmp_path, "b", 5, 6, 7, 8, 9)]
    before = tree(tmp_path)
    assert merge(tmp_path, "a", "b") == 0
    [one] = runs(tmp_path)
    result = load(one.path)
    assert result.seeds == tuple(range(10))
    assert result.key == identity.key({**parts[0].key_parts, "seeds": "0,1,2,3,4,5,6,7,8,9"})
    accuracy = [score.value for score in result.findings.scores if score.name == "test_accuracy"]
    assert accuracy == list(values("imdb", range(10)))
    assert result.provenance.command == ("labreport", "merge", *sorted(part.run_id for part in parts))
    assert result.timings == {name: 2 * value for name, value in parts[0].timings.items()}
    whole = run("imdb", range(10))
    for name in ("trainings", "models", "predictions", "baselines", "listings", "images", "texts", "folds", "measures"):
        assert len(getattr(result.findings, name)) == len(getattr(whole.findings, name)), name
    assert {name: content for name, content in tree(tmp_path).items() if name in before} == before


def test_a_merge_that_is_asked_for_again_or_in_another_order_changes_nothing(tmp_path):
    shard(tmp_path, "a", 0, 1)
    shard(tmp_path, "b", 2, 3)
    shard(tmp_path, "b", 0, day=1, lab="boston")
    assert merge(tmp_path, "a", "b") == 0
    once = tree(tmp_path / "runs")
    assert merge(tmp_path, "b", "a") == 0
    assert merge(tmp_path, "b", "a", "a", target="other") == 0
    results = {name: content for name, content in once.items() if name.endswith("result.json")}
    assert {name: tree(tmp_path / "runs")[name] for name in results} == results
    assert {name for name in tree(tmp_path / "other") if name.endswith("result.json")} == set(results)


def test_history_that_every_shard_brought_along_is_copied_once_and_not_joined(tmp_path):
    for name in ("a", "b"):
        shard(tmp_path, name, 0, 1, day=1, version="old")
        shard(tmp_path, name, 2, 3, day=1, version="old")
    shard(tmp_path, "a", 0, 1)
    shard(tmp_path, "b", 2, 3)
    assert merge(tmp_path, "a", "b") == 0
    assert sorted(found.entry.seeds for found in runs(tmp_path)) == [(0, 1), (0, 1, 2, 3), (2, 3)]


def test_shards_that_contradict_each_other_are_named_and_the_others_are_there(tmp_path, capsys):
    first = shard(tmp_path, "a", 0, 1)
    second = shard(tmp_path, "b", 1, 2, day=3, scores={"test_accuracy": (0.5, 0.6)})
    shard(tmp_path, "b", 0, lab="boston")
    assert merge(tmp_path, "a", "b") == 2
    error = capsys.readouterr().err
    assert "contradict each other: test_accuracy of seed 1" in error
    assert first.run_id in error
    assert second.run_id in error
    assert {found.entry.run_id for found in runs(tmp_path)} >= {first.run_id, second.run_id}
    assert {found.entry.lab for found in runs(tmp_path)} == {"imdb", "boston"}


def test_one_run_with_two_contents_is_named_and_neither_is_taken(tmp_path, capsys):
    one = shard(tmp_path, "a", 0)
    shard(tmp_path, "b", 0, scores={"test_accuracy": (0.5,)})
    assert merge(tmp_path, "a", "b") == 2
    assert f"imdb/{one.run_id} is not the same in" in capsys.readouterr().err
    assert not runs(tmp_path)


def test_what_is_there_already_is_never_overwritten(tmp_path, capsys):
    shard(tmp_path, "runs", 0)
    shard(tmp_path, "a", 0, scores={"test_accuracy": (0.5,)})
    before = tree(tmp_path / "runs")
    assert merge(tmp_path, "a") == 2
    assert "not taken" in capsys.readouterr().err
    assert tree(tmp_path / "runs") == before


def test_a_merge_that_is_stopped_anywhere_loses_nothing_and_is_finished_by_the_next(tmp_path, monkeypatch):
    shard(tmp_path, "a", 0, 1)
    shard(tmp_path, "b", 2, 3)
    shard(tmp_path, "b", 0, lab="boston")
    assert merge(tmp_path, "a", "b", target="whole") == 0
    wanted = {name: content for name, content in tree(tmp_path / "whole").items() if name.endswith("result.json")}
    sources = tree(tmp_path / "a") | tree(tmp_path / "b")
    write = files.write
    for stop in range(4):
        calls = []

        def stopped(path, content, calls=calls, stop=stop):
            if len(calls) == stop:
                raise KeyboardInterrupt
            calls.append(path)
            write(path, content)

        monkeypatch.setattr(files, "write", stopped)
        merge(tmp_path, "a", "b", target=f"t{stop}")
        monkeypatch.setattr(files, "write", write)
        assert merge(tmp_path, "a", "b", target=f"t{stop}") == 0
        found = tree(tmp_path / f"t{stop}")
        assert {name: content for name, content in found.items() if name.endswith("result.json")} == wanted
        assert tree(tmp_path / "a") | tree(tmp_path / "b") == sources


def test_a_damaged_run_is_named_and_the_others_are_taken(tmp_path, capsys):
    shard(tmp_path, "a", 0)
    bad = shard(tmp_path, "b", 1, day=3)
    (tmp_path / "b" / "imdb" / bad.run_id / "result.json").write_bytes(b"{")
    assert merge(tmp_path, "a", "b") == 2
    assert bad.run_id in capsys.readouterr().err
    assert len(runs(tmp_path)) == 1


def test_of_a_large_store_only_the_runs_of_the_baseline_are_read(tmp_path, capsys):
    kept = shard(tmp_path, "years", 0, 1)
    Baselines(tmp_path / "years").set("main", [runs(tmp_path, "years")[0].path])
    other = shard(tmp_path, "years", 0, 1, day=3)
    (tmp_path / "years" / "imdb" / other.run_id / "result.json").write_bytes(b"{")
    words = ["merge", str(tmp_path / "years"), "--baseline", "main", "--runs-dir", str(tmp_path / "runs"), "-q"]
    assert main(words) == 0
    assert capsys.readouterr().err == ""
    assert [one.entry.run_id for one in runs(tmp_path)] == [kept.run_id]


def test_a_run_that_changes_while_it_is_merged_is_named_and_not_taken(tmp_path, capsys, monkeypatch):
    changing = shard(tmp_path, "a", 0, 1)
    shard(tmp_path, "b", 0, lab="boston")

    def prepared(store):
        path = tmp_path / "a" / "imdb" / changing.run_id / "result.json"
        path.write_bytes(path.read_bytes() + b"\n")

    monkeypatch.setattr(Store, "prepare", prepared)
    assert merge(tmp_path, "a", "b") == 2
    assert f"{changing.run_id}/result.json was changed meanwhile; not taken" in capsys.readouterr().err
    assert [one.entry.lab for one in runs(tmp_path)] == ["boston"]


def test_baselines_and_what_the_gate_said_come_along(tmp_path):
    one = shard(tmp_path, "a", 0)
    store = Store(tmp_path / "a")
    store.note(store.list().runs[0], outcome="passed")
    Baselines(tmp_path / "a").set("feature/x", [store.list().runs[0].path])
    assert merge(tmp_path, "a") == 0
    assert runs(tmp_path)[0].entry.outcome == "passed"
    [entry] = Baselines(tmp_path / "runs").entries("feature/x")
    assert [held.run_id for held in Baselines(tmp_path / "runs").held(entry).results] == [one.run_id]


@pytest.mark.parametrize(("name", "message"), [("gone", "There is no folder"), ("empty", "holds no run")])
def test_a_folder_that_is_no_store_is_refused(tmp_path, capsys, name, message):
    (tmp_path / "empty").mkdir()
    assert merge(tmp_path, name) == 2
    assert message in capsys.readouterr().err
    assert main(["merge"]) == 2


def test_a_shard_that_was_killed_before_its_first_run_costs_no_other(tmp_path, capsys):
    shard(tmp_path, "a", 0)
    (tmp_path / "killed" / "imdb" / ".partial").mkdir(parents=True)
    assert merge(tmp_path, "killed", "a") == 2  # the job is red
    assert "killed holds no run; the others were taken" in capsys.readouterr().err
    assert len(runs(tmp_path)) == 1
    assert merge(tmp_path, "a", "gone") == 2
    assert "There is no folder" in capsys.readouterr().err


def test_what_was_done_can_be_read_as_json(tmp_path, capsys):
    shard(tmp_path, "a", 0)
    shard(tmp_path, "b", 1)
    assert main(["merge", str(tmp_path / "a"), str(tmp_path / "b"), "--runs-dir", str(tmp_path / "r"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["joined"]) == [f"imdb/{runs(tmp_path, 'r')[0].entry.run_id}"]


SCRIPT = """import random
{begin}
for epoch in range(1, 4):
    print(f"Epoch {{epoch}}/3 loss: {{random.random():.4f}} val_loss: {{random.random():.4f}}")
"""


def recorded(folder: Path, name: str, seeds: str, begin: str = "") -> None:
    """Record a script with some seeds, as one machine of several would."""
    (folder / "train.py").write_text(SCRIPT.format(begin=begin))
    script = str(folder / "train.py")
    assert main(["record", "--seeds", seeds, "--runs-dir", str(folder / name), "--name", "digits", script]) == 0


def test_the_seeds_of_a_script_from_two_shards_become_one_run_as_if_one_machine_had_them_all(tmp_path, capfd):
    recorded(tmp_path, "a", "0")
    recorded(tmp_path, "b", "1-2")
    recorded(tmp_path, "whole", "0-2")
    assert merge(tmp_path, "a", "b") == 0
    [one], [other] = runs(tmp_path), runs(tmp_path, "whole")
    joined, whole = load(one.path), load(other.path)
    assert (joined.seeds, joined.key) == (whole.seeds, whole.key) == ((0, 1, 2), whole.key)
    assert [fit.history for fit in joined.findings.trainings] == [fit.history for fit in whole.findings.trainings]
    assert [fit.course.group for fit in joined.findings.trainings] == ["seed"] * 3


def test_a_script_that_does_not_follow_its_seed_stays_as_many_runs_and_is_named(tmp_path, capfd):
    recorded(tmp_path, "a", "0", "random = random.Random(5)")
    recorded(tmp_path, "b", "1", "random = random.Random(5)")
    assert merge(tmp_path, "a", "b") == 2
    assert "does not follow the seed" in capfd.readouterr().err
    assert len(runs(tmp_path)) == 2
