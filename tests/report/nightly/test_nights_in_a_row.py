"""Nights in a row with one store: what is reported is judged, whatever else the store holds."""

from __future__ import annotations

import json
import re
import shutil
from xml.etree import ElementTree

import pytest
from helpers.nights import FOLDER, alone, earlier, furnish, judged, next_second, night, states, write_lab

from labreport.report.cli import main
from labreport.report.publish import Outcome
from labreport.report.store.runs import Store

GOOD = "0.9 + 0.001 * (seed * 7 % 5)"
BAD = f"{GOOD} - 0.3"


@pytest.fixture(scope="module")
def judged_before(tmp_path_factory):
    """A folder of a user with a good version of one lab, five seeds, as the baseline; only to be copied."""
    place = tmp_path_factory.mktemp("before")
    furnish(place, 'seeds = "0-4"')
    write_lab(place, "good", value=GOOD)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["run", "good", "-q"]) == 0
        assert main(["baseline", "set", "main"]) == 0
    next_second()
    return place


@pytest.fixture
def with_baseline(judged_before, tmp_path, monkeypatch):
    """A copy of it, in which nights are run."""
    alone(monkeypatch)
    shutil.copytree(judged_before, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_night(*arguments):
    """Run a night of the lab; its code, its state and the run that nightly.json and result.json agree on."""
    code, data = night("good", "--baseline", "main", *arguments)
    [lab], [verdict] = data["labs"], judged()["verdict"]["labs"]
    assert verdict["run_id"] == lab["run"]
    assert judged()["exit_code"] == data["exit_code"] == code
    assert lab["run"] in (FOLDER / "report" / "labreport-en.md").read_text("utf-8")
    return code, lab["state"], lab["run"]


def stored(place):
    return Store(place / "runs").list("good").runs


def test_a_night_judges_the_run_it_reports_and_not_the_newest_of_the_store(with_baseline):
    first = stored(with_baseline)[0].entry.run_id
    assert one_night("--seeds", "5-7")[1] == "trained"
    assert one_night() == (0, "fresh", first)


def test_a_bad_version_that_returns_fails_again_and_a_reverted_one_passes(with_baseline):
    _, _, good = one_night()
    write_lab(with_baseline, "good", value=BAD)
    code, state, bad = one_night("--confirm")
    assert (code, state) == (1, "trained")
    write_lab(with_baseline, "good", "pass  # a comment", value=GOOD)
    assert one_night("--confirm")[:2] == (0, "trained")
    write_lab(with_baseline, "good", value=BAD)
    assert one_night("--confirm") == (1, "fresh", bad)
    write_lab(with_baseline, "good", value=GOOD)
    assert one_night("--confirm") == (0, "fresh", good)


def test_a_night_that_failed_does_not_stay_red_when_its_cause_is_gone(with_baseline):
    _, _, good = one_night()
    write_lab(with_baseline, "good", "raise RuntimeError('the lamp went out')", value=GOOD)
    assert one_night()[:2] == (3, "failed")
    write_lab(with_baseline, "good", value=GOOD)
    assert one_night() == (0, "fresh", good)
    assert one_night() == (0, "fresh", good)


def test_a_confirmation_is_never_the_newest_run_and_the_same_night_trains_nothing(with_baseline, capsys):
    write_lab(with_baseline, "good", value=BAD)
    first = one_night("--confirm")
    assert first[:2] == (1, "trained")
    verdict, runs = judged(), stored(with_baseline)
    assert [run.entry.seeds for run in runs if run.entry.confirms] == [(5, 6, 7, 8, 9)]
    assert one_night("--confirm") == (1, "fresh", first[2])
    assert (judged(), len(stored(with_baseline))) == (verdict, len(runs))
    trend = json.loads((FOLDER / "trend.json").read_bytes())
    assert {run["run"] for run in trend["runs"]} == {run.entry.run_id for run in runs if not run.entry.confirms}
    capsys.readouterr()
    assert main(["show", "good"]) == 0
    assert first[2] in capsys.readouterr().out
    assert main(["list"]) == 0
    assert capsys.readouterr().out.count("complete, auxiliary") == 1


def test_a_budget_that_is_spent_leaves_a_suspicion_and_calls_no_loss_certain(with_baseline):
    slow = f"(__import__('time').sleep(60) if seed > 4 else 0) or {BAD}"
    write_lab(with_baseline, "good", value=slow)
    assert one_night("--confirm", "--budget", "1s")[:2] == (3, "trained")
    [check] = [one for one in judged()["verdict"]["labs"][0]["checks"] if one["kind"] == "metric"]
    assert (check["status"], check["reason"]["code"]) == ("error", "confirmation_failed")
    assert "Suspicious, but it could not be confirmed: the budget was spent" in (FOLDER / "summary.md").read_text()


def test_a_confirmation_that_is_stored_is_taken_also_where_the_budget_is_spent(with_baseline):
    write_lab(with_baseline, "good", value=BAD)
    code, _, run = one_night("--confirm")
    verdict = judged()["verdict"]
    assert one_night("--confirm", "--budget", "1s") == (code, "fresh", run)
    assert judged()["verdict"] == verdict


def test_seeds_that_a_confirmation_used_are_trained_for_a_night_of_their_own(with_baseline):
    write_lab(with_baseline, "good", value=BAD)
    one_night("--confirm")
    assert one_night("--seeds", "5-9")[:2] == (1, "trained")


def test_check_prefers_the_run_of_the_present_version(with_baseline, capsys):
    present = stored(with_baseline)[0].entry.run_id
    write_lab(with_baseline, "good", value=BAD)
    assert main(["run", "good"]) == 0
    check = ["check", "good", "--baseline", "main", "--no-report", "--json"]
    capsys.readouterr()
    assert main(check) == 1
    assert json.loads(capsys.readouterr().out)["verdict"]["labs"][0]["run_id"] != present
    write_lab(with_baseline, "good", value=GOOD)
    assert main(check) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["labs"][0]["run_id"] == present


def texts():
    """Return every artifact of a night's verdict as text, by the name of its file."""
    names = ("result.json", "junit.xml", "badge.svg", "summary.md", "summary-short.md", "index.html")
    return {name: (FOLDER / name).read_text("utf-8") for name in names}


@pytest.mark.parametrize(("budget", "state"), [("60s", "long"), ("2s", "stopped")])
def test_where_nothing_was_measured_no_artifact_says_passed(with_baseline, budget, state):
    if state == "long":
        earlier(with_baseline, "slow", "20260101", 600.0)
    code, data = night("slow", "--baseline", "main", "--budget", budget)
    assert (code, states(data)) == (5, {"slow": state})
    assert (judged()["outcome"], judged()["exit_code"]) == ("nothing", 5)
    suite = ElementTree.parse(FOLDER / "junit.xml").find("testsuite")
    assert (suite.get("name"), suite.get("errors")) == ("slow", "1")
    for name, text in texts().items():
        assert "slow" in text, name
        assert "assed" not in re.sub(r"<style>.*</style>", "", text, flags=re.S), name


def test_a_lab_that_was_skipped_is_named_in_every_artifact(with_baseline, monkeypatch):
    earlier(with_baseline, "slow", "20260102", 40.0)
    write_lab(with_baseline, "slow")
    monkeypatch.setattr("labreport.report.nightly.schedule.for_training", lambda _budget: 20.0)
    monkeypatch.setattr("labreport.report.nightly.work.estimate", lambda plan, _entries: 30.0)
    monkeypatch.setattr(
        "labreport.report.nightly.schedule.decide", lambda plan, *_rest: "take" if plan.stored else "late"
    )
    code, data = night("good", "slow", "--baseline", "main", "--budget", "100s")
    assert (code, states(data)) == (0, {"good": "fresh", "slow": "late"})
    assert judged()["outcome"] == "passed"
    assert all("slow" in text for text in texts().values())
    assert "Passed, not run: 1" in texts()["badge.svg"]
    slow = ElementTree.parse(FOLDER / "junit.xml").findall("testsuite")[1]
    assert (slow.get("name"), slow.get("skipped")) == ("slow", "1")


def test_a_rejected_run_and_a_confirmation_become_a_baseline_by_force_only(with_baseline, capsys):
    write_lab(with_baseline, "good", value=BAD)
    assert one_night("--confirm")[0] == 1
    [confirmation] = [run.entry.run_id for run in stored(with_baseline) if run.entry.confirms]
    before = (with_baseline / "runs" / "baselines").rglob("*.json")
    content = [path.read_bytes() for path in before]
    capsys.readouterr()
    for runs, reason in ([], "did not pass the last check"), ([confirmation], "confirm a suspicion"):
        assert main(["baseline", "set", "main", *runs]) == 2
        error = capsys.readouterr().err
        assert reason in error
        assert "--force" in error
    assert [path.read_bytes() for path in (with_baseline / "runs" / "baselines").rglob("*.json")] == content
    assert main(["baseline", "set", "main", "--force"]) == 0
    assert "test_accuracy: 0.9020 → 0.6020" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--baseline", "main"], ["--no-check"]])
def test_verify_knows_every_file_of_a_night_and_sees_a_change_in_each(with_baseline, capsys, arguments):
    assert night("good", *arguments)[0] == 0
    assert main(["verify", str(FOLDER)]) == 0
    for name in ("nightly.md", "nightly.json", "trend.atom"):
        path = FOLDER / name
        content = path.read_bytes()
        path.write_bytes(content + b" ")
        capsys.readouterr()
        assert main(["verify", str(FOLDER)]) == 1
        assert f"{name}: changed" in capsys.readouterr().err
        path.write_bytes(content)


def test_verify_of_a_folder_of_reports_knows_the_folder_of_a_check_inside(with_baseline, capsys):
    assert main(["build", "good"]) == 0
    assert main(["check", "--baseline", "main"]) == 0
    assert main(["verify", "reports"]) == 0
    (with_baseline / "reports" / "check" / "stray.txt").write_text("x")
    (with_baseline / "reports" / "check" / "badge.svg").write_text("<svg/>")
    capsys.readouterr()
    assert main(["verify", "reports"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "check/badge.svg: changed",
        "check/stray.txt: not rendered here",
    ]


def test_two_nights_are_compared_by_their_reports_and_a_verdict_is_called_one(with_baseline, capsys):
    night("good", "--baseline", "main", "--to", "html")  # the form in which a report carries its runs
    FOLDER.rename("first")
    write_lab(with_baseline, "good", value=BAD)
    night("good", "--baseline", "main", "--to", "html")
    capsys.readouterr()
    assert main(["compare", "first", str(FOLDER), "-o", "difference"]) == 0
    out = capsys.readouterr().out
    assert "A: first" in out
    line = next(line for line in out.splitlines() if "accuracy" in line)
    assert "90.20" in line
    assert "60.20" in line
    assert line.rstrip().endswith("worse")
    assert main(["compare", "first/result.json", str(FOLDER)]) == 2
    assert "the verdict of a check" in capsys.readouterr().err


def test_the_chinese_part_of_a_night_says_in_chinese_that_there_is_no_baseline(place, capsys):
    assert night("good", "--baseline", "gone", "--lang", "zh")[0] == 5
    text = (FOLDER / "nightly.md").read_text("utf-8")
    assert "没有名为“gone”的基线" in text
    assert "There is no" not in text


@pytest.mark.parametrize(
    ("value", "body", "said"),
    [
        (GOOD, "pass", ["Passed: 3 passed", "The night: Passed (exit code 0)"]),
        (BAD, "pass", ["good  test_accuracy", "Worse by", "Regressed: 2 passed, 1 FAILED", "The night: Regressed"]),
        (GOOD, "raise RuntimeError('x')", ["good  run", "ERROR", "A lab failed: 1 ERROR", "The night: A lab failed"]),
    ],
)
def test_the_log_of_a_night_says_at_once_what_happened(with_baseline, capsys, value, body, said):
    write_lab(with_baseline, "good", body, value=value)
    capsys.readouterr()
    one_night()
    out = capsys.readouterr().out
    assert [one for one in said if one not in out] == []


def test_the_first_words_of_a_night_name_what_is_broken_and_what_did_not_finish(with_baseline, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(with_baseline / "step.md"))
    write_lab(with_baseline, "good", value=BAD)
    assert night("good", "bad", "--baseline", "main", "--lang", "en,zh")[0] == 1
    step = (with_baseline / "step.md").read_text("utf-8")
    head = step.partition("\n\n| ")[0]
    assert "## The night: Regressed\n" in head
    assert "Broken: good test\\_accuracy. Did not finish: bad." in head
    assert step.index("## The night") < step.index("labreport check: Regressed")
    assert "未通过：good test\\_accuracy。没有运行完：bad。" in step
    assert "Broken: good test_accuracy. Did not finish: bad." in (FOLDER / "index.html").read_text("utf-8")


def test_a_page_that_could_not_be_rendered_is_no_passed_night(with_baseline, capsys, monkeypatch):
    monkeypatch.setattr(
        "labreport.report.commands.rendering.rendered",
        lambda *_all, **_more: Outcome(outputs=(), problems=("good: no room left",), fresh=False),
    )
    code, data = night("good", "--baseline", "main")
    assert (code, data["outcome"]) == (4, "passed")
    assert "The night: A file could not be made (exit code 4)" in capsys.readouterr().out
    text = (FOLDER / "nightly.md").read_text("utf-8")
    assert "## The night: A file could not be made" in text
    assert "Check: exit code 0. Passed (3 passed)." in text
    for name, form in texts().items():
        if name == "result.json":
            assert json.loads(form)["exit_code"] == 4
        elif name != "junit.xml":  # which has cases alone, and the pages are none
            assert "A file could not be made" in form, name
            assert name == "badge.svg" or "The verdict of the gate stands: Passed." in form, name
    assert "Passed" not in texts()["badge.svg"]


@pytest.mark.parametrize("name", ["result.json", "index.html", "trend-en.html", "nightly.json", "nightly.md"])
@pytest.mark.parametrize(("value", "code"), [(GOOD, 4), (BAD, 1)])
def test_what_can_not_be_written_takes_no_verdict_away(with_baseline, capsys, name, value, code):
    write_lab(with_baseline, "good", value=value)
    (FOLDER / name / "occupied").mkdir(parents=True)  # a folder where a file is to be, as good as a disk that is full
    capsys.readouterr()
    assert main(["nightly", "good", "--baseline", "main"]) == code
    out, error = capsys.readouterr()
    assert name in error
    assert "Can't write" in error
    assert f"(exit code {code})" in out
    assert ("1 FAILED" in out) == (code == 1)
    assert stored(with_baseline)[0].entry.outcome == ("regressed" if code == 1 else "passed")
    for answer in ("result.json", "nightly.json"):
        if (FOLDER / answer).is_file():  # the trend may fail after the verdict of what was judged is known
            said = json.loads((FOLDER / answer).read_text("utf-8"))
            assert said["exit_code"] == code or (answer == "result.json" and name.startswith("nightly."))


def test_a_lab_of_the_baseline_that_a_night_of_all_labs_does_not_have_is_named(with_baseline):
    configuration = with_baseline / "labreport.toml"
    both = configuration.read_text()
    configuration.write_text('labs = ["good"]\n' + both)
    assert night("--baseline", "main")[0] == 0
    assert "not part of this night" not in (FOLDER / "nightly.md").read_text("utf-8")
    # Renamed: its past runs and its baseline have another name.
    write_lab(with_baseline, "better", value=GOOD)
    configuration.write_text(configuration.read_text().replace('["good"]', '["better"]'))
    configuration.write_text(configuration.read_text().replace("[paths]", '[paths]\nbetter = "better.py"'))
    assert night("--baseline", "main")[0] == 5
    for name in ("nightly.md", "summary.md", "summary-short.md", "index.html"):
        text = (FOLDER / name).read_text("utf-8")
        assert "Not compared: better." in text, name
        assert "The baseline also has labs that were not part of this night: good." in text, name
    assert judged()["verdict"]["left_out"] == ["good"]
    assert night("better", "--baseline", "main")[0] == 5  # a shard leaves out the others on purpose
    assert judged()["verdict"]["left_out"] == []


def test_the_index_links_the_summary_of_the_night_and_names_its_exit_code(with_baseline):
    one_night()
    index = (FOLDER / "index.html").read_text("utf-8")
    assert 'href="nightly.md"' in index
    assert "<dt>Exit code</dt><dd>0</dd>" in index
    assert "<dt>Commit</dt>" in index


@pytest.mark.parametrize("metric", ["test_mae", "test_score"])
def test_a_gate_turned_upside_down_is_refused_before_anything_is_trained(with_baseline, capsys, metric):
    lab = with_baseline / "good.py"
    lab.write_text(lab.read_text().replace("test_accuracy", metric).replace('"higher"', '"lower"'))
    if metric == "test_score":  # no name says which way is good, but the newest run does
        assert main(["run", "good", "--seeds", "0"]) == 0
    configuration = with_baseline / "labreport.toml"
    configuration.write_text(
        configuration.read_text().replace("[gate.good.test_accuracy]", f'[gate.good.{metric}]\ndirection = "higher"')
    )
    runs = len(stored(with_baseline))
    assert main(["nightly", "good", "--baseline", "main"]) == 2
    assert "a lower value is better" in capsys.readouterr().err
    assert len(stored(with_baseline)) == runs


def test_a_rule_about_an_unknown_metric_is_reported_before_anything_is_trained(with_baseline, capsys):
    configuration = with_baseline / "labreport.toml"
    configuration.write_text(configuration.read_text().replace("test_accuracy]", "test_acuracy]"))
    write_lab(with_baseline, "good", value=BAD)
    assert main(["nightly", "good", "--baseline", "main"]) == 2
    error = capsys.readouterr().err
    assert "Did you mean 'test_accuracy'" in error.partition("trained in")[0]
