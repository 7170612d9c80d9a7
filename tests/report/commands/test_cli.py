"""The command line: what it prints, what it returns, and what it says of wrong usage."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import msgspec
import pytest
from helpers.hand_labs import stand_in, stored
from helpers.hand_results import hand_result

from labreport.experiments.result import Failure
from labreport.report.cli import COMMANDS, loaded, main
from labreport.report.store import codec
from labreport.report.store.runs import Store


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name, capsys):
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Example" in text
    assert f"labreport {name}" in text


def test_the_help_of_the_program_shows_an_example_on_lines_of_its_own(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "\\b" not in text
    assert "\n    labreport build imdb --lang en " in text


def test_the_table_of_commands_says_the_same_as_each_command():
    for name, line in COMMANDS.items():
        help_text = loaded(name).help or ""
        assert help_text.strip(), name
        assert line.endswith("."), name


def test_a_lab_runs_once_and_is_then_taken_from_the_store(place, capsys):
    assert main(["run", "good"]) == 0
    first = capsys.readouterr().out
    assert main(["run", "good"]) == 0
    again = capsys.readouterr()
    assert again.out == first
    assert "unchanged" in again.err
    assert len(Store(place / "runs").list().runs) == 1


def test_a_changed_setting_makes_a_new_run_and_status_names_it(place, capsys):
    main(["run", "good"])
    capsys.readouterr()
    assert main(["status", "good", "-P", "rounds=5", "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state[0]["state"] == "stale"
    assert state[0]["changed"] == ["settings"]
    assert main(["run", "good", "-P", "rounds=5"]) == 0
    assert len(Store(place / "runs").list().runs) == 2


def test_force_runs_again(place, capsys):
    main(["run", "good"])
    time.sleep(1.1)
    assert main(["run", "good", "--force"]) == 0
    assert len(Store(place / "runs").list().runs) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "minst"], "Did you mean 'mnist'"),
        (["bild"], "Did you mean 'build'"),
        (["run", "good", "-P", "round=3"], "Did you mean 'rounds'"),
        (["run", "good", "-P", "rounds=many"], "a whole number"),
        (["run", "good", "-P", "rounds=0"], "rounds must be at least 1, not 0"),
        (["run", "good", "-P", "rounds"], "write it as name=value"),
        (["run", "good", "bad", "-P", "ugly.rounds=3"], "Unknown lab 'ugly'"),
        (["run", "good", "--seeds", "5-1"], "runs backwards"),
        (["run", "good", "--seeds", "x"], "whole numbers"),
        (["run", "good", "--profile", "fast"], "Known: full, quick"),
        (["run", "good", "--data", "fake"], "Known: auto, full, sample"),
        (["render", "--lang", ""], "--lang is empty"),
        (["render", "--lang", "de"], "Unknown language 'de'"),
        (["render", "--to", "docs"], "Unknown format 'docs'"),
        (["render", "nothing"], "No run 'nothing'"),
        (["show", "nothing"], "No run 'nothing'"),
        (["list", "--no-such"], "No such option"),
    ],
)
def test_wrong_usage_is_told_in_a_line_or_two_with_exit_code_2(place, capsys, arguments, message):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) <= 4


def test_a_slip_in_the_configuration_is_told(place, capsys):
    (place / "labreport.toml").write_text("seds = 3\n")
    assert main(["list"]) == 2
    assert "Did you mean 'seeds'" in capsys.readouterr().err


def test_nothing_to_render_is_exit_code_5(place, capsys):
    assert main(["render"]) == 5
    assert "labreport build" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "not valid JSON"), (b'{"format": 99}', "saved in format 99"), (b"[]", "not a result")],
)
def test_a_damaged_or_newer_result_is_refused(place, capsys, content, message):
    path = place / "result.json"
    path.write_bytes(content)
    for command in ("render", "show"):
        assert main([command, str(path)]) == 2
        assert message in capsys.readouterr().err


def test_two_runs_of_one_lab_are_no_report(place, capsys):
    first = stored(place, "mnist", run_id="a")
    second = stored(place, "mnist", run_id="b")
    assert main(["render", str(first[0]), str(second[0])]) == 2
    assert "mnist is named more than once" in capsys.readouterr().err


def test_a_damaged_run_among_others_is_named_and_the_others_listed(place, capsys):
    stored(place, "mnist", "imdb")
    broken = stored(place, "boston")[0]
    broken.write_bytes(b"{")
    assert main(["list"]) == 2
    told = capsys.readouterr()
    assert "mnist" in told.out
    assert "imdb" in told.out
    assert "Can't read" in told.err


def test_json_is_alone_on_standard_output(place, capsys):
    stored(place, "mnist")
    for arguments in (["list"], ["status", "good"], ["show", "mnist"], ["run", "good"]):
        assert main([*arguments, "--json"]) == 0
        json.loads(capsys.readouterr().out)


def test_show_tells_scores_epoch_and_claims(place, capsys):
    stored(place, "imdb")
    assert main(["show", "imdb"]) == 0
    text = capsys.readouterr().out
    assert "test_accuracy" in text
    assert "lowest validation loss: epoch" in text
    assert "overfits" in text


def test_the_page_of_a_failed_lab_says_what_failed_and_the_others_are_there(place, capsys):
    stored(place, "mnist")
    stored(
        place, "imdb", status="failed", failure=Failure(kind="RuntimeError", message="the lamp went out", stage="lab")
    )
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    page = (place / "reports" / "labreport-en.html").read_text("utf-8")
    assert "the lamp went out" in page
    assert "Handwritten" in page or "mnist" in page


def test_missing_data_are_exit_code_3_and_say_where(place, capsys):
    assert main(["run", "mnist", "--data-dir", str(place / "nowhere")]) == 3
    assert "nowhere" in capsys.readouterr().err


def test_a_data_file_with_a_wrong_checksum_is_never_opened(place, capsys):
    (place / "data").mkdir()
    trap = place / "trap"
    pickled = f"cos\nsystem\n(S'touch {trap}'\ntR.".encode()
    for name in ("imdb.npz", "imdb_word_index.json"):
        (place / "data" / name).write_bytes(pickled)
    assert main(["run", "imdb", "--data-dir", "data"]) == 3
    assert "was not opened: its SHA-256 is" in capsys.readouterr().err
    assert not trap.exists()


def test_a_second_rendering_of_the_same_runs_does_nothing(place, capsys):
    stored(place, "mnist")
    assert main(["render", "--lang", "en", "--to", "html,md"]) == 0
    first = capsys.readouterr().out
    page = place / "reports" / "labreport-en.html"
    before = page.stat().st_mtime_ns
    assert main(["render", "--lang", "en", "--to", "html,md"]) == 0
    told = capsys.readouterr()
    assert told.out == first
    assert "up to date" in told.err
    assert page.stat().st_mtime_ns == before
    page.write_text("changed by hand")
    assert main(["render", "--lang", "en", "--to", "html,md"]) == 0
    assert "changed by hand" not in page.read_text("utf-8")


def test_notes_of_the_users_own_take_the_place_of_the_shipped_ones_and_read_nothing_else(place, capsys):
    stored(place, "imdb")
    (place / "labreport.toml").write_text('notes = "mine"\n')
    note = place / "mine" / "en" / "imdb.md"
    note.parent.mkdir(parents=True)
    note.write_text("# My own chapter\n\nAccuracy {{ score('test_accuracy')|percent }}.\n")
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    page = (place / "reports" / "labreport-en.html").read_text("utf-8")
    assert "My own chapter" in page
    assert "Accuracy 8" in page
    (place / "secret.txt").write_text("SECRET")
    for hostile, told in (
        ("<script>alert()</script>", "script"),
        ("![x](http://example.org/x.png)", "image"),
        ("[x](file:secret.txt)", "file:"),
        ("{% include '../../secret.txt' %}", "include"),
        ("{{ ''.__class__ }}", "imdb.md:3"),
        ("{{ nothing }}", "imdb.md:3"),
        (":::solution x\nopen", "not closed"),
    ):
        note.write_text(f"# Title\n\n{hostile}\n")
        capsys.readouterr()
        assert main(["render", "--lang", "en", "--to", "html"]) == 4
        error = capsys.readouterr().err
        assert told in error, error
        assert "imdb.md:3" in error, error
        assert len(error.strip().splitlines()) <= 4, error
        assert "could not be built" in (place / "reports" / "labreport-en.html").read_text("utf-8")
        assert "SECRET" not in (place / "reports" / "labreport-en.html").read_text("utf-8")


def test_strict_fails_on_a_false_claim_after_everything_is_written(place, capsys):
    good = stored(place, "imdb")[0]
    arguments = ["--lang", "en", "--to", "md", "--strict"]
    assert main(["render", str(good), *arguments]) == 0
    result = hand_result("imdb", seeds=(0,))
    low = tuple(
        msgspec.structs.replace(item, value=0.1) if item.name == "test_accuracy" else item
        for item in result.findings.scores
    )
    findings = msgspec.structs.replace(result.findings, scores=low)
    bad = Store(place / "bad").save(msgspec.structs.replace(result, findings=findings)).path
    capsys.readouterr()
    assert main(["render", str(bad), *arguments, "-o", "wrong"]) == 1
    assert "imdb: the claim beats_majority does not hold" in capsys.readouterr().err
    assert (place / "wrong" / "labreport-en.md").is_file()


def test_a_folder_of_reports_is_verified_file_by_file(place, capsys):
    stored(place, "tensors")
    assert main(["render", "--lang", "en", "--to", "html,md"]) == 0
    assert main(["verify", "reports"]) == 0
    (place / "reports" / "labreport-en.html").write_text("changed")
    (place / "reports" / "labreport-en.md").unlink()
    (place / "reports" / "labreport-en-figures" / "solution.svg").write_text("<svg/>")
    capsys.readouterr()
    assert main(["verify", "reports"]) == 1
    error = capsys.readouterr().err
    assert error.splitlines() == [
        "labreport-en.html: changed",
        "labreport-en.md: missing",
        "labreport-en-figures/solution.svg: not rendered here",
    ]
    (place / "reports" / "manifest.json").write_text("{")
    assert main(["verify", "reports"]) == 2


def test_a_second_rendering_keeps_the_first_ones_files_in_the_manifest(place, capsys):
    stored(place, "tensors")
    for language in ("en", "zh"):
        assert main(["render", "--lang", language, "--to", "md"]) == 0
    with (place / "reports" / "labreport-en.md").open("a") as file:
        file.write("x")
    assert main(["verify", "reports"]) == 1
    assert "labreport-en.md: changed" in capsys.readouterr().err


def test_a_finished_report_gives_its_results_back_byte_for_byte(place, capsys):
    paths = stored(place, "mnist", "tensors")
    assert main(["render", "--lang", "en"]) == 0
    for form in ("html", "pdf"):
        assert main(["extract", f"reports/labreport-en.{form}", "-o", f"from-{form}"]) == 0
        for path, lab in zip(paths, ("mnist", "tensors"), strict=True):
            assert (place / f"from-{form}" / f"{lab}.json").read_bytes() == path.read_bytes()
    assert main(["extract", "reports/labreport-en.html", "-o", "from-html"]) == 2
    assert main(["extract", "reports/labreport-en.html", "--lab", "imdb", "-o", "x.json"]) == 2


def test_a_finished_report_is_rendered_anew_in_another_language(place, capsys):
    stored(place, "tensors")
    assert main(["render", "--lang", "en", "--to", "html"]) == 0
    assert main(["render", "reports/labreport-en.html", "--lang", "zh", "--to", "html", "-o", "anew"]) == 0
    assert "张量" in (place / "anew" / "labreport-zh.html").read_text("utf-8")


def test_a_fault_of_our_own_has_a_code_of_its_own(place):
    program = (
        "import labreport.report.store.runs; labreport.report.store.runs.Store.page = lambda *_: 1 / 0;"
        "import sys; sys.argv = ['labreport', 'list']; from labreport.report.cli import run; run()"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr
    assert "fault of labreport" in done.stderr


def test_the_schema_is_json(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "labreport result"


def test_doctor_names_what_is_missing_and_how_to_fix_it(place, capsys, monkeypatch):
    monkeypatch.setenv("LABREPORT_LABS", "good")
    assert main(["doctor", "--data", "sample", "--json"]) == 0
    assert {item["state"] for item in json.loads(capsys.readouterr().out)} <= {"ok", "note"}
    (place / "empty").mkdir()
    monkeypatch.setenv("PYTHONPATH", stand_in(place, "tensorflow"))  # the real one was imported above
    assert main(["doctor", "--data", "full", "--data-dir", "empty"]) == 2
    text = capsys.readouterr().out
    assert "BAD" in text
    assert "mnist.npz" in text


def test_what_show_prints_as_json_can_be_read_as_the_run_it_is(place, capsys):
    path = stored(place, "mnist")[0]
    assert main(["show", "mnist", "--json"]) == 0
    printed = capsys.readouterr().out.encode()
    assert codec.decode(printed, "x") == codec.decode(path.read_bytes(), "x")
