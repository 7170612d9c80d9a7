"""A night's work: what fits into the budget, what is named, and the exit code. Labs here are small files of a user."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import pytest
from helpers.hand_history import entry, put
from helpers.nights import FOLDER, earlier, next_second, night, states, write_lab
from markdown_it import MarkdownIt

from labreport.experiments import registry
from labreport.experiments.running.preparation import prepare
from labreport.report.cli import main
from labreport.report.errors import UsageError
from labreport.report.nightly import record, schedule
from labreport.report.nightly.record import LabNight, Night, NightStep
from labreport.report.running.planning import Plan
from labreport.report.running.time_limit import TimeSpentError, interrupted_after
from labreport.report.store import manifest
from labreport.report.store.entries import Entry, Stored
from labreport.report.store.runs import Store, StoredRuns
from labreport.report.words import LANGUAGES, Words


class _Clock:
    """Gives a time that runs on by a number of seconds whenever it is asked."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self._step
        return self._now


# The schedule


def _listing(root: Path, *entries: Entry) -> StoredRuns:
    for one in entries:
        put(root, one)
    return Store(root).list(whole=False)


def _plan(lab: str = "imdb", seeds: tuple[int, ...] = (0,), stored: Stored | None = None) -> Plan:
    prepared = prepare(registry.load(lab), seeds=seeds, source="sample")
    return Plan(prepared=prepared, stored=stored, stale=())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("1h30m", 5400), ("90s", 90), ("45", 2700), ("1.5 h", 5400), ("2min", 120), ("1d", 86_400)],
)
def test_a_budget_is_a_length_of_time(text, seconds):
    assert schedule.parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0m", "soon", "-5m", "30m5", "m"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(UsageError, match="is not a length of time; write 90s, 30m"):
        schedule.parse_budget(text)


def test_time_is_kept_for_what_must_be_done_in_any_case():
    assert schedule.for_training(100) == 80
    assert schedule.for_training(3600) == 3480


def test_the_lab_that_was_tried_longest_ago_comes_first(tmp_path):
    plans = [_plan("mnist"), _plan("imdb"), _plan("reuters"), _plan("boston")]
    listing = _listing(tmp_path, entry("mnist", 5), entry("imdb", 3), entry("imdb", 1), entry("boston", 4))
    assert [plan.lab for plan in schedule.in_order(plans, listing)] == ["reuters", "imdb", "boston", "mnist"]


@pytest.mark.parametrize(
    ("expected", "left", "action"),
    [
        (None, 50.0, "train"),
        (None, -1.0, "late"),
        (40.0, 50.0, "train"),
        (60.0, 50.0, "late"),
        (101.0, 50.0, "long"),
        (9999.0, math.inf, "train"),
    ],
)
def test_what_no_longer_fits_is_skipped(expected, left, action):
    whole = math.inf if math.isinf(left) else 100.0
    assert schedule.decide(_plan(), expected, left, whole) == action


def test_what_did_not_change_needs_no_time(tmp_path):
    stored = Stored(folder=tmp_path, entry=entry())
    assert schedule.decide(_plan(stored=stored), 9999.0, -5.0, 100.0) == "take"


# The end of the time


def test_a_block_is_stopped_when_its_time_is_over():
    begun = time.perf_counter()
    with pytest.raises(TimeSpentError), interrupted_after(0.2):
        time.sleep(30)
    assert time.perf_counter() - begun < 10


def test_a_block_that_ends_in_time_is_left_alone():
    with interrupted_after(30):
        pass
    with interrupted_after(math.inf):
        pass


def test_an_interruption_of_the_user_stays_one():
    with pytest.raises(KeyboardInterrupt), interrupted_after(30):
        raise KeyboardInterrupt


# The exit code


@pytest.mark.parametrize(
    ("states", "codes", "code"),
    [
        (["trained", "fresh"], [0, 0, 0], 0),
        (["trained", "late"], [0, 0, 0], 0),
        (["late", "late"], [0, 0, 0], 5),
        (["trained", "long"], [0, 0, 0], 5),
        (["stopped"], [0, 0, 0], 5),
        (["failed"], [0, 0, 0], 3),
        (["failed"], [4, 1, 2], 1),
        (["failed"], [4, 70, 2], 70),
        (["trained"], [4, 0, 0], 4),
        (["trained"], [4, 6, 0], 6),
        (["trained"], [4, 5, 2], 2),
        ([], [5, 5, 5], 5),
    ],
)
def test_the_code_is_that_of_the_worst_thing_that_is_certain(states, codes, code):
    labs = tuple(LabNight(lab=str(number), state=state) for number, state in enumerate(states))
    steps = tuple(NightStep(name=name, code=one) for name, one in zip(("report", "trend", "check"), codes, strict=True))
    assert Night(labs=labs, steps=steps, budget=None, seconds=1.0).code == code


