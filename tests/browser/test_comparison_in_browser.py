"""Comparison, verdict and trend in a real browser: accessible, silent, reachable by keyboard, fit for any screen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from helpers.hand_gate import run as gate_run
from helpers.hand_history import entry, failed, put, wobble
from helpers.hand_results import hand_result
from helpers.hand_versions import LOWER, card, findings, run, version
from helpers.watching import SCHEMES, WIDTHS, assert_accessible_and_silent, opened

from labreport.experiments.result import Result
from labreport.report.comparison import outputs
from labreport.report.comparison.compare import Terms, compare_all
from labreport.report.gate import folder as gate_folder
from labreport.report.gate.judgement import Candidate, judge
from labreport.report.gate.reference import Reference
from labreport.report.gate.rules import Rules
from labreport.report.gate.verdict import Verdict
from labreport.report.store.runs import Store
from labreport.report.trend.folder import write
from labreport.report.trend.history import history
from labreport.report.words import LANGUAGES

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def _changed_mnist() -> Result:
    """Return a run whose network sees a digit otherwise, with a cell of its confusion matrix changed."""
    result = hand_result("mnist")
    (said,) = result.findings.predictions
    rows = [list(row) for row in said.confusion]
    rows[3][5] += 6
    rows[3][3] -= 6
    images = (msgspec.structs.replace(said.images[0], predicted=7), *said.images[1:])
    changed = msgspec.structs.replace(said, images=images, confusion=tuple(map(tuple, rows)))
    return findings(result, predictions=(changed,))


def _changed_listing(result: Result) -> Result:
    first, *others = result.findings.listings
    longer = msgspec.structs.replace(first, source=f"{first.source}\n# {'a comment as wide as a screen ' * 6}\n")
    return findings(result, listings=(longer, *others))


def _moved_boston() -> Result:
    result = hand_result("boston")
    (said,) = result.findings.predictions
    values = tuple(value + (index % 5 - 2) for index, value in enumerate(said.predicted_values))
    return findings(result, predictions=(msgspec.structs.replace(said, predicted_values=values),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A comparison with every kind of block, a verdict that failed, and a trend with a change, in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    a = version(run(), hand_result("mnist"), hand_result("boston"), hand_result("reuters"))
    worse = _changed_listing(run(values=LOWER, first_seed=20, settings={**run().settings, "units": 4}))
    b = version(worse, _changed_mnist(), _moved_boston(), card(hand_result("reuters"), source="sample"), label="B")
    found = compare_all(a, [b], Terms(languages=LANGUAGES), tool_version="0.1.0")
    written, problems = outputs.write(found, (a, b), folder, languages=LANGUAGES, forms=("html",), moment=MOMENT)
    assert problems == ()
    assert len(written) == 2
    candidates = [
        Candidate(
            lab=lab,
            current=gate_run(lab, loss=0.02 if lab == "imdb" else 0.0),
            reference=Reference(results=(gate_run(lab, range(5, 15), day=1, version="old"),)),
        )
        for lab in ("imdb", "mnist")
    ]
    verdict = Verdict(
        tool_version="0.1.0",
        baseline="main",
        level=0.05,
        moment="2026-01-05T00:00:00+00:00",
        labs=judge(candidates, Rules()),
        unreadable=("Can't read runs/imdb/broken/result.json: not valid JSON.",),
    )
    gate_folder.write(verdict, folder, LANGUAGES, 1)
    for day in range(24):
        other = {"machine": "Another Processor With A Long Name, 64 Cores @ 3.40GHz × 8"} if day % 4 == 3 else {}
        put(folder / "runs", entry(day=day, value=0.88 + wobble(day) - 0.03 * (day >= 12), **other))
    put(folder / "runs", failed(entry(day=24)))
    write(history(folder / "runs", Store(folder / "runs").list()), folder, LANGUAGES)
    return folder


PAGES = {
    "comparison-en.html": ("light",),
    "comparison-zh.html": ("dark",),
    "index.html": SCHEMES,
    "trend-en.html": ("light",),
    "trend-zh.html": ("dark",),
}
"""Each with the schemes in which it is looked at: each language in one, as what a language changes has no colour."""


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_the_console_is_silent_and_nothing_is_asked_for(chromium, folder, name):
    assert_accessible_and_silent(chromium, folder / name, PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_no_screen_is_too_narrow(chromium, folder, name):
    with opened(chromium, folder / name) as watched:
        for width in WIDTHS:
            watched.page.set_viewport_size({"width": width, "height": 900})
            assert watched.page.evaluate("document.documentElement.scrollWidth") == width


def test_whatever_scrolls_or_opens_in_a_comparison_can_be_reached_by_keyboard(chromium, folder):
    with opened(chromium, folder / "comparison-en.html", width=360) as watched:
        page = watched.page
        scrolling = page.evaluate(
            """(() => {const found = [...document.querySelectorAll('main *')].filter(e => e.checkVisibility()
            && e.scrollWidth > e.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX));
            found.forEach(e => e.dataset.waits = 'yes'); return found.length})()"""
        )
        assert scrolling > 5
        reached: set[str] = set()
        for _ in range(150):
            page.keyboard.press("Tab")
            name = page.evaluate(
                "(e => {delete e.dataset.waits; return `${e.tagName}.${e.className}`})(document.activeElement)"
            )
            reached.add(name)
            if name == "SUMMARY." and len(reached) < 5:
                page.keyboard.press("Enter")
                assert page.evaluate("document.activeElement.parentElement.open")
            if name == "BODY.":
                break
        assert {"A.skip", "DIV.scroll", "PRE.", "SUMMARY."} <= reached
        left = page.evaluate("[...document.querySelectorAll('[data-waits]')].map(e => e.outerHTML.slice(0, 200))")
        assert left == []


def test_the_summary_of_a_comparison_leads_to_its_chapters(chromium, folder):
    with opened(chromium, folder / "comparison-en.html") as watched:
        links = watched.page.locator("#summary table a")
        assert links.count() == 4
        links.nth(1).click()
        assert watched.page.url.endswith("#mnist")
        assert watched.page.locator("#mnist-figure-confusion").is_visible()
