"""The site of the stored runs and the preview in a real browser: accessible, silent, by keyboard, live."""

from __future__ import annotations

import pytest
from helpers import browsed
from helpers.browsed import KEY, NEW, OLD, TOKEN
from helpers.own_runs import seeds_run
from helpers.waiting import until
from helpers.watching import LOOKS, assert_accessible, leave, shown

from labreport.report.browsing.application import application
from labreport.report.browsing.export import write
from labreport.report.browsing.previewing import Watcher, previews
from labreport.report.browsing.server import Door
from labreport.report.browsing.stock import Stock
from labreport.report.browsing.workshop import Workshop
from labreport.report.configuration import Configuration, override
from labreport.report.store.runs import Store

COMPARED = f"compare?run=digits/{OLD}&run=digits/{NEW}"
PAGES = (
    "?text=digits",
    f"run/digits/{NEW}",
    "trend?lab=digits",
    "gate",
    f"gate/{browsed.VERDICT}",
    f"live/imdb/{KEY}",
    COMPARED,
    "none",
)
NOTE = (
    '# Digits\n\n## First {#first}\n\nIt was {{ score("test_accuracy") | percent }}.\n\n'
    ":::figure histories-fit-1\nCurves.\n:::\n"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with runs of every kind."""
    return browsed.fill(tmp_path_factory.mktemp("viewed") / "runs")


@pytest.fixture(scope="module")
def address(store):
    """Where a server shows the site about that store."""
    door = Door(token=TOKEN)
    configuration = override(Configuration(), runs_dir=store)
    with browsed.serving(application(Stock(store), configuration, door), door) as found:
        yield found


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """A folder with a long note of the lab digits in both languages."""
    folder = tmp_path_factory.mktemp("written") / "notes"
    for language in ("en", "zh"):
        (folder / language).mkdir(parents=True)
        (folder / language / "digits.md").write_text(NOTE + _sections(), "utf-8")
    return folder


@pytest.fixture(scope="module")
def desk(notes):
    """Where a server shows the preview of that note."""
    stored = Store(notes.parent / "runs").save(seeds_run())
    workshop = Workshop([stored], override(Configuration(), notes=notes, runs_dir=notes.parent / "runs"))
    door = Door(token=TOKEN)
    with Watcher([notes], workshop.changed), browsed.serving(previews(workshop, door), door) as found:
        yield found


@pytest.fixture(scope="module", autouse=True)
def _pages_are_left(chromium, address, desk):
    """Show no page of a server any more when it ends."""
    yield
    leave(chromium)


def _sections() -> str:
    """Return enough text to scroll."""
    return "".join(f"\n## Part {{#part-{'abcdefgh'[n]}}}\n\n" + "Some words. " * 300 + "\n" for n in range(8))


def _check(chromium, place, start, scheme, *, missing=False):
    with shown(chromium, place, scheme=scheme) as watched:
        page = watched.page
        assert_accessible(page, (scheme,), frames=False)
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert watched.said == (
            ["Failed to load resource: the server responded with a status of 404 (Not Found)"] * missing
        )
        assert [url for url in watched.asked if not url.startswith(("data:", start))] == []


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_accessible_silent_asks_no_one_else_and_fits_a_phone(chromium, address, path, language, scheme):
    _check(chromium, f"{address}{language}/{path}", address, scheme, missing=path == "none")


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
@pytest.mark.parametrize("path", ["digits", "digits/offers"])
def test_the_preview_is_accessible_silent_asks_no_one_else_and_fits_a_phone(chromium, desk, path, language, scheme):
    _check(chromium, f"{desk}{language}/{path}", desk, scheme)


def test_two_runs_are_ticked_and_compared_by_keyboard_alone(chromium, address):
    with shown(chromium, f"{address}en/?lab=digits") as watched:
        page = watched.page
        assert page.is_disabled(".picking button")
        page.focus(".runs input >> nth=0")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.is_enabled(".picking button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/compare**")
        assert NEW in page.frame_locator("iframe").locator("body").inner_text()


def test_everything_works_without_script(chromium, address):
    with shown(chromium, f"{address}en/", script=False) as watched:
        page = watched.page
        page.select_option("[name=lab]", "digits")
        page.click(".asked button")
        assert page.locator(".runs tbody tr").count() == 2
        page.check(".runs input >> nth=0")
        page.check(".runs input >> nth=1")
        page.click(".picking button")
        assert "Comparison" in page.inner_text("h1")


def test_a_page_turns_a_hundred_runs_further_and_a_search_is_sent_by_enter(chromium, address):
    with shown(chromium, f"{address}en/") as watched:
        page = watched.page
        first = page.inner_text(".runs tbody tr >> nth=0")
        page.click("[rel=next]")
        assert page.inner_text(".runs tbody tr >> nth=0") != first
        page.fill("[name=text]", "regressed 0000004e")
        page.press("[name=text]", "Enter")
        assert page.locator(".runs tbody tr").count() == 1


def test_the_curve_of_a_training_moves_while_one_looks(chromium, address, store):
    with shown(chromium, f"{address}en/live/imdb/{KEY}") as watched:
        page = watched.page
        before = page.get_attribute("polyline.training", "points")
        browsed.advance(store, 9)
        until(lambda: page.get_attribute("polyline.training", "points") != before)
        assert "9 of 20" in page.inner_text(".progress")
        assert watched.said == []


def _chapter(page) -> str:
    inside = "const d = document.querySelector('.stage iframe:not(.coming)').contentDocument;"
    return str(page.evaluate(f"(() => {{ {inside} return d && d.body ? d.body.textContent : '' }})()"))


def test_what_is_saved_is_seen_at_the_same_place_and_a_fault_leaves_the_chapter(chromium, desk, notes):
    note = notes / "en" / "digits.md"
    with shown(chromium, f"{desk}en/digits") as watched:
        page = watched.page
        until(lambda: "Some words" in _chapter(page))
        place = "document.querySelector('.stage iframe:not(.coming)').contentWindow"
        page.evaluate(f"{place}.document.fonts.ready.then(() => 1)")
        page.evaluate(f"{place}.document.getElementById('digits-part-d').scrollIntoView()")
        top = f"{place}.document.getElementById('digits-part-d').getBoundingClientRect().top"
        before = page.evaluate(top)
        assert 0 <= before < 100
        note.write_text(NOTE + "\nA sentence that is longer by a line. " * 9 + "\n" + _sections(), "utf-8")
        until(lambda: "longer by a line" in _chapter(page))
        assert abs(page.evaluate(top) - before) < 2
        note.write_text(NOTE.replace("test_accuracy", "nothing") + _sections(), "utf-8")
        page.wait_for_selector("#faults .failure", timeout=20_000)
        assert "line 5" in page.inner_text("#faults")
        assert "longer by a line" in _chapter(page)
        note.write_text(NOTE + _sections(), "utf-8")
        page.wait_for_selector("#faults .fine", timeout=20_000)
        assert watched.said == []


def test_the_site_as_files_works_from_the_disk(chromium, store, tmp_path):
    write(override(Configuration(), runs_dir=store, lang=("en",)), tmp_path, reports=0)
    with shown(chromium, (tmp_path / "index.html").as_uri()) as watched:
        page = watched.page
        visible = page.locator(".runs tbody tr:visible")
        assert visible.count() == 133
        page.fill(".asked [name=text]", "digits")
        assert visible.count() == 2
        assert page.inner_text(".count") == "2 of 133 runs"
        page.select_option(".asked [name=lab]", "wine")
        assert visible.count() == 0
        page.fill(".asked [name=text]", "")
        page.select_option(".asked [name=outcome]", "regressed")
        assert visible.count() == 65
        for order, first in (("highest", "128"), ("lowest", "0")):
            page.select_option(".asked [name=sort]", order)
            assert f"{0.8 + int(first) / 1000:.2%}" in visible.nth(0).inner_text().replace(" ", "")
        page.click("text=Gate")
        assert page.locator(".gate tbody tr").count() == 3
        page.click(".gate tbody a >> nth=0")
        assert "Verdict of the gate" in page.inner_text("h1")
        assert watched.said == []
        assert {url for url in watched.asked if not url.startswith(("data:", tmp_path.as_uri()))} == set()
    with shown(chromium, (tmp_path / "index.html").as_uri(), script=False) as watched:
        page = watched.page
        assert page.locator(".runs tbody tr:visible").count() == 133
        assert not page.is_visible(".asked")


def test_the_command_that_tags_a_run_is_copied(chromium, address):
    allowed = ("clipboard-read", "clipboard-write")
    with shown(chromium, f"{address}en/run/digits/{NEW}", permissions=allowed) as watched:
        page = watched.page
        page.click(".tagging button")
        assert page.evaluate("navigator.clipboard.readText()") == f"labreport tag {NEW} WORD"
        assert page.inner_text(".tagging button") == "Copied"
        assert watched.said == []
