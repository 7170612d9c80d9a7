"""What a run may be judged against: baselines of branches, the newest ancestor that was run, another environment."""

from __future__ import annotations

import json
import subprocess

import msgspec
import pytest
from helpers.hand_gate import keyed, run, stored

from labreport.report.cli import main
from labreport.report.rendering import fonts
from labreport.report.store.baselines import Baselines
from labreport.report.store.runs import Store


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder of a user. Pages carry no fonts, which take most of the time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fonts, "embedded", lambda _page: "")
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def repository(place):
    """The same with a git repository, and a function that makes a commit and returns its hash."""

    def git(*arguments):
        done = subprocess.run(
            ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
            cwd=place,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    git("init", "-q", "-b", "main")

    def commit(message="a change"):
        git("commit", "-q", "--allow-empty", "-m", message)
        return git("rev-parse", "HEAD")

    commit.git = git
    return commit


def made_at(result, commit, *, dirty=False, **provenance):
    changed = msgspec.structs.replace(result.provenance, git_commit=commit, git_dirty=dirty, **provenance)
    return msgspec.structs.replace(result, provenance=changed)


def check(*arguments):
    return main(["check", "imdb", "--no-report", "--lang", "en,zh", *arguments])


def verdict(place):
    [lab] = json.loads((place / "reports" / "check" / "result.json").read_text("utf-8"))["verdict"]["labs"]
    return lab


def baseline_check(place):
    return next(one for one in verdict(place)["checks"] if one["name"] == "baseline")


@pytest.mark.parametrize("name", ["feature/x", "dependabot/npm/@babel/core-7.1", "fix#12", "größe"])
def test_a_baseline_may_have_the_name_of_a_branch(place, capsys, name):
    stored(place, run("imdb", range(5, 15), day=1, version="old"))
    assert main(["baseline", "set", name]) == 0
    stored(place, run("imdb"))
    assert check("--baseline", name) == 0
    capsys.readouterr()
    assert main(["baseline", "list", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == [name]
    assert main(["gc", "--keep", "1", "--yes"]) == 0
    assert main(["baseline", "show", name]) == 0


@pytest.mark.parametrize(
    "name", ["../out", "a//b", "/a", "a/", ".git", "-x", "a b", "last:1", "a,b", "x/..", "", "a.json"]
)
def test_a_name_that_leads_out_of_the_store_or_means_something_else_is_refused(place, capsys, name):
    stored(place, run("imdb", day=1))
    assert main(["baseline", "set", "--", name]) == 2
    assert not (place / "runs" / "baselines").exists()


def test_where_the_branch_has_no_baseline_that_of_main_is_used_lab_by_lab(place, capsys):
    [old] = stored(place, run("imdb", range(5, 15), day=1, version="old"))
    Baselines(place / "runs").set("main", [old])
    stored(place, run("imdb", loss=0.02))
    assert check("--baseline", "feature/x,main") == 1
    [branch] = stored(place, run("imdb", range(5, 15), day=3, version="branch", loss=0.02))
    Baselines(place / "runs").set("feature/x", [branch])
    stored(place, run("imdb", day=4, version="newer", loss=0.02))
    assert check("--baseline", "feature/x,main") == 0
    # One whose runs are gone is not passed over: that would judge against something else in silence.
    branch.unlink()
    assert check("--baseline", "feature/x,main") == 5
    assert baseline_check(place)["reason"]["code"] == "gone"
    assert check("--baseline", "feature/y,other") == 5
    assert "“feature/y,other”" in (place / "reports" / "check" / "summary.md").read_text("utf-8")
    assert "There is no" in capsys.readouterr().err


def test_the_newest_ancestor_that_was_run_and_passed_is_the_baseline(place, repository):
    first, second, third = repository(), repository(), repository()
    repository.git("checkout", "-q", "-b", "feature")
    stored(
        place,
        made_at(run("imdb", range(5, 10), day=4, version="one"), first),  # newer by time, older by its commit
        made_at(keyed(run("imdb", range(5, 10), day=2, version="two", loss=0.02)), second),
        made_at(keyed(run("imdb", range(10, 15), day=3, version="two", loss=0.02)), second),
        made_at(run("imdb", range(5, 10), day=5, version="three"), third, dirty=True),
        made_at(run("imdb", range(5, 10), day=6, version="other"), "f" * 40),
        made_at(run("imdb", day=7, loss=0.02), repository()),
    )
    assert check("--baseline", "ancestor:main") == 0
    assert [name.rpartition("-")[2] for name in verdict(place)["baseline_runs"]] == ["two10", "two5"]


def test_a_run_that_the_gate_rejected_is_passed_over_so_that_no_loss_is_forgotten(place, repository):
    good, bad = repository(), repository()
    stored(place, made_at(run("imdb", range(5, 15), day=1, version="good"), good))
    stored(place, made_at(run("imdb", day=2, version="bad", loss=0.02), bad))
    assert check("--baseline", "ancestor:main") == 1
    stored(place, made_at(run("imdb", day=3, version="still bad", loss=0.02), repository()))
    assert check("--baseline", "ancestor:main") == 1
    assert verdict(place)["baseline_runs"] == ["20260101T120000Z-imdb-good5"]


def test_a_lab_that_a_branch_did_not_touch_is_equal_to_its_ancestor(place, repository):
    stored(place, made_at(run("imdb"), repository()))
    # On main itself that run has no ancestor: nothing is judged against itself.
    assert check("--baseline", "ancestor:main") == 5
    repository.git("checkout", "-q", "-b", "feature")
    repository()
    assert check("--baseline", "ancestor:main") == 0


def test_an_ancestor_that_was_never_run_is_nothing_to_compare(place, repository, capsys):
    repository()
    stored(place, made_at(run("imdb"), repository()))
    assert check("--baseline", "ancestor:HEAD~1") == 5
    assert baseline_check(place)["reason"] == {"code": "no_ancestor", "values": {"revision": "HEAD~1", "commits": "1"}}
    assert "was ever run and passed" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ancestor:nothing", "ancestor:--all", "ancestor:"])
def test_a_revision_that_git_does_not_know_is_refused(place, repository, capsys, name):
    stored(place, made_at(run("imdb"), repository()))
    assert check("--baseline", name) == 2
    assert "There is no git revision" in capsys.readouterr().err


def test_without_a_repository_or_git_an_ancestor_is_refused(place, capsys, monkeypatch):
    stored(place, run("imdb"))
    assert check("--baseline", "ancestor:main") == 2
    assert "is in no git repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(place))
    assert check("--baseline", "ancestor:main") == 2
    assert "git is not installed" in capsys.readouterr().err


def test_another_processor_and_other_versions_are_named_in_every_form_of_the_verdict(place, capsys):
    [old] = stored(place, run("imdb", range(5, 15), day=1, version="old"))
    Baselines(place / "runs").set("main", [old])
    new = run("imdb")
    machine = msgspec.structs.replace(new.provenance.machine, processor="Elbrus 8C")
    packages = {**new.provenance.packages, "keras": "99.1", "weasyprint": "99.2"}
    stored(place, made_at(new, None, machine=machine, packages=packages))
    assert check("--baseline", "main") == 0
    found = verdict(place)["environment"]
    assert set(found) == {"processor", "keras"}
    for name in ("summary.md", "summary-short.md", "index.html", "junit.xml"):
        text = (place / "reports" / "check" / name).read_text("utf-8")
        assert "Elbrus 8C" in text, name
        assert "99.1" in text, name
    assert "99.2" not in (place / "reports" / "check" / "summary.md").read_text("utf-8")


def test_promotion_needs_a_passed_check_and_a_reason_and_can_be_undone(place, capsys):
    [old] = stored(place, run("imdb", range(5, 15), day=1, version="old"))
    assert main(["baseline", "set", "main"]) == 0
    stored(place, run("imdb"))
    assert main(["baseline", "promote", "main"]) == 2
    assert "--reason" in capsys.readouterr().err
    assert main(["baseline", "promote", "main", "--reason", "wider"]) == 2
    assert "was never passed by a check" in capsys.readouterr().err
    assert check("--baseline", "main") == 0
    capsys.readouterr()
    assert main(["baseline", "promote", "main", "--reason", "wider layers"]) == 0
    assert "test_accuracy: 0.8798 → 0.8807" in capsys.readouterr().out
    assert main(["baseline", "undo", "main", "--reason", "too slow"]) == 0
    [entry] = Baselines(place / "runs").entries("main")
    assert [one.run_id for one in entry.runs] == [old.parent.name]
    capsys.readouterr()
    assert main(["baseline", "history", "main", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["act"], one["reason"]) for one in found] == [
        ("undo", "too slow"),
        ("promote", "wider layers"),
        ("set", ""),
    ]
    assert all(one["when"].endswith("+00:00") for one in found)
    # The first change can be taken back as well; then there is no baseline any more, and nothing left to undo.
    assert main(["baseline", "undo", "main"]) == 0
    assert not Baselines(place / "runs").names()
    assert main(["baseline", "undo", "main"]) == 5


def test_who_promoted_is_the_account_of_the_job_and_the_runs_of_before_stay_for_an_undo(place, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTOR", "lin")
    stored(place, run("imdb", day=1, version="old"))
    assert main(["baseline", "set", "main"]) == 0
    stored(place, run("imdb", day=2, version="middle"))
    stored(place, made_at(run("imdb", day=3, version="new"), "abc123"))
    assert main(["baseline", "set", "main"]) == 0
    assert main(["gc", "--keep", "1", "--yes"]) == 0
    assert {found.entry.run_id[:8] for found in Store(place / "runs").list().runs} == {"20260101", "20260103"}
    capsys.readouterr()
    assert main(["baseline", "history", "main"]) == 0
    line, run_line, *_ = capsys.readouterr().out.splitlines()
    assert "set" in line
    assert "lin" in line
    assert "(commit abc123)" in run_line
    assert main(["baseline", "undo", "main"]) == 0


@pytest.mark.parametrize("part", ["profile", "data", "lab"])
def test_a_history_of_others_writes_nothing_outside_its_baseline(place, capsys, part):
    stored(place, run("imdb", day=1))
    assert main(["baseline", "set", "main", "imdb"]) == 0
    (path,) = (place / "runs" / "baselines" / "main" / "%history").iterdir()
    known = json.loads(path.read_bytes())
    (entry,) = known["entries"]
    entry["before"], entry["key"][part] = entry["after"], "x/../../../../evil"
    path.write_text(json.dumps(known))
    assert main(["baseline", "undo", "main"]) == 2
    assert "is not a name of" in capsys.readouterr().err
    assert {found.name for found in place.iterdir()} == {"runs"}
    path.write_text(json.dumps(known | {"when": "soon", "entries": []}))
    assert main(["baseline", "history", "main"]) == 2
    assert "'soon' is not a time" in capsys.readouterr().err


def test_the_baseline_of_a_branch_is_promoted_to_main(place, capsys):
    [path] = stored(place, run("imdb", day=1))
    Baselines(place / "runs").set("feature/x", [path])
    assert main(["baseline", "promote", "main", "--from", "feature/x", "--reason", "merged", "--force"]) == 0
    assert Baselines(place / "runs").names() == ("feature/x", "main")
    assert main(["baseline", "promote", "main", "--from", "gone", "--reason", "merged"]) == 5


def test_seeds_of_several_runs_of_one_version_are_set_together(place, capsys):
    stored(place, *(keyed(run("imdb", seeds, day=1 + seeds[0])) for seeds in (range(5), range(5, 10))))
    assert main(["baseline", "set", "main", "--pool"]) == 0
    [entry] = Baselines(place / "runs").entries("main")
    assert len(entry.runs) == 2
