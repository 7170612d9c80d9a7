"""One corrupt run among many: every command names it, goes on without it, and says so by its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.hand_gate import run, stored
from helpers.hand_labs import lab_source

from labreport.report.cli import main
from labreport.report.rendering import fonts
from labreport.report.store.baselines import Baselines

COMMANDS = {
    "list": ["list"],
    "compare": ["compare", "last:2", "last:1"],
    "check": ["check", "--baseline", "main", "--no-report"],
    "trend": ["trend", "--lang", "en"],
    "nightly": ["nightly", "mine", "--no-check", "--lang", "en", "--to", "md", "--json"],
    "gc": ["gc", "--keep", "1"],
}


@pytest.fixture
def corrupt(tmp_path, monkeypatch) -> Path:
    """A store with a baseline, three newer runs of two labs, and of these the newest of imdb cut off behind its index.

    Pages carry no fonts, which take most of the time.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fonts, "embedded", lambda _page: "")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / "mine.py").write_text(lab_source())
    (tmp_path / "labreport.toml").write_text('[paths]\nmine = "mine.py"\n')
    old = stored(tmp_path, *(run(lab, range(5, 15), day=1, version="old") for lab in ("imdb", "mnist")))
    Baselines(tmp_path / "runs").set("main", old)
    *_, broken = stored(tmp_path, run("mnist"), run("imdb"), run("imdb", day=5, version="later"))
    broken.write_bytes(broken.read_bytes()[:1000])
    return broken


@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_named_passed_over_and_in_the_exit_code(corrupt, capsys, name):
    assert main(COMMANDS[name]) == 2
    streams = capsys.readouterr()
    assert corrupt.parent.name in streams.out + streams.err
    assert "Traceback" not in streams.err


def test_the_others_are_listed_compared_judged_and_drawn(corrupt, capsys):
    assert main(["list", "--json"]) == 2
    listed = [(entry["lab"], entry["run_id"]) for entry in json.loads(capsys.readouterr().out)]
    assert len(listed) == 4
    assert ("imdb", corrupt.parent.name) not in listed
    assert main(["compare", "last:2", "last:1", "--json"]) == 2
    (pair,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert {lab["lab"]: lab["b"]["run_id"] for lab in pair["labs"]}.keys() == {"imdb", "mnist"}
    assert main(["check", "--baseline", "main", "--no-report", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["outcome"] == "unreadable"
    assert {lab["lab"]: lab["checks"][0]["status"] for lab in answer["verdict"]["labs"]} == {
        "imdb": "passed",
        "mnist": "passed",
    }
    assert main(["trend", "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 4
    assert main(["gc", "--keep", "1", "--yes", "--json"]) == 2
    assert corrupt.parent.name not in str(json.loads(capsys.readouterr().out)["runs"])
    assert corrupt.is_file()
