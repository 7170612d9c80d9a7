"""The site of the stored runs, asked as a browser asks: what each page shows, whom it lets in, what it survives."""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from helpers import browsed
from helpers.browsed import KEY, NEW, OLD, TOKEN
from helpers.hand_history import entry, filling, put

from labreport.report.store.entries import INDEX_OF_01, RESULT

EN, ZH = f"/{TOKEN}/en/", f"/{TOKEN}/zh/"
PAGES = (
    "",
    f"run/digits/{NEW}",
    "trend",
    "gate",
    f"live/imdb/{KEY}",
    f"compare?run=digits/{OLD}&run=digits/{NEW}",
    "x",
)


def rows(page) -> list[str]:
    """Return the ids of the runs that a page lists."""
    return re.findall(r'name="run" value="[\w-]+/([^"]+)"', page.text)


def test_without_a_language_the_browser_gets_its_own(site):
    assert '<html lang="zh-CN">' in site.get(f"/{TOKEN}/", headers={"accept-language": "zh-TW,en;q=0.5"}).text
    assert '<html lang="en">' in site.get(f"/{TOKEN}/", headers={"accept-language": "fr,en-GB;q=0.5"}).text
    assert '<html lang="zh-CN">' in site.get(f"/{TOKEN}", headers={"accept-language": "fr"}).text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_each_page_leads_to_itself_in_the_other_language_and_allows_only_what_it_needs(site, language, path):
    answer = site.get(f"/{TOKEN}/{language}/{path}")
    assert answer.status_code == (404 if path == "x" else 200)
    other = "en" if language == "zh" else "zh"
    assert f'href="/{TOKEN}/{other}/{path}"'.replace("&", "&amp;") in answer.text
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', answer.text)[1]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["content-security-policy"] == "frame-ancestors 'self'"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert len(re.findall("<script", answer.text)) == ("script-src" in policy)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::1].evil.example", ""]
)
def test_a_question_to_another_host_is_refused(site, host):
    assert site.get(EN, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:8000", "[::1]"])
def test_this_machine_is_let_in_by_each_of_its_names(site, host):
    assert site.get(EN, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/en/", "/tokens/en/", "/toke/en/", "//token/en/", "/%00/", "/..%2ftoken/en/"])
def test_without_the_token_there_is_nothing(site, path):
    answer = site.get(path)
    assert answer.status_code == 404
    assert "digits" not in answer.text


def test_the_site_only_shows(site):
    assert {site.request(method, EN).status_code for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {405}


def test_runs_are_filtered_searched_sorted_and_paged(site):
    assert len(rows(site.get(EN))) == 100
    assert len(rows(site.get(EN, params={"page": "2"}))) == 33
    assert rows(site.get(EN, params={"page": "99"})) == rows(site.get(EN, params={"page": "2"}))
    assert set(rows(site.get(EN, params={"lab": "digits"}))) == {OLD, NEW}
    assert len(rows(site.get(EN, params={"outcome": "passed"}))) == 65
    assert rows(site.get(EN, params={"lab": "wine", "text": "20260108T TESTIUM"})) == ["20260108T030000Z-00000007"]
    best = rows(site.get(EN, params={"lab": "wine", "sort": "highest"}))
    worst = rows(site.get(EN, params={"lab": "wine", "sort": "lowest"}))
    assert best[0] == "20260510T030000Z-00000081"
    assert worst[0] == "20260101T030000Z-00000000"
    assert "No run answers" in site.get(EN, params={"text": "nothing like it"}).text


@pytest.mark.parametrize(
    "query", ["page=-1", "page=9" * 9, "sort=x", "lab=%00", "text=%22%3E%3Cscript%3E", "page=%C2%B2"]
)
def test_an_address_that_makes_no_sense_is_answered_all_the_same(site, query):
    answer = site.get(f"{EN}?{query}")
    assert answer.status_code == 200
    assert '"><script>' not in answer.text


def test_a_run_shows_its_facts_its_scores_what_was_checked_and_its_report(site):
    page = site.get(f"{EN}run/digits/{NEW}").text
    assert "92.5% ± 1.3%" in page
    assert "epoch 6" in page
    assert f'src="{EN}run/digits/{NEW}/report"' in page
    assert f"run=digits%2F{OLD}" in page
    report = site.get(f"{EN}run/digits/{NEW}/report").text
    assert 'id="digits"' in report
    assert "script-src" not in report


def test_two_ticked_runs_are_compared_the_older_one_first(site):
    query = f"run=digits/{NEW}&run=digits/{OLD}&run=digits/{NEW}"
    frame = re.search(r'<iframe src="([^"]+)"', site.get(f"{EN}compare?{query}").text)[1]
    compared = site.get(frame.replace("&amp;", "&")).text
    assert compared.index(OLD) < compared.index(NEW)


def test_what_cant_be_compared_says_why(site):
    assert "two runs at least" in site.get(f"{EN}compare?run=digits/{NEW}").text
    for start, said in ((EN, "different labs: digits, imdb. Tick"), (ZH, "不同的实验：digits、imdb。请勾选")):
        apart = site.get(f"{start}compare?run=digits/{NEW}&run=imdb/20260105T120000Z-imdb")
        assert apart.status_code == 409
        assert said in apart.text


def test_the_gate_is_listed_with_its_verdicts_and_the_runs_that_are_left(site):
    page = site.get(f"{EN}gate").text
    assert [page.count(word) for word in (">Passed<", ">Regressed<", "deleted since")] == [2, 1, 1]
    assert f'href="{EN}run/digits/{NEW}"' in page


def test_the_trend_leads_to_the_reports_of_its_runs(site):
    assert f'src="{EN}trend/page?lab=digits"' in site.get(f"{EN}trend?lab=digits").text
    assert f'href="{EN}run/digits/{NEW}/report"' in site.get(f"{EN}trend/page?lab=digits").text


def test_a_run_that_is_under_way_is_in_the_list_with_its_rate_and_the_time_that_is_left(site):
    part = site.get(f"{EN}live/part").text
    assert "5 of 20 steps · 2.0 a second · 7.5" in part
    page = site.get(f"{EN}live/imdb/{KEY}").text
    assert page.count("<polyline") == 2
    assert "not under way" in site.get(f"{EN}live/imdb/{'b' * 64}").text


def test_a_store_may_grow_by_a_thousand_runs_and_lose_some_while_it_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr("labreport.report.browsing.stock.SECONDS", 0.0)
    root = tmp_path / "runs"
    site = browsed.client(root, lang=("en",))
    assert "There is no run in this store yet" in site.get(EN).text
    first = put(root, entry())
    assert len(rows(site.get(EN))) == 1
    assert ">1 run</p>" in site.get(EN).text
    with filling(root):
        for day in range(1, 1001):
            put(root, entry(day=day, lab="imdb" if day % 2 else "new"))
    assert "1 001 runs" in re.sub(r"\s", " ", site.get(EN).text)
    shutil.rmtree(first)
    assert "1 000 runs" in re.sub(r"\s", " ", site.get(EN).text)
    shutil.rmtree(root / "new")
    assert "500 runs" in site.get(EN).text


def test_questions_at_the_same_time_get_the_pages_they_asked_for(store):
    crowd = browsed.client(store)
    paths = [f"/{TOKEN}/{language}/run/digits/{run}/report" for language in ("en", "zh") for run in (OLD, NEW)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda path: crowd.get(path).text, paths * 2))
    assert len(set(together)) == 4
    assert together[:4] == together[4:] == [crowd.get(path).text for path in paths]


def test_a_run_that_is_half_written_or_deleted_while_it_is_looked_at_is_said_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr("labreport.report.browsing.stock.SECONDS", 0.0)
    root = browsed.fill(tmp_path / "runs")
    site = browsed.client(root)
    address = f"{EN}run/digits/{NEW}"
    assert site.get(address).status_code == 200
    file = root / "digits" / NEW / RESULT
    file.write_bytes(file.read_bytes()[:1000])
    assert site.get(address).status_code == 404
    listed = site.get(EN).text
    assert f"Can&#39;t read digits/{NEW}/result.json" in listed
    assert str(root) not in listed
    assert site.get(f"{address}/report").status_code == 404
    shutil.rmtree(root / "digits" / NEW)
    assert site.get(f"{address}/report").status_code in (404, 409)
    assert "two runs at least" in site.get(f"{EN}compare?run=digits/{NEW}&run=digits/{OLD}").text
    (root / "digits" / OLD / INDEX_OF_01).write_bytes(b"\xff" * 100)
    assert site.get(EN).status_code == 200


def test_what_a_hostile_run_says_of_itself_is_text(tmp_path):
    root = tmp_path / "runs"
    bad = '"><script>alert(1)</script>\u202e\U0001f600'
    put(root, entry(machine=bad, data=bad, commit=bad, changed_settings={bad: bad}, outcome=bad))
    site = browsed.client(root)
    for path in ("", "run/imdb/20260101T030000Z-00000000", "trend/page", "gate"):
        text = site.get(EN + path).text
        assert "<script>alert" not in text, path
        assert "\u202e" not in text, path


def test_tags_are_shown_filtered_by_and_the_command_that_gives_one_is_there_to_copy(tmp_path):
    from helpers.own_runs import seeds_run

    from labreport.report.store.runs import Store

    store = Store(tmp_path)
    for day, run_id in ((2, OLD), (3, NEW)):
        store.save(browsed.dated(seeds_run(), day, run_id))
    site = browsed.client(tmp_path)
    assert 'name="tag"' not in site.get(EN).text
    run = next(iter(store.list().named("digits", OLD)))
    store.tag(run, "good", "for-the-paper")
    fresh = browsed.client(tmp_path)
    listed = fresh.get(EN).text
    assert '<option value="for-the-paper">' in listed
    assert listed.count('<span class="tagged">good</span>') == 1
    assert rows(fresh.get(f"{EN}?tag=good")) == [OLD]
    page = fresh.get(f"{EN}run/digits/{OLD}").text
    assert f'<a class="tagged" href="{EN}?tag=good">good</a>' in page
    assert f"<code>labreport tag {OLD} WORD</code> <button hidden>" in page
    # A tag that no run has any more can still be seen to be asked for.
    assert '<option value="gone" selected>' in fresh.get(f"{EN}?tag=gone").text


def test_a_run_with_a_chinese_name_is_listed_and_headed_by_it(tmp_path):
    from helpers.own_runs import seeds_run

    from labreport.report.store.runs import Store

    run = browsed.dated(seeds_run(), 2, OLD)
    own = msgspec.structs.replace(run.findings.own, title="手写数字识别")
    findings = msgspec.structs.replace(run.findings, own=own)
    Store(tmp_path).save(msgspec.structs.replace(run, lab="run-1a2b3c4d", findings=findings))
    site = browsed.client(tmp_path)
    assert "<b>手写数字识别</b> <code>run-1a2b3c4d</code> <a" in site.get(ZH).text
    page = site.get(f"{ZH}run/run-1a2b3c4d/{OLD}").text
    assert f"<h1>手写数字识别 <code>run-1a2b3c4d {OLD}</code></h1>" in page


def test_the_entry_of_the_bar_is_marked_on_a_page_that_has_nothing_to_show(tmp_path):
    site = browsed.client(tmp_path)
    for path in ("trend", "gate"):
        assert f'href="{EN}{path}" aria-current="page"' in site.get(EN + path).text
