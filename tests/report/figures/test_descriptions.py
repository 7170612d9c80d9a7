"""Figures for those who can't see them: described from the data in the report's language, and a table."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from html import unescape
from html.parser import HTMLParser

import pytest
from helpers.hand_results import all_hand_results, hand_result

from labreport.experiments.result import Training
from labreport.report.chapters import build
from labreport.report.configuration import Configuration
from labreport.report.document import Equation, Figure, Report
from labreport.report.figures import registry
from labreport.report.rendering import html, pdf
from labreport.report.words import LANGUAGES, Words

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def of(fits: tuple[Training, ...], role: str, key: str) -> list[float]:
    """Return the mean of a curve over every training of a role, worked out here once more."""
    histories = [fit.history[key] for fit in fits if fit.role == role]
    return [sum(values) / len(values) for values in zip(*histories, strict=True)]


CURVES = [
    ("mnist", "curves", ("loss", "val_loss", "accuracy", "val_accuracy")),
    ("imdb", "curves", ("loss", "val_loss", "accuracy", "val_accuracy")),
    ("reuters", "curves", ("loss", "val_loss", "accuracy", "val_accuracy")),
    ("imdb", "loss", ("loss", "val_loss")),
    ("imdb", "accuracy", ("accuracy", "val_accuracy")),
    ("reuters", "bottleneck", ("val_accuracy",)),
    ("boston", "mae-raw", ("val_mae",)),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("lab", "name", "keys"), CURVES)
def test_the_description_of_a_curve_tells_where_it_turns_in_its_own_numbers(
    lab: str, name: str, keys: tuple[str, ...], language: str
) -> None:
    result = hand_result(lab)
    said = registry.draw(name, result, Words(language)).alt
    for key in keys:
        curve = of(result.findings.trainings, "fold" if lab == "boston" else "selection", key)
        falls = "accuracy" not in key
        turn = curve.index(min(curve) if falls else max(curve))
        digits = 2 if not falls else 2 if lab == "boston" else 3
        values = (curve[0], curve[turn], curve[-1])
        first, best, last = (f"{value:.{digits}f}" if falls else f"{100 * value:.{digits}f}%" for value in values)
        way = "从" if language == "zh" else "falls from" if falls else "rises from"
        assert f"{way} {first}" in said
        if best == last:
            assert f"{first} {'to' if language == 'en' else ('降到' if falls else '升到')} {last}" in said
        else:
            at = f"to {best} at epoch {turn + 1}" if language == "en" else f"到第 {turn + 1} 轮的 {best}"
            assert at in said
            assert last in said[said.index(at) :]


@cache
def _book(language: str) -> tuple[Report, Figures]:
    """Return a report of all labs of the book, and what stands on its page."""
    report = build.build(all_hand_results(), language, Configuration(), moment=MOMENT, version="0.1.0").report
    return report, Figures(html.html(report))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_displayed_formula_is_told_in_words_on_screen_and_on_paper(language: str) -> None:
    report, page = _book(language)
    blocks = [block for part in report.chapters for section in part.sections for block in section.blocks]
    spoken = [block.alt for block in blocks if isinstance(block, Equation)]
    assert len(spoken) >= 10
    assert all(len(text) > 10 for text in spoken)
    assert all(bool(re.search(r"[\u4e00-\u9fff]", text)) is (language == "zh") for text in spoken)
    assert page.formulas == spoken
    paper = [
        unescape(text)
        for text in re.findall(r'<img class="formula m\d+" alt="([^"]*)"', pdf.html(report, source_date=MOMENT))
    ]
    assert [text for text in spoken if text not in paper] == []


class Figures(HTMLParser):
    """Collects what stands in each figure of a page: the names of its pictures, and the heads of its tables.

    And of the whole page what its formulas say.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[list[str]] = []
        self.heads: list[int] = []
        self.formulas: list[str] = []
        self._depth = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "math" and "alttext" in found:
            self.formulas.append(found["alttext"] or "")
        if tag == "figure":
            self._depth += 1
            self.names.append([])
            self.heads.append(0)
        if self._depth and tag == "svg" and found.get("role") == "img":
            self.names[-1].append(found.get("aria-label") or "")
        if self._depth and tag == "th":
            self.heads[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "figure"


def _figures(report: Report) -> list[Figure]:
    """Return every figure of the labs."""
    blocks = (block for part in report.chapters for section in part.sections for block in section.blocks)
    return [block for block in blocks if isinstance(block, Figure)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_every_lab_has_its_description_and_its_data_in_html(language: str) -> None:
    report, page = _book(language)
    figures = _figures(report)
    assert len(figures) > 25
    assert all(figure.data and figure.data.rows for figure in figures)
    shown = [(names[0], heads) for names, heads in zip(page.names, page.heads, strict=True) if names]
    cover = len(report.cover.strip)
    assert [alt for alt, _ in shown[:cover]] == [small.alt for small in report.cover.strip]
    assert shown[cover:] == [(figure.alt, len(figure.data.columns)) for figure in figures if figure.data]
