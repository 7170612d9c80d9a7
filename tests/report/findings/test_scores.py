"""What a run's scores and its duration are: one answer for everyone who asks."""

from __future__ import annotations

import math

import msgspec
import pytest
from helpers.hand_results import hand_result
from helpers.hand_versions import lab_of

from labreport.experiments.result import Result
from labreport.report.comparison.compare import compare_all
from labreport.report.comparison.report import report
from labreport.report.comparison.version import Version
from labreport.report.findings import analysis, scores
from labreport.report.numbers import duration
from labreport.report.store.entries import entry_of


def _folds(*seeds: tuple[float, ...]) -> Result:
    """Return a run whose `fold_mae` has these values, fold by fold, for each seed."""
    shape = next(item for item in hand_result("boston").findings.scores if item.name == "fold_mae")
    found = tuple(
        msgspec.structs.replace(shape, seed=seed, fold=fold, value=value)
        for seed, values in enumerate(seeds)
        for fold, value in enumerate(values, 1)
    )
    return hand_result("boston", seeds=tuple(range(len(seeds))), scores=found)


def test_the_folds_of_one_seed_are_one_value_without_a_spread():
    found = analysis.score(_folds((2.0, 3.0, 4.0, 5.0)), "fold_mae")
    assert (found.values, found.deviation) == ((3.5,), None)


def test_page_listing_and_comparison_give_folds_the_same_mean_and_spread():
    run = _folds((2.0, 4.0), (3.0, 6.0))
    of_page = analysis.score(run, "fold_mae")
    of_list = next(line for line in entry_of(run).scores if line.name == "fold_mae")
    of_comparison = next(item for item in lab_of(run, run).metrics if item.name == "fold_mae")
    assert of_page.values == of_comparison.a == (3.0, 4.5)
    assert (of_page.mean, of_page.deviation) == (of_list.mean, of_list.deviation)
    assert of_list.seeds == 2


def test_a_score_recorded_as_a_whole_is_not_mixed_with_its_folds():
    run = _folds((2.0, 4.0))
    whole = msgspec.structs.replace(run.findings.scores[0], fold=None, value=9.0)
    findings = msgspec.structs.replace(run.findings, scores=(*run.findings.scores, whole))
    found = scores.measured(msgspec.structs.replace(run, findings=findings))["fold_mae"]
    assert (found.values, found.by_fold) == ((9.0,), ())


def test_values_belong_to_their_seeds_in_whatever_order_they_were_recorded():
    run = hand_result("imdb")
    turned = hand_result("imdb", scores=tuple(reversed(run.findings.scores)))
    assert scores.measured(run)["test_loss"].values == scores.measured(turned)["test_loss"].values


@pytest.mark.parametrize(("values", "mean"), [((1.0, math.inf), math.inf), ((math.inf, -math.inf), math.nan)])
def test_a_mean_over_infinities_is_no_error(values, mean):
    found = scores.Quantity(values=values, unit="share")
    assert found.mean == mean or (math.isnan(found.mean) and math.isnan(mean))
    assert found.deviation is None


def test_the_duration_of_a_run_is_the_same_everywhere_and_stages_are_not_added_to_their_total():
    run = hand_result("imdb", timings={"data": 1.0, "training": 5.0, "total": 6.5})
    sides = [Version(label=label, kind="run", results={"imdb": run}) for label in "AB"]
    found = compare_all(sides[0], sides[1:])
    assert entry_of(run).seconds == analysis.seconds(run) == found.comparisons[0].labs[0].a.seconds == 6.5
    page = report(found, sides, "en", date="2026-01-05")
    rows = page.provenance.sections[1].blocks[0].rows
    assert [row[5] for row in rows] == [duration(6.5)] * 2


def test_a_run_without_a_total_took_as_long_as_its_stages():
    assert analysis.seconds(hand_result("imdb", timings={"data": 1.0, "training": 5.0})) == 6.0
