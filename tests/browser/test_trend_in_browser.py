"""The trend page as a reader meets it: filters, marks under the pointer and with the focus, themes, small screens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.hand_history import entry, failed, put, wobble

from labreport.report.store.runs import Store
from labreport.report.trend.folder import write
from labreport.report.trend.history import history

SHOWN = "[...document.querySelectorAll({})].filter(e => e.checkVisibility()).length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A trend of two labs, two machines, two profiles, with a change and a failure."""
    root = tmp_path_factory.mktemp("runs")
    for day in range(24):
        machine = {"machine": "Another Processor With A Long Name, 64 Cores @ 3.40GHz × 8"} if day % 4 == 3 else {}
        put(root, entry(day=day, value=0.88 + wobble(day) - 0.03 * (day >= 12), **machine))
        put(root, entry(lab="mnist", day=day, value=0.98 + wobble(day), profile="quick", source="sample"))
    put(root, failed(entry(day=24)))
    target = tmp_path_factory.mktemp("trend")
    write(history(root, Store(root).list()), target, ("zh", "en"))
    return target


def _page(folder: Path, language: str = "en") -> Path:
    return folder / f"trend-{language}.html"


def _shown(browser, selector: str) -> int:
    return browser.ask(SHOWN.format(json.dumps(selector)))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_asks_for_nothing_complains_of_nothing_and_fits(browser, folder, language, dark, width):
    browser.open(_page(folder, language), width=width, dark=dark)
    assert browser.complaints() == []
    assert browser.requests() == [_page(folder, language).absolute().as_uri()]
    assert browser.ask("document.documentElement.scrollWidth") == width
    ground = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_its_ground(browser, folder, dark):
    browser.open(_page(folder), dark=dark)
    pairs = browser.ask(
        """
        (() => {
          const light = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => { x /= 255;
            return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
          const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$/.test(c) && c !== 'transparent') return c; } return 'rgb(255, 255, 255)'; };
          const wanted = 'h1, h2, dt, dd, legend, label, .news li, .quiet, .tag, figcaption, .latest, .dates, .note,' +
            ' .axis text, .area text, summary, p, a';
          return [...document.querySelectorAll(wanted)].map(e => { const s = getComputedStyle(e);
            const own = e instanceof SVGElement && e.tagName !== 'a' ? s.fill : s.color;
            const [a, b] = [light(own), light(ground(e))].sort((x, y) => y - x);
            return [e.tagName + '.' + (e.getAttribute('class') || ''), (a + 0.05) / (b + 0.05)]; });
        })()
        """
    )
    assert len(pairs) > 100
    assert not [pair for pair in pairs if pair[1] < 4.5]


def test_a_filter_leaves_only_what_was_chosen(browser, folder):
    browser.open(_page(folder))
    assert _shown(browser, ".group") == 2
    browser.click("label[for=l-0]")
    assert _shown(browser, ".group") == 1
    assert browser.ask("document.querySelector('.group:not([hidden]) h2').textContent").startswith("mnist")
    assert _shown(browser, ".news > ul > li") == 0
    browser.click("label[for=l-1]")
    assert _shown(browser, ".group") == 1
    assert _shown(browser, ".news > ul > li") >= 1
    assert _shown(browser, ".nothing") == 0
    browser.click("label[for=p-1]")
    assert _shown(browser, ".group") == 0
    assert _shown(browser, ".nothing") == 1
    browser.click("label[for=l-all]")
    browser.click("label[for=p-all]")
    assert _shown(browser, ".group") == 2


def test_a_machine_can_be_shown_alone(browser, folder):
    browser.open(_page(folder))
    lines = _shown(browser, ".area .line")
    browser.click("label[for=m-1]")
    assert 0 < _shown(browser, ".area .line") < lines
    assert _shown(browser, ".group") == 1


def test_the_mark_under_the_pointer_tells_its_run(browser, folder):
    browser.open(_page(folder))
    browser.ask("document.querySelectorAll('.group')[1].scrollIntoView()")
    x, y, text = browser.ask(
        "(() => {const a = document.querySelectorAll('.group')[1].querySelectorAll('.area a')[4];"
        "const r = a.querySelector('use').getBoundingClientRect();"
        "return [r.x + r.width / 2, r.y + r.height / 2, a.textContent]})()"
    )
    browser.point_at(x, y)
    visible = browser.ask(
        "[...document.querySelectorAll('.area text')].filter(t => getComputedStyle(t).opacity === '1')"
        ".map(t => [t.textContent, t.getBoundingClientRect().top, t.closest('.plot').getBoundingClientRect().top])"
    )
    assert [one[0] for one in visible] == [text]
    assert visible[0][1] >= visible[0][2] - 1
    assert "%" in text
    assert "2026-01-" in text
    assert "T030000Z-" in text
    assert (
        browser.ask(
            "[...document.querySelectorAll('.latest')].filter(e => getComputedStyle(e).visibility === 'hidden').length"
        )
        == 1
    )


def test_the_keyboard_reaches_a_mark_and_goes_on_to_its_row(browser, folder):
    browser.open(_page(folder))
    browser.ask("document.querySelector('.over').focus()")
    browser.press("Tab")
    assert browser.ask("document.activeElement.closest('.area') !== null")
    text = "document.activeElement.querySelector('text')"
    assert browser.ask(f"getComputedStyle({text}).opacity") == "1"
    target = browser.ask("document.activeElement.getAttribute('href').slice(1)")
    browser.press("Enter")
    assert browser.ask("location.hash") == f"#{target}"
    assert browser.ask(f"document.getElementById('{target}').checkVisibility()")


def test_on_a_small_screen_nothing_of_a_chart_hangs_out(browser, folder):
    browser.open(_page(folder, "zh"), width=360)
    outside = browser.ask(
        "[...document.querySelectorAll('.axis text, .area use, .dates span, .note, figcaption')]"
        ".map(e => e.getBoundingClientRect()).filter(r => r.left < 0 || r.right > innerWidth).length"
    )
    assert outside == 0
