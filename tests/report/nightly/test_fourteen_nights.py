"""Fourteen nights in a row with one store, with every fault that nights were ever seen to have."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from xml.etree import ElementTree

import pytest
from helpers.nights import FOLDER, judged, night, states, write_lab

from labreport.report.cli import main
from labreport.report.nightly import schedule
from labreport.report.publish import Outcome
from labreport.report.rendering import fonts
from labreport.report.store import manifest
from labreport.report.store.runs import Store

GOOD = "0.9 + 0.001 * (seed * 7 % 5)"
BAD = f"{GOOD} - 0.3"
NAMES = ("result.json", "junit.xml", "badge.svg", "summary.md", "summary-short.md", "index.html", "nightly.json")


@pytest.fixture
def quick(place, monkeypatch):
    """A place whose reports are a list of the runs they would show, because nights are what is looked at here."""

    def rendered(runs, configuration, _reporter, **_options):
        path = configuration.output / "labreport-en.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join(run.result.run_id for run in runs))
        manifest.write(configuration.output, "", [path])
        return Outcome(outputs=(path,), problems=(), fresh=False)

    monkeypatch.setattr("labreport.report.commands.rendering.rendered", rendered)
    monkeypatch.setattr(fonts, "embedded", lambda _page: "")
    configuration = place / "labreport.toml"
    configuration.write_text(configuration.read_text().replace("[paths]", 'seeds = "0-4"\n[paths]'))
    write_lab(place, "good", value=GOOD)
    return place


def runs(place):
    return Store(place / "runs").list("good").runs


class Nights:
    """One night after the other; of each, what all of its artifacts agree on."""

    def __init__(self, place):
        self.place = place
        self.count = 0

    def __call__(self, *arguments, lab="good"):
        """Run a night and return its code, its outcome, what became of the lab, and the run."""
        self.count += 1
        code, data = night(lab, "--baseline", "main", *arguments)
        answer = judged()
        [verdict] = answer["verdict"]["labs"]
        [one] = data["labs"]
        assert code == data["exit_code"] == answer["exit_code"]
        run = one["run"] if one["state"] in ("trained", "fresh", "failed") else None
        assert verdict["run_id"] == run  # what is reported is judged
        if run:
            assert run in (FOLDER / "report" / "labreport-en.html").read_text()
        green = [name for name in NAMES if "assed" in _plain((FOLDER / name).read_text("utf-8"))]
        # Single checks may have passed; that everything did is said on a night with code 0 alone.
        assert ("badge.svg" in green) == (answer["outcome"] == "passed")
        errors = sum(int(suite.get("errors")) + int(suite.get("failures")) for suite in _suites())
        assert (errors == 0) == (code == 0)
        assert main(["verify", str(FOLDER)]) == 0
        return code, answer["outcome"], one["state"], run


def _plain(text):
    return re.sub(r"<style>.*</style>", "", text, flags=re.S)


def _suites():
    return ElementTree.parse(FOLDER / "junit.xml").findall("testsuite")


def feed():
    """Return the titles of the verdicts in the feed, the newest first."""
    names = {"a": "http://www.w3.org/2005/Atom"}
    titles = [one.text for one in ElementTree.parse(FOLDER / "trend.atom").findall("a:entry/a:title", names)]
    return [title for title in titles if title.startswith("labreport check")]


def test_fourteen_nights(quick, capsys):
    nights = Nights(quick)
    # 1: no baseline. Never green, and loud.
    assert nights()[:3] == (5, "nothing", "trained")
    assert "is not there, so nothing was judged: this is not a pass" in (FOLDER / "summary-short.md").read_text()
    # 2: the first night, by a flag; the runs become the baseline.
    code, outcome, _, first = nights("--first-night")
    assert (code, outcome) == (0, "first")
    assert "First night" in (FOLDER / "nightly.md").read_text("utf-8")
    # The flag can't stay in a job: a lost baseline would pass unseen.
    assert main(["nightly", "good", "--baseline", "main", "--first-night", "-q"]) == 2
    assert "This is not the first night" in capsys.readouterr().err
    # 3: nothing changed.
    assert nights() == (0, "passed", "fresh", first)
    # 4: other seeds are trained, but the night after judges its own run again, not the newest of the store.
    assert nights("--seeds", "5-9")[:3] == (0, "passed", "trained")
    assert nights() == (0, "passed", "fresh", first)
    # 6: a loss, confirmed by fresh seeds; asked again, the same verdict, and nothing is trained.
    write_lab(quick, "good", value=BAD)
    code, outcome, _, bad = nights("--confirm")
    assert (code, outcome) == (1, "regressed")
    known, verdict = len(runs(quick)), judged()
    assert nights("--confirm") == (1, "regressed", "fresh", bad)
    assert (len(runs(quick)), judged()) == (known, verdict)
    assert len(feed()) == 6  # the nights on which nothing happened add none
    assert "Regressed" in feed()[0]
    # A rejected run does not become the baseline.
    assert main(["baseline", "set", "main"]) == 2
    assert main(["baseline", "promote", "main", "--reason", "no"]) == 2
    # 8: another bad version is another verdict; 9: reverted, the stored good run is judged.
    write_lab(quick, "good", "pass  # a comment", value=BAD)
    assert nights()[:3] == (1, "regressed", "trained")
    write_lab(quick, "good", value=GOOD)
    assert nights("--confirm") == (0, "passed", "fresh", first)
    assert "Passed" in feed()[0]  # it was said of the same runs before, and is news again
    # 10: the lab fails; 11: its cause is gone, and the night is not red for ever.
    write_lab(quick, "good", "raise RuntimeError('the lamp went out')", value=GOOD)
    assert nights()[:3] == (3, "failed", "failed")
    write_lab(quick, "good", value=GOOD)
    assert nights() == (0, "passed", "fresh", first)
    # 12: the budget is too small for anything: nothing measured, nothing passed.
    assert nights("--budget", "2s", lab="slow")[:3] == (5, "nothing", "stopped")
    # 13: the known bad version returns, and is known to be bad.
    write_lab(quick, "good", value=BAD)
    assert nights("--confirm") == (1, "regressed", "fresh", bad)
    # 14: the baseline is gone together with the night of a regression.
    shutil.rmtree(quick / "runs" / "baselines")
    assert nights()[:3] == (5, "nothing", "fresh")
    assert nights.count == 14


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "quick"], "never becomes a baseline"),
        (["--no-check"], "--no-check leaves out"),
        (["--baseline", "last:1"], "can't be called"),
    ],
)
def test_a_first_night_of_which_no_baseline_can_come_is_refused_before_anything_is_trained(
    quick, capsys, arguments, message
):
    assert main(["nightly", "good", "--baseline", "main", "--first-night", *arguments, "-q"]) == 2
    assert message in capsys.readouterr().err
    assert not runs(quick)


def on_data(place, *names):
    """The source of the lab on each of these sets of data, which it describes."""
    write_lab(place, "good", "session.draft.data = dataset.card", value=GOOD)
    source = (place / "good.py").read_text()
    return (source.replace('"1", None', f'"1", "{name}"') for name in names)


def test_a_run_whose_data_were_missing_answers_only_for_those_data(quick):
    (boston,) = on_data(quick, "boston_housing")
    (quick / "good.py").write_text(boston)
    assert night("good", "--baseline", "main", "--first-night", "--data", "sample")[0] == 0
    assert night("good", "--baseline", "main", "--data", "full", "--data-dir", str(quick))[0] == 3
    assert main(["check", "good", "--baseline", "main", "--data", "sample", "--no-report", "-o", "alone", "-q"]) == 0
    assert night("good", "--baseline", "main", "--data", "sample")[0] == 0


def test_the_first_night_on_other_data_is_a_first_night(quick, capsys):
    lab = quick / "good.py"
    boston, mnist = on_data(quick, "boston_housing", "mnist")
    lab.write_text(boston)
    nightly = ("good", "--baseline", "main", "--first-night", "--data", "sample")
    assert night(*nightly)[0] == 0
    assert main(["nightly", *nightly, "-q"]) == 2
    assert "'main' has good on these data already" in capsys.readouterr().err
    lab.write_text(mnist)
    assert night(*nightly)[0] == 0
    assert night("good", "--baseline", "main", "--data", "sample")[0] == 0
    lab.write_text(boston)
    assert night("good", "--baseline", "main", "--data", "sample")[0] == 0  # its own baseline is still there


def test_a_lab_that_failed_on_the_first_night_does_not_become_the_baseline(quick):
    code, data = night("good", "bad", "--baseline", "main", "--first-night")
    assert (code, states(data)) == (3, {"good": "trained", "bad": "failed"})
    assert night("good", "--baseline", "main")[0] == 0
    assert night("bad", "--baseline", "main")[0] == 3


def test_an_ancestor_that_git_does_not_know_is_refused_before_anything_is_trained(quick, capsys):
    assert main(["nightly", "good", "--baseline", "ancestor:main", "-q"]) == 2
    assert "is in no git repository" in capsys.readouterr().err
    assert not runs(quick)


# Seeds that rotate


@pytest.mark.parametrize(
    ("seeds", "day", "found"),
    [
        ("0-4", 1, "0-4"),
        ("rotate:5", 1, "0-4"),
        ("rotate:5", 2, "5-9"),
        ("rotate:5", 11, "0-4"),
        ("rotate:3/7", 2, "3-5"),
    ],
)
def test_the_day_decides_which_seeds_a_night_has(seeds, day, found):
    first = date.fromordinal(date(2026, 1, 1).toordinal() // 60 * 60)  # where both rounds begin
    assert schedule.tonight(seeds, date.fromordinal(first.toordinal() + day - 1)) == found


@pytest.mark.parametrize("seeds", ["rotate:", "rotate:0", "rotate:x", "rotate:5/4", "rotate:-1", "rotate:5/"])
def test_seeds_that_can_not_rotate_are_refused(quick, capsys, seeds):
    assert main(["nightly", "good", "--baseline", "main", "--seeds", seeds, "-q"]) == 2
    assert "write rotate:5" in capsys.readouterr().err


def test_seeds_that_rotate_are_judged_together_with_those_of_earlier_nights(quick, monkeypatch):
    main(["run", "good", "--seeds", "50-59"])
    main(["baseline", "set", "main"])
    configuration = quick / "labreport.toml"
    configuration.write_text(configuration.read_text() + '[nightly]\nseeds = "rotate:3/9"\n')
    nights = Nights(quick)
    seeds = []
    for day in (0, 1, 2, 3):
        blocks = f"{day % 3 * 3}-{day % 3 * 3 + 2}"
        monkeypatch.setattr(schedule, "tonight", lambda _seeds, _day, blocks=blocks: blocks)
        _, outcome, state, _ = nights()
        assert outcome == "passed"
        [lab] = judged()["verdict"]["labs"]
        seeds.append((state, lab["seeds"], len(lab["pooled_runs"])))
    assert seeds == [
        ("trained", [0, 1, 2], 0),
        ("trained", [0, 1, 2, 3, 4, 5], 1),
        ("trained", list(range(9)), 2),
        ("fresh", list(range(9)), 2),
    ]
    for name in ("summary.md", "index.html"):
        assert "Judged together with earlier runs of the same version" in (FOLDER / name).read_text("utf-8")
    # Another version begins again: seeds of the old one say nothing about it.
    write_lab(quick, "good", value=BAD)
    assert nights()[:2] == (1, "regressed")
    [lab] = judged()["verdict"]["labs"]
    assert lab["seeds"] == [0, 1, 2]


def test_the_night_writes_a_line_now_and_then_where_no_terminal_shows_bars(quick, capsys, monkeypatch):
    monkeypatch.setattr("labreport.report.commands.console.HEARTBEAT", 0.1)
    write_lab(quick, "good", "import time; time.sleep(0.4)", value=GOOD)
    assert main(["nightly", "good", "--no-check"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert any(re.fullmatch(r"[\d.]+\ss: .+", line) for line in lines), lines
    assert main(["nightly", "good", "--no-check", "-q"]) == 0
    assert not capsys.readouterr().err


def test_the_data_of_a_night_are_readable_by_a_program(quick):
    night("good", "--baseline", "main", "--first-night")
    checks = {check["name"]: check["status"] for check in judged()["verdict"]["labs"][0]["checks"]}
    assert checks == {"run": "passed", "baseline": "first"}
    assert json.loads((FOLDER / "nightly.json").read_text("utf-8"))["steps"][-1]["remark"].startswith("First night")
