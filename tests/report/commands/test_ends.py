"""How a command ends when it is stopped by a signal, or when a package is not installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from helpers.hand_gate import run, stored
from helpers.nights import write_lab

from labreport.report.cli import main
from labreport.report.store.runs import Store


def ended(place, *signals: int, words: tuple[str, ...] = ("run", "slow")) -> tuple[int, str]:
    """Start a command that would take a minute, send it signals once it is at work, and return its code and errors."""
    write_lab(place, "slow", "import time; open('begun', 'w').close(); time.sleep(60)")
    (place / "labreport.toml").write_text('[paths]\nslow = "slow.py"\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "labreport", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place,
    )
    patience = time.monotonic() + 60
    while not (place / "begun").exists() and time.monotonic() < patience:
        time.sleep(0.05)
    for number in signals:
        os.kill(process.pid, number)
    errors = process.communicate(timeout=60)[1]
    return process.returncode, errors


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_with_a_line_a_code_and_a_record(tmp_path, number, code):
    found, errors = ended(tmp_path, number)
    assert found == code
    assert errors.strip().splitlines()[-1] == "Interrupted; every finished lab is saved."
    assert [run.entry.status for run in Store(tmp_path / "runs").list("slow").runs] == ["interrupted"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_night_which_leaves_no_answer_of_yesterday(tmp_path, number, code):
    folder = tmp_path / "reports" / "nightly"
    folder.mkdir(parents=True)
    answers = ("result.json", "nightly.json", "nightly.md", "junit.xml", "badge.svg", "index.html")
    for name in answers:
        (folder / name).write_text("Passed")
    found, errors = ended(tmp_path, number, words=("nightly", "slow", "--baseline", "last:1"))
    assert found == code
    assert errors.strip().splitlines()[-1] == "Interrupted; every finished lab is saved."
    assert [name for name in answers if (folder / name).exists()] == []
    assert [run.entry.status for run in Store(tmp_path / "runs").list("slow").runs] == ["interrupted"]


@pytest.mark.parametrize(
    ("arguments", "code", "extra"),
    [
        (["run", "boston", "--data", "sample", "--profile", "quick"], 3, "labs"),
        (["render", "--to", "pdf", "--lang", "en"], 4, "pdf"),
    ],
)
def test_without_an_extra_one_line_names_the_command_that_installs_it(tmp_path, arguments, code, extra):
    stored(tmp_path, run("tensors"))
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'weasyprint'): sys.modules[name] = None\n"
        "from labreport.report.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    assert f"pip install 'labreport[{extra}]'" in line
    assert not (tmp_path / "runs" / "boston").exists()


def test_a_run_that_failed_before_it_read_its_data_counts_for_the_data_it_was_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    old = stored(tmp_path, run("boston", range(5, 15), day=1, version="old", source="sample"))
    stored(tmp_path, run("boston", source="sample"))
    assert main(["run", "boston", "--data", "full", "--data-dir", "nowhere", "--offline"]) == 3
    check = ["check", "boston", "--baseline", str(old[0]), "--no-report"]
    assert main([*check, "--data", "sample"]) == 0
    assert main([*check, "--data", "full"]) == 3
    assert main(check) == 3
