"""The files for GitHub and GitLab: well formed, and their commands run on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.places import ROOT

from labreport.report.cli import main

GITHUB = ROOT / ".github" / "workflows"
GITLAB = ROOT / "ci" / "gitlab-ci.yml"

LAB = """
from dataclasses import dataclass

TITLE, VERSION, DATASET = "Tiny", "1", None

@dataclass(frozen=True, kw_only=True)
class Settings:
    rounds: int = 3

def train(settings, dataset, session, seed):
    session.score("test_accuracy", 0.9 + seed / 1000)
"""


def _read(path: Path) -> dict[str, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text("utf-8"))
    # YAML 1.1 takes the key "on" for true.
    return {"on" if key is True else str(key): value for key, value in found.items()}


WORKFLOWS = sorted(path.name for path in GITHUB.glob("*.yml"))


def _github(name: str) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a workflow."""
    return [step for job in _read(GITHUB / name)["jobs"].values() for step in job["steps"]]


def _lines(steps: list[dict[str, Any]]) -> list[str]:
    return [line for step in steps for line in step.get("run", "").splitlines()]


def _gitlab(job: str) -> list[str]:
    content = _read(GITLAB)
    whole = {**content[content[job]["extends"]], **content[job]}
    return [line for part in ("before_script", "script", "after_script") for line in whole.get(part, ())]


def _services() -> dict[str, dict[str, list[str]]]:
    """Return what each service runs in a shard, in the job that judges the night, and for a proposed change."""
    jobs = _read(GITHUB / "nightly.yml")["jobs"]
    github = {name: _lines(jobs[name]["steps"]) for name in ("shard", "nightly")}
    github["change"] = _lines(_read(GITHUB / "pull-request.yml")["jobs"]["judge"]["steps"])
    gitlab = {"shard": "shard", "nightly": "nightly", "change": "merge-request"}
    found = {"github": github, "gitlab": {name: _gitlab(job) for name, job in gitlab.items()}}
    return {
        service: {job: [line for line in lines if "labreport" in line] for job, lines in jobs.items()}
        for service, jobs in found.items()
    }


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_step_uses_something_of_a_commit_or_runs_something(name):
    for step in _github(name):
        assert ("uses" in step) != ("run" in step), step
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", step["uses"]), step


def test_one_action_has_one_commit_and_says_its_version_behind_it():
    found: dict[str, set[str]] = {}
    for path in GITHUB.glob("*.yml"):
        for action, commit in re.findall(r"uses: ([\w-]+/[\w-]+)\S*@(\S+(?: # v\d+)?)", path.read_text("utf-8")):
            found.setdefault(action, set()).add(commit)
    assert all(len(commits) == 1 for commits in found.values()), found
    assert all(" # v" in next(iter(commits)) for commits in found.values()), found


MAY = {
    # Publishing identifies itself by the workflow, and needs no other right.
    "publish": {"id-token": "write"},
    "comment": {"actions": "read", "contents": "read", "pull-requests": "write"},
}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_jobs_may_read_the_repository_and_nothing_else(name):
    assert _read(GITHUB / name)["permissions"] == {"contents": "read"}
    for job, content in _read(GITHUB / name)["jobs"].items():
        assert content.get("permissions") == MAY.get(job)
        assert content["timeout-minutes"] <= 60


def test_a_release_is_published_only_after_it_was_tested_built_and_named():
    jobs = _read(GITHUB / "release.yml")["jobs"]
    assert jobs["publish"]["needs"] == "build"
    assert not [step for step in jobs["publish"]["steps"] if "run" in step]
    lines = [step["run"] for step in jobs["build"]["steps"] if "run" in step]
    assert [line.split()[:2] for line in lines] == [["make", "release-check"], [".ci/run"], ["make", "dist"]]


