"""Contributions of changes: they add up, planted ones are found, and no factor is blamed for chance."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labreport.report.findings.attribution import attributed, cells

NAMES = ("units", "rate", "data", "epochs", "batch", "code")
NUMBERS = st.floats(-1e3, 1e3)


def worth(cell, effects, noise=0.0):
    """The value of a cell: effects of single factors and of sets of them that are all switched."""
    return noise + sum(effect for names, effect in effects.items() if set(names) <= cell)


def design(factors, effects, seeds=5, spread=0.0, seed=0):
    chance = random.Random(seed)
    return {cell: [worth(cell, effects, chance.gauss(0, spread)) for _ in range(seeds)] for cell in cells(factors)}


def of(found, *names):
    return next(one for one in (*found.contributions, *found.interactions) if set(one.factors) == set(names))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_the_contributions_of_each_seed_add_up_to_its_difference(count, seeds, data):
    factors = NAMES[:count]
    values = {cell: data.draw(st.lists(NUMBERS, min_size=seeds, max_size=seeds)) for cell in cells(factors)}
    found = attributed(factors, values, metric="m")
    for seed in range(seeds):
        whole = values[frozenset(factors)][seed] - values[frozenset()][seed]
        assert sum(one.per_seed[seed] for one in found.contributions) == pytest.approx(whole, abs=1e-6)
    assert found.unexplained == pytest.approx(0, abs=1e-6)


def test_single_and_joint_changes_are_told_apart():
    found = attributed(NAMES[:3], design(NAMES[:3], {("units",): 2.0, ("rate", "data"): 1.0}), metric="m")
    assert [of(found, name).mean for name in NAMES[:3]] == pytest.approx([2.0, 0.5, 0.5])
    assert of(found, "rate", "data").mean == pytest.approx(1.0)
    assert of(found, "units", "rate").mean == pytest.approx(0.0)
    assert found.contributions[0].factors == ("units",)
    assert found.contributions[0].verdict == "responsible"
    assert of(found, "units", "rate").verdict == "not-shown"


def test_beyond_four_factors_each_is_switched_at_both_ends_and_the_rest_is_named():
    assert len(cells(NAMES)) == 2 + 2 * len(NAMES)
    found = attributed(NAMES, design(NAMES, {("units",): 1.0, NAMES[:3]: 3.0}), metric="m")
    assert found.interactions == ()
    assert found.difference == pytest.approx(4.0)
    assert of(found, "units").mean == pytest.approx(1.0 + 1.5)
    assert found.unexplained == pytest.approx(4.0 - 1.0 - 3 * 1.5)


def test_planted_changes_are_found_and_chance_is_not_blamed():
    hits = alarms = 0
    for trial in range(200):
        found = attributed(NAMES[:2], design(NAMES[:2], {("rate",): 3.5}, spread=1.0, seed=trial), metric="m")
        hits += of(found, "rate").verdict == "responsible"
        nothing = attributed(NAMES[:3], design(NAMES[:3], {}, spread=1.0, seed=1000 + trial), metric="m")
        said = (*nothing.contributions, *nothing.interactions)
        alarms += any(one.verdict == "responsible" for one in said)
    assert hits >= 190
    assert alarms <= 20  # 5 % of 200 on the average; more than 20 in one of 2 000 such tests


def test_few_seeds_blame_nothing():
    for seeds in (1, 2):
        found = attributed(("rate",), design(("rate",), {("rate",): 5.0}, seeds=seeds, spread=0.1), metric="m")
        assert found.contributions[0].verdict == "few"
    assert found.contributions[0].low is not None


def test_a_missing_combination_or_seed_is_an_error():
    values = design(NAMES[:2], {})
    with pytest.raises(ValueError, match="one value for each seed"):
        attributed(NAMES[:2], {**values, frozenset(): [1.0]}, metric="m")
    del values[frozenset({"rate"})]
    with pytest.raises(ValueError, match="missing"):
        attributed(NAMES[:2], values, metric="m")
