"""A number has the same digits wherever a report says it: as many as its spread over the seeds supports."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from statistics import fmean, stdev

import msgspec
import pytest
from helpers.hand_results import hand_result
from helpers.hand_versions import card, findings, with_scores

from labreport.report.chapters.build import build
from labreport.report.configuration import Configuration
from labreport.report.document import Node, Table, walk
from labreport.report.findings.digits import Decimals
from labreport.report.numbers import digits_for, percent, share_digits
from labreport.report.trend.chart import with_spread

SPREADS = {
    1: (0.9312, 0.9701, 0.9522, 0.9433, 0.9615),
    2: (0.9562, 0.9511, 0.9537, 0.9523, 0.9549),
    3: (0.95371, 0.95322, 0.95343, 0.95357, 0.95334),
}
"""Test accuracies of five seeds for each number of decimals that they support."""


def _run(digits: int):
    return card(
        with_scores(hand_result("mnist", seeds=(0, 1, 2, 3, 4)), test_accuracy=SPREADS[digits]), test_samples=10_000
    )


@cache
def _report(digits: int, language: str):
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    configuration = Configuration(edition="instructor")
    return build([_run(digits)], language, configuration, moment=moment, version="1").report


def _said(report: Node) -> dict[str, str]:
    """Return everything that a report says, by the kind of place where it stands."""
    found = defaultdict(list)
    for item in walk(report):
        kind = item.field if item.node == "exercise" and item.field == "solution" else item.node
        found[kind].append(str(item.text))
    return {kind: " | ".join(texts) for kind, texts in found.items()}


def _tables(node: Node, name: str) -> list[Table]:
    chapter = node.chapters[0]
    blocks = [block for section in chapter.sections for block in section.blocks]
    return [block for block in blocks if isinstance(block, Table) and name in block.id]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("digits", SPREADS)
def test_text_table_exercise_and_solution_write_a_mean_with_the_same_digits(digits, language):
    mean = fmean(SPREADS[digits])
    said = _said(_report(digits, language))
    forms = {other: percent(mean, other).removesuffix("%") for other in range(5)}
    for place in ("prose", "table", "exercise", "solution"):
        assert re.search(rf"(?<![\d.]){re.escape(forms[digits])}(?![\d])", said[place]), (place, said.keys())
    everything = " | ".join(said.values())
    for other, form in forms.items():
        found = re.search(rf"(?<![\d.]){re.escape(form)}%", everything)
        assert (found is not None) == (other == digits), (form, everything[found.start() - 60 : found.end() + 9])


@pytest.mark.parametrize("digits", SPREADS)
def test_mean_and_deviation_stand_in_the_table_with_the_same_decimals(digits):
    rows = [row for item in _tables(_report(digits, "en"), "scores") for row in item.rows if row[0] == "network"]
    assert [(row[3], row[4]) for row in rows] == [
        (f"{100 * fmean(SPREADS[digits]):.{digits}f}", f"{100 * stdev(SPREADS[digits]):.{digits}f}")
    ]


def test_a_difference_that_a_solution_works_out_has_the_digits_of_its_terms():
    assert re.search(r"The difference is 2\.9 percentage points", _said(_report(1, "en"))["solution"])
    assert re.search(r"The difference is 3\.06 percentage points", _said(_report(2, "en"))["solution"])


def test_one_seed_has_the_usual_digits_and_so_have_seeds_without_a_spread():
    alone = hand_result("mnist", seeds=(0,))
    alike = with_scores(hand_result("mnist", seeds=(0, 1, 2)), test_accuracy=(0.7, 0.7, 0.7))
    alike = findings(alike, scores=tuple(one for one in alike.findings.scores if one.name == "test_accuracy"))
    for run in (alone, alike):
        assert Decimals(run).by_spread("share") is None
        assert Decimals(run).of("share", "accuracy", "test") == 2
    assert Decimals(alone).by_spread("nats", "loss") is None
    assert Decimals(alone).of("nats", "loss", "test") == 3


def test_a_share_has_no_more_digits_than_its_answers_can_tell_apart():
    assert share_digits(0.00004) == 4
    assert share_digits(0.00004, answers=5 * 25_000) == 4
    assert share_digits(0.0004, answers=5 * 100) == 1
    assert share_digits(0.0004, answers=5 * 25_000) == 3
    assert share_digits(0.0) == share_digits(float("nan")) == 2


def test_a_score_too_small_for_the_usual_digits_is_not_shown_as_zero():
    run = with_scores(hand_result("mnist", seeds=(0,)), test_accuracy=(0.95,))
    small = findings(
        run, scores=(msgspec.structs.replace(run.findings.scores[0], unit="", metric="error", value=0.00042),)
    )
    assert Decimals(small).of("", "error", run.findings.scores[0].split) == 5
    assert digits_for(0.00042, most=8) == 5
    assert digits_for(420.0, least=0) == 0


def test_the_trend_writes_mean_and_deviation_with_the_same_digits():
    assert with_spread(0.95364, 0.0019, "share") == "95.36% ± 0.19%"
    assert with_spread(0.9517, 0.0152, "share") == "95.2% ± 1.5%"
    assert with_spread(0.2851234, 0.000031, "nats") == "0.285123 ± 0.000031"
    assert with_spread(1234.5, 31.0, "") == "1\u202f235 ± 31"