@pytest.mark.parametrize(
    ("tag", "complaint"), [("v9.9.9", "is not the version in pyproject.toml"), ("v{version}", "still holds fragments")]
)
def test_a_tag_that_does_not_fit_is_refused(tag, complaint, tmp_path):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for name in ("Makefile", "pyproject.toml", "CHANGELOG.md"):
        shutil.copy2(ROOT / name, tmp_path)
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "+a.added.md").write_text("A change.\n")
    done = subprocess.run(
        ["make", "release-check", f"TAG={tag.format(version=version)}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert complaint in done.stderr


def test_the_fragments_of_the_release_notes_can_be_read_and_have_no_number_for_a_name():
    command = Path(sys.executable).with_name("towncrier")
    done = subprocess.run(
        [command, "build", "--draft", "--version", "9.9.9"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "## 9.9.9" in done.stdout
    for path in (ROOT / "changes").glob("*.md"):
        if path.name != "README.md":
            assert re.fullmatch(r"(\+[a-z0-9-]+|\d+)\.(added|changed|fixed|removed)(\.\d+)?\.md", path.name)
            assert " ".join(path.read_text("utf-8").split())[:60] in " ".join(done.stdout.split())


def test_the_checks_before_a_commit_are_those_of_make():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for hook in hooks:
        assert hook["entry"].replace(".venv/", "").split()[0].removeprefix("bin/") in makefile


def test_newer_versions_are_proposed_for_packages_and_actions():
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))["updates"]
    assert {item["package-ecosystem"] for item in updates} == {"pip", "github-actions"}


def test_the_night_comes_by_the_clock_and_by_hand():
    when = _read(GITHUB / "nightly.yml")["on"]
    assert re.fullmatch(r"[\d ]+\* \* \*", when["schedule"][0]["cron"])
    assert "workflow_dispatch" in when


@pytest.mark.parametrize("job", ["shard", "nightly"])
def test_the_runs_are_saved_and_the_artifacts_kept_also_when_the_gate_has_failed(job):
    steps = _read(GITHUB / "nightly.yml")["jobs"][job]["steps"]
    uses = {step.get("uses", "").partition("@")[0]: step for step in steps}
    for step in steps:
        if step.get("uses", "").startswith(("actions/cache/save", "actions/upload-artifact")):
            assert step["if"] == "always()"
    assert uses["actions/cache/save"]["with"]["path"] == uses["actions/cache/restore"]["with"]["path"] == "runs"
    content = _read(GITLAB)[job]
    assert content["cache"]["when"] == content["artifacts"]["when"] == "always"


def test_the_workflow_that_may_comment_runs_nothing_of_the_pull_request():
    workflow = _read(GITHUB / "comment.yml")
    assert set(workflow["on"]) == {"workflow_run"}
    assert workflow["on"]["workflow_run"]["workflows"] == [_read(GITHUB / "pull-request.yml")["name"]]
    [checkout, download, post] = workflow["jobs"]["comment"]["steps"]
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert checkout["with"]["sparse-checkout"] == "ci"
    assert download["with"]["name"] == "verdict"
    assert post["run"] == "python3 ci/comment.py verdict/summary-short.md"
    # What a pull request may choose (a title, a branch) never stands in a line that a shell reads.
    for path in GITHUB.glob("*.yml"):
        assert not [line for line in _lines(_github(path.name)) if "${{" in line]
    assert _read(GITHUB / "pull-request.yml")["on"] == {"pull_request": None}


def test_no_line_sets_a_baseline_by_itself():
    lines = [line for jobs in _services().values() for job in jobs.values() for line in job]
    assert not [line for line in lines if "baseline set" in line]
    assert [line for line in lines if "--first-night" in line] == [
        line for line in lines if "${FIRST_NIGHT:+--first-night}" in line
    ]


def test_the_budget_of_the_night_ends_before_the_time_of_the_job():
    from labreport.report.nightly.schedule import parse_budget

    jobs = [*_read(GITHUB / "nightly.yml")["jobs"].values(), *_read(GITHUB / "pull-request.yml")["jobs"].values()]
    assert {job["timeout-minutes"] for job in jobs} == {60}
    assert _read(GITLAB)[".labreport"]["timeout"] == "1h"
    lines = [line for jobs in _services().values() for job in jobs.values() for line in job if " nightly " in line]
    assert len(lines) == 4
    for line in lines:
        [budget] = re.findall(r"--budget (\S+)", line)
        assert parse_budget(budget) < 3600 * 0.9


def test_the_checks_run_the_command_that_everybody_runs():
    job = _read(GITHUB / "ci.yml")["jobs"]["test"]
    assert job["steps"][-1]["run"] == ".ci/run"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_targets_of_make_exist():
    steps = [step for name in WORKFLOWS for step in _github(name)]
    lines = [line for step in steps for line in step.get("run", "").splitlines()]
    targets = {line.split()[1] for line in lines if line.startswith("make ")}
    assert "audit" in targets
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        # A package that could not be looked up is otherwise only a warning, and all of them are a success.
        assert target != "audit" or "--strict" in done.stdout


class Service:
    """What a CI service does around the lines of a job: a fresh checkout, caches, artifacts."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.jobs = _services()[name]
        self.name = name
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        self.caches = folder / "caches"
        (self.checkout / ".gitignore").write_text(".venv\nruns\nreports\nshards\n")
        (self.checkout / "labreport.toml").write_text('[paths]\ntiny = "tiny.py"\n')
        program = self.checkout / ".venv" / "bin" / "labreport"
        program.parent.mkdir(parents=True)
        # A shell reads each line; what it would call runs in this process, where all is imported already.
        program.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
        program.chmod(0o755)
        self.git("init", "-q", "-b", "main")
        self.version(0.9)

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=self.checkout, check=True, capture_output=True)

    def version(self, accuracy: float) -> None:
        """Commit a version of the lab."""
        (self.checkout / "tiny.py").write_text(LAB.replace("0.9 +", f"{accuracy} +"))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")

    def job(self, name: str, cache: str, **variables: str) -> int:
        """Run the lines of a job as far as the service would, and return the code of the first that fails."""
        shutil.rmtree(self.checkout / "runs", ignore_errors=True)
        if (self.caches / cache).is_dir():
            shutil.copytree(self.caches / cache, self.checkout / "runs")
        settings = {"LABREPORT_LABS": "tiny", "LABREPORT_DATA": "sample", "LABREPORT_LANG": "en", "LABREPORT_TO": "md"}
        settings |= {"GITHUB_STEP_SUMMARY": str(self.folder / "step.md"), **variables}
        code = 0
        for line in self.jobs[name]:
            tidying = line.split()[1] in ("gc", "mkdir") or "--runs-dir reports" in line
            if code and not tidying:
                continue
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", line],
                cwd=self.checkout,
                env={**os.environ, **settings},
                capture_output=True,
                text=True,
                check=True,
            )
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(self.checkout)
                for variable, value in settings.items():
                    patch.setenv(variable, value)
                ended = main(done.stdout.split("\0")[:-1])
            if not tidying:
                code = code or ended
        if (self.checkout / "runs").is_dir() and name != "change":
            shutil.rmtree(self.caches / cache, ignore_errors=True)
            shutil.copytree(self.checkout / "runs", self.caches / cache)
        return code

    def night(self, *, first: bool = False) -> int:
        """Run a night of two shards and the job that judges."""
        shutil.rmtree(self.checkout / "shards", ignore_errors=True)
        for seeds in ("0-2", "3-4"):
            assert self.job("shard", f"shard-{seeds}", SEEDS=seeds) == 0
            shutil.copytree(
                self.caches / f"shard-{seeds}", self.checkout / "shards" / f"shard-{seeds}", dirs_exist_ok=True
            )
        return self.job("nightly", "runs", FIRST_NIGHT="1" if first else "")

    def answer(self, folder: str = "nightly") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.checkout / "reports" / folder / "result.json").read_text("utf-8"))
        return found


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_commands_of_the_night_run_here_and_an_evicted_cache_is_never_green(tmp_path):
    service = Service(tmp_path, "github")
    assert service.night() == 5  # no baseline, and no flag
    assert service.answer()["outcome"] == "nothing"
    assert service.night(first=True) == 0
    assert service.answer()["outcome"] == "first"
    assert service.night() == 0
    assert service.answer()["outcome"] == "passed"
    assert service.answer()["verdict"]["labs"][0]["seeds"] == [0, 1, 2, 3, 4]
    for name in ("junit.xml", "trend-en.html", "nightly.json"):
        assert (service.checkout / "reports" / "nightly" / name).is_file()
    assert "labreport nightly" in (tmp_path / "step.md").read_text("utf-8")
    baseline = service.checkout / "reports" / "baseline"
    kept = tmp_path / "kept"
    shutil.copytree(baseline, kept)
    # A proposed change is judged against the newest commit of the target branch that was run.
    service.git("update-ref", "refs/remotes/origin/main", "main")
    service.git("checkout", "-q", "-b", "proposal")
    service.version(0.9)
    assert service.job("change", "runs", TARGET="main") == 0
    service.version(0.6)
    assert service.job("change", "runs", TARGET="main") == 1
    assert (service.checkout / "reports" / "pull-request" / "summary-short.md").is_file()
    # The night on which the version got worse is the night on which the cache is gone.
    shutil.rmtree(service.caches)
    assert service.night() == 5
    assert "is not there" in (service.checkout / "reports" / "nightly" / "summary.md").read_text("utf-8")
    shutil.rmtree(service.caches)
    shutil.copytree(kept, service.checkout / "baseline")
    assert service.night() == 1


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_commands_of_gitlab_are_those_of_github():
    services = _services()
    for job in ("shard", "nightly"):
        github = [line for line in services["github"][job] if "gc" not in line.split()]
        gitlab = [line for line in services["gitlab"][job] if line in services["github"][job]]
        assert [line for line in gitlab if "gc" not in line.split()] == github
    [github], [gitlab] = services["github"]["change"], services["gitlab"]["change"]
    assert gitlab == github.replace('"ancestor:origin/$TARGET"', "ancestor:FETCH_HEAD").replace("pull-", "merge-")