def test_a_failure_can_not_break_the_table_of_the_summary():
    lab = LabNight(lab="bad", state="failed", reason="a | b\n<b>c</b> **d** @team " + "e " * 9000)
    text = record.summary(Night(labs=(lab,), steps=(), budget=60.0, seconds=3.0), ("en", "zh"))
    assert "a \\| b &lt;b&gt;c&lt;/b&gt; \\*\\*d\\*\\* @\u200bteam e" in text
    assert len(text) < 3000
    assert text.startswith(record.MARKER)
    assert "The night" in text
    assert "夜间任务" in text


@pytest.mark.parametrize("state", ["trained", "fresh", "failed", "late", "long", "stopped"])
def test_no_sign_of_markup_is_left_where_a_summary_is_shown(state):
    lab = LabNight(lab="slow", state=state, seconds=90.0, reason="RuntimeError: x")
    text = record.summary(Night(labs=(lab,), steps=(), budget=60.0, seconds=3.0), LANGUAGES)
    shown = MarkdownIt("commonmark").enable("table").render(text)
    assert "**" in text or state in ("trained", "fresh")
    assert "**" not in shown
    assert shown.count("<table>") == len(LANGUAGES)


def test_a_lab_of_unknown_length_is_not_said_to_take_no_time():
    words = Words("en")
    known, unknown = (LabNight(lab="slow", state="late", seconds=seconds) for seconds in (90.0, 0.0))
    assert "(about 90\u202fs)" in record.state_text(known, words)
    assert "0" not in record.state_text(unknown, words)
    assert "first the next night" in record.state_text(unknown, words)


def test_a_budget_that_was_exceeded_is_named_with_what_it_does_not_end():
    within = Night(labs=(), steps=(), budget=4.0, seconds=3.0)
    beyond = Night(labs=(), steps=(), budget=4.0, seconds=6.1)
    assert "exceeded" not in record.summary(within, ("en",))
    assert "exceeded by 2.1\u202fs: it ends training and confirmation, but report" in record.summary(beyond, ("en",))
    assert "超出限额" in record.summary(beyond, ("zh",))


# The command


def test_a_night_leaves_report_verdict_and_trend_in_one_folder(place, capsys):
    assert main(["run", "good"]) == 0
    assert main(["baseline", "set", "main"]) == 0
    code, data = night("good", "--baseline", "main", "--to", "html")
    assert (code, data["exit_code"], states(data)) == (0, 0, {"good": "fresh"})
    folder = place / "reports" / "nightly"
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert made >= {
        "index.html",
        "summary.md",
        "junit.xml",
        "result.json",
        "badge.svg",
        "nightly.md",
        "nightly.json",
        "report/labreport-en.html",
        "trend-en.html",
        "trend.json",
        "trend.atom",
    }
    assert 'href="report/labreport-en.html#good"' in (folder / "trend-en.html").read_text("utf-8")
    index = (folder / "index.html").read_text("utf-8")
    assert 'href="trend-en.html"' in index
    assert 'href="report/labreport-en.html"' in index
    listed = manifest.read(folder)
    assert {"trend-en.html", "trend.atom", "report/labreport-en.html"} <= set(listed.files)
    assert not manifest.differences(folder, listed)


def test_a_loss_is_exit_code_1_and_trains_only_what_changed(place, capsys):
    assert main(["run", "good"]) == 0
    assert main(["baseline", "set", "main"]) == 0
    write_lab(place, "good", value=0.5)
    next_second()
    code, data = night("good", "--baseline", "main")
    assert (code, states(data)) == (1, {"good": "trained"})
    code, data = night("good", "--baseline", "main")
    assert (code, states(data)) == (1, {"good": "fresh"})


def test_a_lab_that_fails_is_exit_code_3_and_the_others_are_there(place, capsys):
    code, data = night("good", "bad", "--no-check", "--to", "html")
    assert (code, states(data)) == (3, {"good": "trained", "bad": "failed"})
    assert "the lamp went out" in (place / "reports" / "nightly" / "nightly.md").read_text("utf-8")
    assert "the lamp went out" in (place / "reports" / "nightly" / "report" / "labreport-en.html").read_text("utf-8")


def test_a_lab_that_does_not_fit_is_skipped_named_and_first_the_nextnight(place, capsys, monkeypatch):
    write_lab(place, "slow")
    earlier(place, "good", "20260101", 0.1)
    earlier(place, "slow", "20260102", 40.0)
    # Of 100 seconds 80 are for training: before the first lab 68 are left, before the second 32.
    clock = _Clock(12.0)
    for module in ("commands.nightly", "nightly.work"):
        monkeypatch.setattr(f"labreport.report.{module}.perf_counter", clock)
    code, data = night("good", "slow", "--no-check", "--budget", "100s")
    assert (code, states(data)) == (0, {"good": "trained", "slow": "late"})
    assert "comes first the next night" in (place / "reports" / "nightly" / "nightly.md").read_text("utf-8")
    write_lab(place, "good", value=0.8)
    code, data = night("good", "slow", "--no-check", "--budget", "100s")
    assert states(data)["slow"] == "trained"


