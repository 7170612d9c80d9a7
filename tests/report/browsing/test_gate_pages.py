"""The history of the gate, and one verdict of it with rules, p values, seeds, and links to runs and comparison."""

from __future__ import annotations

import re

import pytest
from helpers import browsed
from helpers.browsed import TOKEN
from helpers.hand_gate import run, stored

from labreport.report.cli import main
from labreport.report.store import verdicts
from labreport.report.store.baselines import Baselines

EN = f"/{TOKEN}/en/"


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A store with a run of imdb that got worse than its baseline, and the verdict that says so."""
    place = tmp_path_factory.mktemp("judged")
    Baselines(place / "runs").set("main", stored(place, run("imdb", range(5, 15), day=1, version="old")))
    stored(place, run("imdb", range(5), loss=0.01))
    arguments = ["--runs-dir", str(place / "runs"), "-o", str(place / "out"), "--no-report"]
    assert main(["check", "--baseline", "main", *arguments]) == 1
    return place / "runs"


def test_a_verdict_leads_to_its_checks_with_rule_p_seeds_runs_and_the_comparison(judged):
    site = browsed.client(judged)
    (kept,) = verdicts.read(judged)
    listed = site.get(f"{EN}gate").text
    assert f'href="{EN}gate/{kept.stem}"' in listed
    page = site.get(f"{EN}gate/{kept.stem}").text
    assert "At least one rule is broken" in page
    row = next(part for part in page.split("<tr>") if "<code>test_accuracy</code>" in part)
    cells = [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
    assert cells[5] == "test over the seeds"
    assert 0 < float(cells[6].removeprefix("< ")) < 0.05
    assert cells[7] == "5 against 10"
    for run_id in ("20260102T120000Z-imdb-new0", "20260101T120000Z-imdb-old5"):
        assert f'href="{EN}run/imdb/{run_id}"' in page
    compared = re.search(r'href="([^"]*compare\?[^"]*)"', page)[1].replace("&amp;", "&")
    assert site.get(compared).status_code == 200
    zh = site.get(f"/{TOKEN}/zh/gate/{kept.stem}").text
    assert "对种子的检验" in zh
    assert "5 对 10" in zh


def test_a_verdict_without_its_checks_or_with_damaged_ones_says_so(judged, store):
    (kept,) = verdicts.read(judged)
    older = verdicts.read(store)[0]
    assert "by an earlier version" in browsed.client(store).get(f"{EN}gate/{older.stem}").text
    place = judged / verdicts.FOLDER / verdicts.CHECKS / f"{kept.stem}.json"
    content = place.read_bytes()
    try:
        for damage in (content[:-40], b"{}", b"\0"):
            place.write_bytes(damage)
            answer = browsed.client(judged).get(f"{EN}gate/{kept.stem}")
            assert answer.status_code == 200
            assert "This cannot be shown" in answer.text
    finally:
        place.write_bytes(content)


def test_a_verdict_that_is_not_there_is_no_page(judged):
    site = browsed.client(judged)
    for name in ("none", "..%2f..%2fmain", "20260102T120000-000000000000"):
        assert site.get(f"{EN}gate/{name}").status_code == 404


def test_only_the_newest_verdicts_keep_their_checks_and_what_is_of_others_stays(tmp_path):
    others = [tmp_path / verdicts.FOLDER / name for name in ("0.json", "2020-thesis.json")]
    others[0].parent.mkdir()
    for path in others:
        path.write_text("mine")
    for day in range(verdicts.KEPT + 5):
        one = verdicts.KeptVerdict(
            outcome="passed", baseline="main", moment=f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T00:00:00Z", runs=()
        )
        verdicts.keep(tmp_path, one, b"{}")
    kept = {path.name for path in (tmp_path / verdicts.FOLDER).glob("*.json")}
    assert kept >= {path.name for path in others}
    kept -= {path.name for path in others}
    assert len(kept) == verdicts.KEPT
    assert {path.name for path in (tmp_path / verdicts.FOLDER / verdicts.CHECKS).iterdir()} == kept


def test_the_verdict_is_among_the_files_of_the_site(judged, tmp_path):
    assert main(["view", str(judged), "--export", str(tmp_path), "--reports", "1", "--lang", "en"]) == 0
    (kept,) = verdicts.read(judged)
    page = (tmp_path / f"verdict-{kept.stem}-en.html").read_text("utf-8")
    assert 'href="run-imdb-20260102T120000Z-imdb-new0-en.html"' in page
    listed = (tmp_path / "gate-en.html").read_text("utf-8")
    assert f'href="verdict-{kept.stem}-en.html"' in listed
    # A run that is stored and has no page among these files is not said to be deleted.
    assert "deleted since" not in page + listed
