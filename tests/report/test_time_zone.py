"""Every time that is printed is one of the zone that the configuration names; without one it is UTC and says so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from helpers import browsed
from helpers.hand_history import entry, failed, put, wobble
from helpers.hand_results import hand_result
from helpers.hand_versions import LOWER, run, version

from labreport.experiments.result import Result
from labreport.report.chapters.build import build
from labreport.report.comparison.compare import Terms, compare_all
from labreport.report.comparison.outputs import in_memory
from labreport.report.configuration import load
from labreport.report.document import first
from labreport.report.gate import wording
from labreport.report.gate.page import page
from labreport.report.gate.verdict import LabVerdict, Verdict
from labreport.report.look import Look
from labreport.report.numbers import day, minute
from labreport.report.rendering.notebook import notebooks
from labreport.report.store.runs import Store
from labreport.report.trend.folder import write
from labreport.report.trend.history import history
from labreport.report.words import Words

SHANGHAI = "Asia/Shanghai"
EVENING = datetime(2026, 1, 4, 20, 30, tzinfo=UTC)
"""In Shanghai it is the next morning."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?(?: UTC)?")


def _in_the_evening(result: Result) -> Result:
    moments = {"started": "2026-01-04T20:30:00Z", "ended": "2026-01-04T20:40:00Z"}
    return msgspec.structs.replace(result, provenance=msgspec.structs.replace(result.provenance, **moments))


def _store(root: Path) -> Path:
    for night in range(20):
        started = EVENING + timedelta(days=night)
        moments = {
            "started": f"{started:%Y-%m-%dT%H:%M:%SZ}",
            "ended": f"{started + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        }
        put(root, entry(day=night, value=0.88 + wobble(night) - 0.03 * (night >= 12), **moments))
    put(root, failed(entry(day=20, started="2026-01-24T20:30:00Z", ended="2026-01-24T20:35:00Z")))
    return root


def _text(page: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]*>", "\n", page, flags=re.DOTALL)


def _build(folder: Path, text: str, language: str = "en"):
    (folder / "labreport.toml").write_text(text, "utf-8")
    configuration = load(folder, {})
    results = [_in_the_evening(hand_result("imdb", seeds=(0, 1)))]
    return results, build(results, language, configuration, moment=EVENING, version="1").report


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_trend_speaks_of_the_days_of_the_zone(tmp_path, language):
    root = _store(tmp_path / "runs")
    found = history(root, Store(root).list())
    page = _text(write(found, tmp_path / "trend", (language,), look=Look(zone=SHANGHAI))[0].read_text("utf-8"))
    dates = set(_DATE.findall(page))
    assert not {date for date in dates if "UTC" in date}
    # The level changed with the run of 16 January at 20:30 UTC; the first run began on the 4th, the last on the 24th.
    assert {"2026-01-17", "2026-01-05", "2026-01-25", "2026-01-05 04:30", "2026-01-25 04:30"} <= dates
    assert "2026-01-04" not in dates
    assert not {date for date in dates if " " in date and not date.endswith(" 04:30")}
    assert SHANGHAI in page
    assert "UTC" not in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_a_zone_every_date_of_the_trend_says_utc(tmp_path, language):
    root = _store(tmp_path / "runs")
    found = history(root, Store(root).list())
    page = write(found, tmp_path / "trend", (language,))[0].read_text("utf-8")
    table = re.compile(r"<tbody>.*?</tbody>", re.DOTALL)  # the head of its column says so
    assert all(date.endswith(" UTC") for date in _DATE.findall(_text(table.sub("", page))))
    assert re.search(r"<th>[^<]*UTC[^<]*</th>", page)


def test_the_feed_has_dates_for_programs_in_utc_and_for_readers_in_the_zone(tmp_path):
    root = _store(tmp_path / "runs")
    found = history(root, Store(root).list())
    for zone, shown in ((SHANGHAI, "2026-01-25 "), ("UTC", "2026-01-24 UTC ")):
        files = write(found, tmp_path / zone, ("en",), look=Look(zone=zone))
        feed = ElementTree.parse(next(file for file in files if file.suffix == ".atom")).getroot()
        updated = [one.text for one in feed.iter("{http://www.w3.org/2005/Atom}updated")]
        assert updated
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", text) for text in updated)
        assert max(updated) == "2026-01-24T20:35:00Z"
        said = " ".join(one.text or "" for one in feed.iter("{http://www.w3.org/2005/Atom}content"))
        assert f"of {shown}on" in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_says_when_its_runs_began(tmp_path, language):
    for text, shown, zone in (
        ("", "2026-01-04 20:30", "UTC"),
        (f'timezone = "{SHANGHAI}"', "2026-01-05 04:30", SHANGHAI),
    ):
        results, report = _build(tmp_path, text, language)
        table = report.provenance.sections[0].blocks[0]
        assert shown in table.rows[0]
        assert any(zone in first(column.title) for column in table.columns)
        assert zone in first(table.caption)
        assert ("UTC" in str(table)) == (zone == "UTC")
        book = notebooks(report, results, look=load(tmp_path, {}).look)["imdb.ipynb"].decode()
        assert (("2026-01-04 UTC" if zone == "UTC" else "2026-01-05") + ("；" if language == "zh" else ";")) in book


def test_a_comparison_is_dated_in_the_zone():
    versions = [version(_in_the_evening(run())), version(_in_the_evening(run(values=LOWER)), label="B")]
    found = compare_all(versions[0], versions[1:], Terms(), tool_version="1")
    for look, day_shown, shown in (
        (Look(zone=SHANGHAI), "2026-01-05", "2026-01-05 04:30"),
        (None, "2026-01-04 UTC", "2026-01-04 20:30"),
    ):
        problems: list[str] = []
        made = in_memory(
            found, versions, languages=("en",), forms=("md",), moment=EVENING, problems=problems, look=look
        )
        text = dict(made)["comparison-en.md"].decode()
        assert not problems
        assert day_shown in text
        assert shown in text
        assert ("UTC" in text) == (look is None)


def test_the_site_shows_times_in_the_zone_and_names_it(tmp_path):
    root = tmp_path / "runs"
    browsed.fill(root)
    site = browsed.client(root, timezone=SHANGHAI)
    for path in ("", f"run/digits/{browsed.NEW}", "gate"):
        text = _text(site.get(f"/{browsed.TOKEN}/en/{path}").text)
        assert SHANGHAI in text
        assert "UTC" not in text
        assert not path or re.search("2026-01-03 08:0[05]", text)


def test_the_verdict_of_the_gate_names_its_time_with_the_zone():
    lab = LabVerdict(lab="imdb", run_id="r", checks=())
    verdict = Verdict(tool_version="1", baseline="b", level=0.05, moment="2026-01-04T20:30:00+00:00", labs=(lab,))
    assert "2026-01-05 04:30" in page(verdict, ("en",), {}, 0, Look(zone=SHANGHAI))
    assert "2026-01-04 20:30 UTC" in page(verdict, ("en",), {}, 0)
    assert wording.newest(verdict, Words("en")) == "2026-01-04 20:30 UTC"


def test_times_with_any_offset_are_understood():
    assert minute("2026-01-04T22:30:00.25+02:00", SHANGHAI) == "2026-01-05 04:30"
    assert day("2026-01-04T20:30:00Z") == "2026-01-04 UTC"
