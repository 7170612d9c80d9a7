"""The trend page as text: it holds everything, loads nothing, and says the same in both languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from helpers.hand_history import FAILURE, MACHINE, entry, failed, filling, put, wobble

from labreport.experiments.system import reading
from labreport.report.rendering import fonts
from labreport.report.store.runs import Store
from labreport.report.trend.folder import write
from labreport.report.trend.history import Choice, history
from labreport.report.trend.page import html
from labreport.report.words import load_table

HOSTILE = '"><script>alert(1)</script>&\U0001f600'


class _Outline(HTMLParser):
    """Collects ids, links and every tag of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "src") and value:
                self.links.append(value)


def _outline(text: str) -> _Outline:
    found = _Outline()
    found.feed(text)
    return found


def _store(root: Path) -> Path:
    with filling(root):
        for day in range(20):
            other = {"machine": "Other × 2"} if day % 4 == 3 else {}
            put(root, entry(day=day, value=0.88 + wobble(day) - 0.03 * (day >= 12), **other))
            put(root, entry(lab="mnist", day=day, value=0.98 + wobble(day), profile="quick", source="sample"))
        put(root, failed(entry(day=20)))
        put(root, entry(lab="mnist", day=21, value=None, profile="quick", source="sample"))
    return root


def _page(root: Path, language="en", choice: Choice | None = None, **options) -> str:
    return html(history(root, Store(root).list(), choice), language, folder=root, **options)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_runs_nothing_loads_nothing_and_its_policy_fits_its_style(tmp_path, language):
    text = _page(_store(tmp_path), language)
    outline = _outline(text)
    assert not {"script", "link", "iframe", "object", "img", "form"} & set(outline.tags)
    assert not {name for name in outline.attributes if name.startswith("on")} | {"style"} & outline.attributes
    assert all(link.startswith("#") for link in outline.links)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!\"data:)", style)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_id_is_there_once_and_every_link_leads_to_one(tmp_path, language):
    outline = _outline(_page(_store(tmp_path), language))
    assert len(outline.ids) == len(set(outline.ids))
    assert {link[1:] for link in outline.links} <= set(outline.ids)


def test_both_languages_show_the_same_charts_marks_and_numbers(tmp_path):
    root = _store(tmp_path)
    pages = {language: _page(root, language) for language in ("zh", "en")}
    counts = {language: _outline(text).tags for language, text in pages.items()}
    assert counts["zh"] == counts["en"]
    numbers = {
        language: sorted(re.findall(r"\d+\.\d+%", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)))
        for language, text in pages.items()
    }
    assert numbers["zh"] == numbers["en"]
    assert numbers["en"]


def test_both_languages_have_the_same_words_and_places_for_values():
    tables = {language: load_table(language) for language in ("zh", "en")}
    for language in tables:
        ours = {key for key in tables[language] if key.startswith(("trend.", "nightly."))}
        assert ours == {key for key in tables["en"] if key.startswith(("trend.", "nightly."))}
    for key, text in tables["en"].items():
        if key.startswith(("trend.", "nightly.")):
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", tables["zh"][key])), key


def test_each_mark_tells_value_date_run_commit_and_machine(tmp_path):
    text = _page(_store(tmp_path), choice=Choice(labs=("imdb",)))
    one = entry(day=5)
    lines = rf"([^<]*)<tspan[^>]*>{one.run_id}</tspan><tspan[^>]*>([^<]*) · ([^<]*)"
    mark = re.search(rf'<a href="#r\d+"><use[^>]*/><text>{lines}', text)
    assert mark is not None
    assert re.fullmatch(r"8\d\.\d\d% ± 0\.20% · 2026-01-06 03:00 UTC", mark.group(1))
    assert mark.group(2) == one.commit[:9]
    assert MACHINE.startswith(mark.group(3).rstrip("…"))


def test_the_change_is_told_at_the_top_and_under_its_chart_with_the_commits_around_it(tmp_path):
    text = _page(_store(tmp_path))
    news = text.partition('class="news"')[2].partition("</section>")[0]
    assert "worse" in news
    assert "from 2026-01-13 UTC on" in news
    assert entry(day=11).commit[:9] in news
    assert entry(day=12).commit[:9] in news
    assert text.count('class="boundary"') >= 1
    assert text.count('class="note') >= 1


def test_a_run_that_did_not_finish_and_a_value_that_is_no_number_are_shown(tmp_path):
    text = _page(_store(tmp_path))
    assert "failed: RuntimeError: the lamp went out" in text
    assert "not a finite number" in text


