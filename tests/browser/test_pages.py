"""The report in a real browser: accessible in both themes, reachable by keyboard, silent, and fit for any screen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers.hand_results import all_hand_results, hand_result
from helpers.own_runs import own_runs
from helpers.watching import SCHEMES, WIDTHS, assert_accessible_and_silent, opened

from labreport.report.chapters import build
from labreport.report.configuration import Configuration
from labreport.report.rendering import html
from labreport.report.words import LANGUAGES

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
PAGES = (*LANGUAGES, *(f"own-{language}" for language in LANGUAGES))
"""The report of the labs, and that of runs without a note, in each language."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The report of all labs in English, of two in Chinese, of runs without a note, and single pages, on disk."""
    folder = tmp_path_factory.mktemp("pages")
    for language, results in {"zh": (hand_result("mnist"), hand_result("imdb")), "en": all_hand_results()}.items():
        built = build.build(results, language, Configuration(), moment=MOMENT, version="0.1.0")
        assert built.problems == ()
        (folder / f"{language}.html").write_text(html.html(built.report, {"labreport-results": b"data"}), "utf-8")
        own = build.build(own_runs(), language, Configuration(), moment=MOMENT, version="0.1.0")
        assert own.problems == ()
        (folder / f"own-{language}.html").write_text(html.html(own.report), "utf-8")
    for name, text in html.split(built.report).items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_the_console_is_silent_and_nothing_is_asked_for(chromium, folder, name):
    assert_accessible_and_silent(chromium, folder / f"{name}.html")


@pytest.mark.parametrize("name", PAGES)
def test_no_screen_is_too_narrow(chromium, folder, name):
    with opened(chromium, folder / f"{name}.html") as watched:
        for width in WIDTHS:
            watched.page.set_viewport_size({"width": width, "height": 900})
            assert watched.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_face_that_the_page_carries_is_used(chromium, folder, language):
    with opened(chromium, folder / f"{language}.html") as watched:
        states = watched.page.evaluate("[...document.fonts].map(face => [face.family, face.weight, face.status])")
    assert len(states) == 5
    assert {state for _, _, state in states} == {"loaded"}


def test_the_dark_theme_changes_page_drawings_and_code(chromium, folder):
    colours = []
    for scheme in SCHEMES:
        with opened(chromium, folder / "en.html", scheme=scheme) as watched:
            colours.append(
                watched.page.evaluate(
                    """['body', '.k', '#mnist-figure-curves svg text'].map(
                    name => getComputedStyle(document.querySelector(name)))
                    .map((style, index) => [style.backgroundColor, style.color, style.fill][index])"""
                )
            )
    assert colours[0][0] == "rgb(255, 255, 255)"
    assert all(light != dark for light, dark in zip(*colours, strict=True))


def test_everything_can_be_reached_by_keyboard(chromium, folder):
    with opened(chromium, folder / "en.html") as watched:
        page = watched.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('nav').className") == "contents"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#summary"
        seen: set[str] = set()
        for _ in range(150):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.tagName + '.' + document.activeElement.className"))
            if {"A.proof", "DIV.scroll", "PRE.", "SUMMARY."} <= seen:
                break
        assert {"A.proof", "DIV.scroll", "PRE.", "SUMMARY."} <= seen
        closed = page.evaluate("document.activeElement.tagName") != "SUMMARY"
        while closed:
            page.keyboard.press("Tab")
            closed = page.evaluate("document.activeElement.tagName") != "SUMMARY"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_mark_behind_a_claim_leads_to_its_evidence(chromium, folder):
    with opened(chromium, folder / "en.html") as watched:
        mark = watched.page.locator("a.proof").first
        name = mark.get_attribute("aria-label")
        target = mark.get_attribute("href")
        assert name is not None
        assert name.startswith("Evidence: ")
        assert target is not None
        mark.click()
        row = watched.page.locator(f"[id='{target[1:]}']")
        assert row.evaluate("row => row.tagName") == "TR"
        assert row.evaluate("row => row.getBoundingClientRect().top") < 900


def test_a_report_in_single_pages_can_be_walked_through(chromium, folder):
    with opened(chromium, folder / "index.html") as watched:
        for _ in range(3):
            watched.page.locator("a[rel=next]").click()
        assert watched.page.url.endswith("mnist.html")
        watched.page.locator("nav.contents a", has_text="Sources").nth(2).click()
        assert re.search(r"mnist\.html#mnist-sources$", watched.page.url)
        assert watched.said == []


def test_the_printed_page_shows_lines_to_write_on_and_no_contents(chromium, folder):
    with opened(chromium, folder / "en.html") as watched:
        watched.page.emulate_media(media="print")
        shown = watched.page.evaluate(
            "['.contents', '.answer', 'summary'].map(name => document.querySelector(name).checkVisibility())"
        )
    assert shown == [False, True, False]
