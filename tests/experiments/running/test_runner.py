"""Runs from request to result: complete, failed and interrupted ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from labreport.experiments import registry
from labreport.experiments.errors import LabError
from labreport.experiments.registry import UnknownLabError
from labreport.experiments.result import Result
from labreport.experiments.running.preparation import Prepared, prepare
from labreport.experiments.running.runner import RunInterrupted, run_id, run_lab
from labreport.experiments.settings import SettingError

LAB = """
from dataclasses import dataclass
from labreport.experiments import registry
from labreport.experiments.errors import LabError

TITLE, VERSION, DATASET, QUICK = "Own lab", "7", {dataset!r}, {{"size": 1}}

@dataclass(frozen=True, kw_only=True)
class Settings:
    size: int = 3

def introduce(settings, dataset, session):
    session.measure("size", settings.size)
    session.measure("samples", 0 if dataset is None else dataset.card.train_samples)
    session.progress("own", 1, 1, {{"loss": 0.5}})
    with session.stage("work"):
        {body}
"""

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def own(folder: Path, body: str = "pass", dataset: str | None = None, **options: Any) -> Prepared:
    file = folder / "own.py"
    file.write_text(LAB.format(body=body, dataset=dataset))
    return prepare(registry.load("own", file), **options)


def run(prepared: Prepared, **options: Any) -> Result:
    times = iter(START + timedelta(minutes=minute) for minute in range(9))
    return run_lab(prepared, clock=lambda: next(times), announce=lambda line: None, **options)


def test_a_complete_run_holds_findings_settings_and_circumstances(tmp_path):
    told: list[tuple[Any, ...]] = []
    result = run(
        own(tmp_path, overrides={"size": "5"}, seeds=(2, 3)),
        command=("labreport", "run", "own"),
        progress=lambda *values: told.append(values),
    )
    assert (result.status, result.failure) == ("complete", None)
    assert (result.lab, result.lab_version, result.profile, result.seeds) == ("own", "7", "full", (2, 3))
    assert (result.settings, result.changed_settings) == ({"size": 5}, ("size",))
    assert [(item.name, item.value) for item in result.findings.measures] == [("size", 5), ("samples", 0)]
    assert told == [("own: own", 1, 1, {"loss": 0.5})]
    assert result.timings.keys() == {"data", "work", "total"}
    assert result.peak_memory_bytes > 1_000_000
    assert result.key_parts["data"] == "none"
    assert result.run_id.startswith(f"20260301T093000Z-{result.key[:8]}-")
    assert (result.provenance.started, result.provenance.ended) == ("2026-03-01T09:30:00Z", "2026-03-01T09:31:00Z")
    assert result.provenance.command == ("labreport", "run", "own")


def test_the_quick_profile_takes_the_labs_quick_settings_under_those_of_the_user(tmp_path):
    assert run(own(tmp_path, profile="quick")).settings == {"size": 1}
    assert run(own(tmp_path, profile="quick", overrides={"size": 2})).settings == {"size": 2}


def test_the_data_are_loaded_and_their_files_are_part_of_the_key(tmp_path):
    result = run(own(tmp_path, dataset="boston_housing", source="sample"))
    assert result.findings.measures[1].value == 404
    assert result.key_parts["data"].startswith("boston_housing-sample.npz:")


def test_missing_data_give_a_failed_run(tmp_path):
    result = run(own(tmp_path, dataset="mnist", data_dir=tmp_path))
    assert result.status == "failed"
    assert result.failure is not None
    assert (result.failure.kind, result.failure.stage) == ("DataError", "data")
    assert "mnist.npz" in result.failure.message
    assert str(tmp_path) not in result.failure.message
    assert result.key_parts["data"].startswith("missing:")


def test_a_lab_that_raises_gives_a_failed_run_with_what_was_measured_before(tmp_path):
    result = run(own(tmp_path, body="1 / 0"))
    assert result.status == "failed"
    assert result.failure is not None
    assert (result.failure.kind, result.failure.stage) == ("ZeroDivisionError", "work")
    assert result.failure.message == "division by zero"
    assert [item.name for item in result.findings.measures] == ["size", "samples"]


def test_an_error_of_the_lab_itself_is_told_in_its_own_words(tmp_path):
    result = run(own(tmp_path, body="raise LabError('Too few samples.')"))
    assert result.failure is not None
    assert result.failure.message == "Too few samples."


@pytest.mark.parametrize(
    ("setting", "message"),
    [("folds=405", "405 folds need at least as many training samples; there are 404"), ("batch_size=304", "1 to 303")],
)
def test_what_the_data_do_not_allow_gives_a_failed_run(setting, message):
    name, _, value = setting.partition("=")
    result = run(prepare(registry.load("boston"), overrides={name: value}, profile="quick", source="sample"))
    assert (result.status, result.failure and result.failure.kind) == ("failed", "LabError")
    assert message in (result.failure.message if result.failure else "")


@pytest.mark.parametrize("setting", ["epochs", "batch_size", "folds"])
def test_settings_that_can_never_be_trained_are_refused_before_anything_runs(setting):
    with pytest.raises(SettingError, match=setting):
        run(prepare(registry.load("boston"), overrides={setting: 0}))


def test_a_lab_that_leaves_the_program_gives_a_failed_run(tmp_path):
    result = run(own(tmp_path, body="raise SystemExit(3)"))
    assert (result.status, result.failure and result.failure.kind) == ("failed", "SystemExit")


def test_an_interrupted_run_is_handed_on_with_what_was_measured_before(tmp_path):
    with pytest.raises(KeyboardInterrupt) as caught:
        run(own(tmp_path, body="raise KeyboardInterrupt"))
    assert isinstance(caught.value, RunInterrupted)
    assert caught.value.result.status == "interrupted"
    assert [item.name for item in caught.value.result.findings.measures] == ["size", "samples"]


@pytest.mark.parametrize(
    ("seeds", "message"),
    [((), "at least one seed"), ((1, 2, 1), "given twice"), ((-1,), "not -1"), ((2**32,), "between 0 and")],
)
def test_impossible_seeds_are_refused_before_anything_runs(tmp_path, seeds, message):
    with pytest.raises(LabError, match=message):
        run(own(tmp_path, seeds=seeds))


def test_an_unknown_lab_and_a_wrong_setting_are_refused_before_anything_runs(tmp_path):
    with pytest.raises(UnknownLabError):
        run(prepare(registry.load("minst")))
    with pytest.raises(SettingError, match="Did you mean 'size'"):
        run(own(tmp_path, overrides={"sise": 3}))


def test_the_name_of_a_run_is_its_start_in_utc_and_the_beginning_of_its_key():
    local = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=8)))
    assert run_id(local, "0123456789abcdef", "c0ffee") == "20251231T170000Z-01234567-c0ffee"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError", "(without a message)"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()", "(without a message)"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: exit(0)})()", "(without a message)"),
        ("raise ValueError(type('Text', (str,), {'replace': None})('own'))", "own"),
        ("raise ValueError('\\x1b[31mred\\x07 \\udc80')", "?[31mred? ?"),
        ("raise type('Odd', (BaseException,), {})('boo')", "boo"),
    ],
)
def test_whatever_a_lab_raises_is_told_once_in_characters_that_can_be_printed(tmp_path, body, message):
    result = run(own(tmp_path, body=body))
    assert (result.status, result.failure and result.failure.message) == ("failed", message)


def test_a_long_message_of_a_lab_keeps_its_beginning_and_its_end(tmp_path):
    for body in (
        "raise ValueError('first ' + 'x' * 100_000 + ' last')",
        "raise ValueError('first' + '\\n' * 999 + 'last')",
    ):
        failure = run(own(tmp_path, body=body)).failure
        assert failure is not None
        assert failure.message.startswith("first")
        assert failure.message.endswith("last")
        assert len(failure.message) <= 1000
        assert failure.message.count("\n") <= 12


@pytest.mark.parametrize("value", ["10**400", "'many'", "[1]", "object()"])
def test_findings_that_no_file_can_hold_give_a_failed_run(tmp_path, value):
    result = run(own(tmp_path, body=f"session.measure('x', {value})"))
    assert result.status == "failed"
    assert result.failure is not None
    assert "can't be stored" in result.failure.message
    assert result.findings.measures == ()


def test_a_lab_that_spoils_its_draft_and_its_times_fails_with_its_own_error(tmp_path):
    body = (
        "session.draft.trainings = 3; session.timings['x'] = 'long'; session.timings['y'] = -1; "
        "session.timings['\\ud800'] = 1; raise ValueError('a')"
    )
    result = run(own(tmp_path, body=body))
    assert (result.status, result.failure and result.failure.message) == ("failed", "a")
    assert result.timings.keys() == {"data", "work", "?", "total"}


def test_a_lab_that_is_edited_while_it_trains_is_stale_afterwards(tmp_path):
    asked = own(tmp_path, body="from pathlib import Path; Path(__file__).write_text('')")
    ran = sha256((tmp_path / "own.py").read_bytes()).hexdigest()
    assert run(asked).key_parts["lab"] == ran
    assert (tmp_path / "own.py").read_bytes() == b""


def test_what_a_lab_prints_goes_to_standard_error_also_from_a_process_of_its_own(tmp_path, capfd):
    run(own(tmp_path, body="print('Python'); import os; os.write(1, b'bytes'); os.system('echo shell')"))
    told = capfd.readouterr()
    assert told.out == ""
    assert all(word in told.err for word in ("Python", "bytes", "shell"))
    print("back")
    assert capfd.readouterr().out == "back\n"


@pytest.mark.parametrize(
    "after",
    [
        "pass",  # swallowed, as in a callback
        "raise AssertionError",  # turned into another error
        "session.progress('own', 1, 1, {}); raise AssertionError('went on')",
    ],
)
def test_ctrl_c_stops_the_run_wherever_a_library_swallows_it(tmp_path, after):
    ctrl_c = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(1)"
    body = f"""
        try:
            {ctrl_c}
        except KeyboardInterrupt:
            {after}
        """
    with pytest.raises(RunInterrupted) as caught:
        run(own(tmp_path, body=body.strip()))
    assert caught.value.result.failure is None
    assert caught.value.result.status == ("complete" if after == "pass" else "interrupted")


@pytest.mark.parametrize("deleted", [False, True])
def test_a_lab_that_changes_the_working_folder_changes_it_for_itself_alone(tmp_path, monkeypatch, deleted):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    prepared = own(tmp_path, body="import os; os.chdir('/')" + f"; os.rmdir({str(tmp_path / 'work')!r})" * deleted)
    assert run(prepared).status == "complete"
    assert deleted or Path.cwd() == tmp_path / "work"
