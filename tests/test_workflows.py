"""The files for GitHub and GitLab: well formed, and their commands run on this machine."""

from __future__ import annotations

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

GITHUB = ROOT / ".github" / "workflows"
GITLAB = ROOT / "ci" / "gitlab-ci.yml"

LAB = """
from dataclasses import dataclass
from labreport.experiments.result import Findings, Score

TITLE, VERSION, DATASET = "Tiny", "1", None

@dataclass(frozen=True, kw_only=True)
class Settings:
    rounds: int = 3

def run(settings, dataset, session) -> Findings:
    return Findings(
        scores=tuple(
            Score(name="test_accuracy", model="final", metric="accuracy", split="test", seed=seed,
                  value=0.9 + seed / 1000, unit="share", direction="higher")
            for seed in session.seeds
        ),
    )
"""


def _read(path: Path) -> dict[str, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text("utf-8"))
    # YAML 1.1 takes the key "on" for true.
    return {"on" if key is True else str(key): value for key, value in found.items()}


WORKFLOWS = sorted(path.name for path in GITHUB.glob("*.yml"))


def _github(name: str) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a workflow."""
    return [step for job in _read(GITHUB / name)["jobs"].values() for step in job["steps"]]


def _commands() -> list[tuple[str, str]]:
    """Return every line that the two nightly files run, with the name of its file."""
    lines = [line for step in _github("nightly.yml") for line in step.get("run", "").splitlines()]
    job = _read(GITLAB)["nightly"]
    scripts = [line for part in ("before_script", "script", "after_script") for line in job[part]]
    return [("github", line) for line in lines] + [("gitlab", line) for line in scripts]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_step_uses_something_of_a_version_or_runs_something(name):
    for step in _github(name):
        assert ("uses" in step) != ("run" in step), step
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@(v\d+|release/v\d+|[0-9a-f]{40})", step["uses"]), step


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_jobs_may_read_the_repository_and_nothing_else(name):
    assert _read(GITHUB / name)["permissions"] == {"contents": "read"}
    for job, content in _read(GITHUB / name)["jobs"].items():
        # Publishing identifies itself by the workflow, and needs no other right.
        assert content.get("permissions") == ({"id-token": "write"} if job == "publish" else None)
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


def test_the_runs_are_saved_and_the_artifacts_kept_also_when_the_gate_has_failed():
    steps = {step.get("uses", step.get("name", "")).partition("@")[0]: step for step in _github("nightly.yml")}
    for name in ("actions/cache/save", "actions/upload-artifact"):
        assert steps[name]["if"] == "always()"
    assert steps["actions/cache/save"]["with"]["path"] == steps["actions/cache/restore"]["with"]["path"] == "runs"
    job = _read(GITLAB)["nightly"]
    assert job["cache"]["when"] == job["artifacts"]["when"] == "always"


def test_the_budget_of_the_night_ends_before_the_time_of_the_job():
    from labreport.report.nightly.schedule import parse_budget

    minutes = next(iter(_read(GITHUB / "nightly.yml")["jobs"].values()))["timeout-minutes"]
    assert _read(GITLAB)["nightly"]["timeout"] == "1h"
    assert minutes == 60
    budgets = {found for _, line in _commands() for found in re.findall(r"--budget (\S+)", line)}
    assert budgets
    assert all(parse_budget(budget) < minutes * 60 * 0.9 for budget in budgets)


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
    assert targets
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_commands_of_the_night_run_on_this_machine(tmp_path):
    # One tiny lab stands for the six. It is trained in full, because a quick run never becomes a baseline.
    (tmp_path / "tiny.py").write_text(LAB)
    (tmp_path / "labreport.toml").write_text('[paths]\ntiny = "tiny.py"\n')
    program = tmp_path / ".venv" / "bin" / "labreport"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from labreport.report.cli import run; run()' \"$@\"\n")
    program.chmod(0o755)
    settings = {"LABREPORT_LABS": "tiny", "LABREPORT_DATA": "sample", "LABREPORT_LANG": "en", "LABREPORT_TO": "md"}
    environment = {**os.environ, **settings, "GITHUB_STEP_SUMMARY": str(tmp_path / "step.md")}
    # What both files run, they run in the same order; each line is tried once a night.
    lines = list(dict.fromkeys(line for _, line in _commands() if "labreport" in line))
    assert len(lines) == 3
    for night in (1, 2):
        for line in lines:
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", line],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            # The tiny lab has no note, so its chapter can't be rendered, which is 4; everything else must be right.
            allowed = (0, 4) if "nightly" in line else (0,)
            assert done.returncode in allowed, f"night {night}: {line}\n{done.stdout}{done.stderr}"
    for name in ("junit.xml", "trend-en.html", "nightly.json"):
        assert (tmp_path / "reports" / "nightly" / name).is_file()
    assert "labreport nightly" in (tmp_path / "step.md").read_text("utf-8")
