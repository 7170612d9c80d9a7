"""The history of runs: lines, groups, change points, data, feed, and the command that writes them."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import xml.etree.ElementTree as ElementTree
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from helpers.hand_history import entry, failed, put, wobble
from helpers.hand_results import hand_result

from labreport.report.cli import main
from labreport.report.store.entries import RESULT
from labreport.report.store.index import FILE, FOLDER
from labreport.report.store.runs import Store
from labreport.report.trend import links
from labreport.report.trend.change import change_points
from labreport.report.trend.chart import place, tick_label, value_text, with_spread
from labreport.report.trend.data import plain
from labreport.report.trend.feed import atom
from labreport.report.trend.folder import write
from labreport.report.trend.history import Choice, history, machines, newest_first

ATOM = "{http://www.w3.org/2005/Atom}"


def _history(root: Path, choice: Choice | None = None, *, pooled: bool = False):
    return history(root, Store(root).list(), choice, pooled=pooled)


# Change points


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.88] * 20, ()),
        ([0.88] * 10 + [0.85] * 10, (10,)),
        ([0.8] * 5 + [0.9] * 5 + [0.8] * 5 + [0.7] * 9, (5, 10, 15)),
        ([0.88] * 10 + [0.2] + [0.88] * 10, ()),
        ([0.88] * 19 + [0.2], ()),
        ([0.88] * 17 + [0.85] * 3, (17,)),
        ([0.88] * 4 + [0.8] * 3, ()),
        ([], ()),
    ],
)
def test_a_lasting_change_is_found_and_a_single_outlier_is_none(values, expected):
    assert change_points(values) == expected


def test_chance_alone_rarely_makes_a_mark_and_three_deviations_nearly_always_do():
    chance = random.Random(5)
    noise = [[chance.gauss(0, 1) for _ in range(30)] for _ in range(200)]
    assert sum(bool(change_points(line)) for line in noise) <= 6
    moved = [[value + 3 * (place >= 20) for place, value in enumerate(line)] for line in noise]
    assert sum(any(abs(found - 20) <= 2 for found in change_points(line)) for line in moved) >= 190


def test_a_change_smaller_than_the_chance_between_seeds_is_none():
    values = [0.880] * 10 + [0.879] * 10
    assert change_points(values) == (10,)
    assert change_points(values, [0.004] * 20) == ()


# Lines and groups


@pytest.mark.parametrize(
    "shifts", [(), ((1_000, 0.3),), ((1_200, 3.0), (1_220, -3.0)), ((500, 1.0), (1_500, -0.5), (2_600, 2.0))]
)
def test_a_long_line_gets_the_same_levels_as_by_one_search_through_all_of_it(shifts, monkeypatch):
    chance = random.Random(str(shifts))
    values = [chance.gauss(0, 1) + sum(by for start, by in shifts if place >= start) for place in range(3_000)]
    found = change_points(values)
    monkeypatch.setattr("labreport.report.trend.change.WINDOW", 10_000)
    assert found == change_points(values)
    assert len(found) == len(shifts)


def test_a_line_is_read_from_the_index_files_alone(tmp_path):
    for day in range(20):
        put(tmp_path, entry(day=day, value=0.88 + wobble(day) - 0.03 * (day >= 12)))
    found = _history(tmp_path)
    (group,) = found.groups
    chart = group.charts[0]
    assert (chart.metric, chart.unit, chart.direction) == ("test_accuracy", "share", "higher")
    assert [point.position for point in chart.lines[0].points] == list(range(20))
    (change,) = chart.lines[0].changes
    assert (change.last, change.first, change.better) == (11, 12, False)
    assert change.before == pytest.approx(0.88, abs=0.001)
    assert change.after == pytest.approx(0.85, abs=0.001)
    assert found.unreadable == ()


def test_runs_that_differ_in_profile_data_or_settings_are_no_line(tmp_path):
    for day, changes in enumerate(
        ({}, {"profile": "quick"}, {"source": "sample"}, {"changed_settings": {"epochs": 4}}, {}, {"lab": "mnist"})
    ):
        put(tmp_path, entry(day=day, **changes))
    groups = _history(tmp_path).groups
    assert [(group.lab, group.profile, group.source, group.settings, len(group.runs)) for group in groups] == [
        ("mnist", "full", "full", "", 1),
        ("imdb", "full", "full", "", 2),
        ("imdb", "full", "full", "epochs=4", 1),
        ("imdb", "full", "sample", "", 1),
        ("imdb", "quick", "full", "", 1),
    ]


def test_each_machine_has_a_line_unless_they_are_pooled(tmp_path):
    for day in range(6):
        put(tmp_path, entry(day=day, machine="A × 2" if day % 3 else "B × 8"))
    lines = _history(tmp_path).groups[0].charts[0].lines
    assert [(line.machine, len(line.points)) for line in lines] == [("B × 8", 2), ("A × 2", 4)]
    pooled = _history(tmp_path, pooled=True)
    assert [len(line.points) for line in pooled.groups[0].charts[0].lines] == [6]
    assert machines(pooled) == ("A × 2", "B × 8")


def test_a_choice_leaves_the_others_out(tmp_path):
    kinds = ({}, {"profile": "quick"}, {"source": "sample"}, {"lab": "mnist", "machine": "Other"})
    for day, changes in enumerate(kinds):
        put(tmp_path, entry(day=day, **changes))
    for choice, runs in (
        (Choice(labs=("mnist",)), 1),
        (Choice(profile="quick"), 1),
        (Choice(source="full"), 3),
        (Choice(machine="oTHer"), 1),
        (Choice(labs=("mnist",), profile="quick"), 0),
    ):
        assert len(_history(tmp_path, choice).runs) == runs, choice


def test_a_run_that_failed_before_it_knew_its_data_stands_with_the_others_of_its_lab(tmp_path):
    put(tmp_path, entry(day=0, source="sample"))
    put(tmp_path, entry(day=1))
    put(tmp_path, failed(entry(day=2, source=None)))
    groups = _history(tmp_path).groups
    assert [(group.source, [run.entry.status for run in group.runs]) for group in groups] == [
        ("full", ["complete", "failed"]),
        ("sample", ["complete"]),
    ]


def test_a_value_that_is_no_number_is_a_point_without_a_mean_and_moves_no_level(tmp_path):
    for day in range(12):
        put(tmp_path, entry(day=day, value=None if day == 5 else 0.88))
    line = _history(tmp_path).groups[0].charts[0].lines[0]
    assert line.points[5].mean is None
    assert line.changes == ()


def test_a_metric_that_changed_its_unit_takes_no_place_in_the_line(tmp_path):
    put(tmp_path, entry(day=0))
    other = entry(day=1)
    put(tmp_path, msgspec.structs.replace(other, scores=(msgspec.structs.replace(other.scores[0], unit="percent"),)))
    chart = _history(tmp_path).groups[0].charts[0]
    assert chart.unit == "percent"
    assert [point.position for point in chart.lines[0].points] == [1]


def test_the_time_is_that_of_one_seed_so_that_more_seeds_are_not_slower(tmp_path):
    put(tmp_path, entry(day=0, seconds=30.0, seeds=(0, 1, 2)))
    put(tmp_path, entry(day=1, seconds=100.0, seeds=tuple(range(10))))
    chart = _history(tmp_path).groups[0].charts[-1]
    assert chart.metric == "seconds_per_seed"
    assert [point.mean for point in chart.lines[0].points] == [10.0, 10.0]


def test_changes_are_told_newest_first(tmp_path):
    for day in range(24):
        put(tmp_path, entry(day=day, value=0.9 - 0.1 * (day >= 8) - 0.1 * (day >= 16)))
    found = newest_first(_history(tmp_path))
    assert [change.first for _, _, _, change in found] == [16, 8]


# Places and numbers


def test_everything_drawn_lies_inside_its_chart(tmp_path):
    for day in range(9):
        put(tmp_path, entry(day=day, value=0.88 + wobble(day), deviation=0.01))
    group = _history(tmp_path).groups[0]
    for chart in group.charts:
        drawn = place(group, chart)
        numbers = [float(value) for dot in drawn.curves[0].dots for value in (dot.x, dot.y)]
        numbers += [float(value) for value in drawn.curves[0].band.strip("MZ").split()]
        numbers += [float(tick.y) for tick in drawn.ticks]
        assert all(0 <= value <= 100 for value in numbers)
        assert len(drawn.ticks) >= 3


@pytest.mark.parametrize(
    ("value", "step", "unit", "text"),
    [
        (0.88, 0.01, "share", "88%"),
        (0.885, 0.005, "share", "88.5%"),
        (2.5, 0.5, "nats", "2.5"),
        (40, 20, "seconds", "40"),
    ],
)
def test_a_grid_line_has_the_digits_of_its_step(value, step, unit, text):
    assert tick_label(value, step, unit) == text


def test_a_value_and_its_spread_have_the_same_decimals():
    assert with_spread(0.0678, 0.00035582, "nats") == "0.06780 ± 0.00036"
    assert with_spread(0.97931, 0.0012, "share") == "97.93% ± 0.12%"
    assert value_text(9.96, "seconds") == "10\u202fs"


@pytest.mark.parametrize("value", [1e308, -1e308, 5e-324])
def test_a_forged_value_is_left_out_and_takes_no_page_away(tmp_path, value):
    for day in range(9):
        put(tmp_path / "runs", entry(day=day))
    put(tmp_path / "runs", entry(day=9, value=value, seconds=abs(value)))
    found = _history(tmp_path / "runs")
    assert [point.mean is None for point in found.groups[0].charts[0].lines[0].points] == [False] * 9 + [True]
    assert len(write(found, tmp_path / "trend", ["en"])) == 3


# Data, feed, links


def _eventful(root: Path) -> None:
    for day in range(20):
        put(root, entry(day=day, value=0.88 + wobble(day) - 0.03 * (day >= 12)))
    put(root, failed(entry(day=20)))


def test_the_data_hold_what_the_page_shows(tmp_path):
    _eventful(tmp_path)
    data = json.loads(json.dumps(plain(_history(tmp_path)), allow_nan=False))
    assert len(data["runs"]) == 21
    assert data["format"] == 1
    series = data["series"][0]
    assert (series["lab"], series["metric"], len(series["points"])) == ("imdb", "test_accuracy", 20)
    assert series["changes"][0]["first_run_after"] == entry(day=12).run_id
    assert data["runs"][-1]["failure"] == "RuntimeError: the lamp went out"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_feed_tells_of_changes_and_failures_and_of_nothing_else(tmp_path, language):
    _eventful(tmp_path)
    text = atom(_history(tmp_path), language, f"https://x.test/trend-{language}.html", "https://x.test/trend.atom")
    assert text == atom(
        _history(tmp_path), language, f"https://x.test/trend-{language}.html", "https://x.test/trend.atom"
    )
    feed = ElementTree.fromstring(text)
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 2
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert element.find(f"{ATOM}{name}").text
    # What RFC 4287 asks of a feed: one id, title and date each, dates of RFC 3339, ids that are addresses and differ,
    # an author, and a link to itself.
    for element in (feed, *entries):
        assert [len(element.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", element.find(f"{ATOM}updated").text)
        assert element.find(f"{ATOM}id").text.startswith("urn:uuid:")
    assert feed.find(f"{ATOM}author/{ATOM}name").text
    assert [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"] == [
        "https://x.test/trend.atom"
    ]
    assert len({one.find(f"{ATOM}id").text for one in (feed, *entries)}) == 3
    assert entries[0].find(f"{ATOM}updated").text == entry(day=20).ended
    assert "the lamp went out" in entries[0].find(f"{ATOM}content").text


def test_a_feed_stays_xml_whatever_a_failure_says(tmp_path):
    put(tmp_path, failed(entry(day=0)))
    hostile = failed(entry(day=1))
    failure = msgspec.structs.replace(hostile.failure, message='</entry><script>&\x00 "]]>')
    put(tmp_path, msgspec.structs.replace(hostile, failure=failure))
    assert len(ElementTree.fromstring(atom(_history(tmp_path), "en", "t.html", "t.atom")).findall(f"{ATOM}entry")) == 2


def test_a_report_that_is_replaced_takes_the_links_of_the_old_runs_along(tmp_path):
    store = Store(tmp_path / "runs")
    for day in range(2):
        put(store.root, entry(day=day))
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "labreport-zh.html").write_text("")
    address = links.address_of(folder, store)
    for day in range(2):
        links.record(store, [store.root / "imdb" / entry(day=day).run_id / "result.json"], address)
    linked = {run.entry.run_id: run.entry.report for run in store.list().runs}
    assert linked == {entry(day=0).run_id: None, entry(day=1).run_id: "../reports"}
    assert links.link_to(address, "imdb", store.root, folder / "deep", "en") == "../labreport-zh.html#imdb"
    assert links.link_to("../gone", "imdb", store.root, folder, "en") is None
    for run in store.list().runs:
        links.record(store, [run.path], "https://ci.test/1")
    assert {run.entry.report for run in store.list().runs} == {"https://ci.test/1"}


def test_the_job_of_a_ci_has_an_address():
    github = {"GITHUB_SERVER_URL": "https://g.test", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    assert links.job_address(github) == "https://g.test/a/b/actions/runs/7"
    assert links.job_address({"CI_JOB_URL": "https://l.test/j/3"}) == "https://l.test/j/3"
    assert links.job_address({}) is None


# The index


def test_an_index_of_an_older_form_is_renewed_from_its_result(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.save(hand_result("imdb"))
    with closing(sqlite3.connect(tmp_path / FOLDER / FILE, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("UPDATE runs SET entry = '{}'")
    assert store.list().runs[0].entry.scores
    monkeypatch.setattr("labreport.report.store.index.read", lambda path: 1 / 0)
    assert _history(tmp_path).groups[0].charts


def test_scores_of_folds_are_averaged_for_each_seed_before_they_spread(tmp_path):
    store = Store(tmp_path)
    result = hand_result("boston")
    store.save(result)
    lines = {line.name: line for line in store.list().runs[0].entry.scores}
    per_seed = {}
    for score in result.findings.scores:
        if score.name == "fold_mae":
            per_seed.setdefault(score.seed, []).append(score.value)
    means = [sum(values) / len(values) for values in per_seed.values()]
    assert lines["fold_mae"].mean == pytest.approx(sum(means) / len(means))
    assert lines["fold_mae"].seeds == len(means) == 3


def test_a_score_that_is_no_number_leaves_the_index_readable(tmp_path, monkeypatch):
    result = hand_result("mnist")
    scores = tuple(msgspec.structs.replace(score, value=float("nan")) for score in result.findings.scores)
    Store(tmp_path).save(hand_result("mnist", scores=scores))
    monkeypatch.setattr("labreport.report.store.index.read", lambda path: 1 / 0)
    line = Store(tmp_path).list().runs[0].entry.scores[0]
    assert line.mean is None
    assert line.deviation is None


# The command


@pytest.fixture
def place_of_user(tmp_path, monkeypatch):
    """A user's folder with an eventful store."""
    monkeypatch.chdir(tmp_path)
    _eventful(tmp_path / "runs")
    return tmp_path


