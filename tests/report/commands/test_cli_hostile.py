"""What people and programs hand to the command line by mistake or malice is refused in words: never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.hand_labs import LAB, stand_in, stored

from labreport.report.cli import main
from labreport.report.store.baselines import Baselines
from labreport.report.store.entries import NOTED
from labreport.report.store.index import FILE, FOLDER

DEEP_LISTS = b"[" * 10_000 + b"]" * 10_000
DEEP_OBJECTS = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
RUBBISH = {
    "deep lists": DEEP_LISTS,
    "deep objects": DEEP_OBJECTS,
    "no UTF-8": b"\xff\xfe",
    "a number without end": b'{"format": ' + b"9" * 5000 + b"}",
    "another type": b"[1]",
    "empty": b"",
}
MARKED = "from pathlib import Path; Path('trained').touch()"
"""The body of a lab that shows that it was run."""


def short(error: str) -> bool:
    return "Traceback" not in error and len(error) < 1500 and len(error.strip().splitlines()) <= 6


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_for_a_result_is_named_by_every_command(place, capsys, kind):
    stored(place, "mnist")
    path = stored(place, "imdb")[0]
    path.write_bytes(RUBBISH[kind])
    for arguments in (["show", str(path)], ["list"], ["render", "--lang", "en", "--to", "md"], ["gc", "--keep", "1"]):
        assert main(arguments) == 2, arguments
        error = capsys.readouterr().err
        assert "Can't read" in error
        assert short(error)


@pytest.mark.parametrize("kind", RUBBISH)
@pytest.mark.parametrize("name", ["index.json", NOTED, f"../../{FOLDER}/{FILE}"])
def test_rubbish_for_an_index_or_for_notes_is_passed_over_for_the_result(place, capsys, kind, name):
    (stored(place, "imdb")[0].parent / name).write_bytes(RUBBISH[kind])
    for arguments in (["list"], ["show", "imdb"], ["trend", "--lang", "en"]):
        assert main(arguments) == 0, arguments
    assert "imdb" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [*RUBBISH, "a path for a lab", "a null character"])
def test_rubbish_for_a_baseline_is_named(place, capsys, kind):
    path = stored(place, "imdb")[0]
    Baselines(place / "runs").set("main", [path])
    file = next((place / "runs" / "baselines" / "main").iterdir())
    text = file.read_bytes()
    changed = {
        "a path for a lab": text.replace(b'"imdb"', b'"../../imdb"'),
        "a null character": text.replace(b'"imdb"', b'"im\\u0000db"'),
    }
    file.write_bytes({**RUBBISH, **changed}[kind])
    for arguments in (["baseline", "show", "main"], ["check", "--baseline", "main", "--no-report"]):
        assert main(arguments) == 2, arguments
        error = capsys.readouterr().err
        assert "Can't read" in error
        assert short(error)


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_for_a_manifest_is_named_and_does_not_keep_a_report_from_being_made(place, capsys, kind):
    stored(place, "tensors")
    (place / "reports").mkdir()
    (place / "reports" / "manifest.json").write_bytes(RUBBISH[kind])
    assert main(["verify", "reports"]) == 2
    assert "Can't read" in (error := capsys.readouterr().err)
    assert short(error)
    assert main(["render", "--lang", "en", "--to", "md"]) == 0
    assert main(["verify", "reports"]) == 0


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "ring", "../../outside", "\x1b[31mred"])
def test_a_manifest_of_files_that_cannot_be_is_answered_file_by_file(place, capsys, name):
    stored(place, "tensors")
    assert main(["render", "--lang", "en", "--to", "md"]) == 0
    manifest = place / "reports" / "manifest.json"
    content = json.loads(manifest.read_bytes())
    content["files"][name] = "0" * 64
    manifest.write_text(json.dumps(content))
    (place / "reports" / "ring").symlink_to("ring")
    capsys.readouterr()
    assert main(["verify", "reports"]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "\x1b" not in error
    assert "\0" not in error
    assert main(["render", "--lang", "en", "--to", "md"]) == 0


def test_a_result_with_times_that_cannot_be_is_refused(place, capsys):
    path = stored(place, "imdb")[0]
    whole = json.loads(path.read_bytes())
    for field, value in (
        ("ended", "yesterday"),
        ("ended", "0001-01-01T00:00:00+23:59"),
        ("started", "2026-01-01T00:00:00"),
    ):
        path.write_text(json.dumps({**whole, "provenance": {**whole["provenance"], field: value}}))
        assert main(["render", str(path), "--lang", "en"]) == 2
        assert "is not a time with its zone" in capsys.readouterr().err
    path.write_text(json.dumps({**whole, "timings": {"training": 1e308}}))
    assert main(["trend", "--lang", "en"]) == 5
    assert "can't have taken" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["[1, 2]", "{ a = 1 }", "2026-01-01", "inf", '""', "1" + "0" * 30, "true"])
def test_a_setting_of_the_configuration_that_is_no_value_is_told(place, capsys, value):
    (place / "labreport.toml").write_text(f"[settings.imdb]\nepochs = {value}\n")
    for lab in ("imdb", "boston"):  # also where the lab is not chosen
        assert main(["status", lab]) == 2
        error = capsys.readouterr().err
        assert "imdb.epochs must be a whole number" in error
        assert short(error)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "good", "-P", "imdb.epochs=3"], "the lab imdb is not among those chosen (good)"),
        (["status", "good", "-P", "imdb.slip=3"], "the lab imdb is not among those chosen (good)"),
        (["doctor", "-P", "slip=3"], "Unknown setting of these labs 'slip'"),
        (["show", ""], "An argument is empty"),
        (["list", "--runs-dir", ""], "--runs-dir is empty"),
        (["render", "--output="], "--output is empty"),
        (["render", "-o", ""], "-o is empty"),
        (["run", "good", "", "bad"], "An argument is empty"),
        (["status", "g" * 5000], "Unknown lab 'ggg"),
        (["status", "good", "-P", "rounds=" + "9" * 5000], "at most 18 digits"),
        (["status", "good", "-P", "r" * 5000 + "=1"], "Unknown setting of good"),
    ],
)
def test_a_slip_on_the_command_line_is_told_shortly(place, capsys, monkeypatch, arguments, message):
    monkeypatch.setenv("LABREPORT_LABS", "good,bad")
    monkeypatch.setenv("PYTHONPATH", stand_in(place, "tensorflow"))  # the doctor imports it
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert message in told.out + told.err
    assert short(told.err)


def test_an_option_that_may_be_left_empty_is_as_good_as_left_out(place):
    stored(place, "tensors")
    assert main(["trend", "--lang", "en", "--url", "", "--machine="]) == 0


def test_a_slip_in_the_settings_of_a_lab_that_is_not_chosen_is_told(place, capsys):
    (place / "labreport.toml").write_text('[settings.imdb]\nepoch = 3\n[paths]\ngood = "good.py"\n')
    assert main(["run", "good"]) == 2
    assert "Did you mean 'epochs'" in capsys.readouterr().err
    (place / "labreport.toml").write_text('[settings.away]\nepoch = 3\n[paths]\ngood = "good.py"\naway = "away.py"\n')
    assert main(["run", "good"]) == 0


def test_a_lab_of_ones_own_may_not_be_called_as_one_that_is_installed(place, capsys):
    (place / "labreport.toml").write_text('[paths]\nimdb = "good.py"\n')
    assert main(["status"]) == 2
    assert "'imdb' is the name of a lab that is installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('logo = "logo.png"', "is not a PNG, JPEG or SVG picture"),
        ('logo = "gone.png"', "is not a file"),
        ('notes = "gone"', "are not a folder"),
        ('seeds = "3-1"', "runs backwards"),
        ('lang = ["de"]', "Unknown language"),
        ('to = "docs"', "Unknown format"),
        ('output = "good.py"', "Can't write"),
        ('output = "good.py/below"', "Can't write"),
    ],
)
@pytest.mark.parametrize("command", [["build", "good"], ["nightly", "good", "--no-check"]])
def test_what_rendering_would_refuse_is_refused_before_anything_is_trained(place, capsys, command, line, message):
    (place / "good.py").write_text(LAB.replace("{body}", MARKED))
    (place / "logo.png").write_bytes(b"GIF89a")
    (place / "labreport.toml").write_text(f'{line}\n[paths]\ngood = "good.py"\n')
    assert main(command) == (4 if "write" in message else 2)
    error = capsys.readouterr().err
    assert message in error
    assert short(error)
    assert not (place / "trained").exists()


def test_a_date_that_is_none_is_refused_before_anything_is_trained(place, capsys, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    (place / "good.py").write_text(LAB.replace("{body}", MARKED))
    assert main(["build", "good"]) == 2
    assert "SOURCE_DATE_EPOCH must be whole seconds" in capsys.readouterr().err
    assert not (place / "trained").exists()


def test_files_that_were_made_are_told_also_where_the_manifest_cannot_be_written(place, capsys):
    stored(place, "tensors")
    (place / "reports" / "manifest.json").mkdir(parents=True)
    assert main(["render", "--lang", "en", "--to", "html,md"]) == 4
    told = capsys.readouterr()
    assert "reports/labreport-en.html" in told.out
    assert "reports/labreport-en.md" in told.out
    assert "Can't write" in told.err
    assert "manifest.json" in told.err
    assert short(told.err)


def test_a_failed_lab_is_told_once_and_shortly_in_terminal_record_and_page(place, capsys):
    (place / "bad.py").write_text(LAB.replace("{body}", "raise ValueError('first ' + 'x' * 100_000 + ' last')"))
    assert main(["run", "bad"]) == 3
    error = capsys.readouterr().err
    assert error.count("ValueError") == 1
    assert "first" in error
    assert " last" in error
    assert short(error)
    assert main(["show", "bad"]) == 0
    assert capsys.readouterr().out.count("ValueError") == 1
    assert main(["render", "bad", "--lang", "en", "--to", "md"]) == 0
    page = (place / "reports" / "labreport-en.md").read_text("utf-8")
    assert page.count("ValueError") == 1
    assert len(page) < 40_000


def test_a_lab_whose_settings_no_record_can_hold_is_refused_in_a_line(place, capsys):
    for line in ("rounds: list[int] = None", "rounds: int | None = None", "rounds: int", "rounds: Nowhere = 3"):
        source = "from __future__ import annotations\n" + LAB.replace("{body}", "pass")
        (place / "good.py").write_text(source.replace("rounds: int = 3", line))
        for command in ("status", "run", "build"):
            assert main([command, "good"]) == 2
            error = capsys.readouterr().err
            assert "The lab 'good' can't be used" in error
            assert short(error)


def test_escape_sequences_of_a_strangers_result_do_not_reach_the_terminal(place, capsys):
    path = stored(place, "imdb")[0]
    content = json.loads(path.read_bytes())
    path.write_text(
        json.dumps(
            {
                **content,
                "settings": {**content["settings"], "epochs": "\x1b]0;owned\x07"},
                "changed_settings": ["epochs"],
            }
        )
    )
    assert main(["show", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["with space", "中文", "a\nb", "-x", "ü" * 80])
def test_reports_are_made_in_folders_of_any_name(place, capsys, name):
    stored(place, "tensors")
    assert main(["render", "--lang", "en", "--to", "md,html", "--split", "-o", name]) == 0
    assert main(["verify", "--", name]) == 0


def test_links_that_lead_nowhere_are_no_faults_of_ours(place, capsys):
    stored(place, "imdb")
    for link, target in (("broken", "gone"), ("ring", "ring")):
        Path(link).symlink_to(target)
        assert main(["list", "--runs-dir", link]) == 0
        assert main(["run", "good", "--runs-dir", link]) == 2
        capsys.readouterr()
        assert main(["render", "imdb", "--lang", "en", "--to", "md", "-o", link]) == 4
        assert short(error := capsys.readouterr().err)
        assert "more files of en md" in error