def test_what_takes_more_than_the_whole_budget_is_never_a_success(place, capsys):
    earlier(place, "slow", "20260101", 600.0)
    code, data = night("good", "slow", "--no-check", "--budget", "60s")
    assert (code, states(data)) == (5, {"good": "trained", "slow": "long"})
    assert "more than the whole budget" in (place / "reports" / "nightly" / "nightly.md").read_text("utf-8")


def test_budget_and_confirmation_may_stand_in_the_configuration_and_a_flag_beats_them(place, capsys):
    earlier(place, "slow", "20260101", 600.0)
    configuration = place / "labreport.toml"
    configuration.write_text(configuration.read_text() + '[nightly]\nbudget = "60s"\nconfirm = true\n')
    code, data = night("good", "slow", "--no-check")
    assert (code, data["budget_seconds"], states(data)) == (5, 60, {"good": "trained", "slow": "long"})
    _, data = night("good", "--no-check", "--budget", "2m", "--no-confirm")
    assert data["budget_seconds"] == 120


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('budgt = "30m"', "Did you mean 'budget'"),
        ("budget = 30", "must be a length of time"),
        ('budget = "soon"', "is not a length of time"),
        ('confirm = "yes"', "must be true or false"),
    ],
)
def test_a_slip_in_the_table_of_the_night_is_told_before_anything_is_trained(place, capsys, table, message):
    configuration = place / "labreport.toml"
    configuration.write_text(f"{configuration.read_text()}[nightly]\n{table}\n")
    assert main(["nightly", "good", "--no-check"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) <= 2
    assert not (place / "runs").exists()


def test_a_lab_that_outlasts_the_budget_is_stopped_kept_and_not_taken_for_a_failure(place, capsys):
    assert main(["run", "good"]) == 0
    assert main(["baseline", "set", "main"]) == 0
    begun = time.perf_counter()
    code, data = night("good", "slow", "--baseline", "main", "--budget", "2s")
    assert time.perf_counter() - begun < 30
    assert (code, states(data)) == (5, {"good": "fresh", "slow": "stopped"})
    assert {step["step"]: step["exit_code"] for step in data["steps"]} == {"report": 0, "check": 5, "trend": 0}
    assert Store(place / "runs").list("slow").runs[0].entry.status == "interrupted"
    code, data = night("good", "slow", "--baseline", "main", "--budget", "0.1s")
    assert (code, states(data)) == (5, {"good": "fresh", "slow": "long"})


def test_a_night_without_a_baseline_is_refused_before_anything_is_trained(place, capsys):
    assert main(["nightly", "good"]) == 2
    assert "--no-check" in capsys.readouterr().err
    assert not (place / "runs").exists()


def test_a_baseline_that_is_gone_is_nothing_to_compare(place, capsys):
    code, data = night("good", "--baseline", "gone")
    assert code == 5
    assert "gone" in next(step["remark"] for step in data["steps"] if step["step"] == "check")
    assert (place / "reports" / "nightly" / "trend-en.html").exists()


def test_a_corrupt_run_is_named_and_in_the_exit_code(place, capsys):
    broken = place / "runs" / "good" / "20260101T000000Z-dead"
    broken.mkdir(parents=True)
    (broken / "result.json").write_bytes(b"{")
    code, data = night("good", "--no-check")
    assert code == 2
    assert broken.name in data["steps"][-1]["remark"]
    assert str(place) not in data["steps"][-1]["remark"]


def test_a_fault_of_ours_is_no_verdict(place, capsys, monkeypatch):
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("labreport.report.nightly.work.history", broken)
    code, data = night("good", "--no-check")
    assert code == 70
    assert "ZeroDivisionError" in data["steps"][-1]["remark"]
    monkeypatch.setattr("labreport.report.nightly.schedule.in_order", broken)
    assert main(["nightly", "good", "--no-check"]) == 70
    assert "a fault of labreport itself" in capsys.readouterr().err


def test_the_step_of_a_ci_gets_a_summary_and_the_trend_its_address(place, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "step.md"))
    for name, value in (("SERVER_URL", "https://g.test"), ("REPOSITORY", "a/b"), ("RUN_ID", "7")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    assert main(["nightly", "good", "--no-check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exit_code"] == 0
    step = (place / "step.md").read_text("utf-8")
    assert step.startswith(f"{record.MARKER}\n## The night: Done, nothing judged\n")
    assert "](" not in step  # no file of the night lies beside the page of a step
    assert "](" in (FOLDER / "nightly.md").read_text("utf-8")
    assert Store(place / "runs").list().runs[0].entry.report == "https://g.test/a/b/actions/runs/7"


def test_yesterdays_answer_does_not_stand_where_today_has_none(place, capsys):
    night("good", "--no-check")
    stale = place / "reports" / "nightly" / "result.json"
    stale.write_text("{}")
    night("good", "--no-check")
    assert not stale.exists()