def test_the_command_writes_a_page_for_each_language_the_data_and_the_feed(place_of_user, capsys):
    assert main(["trend"]) == 0
    told = capsys.readouterr()
    assert told.out.split() == [f"reports/trend{name}" for name in ("-zh.html", "-en.html", ".json", ".atom")]
    assert "Runs: 21; changes of level: 1." in told.err
    assert main(["trend", "--json", "--lang", "en"]) == 0
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 21


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["trend", "imbd"], 2, "Did you mean 'imdb'"),
        (["trend", "--profile", "fast"], 2, "Known: full, quick"),
        (["trend", "--data", "fake"], 2, "Known: auto, full, sample"),
        (["trend", "--machine", "Cray"], 5, "No run in runs answers to this choice"),
        (["trend", "--profile", "quick"], 5, "No run in runs answers to this choice"),
        (["trend", "--runs-dir", "nowhere"], 5, "There is no run in nowhere"),
    ],
)
def test_a_choice_that_can_not_be_is_told(place_of_user, capsys, arguments, code, message):
    assert main(arguments) == code
    assert message in capsys.readouterr().err


def test_one_corrupt_run_among_many_is_named_passed_over_and_in_the_exit_code(place_of_user, capsys):
    broken = put(place_of_user / "runs", entry(day=30))
    (broken / RESULT).write_bytes(b"{")
    assert main(["trend", "--lang", "en"]) == 2
    assert broken.name in capsys.readouterr().err
    page = (place_of_user / "reports" / "trend-en.html").read_text("utf-8")
    assert broken.name in page
    assert str(place_of_user) not in page
    assert main(["list"]) == 2
    assert main(["gc", "--keep", "3", "--yes"]) == 2
    assert broken.is_dir()