def test_nothing_that_a_run_says_becomes_markup_and_no_glyph_is_missing(tmp_path):
    failure = msgspec.structs.replace(FAILURE, message=HOSTILE)
    hostile = {"machine": HOSTILE, "commit": HOSTILE, "changed_settings": {HOSTILE: HOSTILE}}
    put(tmp_path, entry(lab="a&b", day=0, **hostile))
    put(tmp_path, entry(lab="a&b", day=1, run_id='20260101T000000Z-"&', **hostile))
    put(tmp_path, msgspec.structs.replace(failed(entry(lab="a&b", day=2, **hostile)), failure=failure))
    for language in ("zh", "en"):
        text = _page(tmp_path, language)
        assert "script" not in _outline(text).tags
        shown = re.sub(r"<style>.*?</style>|<[^>]*>", "", text, flags=re.DOTALL)
        fonts.check(shown.replace("&lt;", "<"), "page")


def test_what_could_not_be_read_is_named_on_the_page(tmp_path):
    put(tmp_path, entry(day=0))
    (put(tmp_path, entry(day=1)) / "result.json").write_bytes(b"{")
    text = _page(tmp_path)
    assert "could not be read" in text
    assert entry(day=1).run_id in text


def test_a_filter_is_offered_only_where_there_is_something_to_choose(tmp_path):
    put(tmp_path, entry(day=0))
    assert "<fieldset>" not in _page(tmp_path)
    put(tmp_path, entry(day=1, profile="quick"))
    text = _page(tmp_path)
    assert text.count("<fieldset>") == 1
    assert "body:has(#p-0:checked) :is(.p1):not(.p0){display:none}" in text


def test_a_choice_that_no_run_answers_to_is_told(tmp_path):
    put(tmp_path, entry(lab="imdb", day=0))
    put(tmp_path, entry(lab="mnist", day=1, profile="quick"))
    took = re.findall(r"body(\S*) \.nothing\{display:block\}", _page(tmp_path))
    # The labs stand in the order of the book: mnist, imdb.
    assert took == [":has(#l-0:checked):has(#p-0:checked)", ":has(#l-1:checked):has(#p-1:checked)"]


def test_links_lead_to_the_other_language_and_to_reports_where_they_are(tmp_path):
    put(tmp_path / "runs", entry(day=0, report="../reports"))
    put(tmp_path / "runs", entry(day=1, report="https://ci.test/jobs/1"))
    put(tmp_path / "runs", entry(day=2, report="../gone"))
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "labreport-en.html").write_text("")
    found = history(tmp_path / "runs", Store(tmp_path / "runs").list())
    paths = write(found, tmp_path / "reports" / "trend", ("zh", "en"))
    text = paths[1].read_text("utf-8")
    assert 'href="trend-zh.html"' in text
    assert 'lang="zh-CN"' in text
    assert 'href="../labreport-en.html#imdb"' in text
    assert 'href="https://ci.test/jobs/1"' in text
    assert "gone" not in text


def test_the_same_store_gives_the_same_bytes(tmp_path):
    root = _store(tmp_path)
    assert _page(root) == _page(root)


LOADED = """
import sys
from labreport.report.cli import main
assert main(["list"]) == main(["trend", "-q"]) == 0
print(*sorted({"matplotlib", "weasyprint"} & set(sys.modules)))
"""


def test_a_thousand_runs_are_drawn_by_a_small_page_without_the_packages_of_figures(tmp_path):
    # Six lines each, as the labs have them. How long it takes is measured by `make bench-store`.
    labs = ("tensors", "workflow", "mnist", "imdb", "reuters", "boston")
    (line,) = entry().scores
    root = tmp_path / "runs"
    with filling(root):
        for number in range(1000):
            scores = [msgspec.structs.replace(line, name=f"metric_{n}", mean=0.9 + wobble(number)) for n in range(6)]
            put(root, entry(lab=labs[number % 6], day=number // 6, scores=tuple(scores)))
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""
    text = (tmp_path / "reports" / "trend-en.html").read_text("utf-8")
    assert 2000 < text.count("<use href") < 7000
    assert len(text) < 2e6
    assert len(json.loads((tmp_path / "reports" / "trend.json").read_text("utf-8"))["runs"]) == 1000


def test_one_more_run_costs_one_more_index_file(tmp_path, monkeypatch):
    for number in range(20):
        put(tmp_path, entry(day=number))
    Store(tmp_path).list()
    read: list[Path] = []
    original = reading.content

    def counted(path: Path, *arguments: int) -> bytes:
        read.append(path)
        return original(path, *arguments)

    put(tmp_path, entry(day=20))
    monkeypatch.setattr(reading, "content", counted)
    history(tmp_path, Store(tmp_path).list())
    assert read == []


def test_a_single_day_is_named_once_and_a_single_time_has_no_false_digits(tmp_path):
    put(tmp_path, entry(day=3))
    text = _page(tmp_path)
    period = re.search(r"<dt>Period</dt>\s*<dd>(.*?)</dd>", text, re.DOTALL).group(1)
    assert re.findall(r"\d{4}-\d{2}-\d{2}", period) == ["2026-01-04"]
    assert "–" not in period
    [chart] = re.findall(r"time per seed.*?</figure>", text, re.DOTALL)
    labels = re.findall(r'<text x="100%"[^>]*>([\d.]+)<', chart)
    assert labels == ["9.6", "9.8", "10.0", "10.2", "10.4"]
