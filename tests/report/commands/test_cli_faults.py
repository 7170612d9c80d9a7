"""The command line when something goes wrong: labs that fail, folders that can't be written, hostile names, Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.begun_with import interruptible
from helpers.hand_labs import lab_source, stored

from labreport.report.cli import main
from labreport.report.store.runs import Store


def test_a_lab_that_raises_fails_alone_with_exit_code_3(place, capsys):
    assert main(["run", "bad", "good"]) == 3
    error = capsys.readouterr().err
    assert "bad failed: RuntimeError" in error
    assert "the lamp went out" in error
    assert {run.entry.lab: run.entry.status for run in Store(place / "runs").list().runs} == {
        "bad": "failed",
        "good": "complete",
    }


@pytest.mark.parametrize(
    ("lab", "told"), [("quits", "SystemExit"), ("numbers", "can't be stored"), ("nothing", "must return nothing")]
)
def test_a_lab_that_quits_or_returns_rubbish_fails_alone_with_exit_code_3(place, capsys, lab, told):
    assert main(["run", lab, "good"]) == 3
    assert told in capsys.readouterr().err
    assert {run.entry.lab: run.entry.status for run in Store(place / "runs").list().runs}["good"] == "complete"


ODD = "raise type('Odd', (Exception,), {{'__str__': lambda self: {}}})()"
UNTELLABLE = {
    "ends": ODD.format("exit(0)"),
    "interrupts": ODD.format("(_ for _ in ()).throw(KeyboardInterrupt)"),
    "text": "raise ValueError(type('Text', (str,), {'replace': None, '__str__': None})('own'))",
    "nameless": "raise type('M', (type,), {'__name__': property(lambda self: exit(0))})('Odd', (Exception,), {})()",
    "stage": "with session.stage('\\ud800'): raise ValueError('\\udc80')",
    "timing": "session.timings['\\ud800'] = 1.0; session.measure('\\ud800', 1)",
    "group": "raise BaseExceptionGroup('\\ud800', [SystemExit(0), ValueError()])",
}


def test_an_error_that_can_not_be_told_or_written_is_exit_code_3_and_a_stored_failed_run(place, capsys):
    for name, body in UNTELLABLE.items():
        (place / f"{name}.py").write_text(lab_source(body))
    (place / "version.py").write_text(lab_source("exit(0)").replace('"1"', '"\\ud800"'))
    names = [*UNTELLABLE, "version"]
    (place / "labreport.toml").write_text("[paths]\n" + "".join(f'{name} = "{name}.py"\n' for name in [*names, "good"]))
    assert main(["run", *names, "good"]) == 3
    assert "Traceback" not in capsys.readouterr().err
    runs = {run.entry.lab: run.entry.status for run in Store(place / "runs").list().runs}
    assert runs == {**dict.fromkeys(names, "failed"), "good": "complete"}


def test_a_lab_that_quits_at_import_is_an_error_of_usage(place, capsys):
    assert main(["run", "atimport"]) == 2
    assert "atimport" in capsys.readouterr().err


def test_a_folder_that_cannot_hold_runs_is_told_before_anything_is_trained(place, capsys):
    (place / "blocked").write_text("")
    assert main(["run", "slow", "--runs-dir", "blocked"]) == 2
    assert "--runs-dir" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../../evil", "", "..", "*", "/abs", "a" * 300])
def test_a_name_that_leads_out_of_the_store_is_refused_everywhere(place, capsys, name):
    (place / "labreport.toml").write_text(f'[paths]\n"{name}" = "good.py"\n')
    assert main(["list"]) == 2
    (place / "labreport.toml").unlink()
    for command in ("list", "show", "render"):
        assert main([command, "--", name]) == 2, command
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_leaves_is_neither_success_nor_a_failed_gate(place):
    command = f"'{Path(sys.executable).with_name('labreport')}' schema | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 141)
    assert "Traceback" not in done.stderr


def test_a_damaged_newest_run_is_named_and_an_older_one_rendered(place, capsys):
    stored(place, "tensors", run_id="20260101T000000Z-good")
    newer = stored(place, "tensors", run_id="20260102T000000Z-bad")[0]
    newer.write_bytes(newer.read_bytes()[:300])
    assert main(["render", "--lang", "en", "--to", "md"]) == 2
    assert "Can't read" in capsys.readouterr().err
    assert (place / "reports" / "labreport-en.md").is_file()


def test_an_output_that_cannot_be_written_is_exit_code_4(place, capsys):
    stored(place, "mnist")
    (place / "blocked").write_text("a file, no folder")
    assert main(["render", "--lang", "en", "--to", "html", "-o", "blocked"]) == 4
    assert "Can't write" in capsys.readouterr().err


def test_without_pango_the_html_is_kept_and_the_packages_are_named(place, capsys, monkeypatch):
    stored(place, "mnist")
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert main(["render", "--lang", "en", "--to", "html,pdf"]) == 4
    error = capsys.readouterr().err
    assert "pdf" in error
    assert (place / "reports" / "labreport-en.html").is_file()


def test_ctrl_c_ends_with_130_and_keeps_what_was_finished(place):
    command = [str(Path(sys.executable).with_name("labreport")), "run", "good", "slow"]
    process = subprocess.Popen(
        interruptible(command), cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert any(line.strip() == "READY" for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted" in error
    assert "Traceback" not in error
    status = {run.entry.lab: run.entry.status for run in Store(place / "runs").list().runs}
    assert status["good"] == "complete"
    assert status.get("slow", "interrupted") == "interrupted"


@pytest.mark.parametrize("where", ["at import", "at work"])
def test_a_lab_that_changes_the_working_folder_moves_neither_runs_nor_reports(place, tmp_path_factory, where):
    leave = f"import os; os.chdir({str(tmp_path_factory.mktemp('elsewhere'))!r})\n"
    source = lab_source(leave.strip()) if where == "at work" else leave + lab_source()
    (place / "good.py").write_text(source)
    assert main(["build", "good", "--lang", "en", "--to", "md"]) in (0, 4)  # 4: it has no note
    assert Path.cwd() == place
    assert len(Store(place / "runs").list("good").runs) == 1
    assert list((place / "reports").iterdir())
