"""Slides in a real browser: turned with keys, shown to a speaker, whole without a script, accessible and silent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers.hand_results import hand_result
from helpers.waiting import until
from helpers.watching import LOOKS, WIDTHS, assert_accessible_and_silent, opened, shown

from labreport.report.chapters.build import build
from labreport.report.configuration import Configuration
from labreport.report.rendering.slides import page as slides
from labreport.report.words import LANGUAGES

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
CURRENT = "document.querySelector('.current .slide').id"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The slides of two labs in each language, on disk."""
    folder = tmp_path_factory.mktemp("slides")
    for language in LANGUAGES:
        results = [hand_result("workflow"), hand_result("mnist")]
        report = build(results, language, Configuration(), moment=MOMENT, version="1").report
        (folder / f"{language}.html").write_text(slides.html(report), "utf-8")
    return folder


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_axe_finds_nothing_the_console_is_silent_and_nothing_is_asked_for(chromium, folder, language, scheme):
    """Each language in one scheme: what a language changes has no colour."""
    assert_accessible_and_silent(chromium, folder / f"{language}.html", (scheme,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_screen_is_too_narrow(chromium, folder, language):
    with opened(chromium, folder / f"{language}.html") as watched:
        for width in WIDTHS:
            watched.page.set_viewport_size({"width": width, "height": 900})
            assert watched.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slide_has_room_for_what_it_shows(chromium, folder, language):
    with opened(chromium, folder / f"{language}.html") as watched:
        watched.page.set_viewport_size({"width": 1280, "height": 720})
        high = """[...document.querySelectorAll('.slide')].filter(slide =>
            slide.getBoundingClientRect().height > slide.getBoundingClientRect().width * 9 / 16 + 1
            || [...slide.querySelectorAll('.body, .body *')].some(part =>
                part.getBoundingClientRect().bottom > slide.getBoundingClientRect().bottom - 10))
            .map(slide => slide.id)"""
        assert watched.page.evaluate(high) == []


def test_keys_turn_the_slides(chromium, folder):
    with opened(chromium, folder / "en.html", width=1280) as watched:
        keyboard, page = watched.page.keyboard, watched.page
        seen = [page.evaluate(CURRENT)]
        for key in ("ArrowRight", "PageDown", " ", "ArrowLeft", "Shift+Space", "End", "ArrowRight", "Home"):
            keyboard.press("Space" if key == " " else key)
            seen.append(page.evaluate(CURRENT))
        last = page.evaluate("[...document.querySelectorAll('.slide')].at(-1).id")
        first = ["slide-title", "slide-contents", "workflow", "workflow-opening-0", "workflow", "slide-contents"]
        assert seen == [*first, last, last, "slide-title"]
        keyboard.press("f")
        until(lambda: page.evaluate("document.documentElement.classList.contains('showing')"))
        seen_now = "[...document.querySelectorAll('.slide')].filter(slide => slide.checkVisibility()).length"
        assert page.evaluate(seen_now) == 1
        assert watched.said == []


def test_the_speaker_has_a_window_with_notes_that_goes_along(chromium, folder):
    with opened(chromium, folder / "en.html", width=1280) as watched:
        page = watched.page
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        with page.expect_popup() as popup:
            page.keyboard.press("s")
        speaker = popup.value
        until(lambda: speaker.evaluate(f"{CURRENT} === 'workflow-slide-1'"))
        assert "Three claims are put to the test" in speaker.inner_text(".current .notes")
        assert speaker.locator(".following .slide").is_visible()
        assert speaker.inner_text("output").startswith("5 / ")
        speaker.keyboard.press("ArrowRight")
        until(lambda: page.evaluate(f"{CURRENT} === 'workflow-slide-2'"))
        page.keyboard.press("ArrowLeft")
        until(lambda: speaker.evaluate(f"{CURRENT} === 'workflow-slide-1'"))
        assert watched.said == []
        speaker.close()


def test_without_a_script_all_slides_stand_below_each_other_with_their_notes(chromium, folder):
    with shown(chromium, (folder / "en.html").as_uri(), width=1280, height=720, script=False) as watched:
        tops = watched.page.locator(".slide").evaluate_all("all => all.map(one => one.getBoundingClientRect().y)")
        assert len(tops) > 30
        assert tops == sorted(tops)
        assert len(set(tops)) == len(tops)
        notes = watched.page.locator("#workflow-slide-1 + details")
        notes.locator("summary").click()
        assert "Three claims are put to the test" in notes.inner_text()


def test_the_policy_allows_the_one_script_and_nothing_else(folder):
    text = (folder / "en.html").read_text("utf-8")
    policy = text[text.index("Content-Security-Policy") :].partition(">")[0]
    assert policy.count("script-src 'sha256-") == 1
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert text.count("<script") == 1
