"""The circumstances of a run, without anything private."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path

import pytest
from helpers.places import ROOT

from labreport.experiments.running import provenance
from labreport.experiments.running.provenance import git_state, peak_memory_bytes, scrub, scrub_command, utc_text

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", "/home/alice")
    return Path("/home/alice")


def test_a_command_keeps_the_name_of_its_program_only() -> None:
    assert scrub_command(["/opt/env/bin/labreport", "run", "mnist"]) == ("labreport", "run", "mnist")


def test_no_private_folder_is_left_in_a_command(home: Path) -> None:
    command = ("labreport", "--data-dir", f"{home}/my data", "--runs-dir=/srv/secret project/runs", "-P", "epochs=3")
    assert scrub_command(command) == (
        "labreport",
        "--data-dir",
        "~/my data",
        "--runs-dir=…/runs",
        "-P",
        "epochs=3",
    )


def test_relative_paths_and_addresses_stay_as_they_are(home: Path) -> None:
    command = ("labreport", "../shared/data", "https://example.org/a/b", "boston", "0-9")
    assert scrub_command(command) == command


def test_passwords_in_addresses_are_taken_out(home: Path) -> None:
    assert scrub("from https://alice:secret@example.org/x") == "from https://example.org/x"


def test_an_empty_command_stays_empty() -> None:
    assert scrub_command([]) == ()


def test_paths_in_a_sentence_are_shortened(home: Path) -> None:
    sentence = "Can't read /srv/secret/mnist.npz: see (/home/alice/.keras) or a / b, 1/2."
    assert scrub(sentence) == "Can't read …/mnist.npz: see (~/.keras) or a / b, 1/2."


def test_a_folder_that_begins_like_the_home_folder_is_not_taken_for_it(home: Path) -> None:
    assert scrub("/home/alicewood/x") == "…/x"


def test_times_are_written_in_utc() -> None:
    moment = datetime(2026, 3, 1, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(moment) == "2026-03-01T09:30:00Z"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        utc_text(datetime(2026, 3, 1))


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@needs_git
def test_the_git_state_tells_commit_and_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) == (None, None)
    (tmp_path / "lab.py").write_text("a")
    git(tmp_path, "add", "lab.py")
    git(tmp_path, "commit", "-qm", "first")
    commit, dirty = git_state(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    assert dirty is False
    (tmp_path / "report.html").write_text("an output")
    assert git_state(tmp_path) == (commit, False)
    (tmp_path / "lab.py").write_text("b")
    assert git_state(tmp_path) == (commit, True)


@needs_git
def test_asking_git_runs_no_program_of_the_repository_and_no_other_repository_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "elsewhere"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q")
        (tmp_path / name / "lab.py").write_text(name)
        git(tmp_path / name, "add", "lab.py")
        git(tmp_path / name, "commit", "-qm", name)
    here, ran = tmp_path / "here", tmp_path / "ran"
    commit, _ = git_state(here)
    (here / ".gitattributes").write_text("*.py filter=mine\n")
    for setting in ("core.fsmonitor", "filter.mine.clean", "filter.mine.process"):
        git(here, "config", setting, f"touch {ran}; false")
    git(here, "config", "filter.mine.required", "true")
    (here / "lab.py").write_text("here")  # the same, but later: git looks into the file
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere" / ".git"))
    assert git_state(here) == (commit, False)
    assert not ran.exists()


def filtered(folder: Path, name: str, ran: Path) -> None:
    """Let a repository name a program for the files of its lab, which git has to look into."""
    (folder / ".git" / "info").mkdir(exist_ok=True)
    attributes = folder / (".git/info/attributes" if (folder / ".git").is_dir() else ".gitattributes")
    attributes.write_text(f"*.py filter={name}\n")
    git(folder, "config", f"filter.{name}.clean", f"touch {ran}; cat")


def committed(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q")
    (folder / "lab.py").write_text("a lab")
    git(folder, "add", "lab.py")
    git(folder, "commit", "-qm", "first")


@needs_git
def test_a_filter_whose_name_git_takes_for_a_value_is_not_run(tmp_path: Path) -> None:
    here, ran = tmp_path / "here", tmp_path / "ran"
    committed(here)
    filtered(here, "a=b", ran)
    (here / "lab.py").write_text("a lab")
    commit, dirty = git_state(here)
    assert commit is not None
    assert dirty is None
    assert not ran.exists()


@needs_git
def test_a_program_that_a_submodule_names_is_not_run(tmp_path: Path) -> None:
    here, inner, ran = tmp_path / "here", tmp_path / "here" / "inner", tmp_path / "ran"
    committed(here)
    committed(inner)
    git(here, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "./inner", "inner")
    git(here, "commit", "-qm", "second")
    filtered(inner, "mine", ran)
    (inner / "lab.py").write_text("a lab")
    assert git_state(here)[1] is False
    assert not ran.exists()


@needs_git
@pytest.mark.parametrize("how", ["ssh", "ext", "upload-pack"])
def test_what_a_repository_lacks_is_not_fetched_by_a_program_that_it_names(tmp_path: Path, how: str) -> None:
    here, ran = tmp_path / "here", tmp_path / "ran"
    committed(here)
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    address = {"ssh": "ssh://host/x", "ext": f"ext::{program}", "upload-pack": f"file://{here}"}[how]
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": address,
        "remote.origin.uploadpack": str(program),
        "core.sshCommand": str(program),
        "core.pager": str(program),
        "core.hooksPath": str(tmp_path),
        "protocol.ext.allow": "always",
        "alias.status": f"!{program}",
    }.items():
        git(here, "config", name, value)
    done = subprocess.run(["git", "rev-parse", "HEAD^{tree}"], cwd=here, check=True, capture_output=True, text=True)
    tree = done.stdout.strip()
    (here / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    subprocess.run(["git", "status"], cwd=here, check=False, capture_output=True)
    assert ran.exists(), "git itself runs it"
    ran.unlink()
    assert git_state(here)[0] is not None
    assert not ran.exists()


def test_a_folder_without_repository_has_no_git_state(tmp_path: Path) -> None:
    assert git_state(tmp_path) == (None, None)


def test_a_machine_without_git_has_no_git_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(tmp_path) == (None, None)


def test_the_record_holds_versions_machine_and_times(tmp_path: Path) -> None:
    started = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    record = provenance.provenance(
        command=["labreport", "run"],
        threads=2,
        deterministic=True,
        started=started,
        ended=started + timedelta(minutes=1),
        folder=tmp_path,
    )
    assert record.packages["keras"] == version("keras")
    assert record.packages["numpy"] == version("numpy")
    assert record.machine.threads == 2
    assert record.machine.logical_processors >= 1
    assert record.machine.system
    assert record.machine.processor
    assert (record.started, record.ended) == ("2026-03-01T09:00:00Z", "2026-03-01T09:01:00Z")
    assert record.git_commit is None


def test_packages_that_are_not_installed_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package-here"))
    assert list(provenance.package_versions()) == ["numpy"]


def test_collecting_provenance_imports_no_heavy_package(tmp_path: Path) -> None:
    code = (
        "import sys, datetime as d; from labreport.experiments.running.provenance import provenance;"
        "now = d.datetime.now(d.UTC); provenance(command=[], threads=0, deterministic=False, started=now, ended=now);"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib', 'weasyprint') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_peak_memory_is_counted_in_bytes() -> None:
    held = b"x" * 50_000_000
    assert peak_memory_bytes() > len(held)


def test_peak_memory_of_macos_is_not_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")

    class Usage:
        ru_maxrss = 1_000

    monkeypatch.setattr(resource, "getrusage", lambda _who: Usage)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert peak_memory_bytes() == 1_000
    monkeypatch.setattr(sys, "platform", "linux")
    assert peak_memory_bytes() == 1_024_000
