"""Comparisons inside a run: what exceeds chance is said, and what does not is left open."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from helpers.hand_parts import score
from helpers.hand_results import hand_result
from hypothesis import given
from hypothesis import strategies as st

from labreport.experiments.result import PerSample, Result
from labreport.report.chapters.values import Context
from labreport.report.document import CHECKED, OPEN
from labreport.report.findings import claims
from labreport.report.findings.paired import compared, mcnemar_p, seeds_p, signs_p
from labreport.report.findings.scores import measured


def _rows(model: str, right, seed: int | None = 0) -> PerSample:
    flags = np.asarray(right, dtype=bool)
    return PerSample(model=model, seed=seed, samples=len(flags), correct=np.packbits(flags).tobytes())


def _run(network, linear, *, on_record: bool = True) -> Result:
    """A run of one seed in which two classifiers got these samples right."""
    result = hand_result("reuters", seeds=(0,))
    card = msgspec.structs.replace(result.findings.data, test_samples=len(network))
    return hand_result(
        "reuters",
        seeds=(0,),
        data=card,
        scores=(score("test_accuracy", "final", sum(network) / len(network), 0),),
        baselines=(score("linear_accuracy", "linear", sum(linear) / len(linear), 0),),
        per_sample=(_rows("final", network), _rows("linear", linear)) if on_record else msgspec.UNSET,
    )


@pytest.mark.parametrize(
    ("alone", "p"), [((0, 0), 1.0), ((1, 0), 1.0), ((10, 0), 2 / 1024), ((8, 2), 112 / 1024), ((3, 3), 1.0)]
)
def test_the_exact_test_of_mcnemar_gives_the_values_of_the_binomial_table(alone, p):
    assert mcnemar_p(*alone) == pytest.approx(p)
    assert mcnemar_p(*reversed(alone)) == pytest.approx(p)


def test_thousands_of_samples_on_which_two_models_differ_are_no_burden():
    assert mcnemar_p(2500, 2500) == 1.0
    assert 0 < mcnemar_p(3000, 2700) < 1e-3


def test_one_newswire_of_1375_is_left_open_and_marked_so():
    network, linear = [True] * 1000 + [False] * 375, [False] + [True] * 998 + [False] * 376
    result = _run(network, linear)
    found = claims.state("beats_linear", result)
    assert found.verdict == "unknown"
    assert (found.numbers["alone"], found.numbers["rival_alone"]) == (2, 0)
    for language, words in (
        ("en", "is within chance, so which of the two is better"),
        ("zh", "在偶然的范围之内"),
    ):
        said = Context(result, language, cited=True).claim("beats_linear")
        assert words in said
        assert f"[{OPEN}]" in said
        assert "0.15" in said


def test_a_clear_lead_is_said_to_exceed_chance_with_a_check_mark():
    result = _run([True] * 900 + [False] * 100, [True] * 800 + [False] * 200)
    found = claims.state("beats_linear", result)
    assert (found.verdict, found.holds, found.seeds) == ("true", 1, 1)
    assert found.numbers["p_mcnemar"] < 1e-9
    said = Context(result, "en", cited=True).claim("beats_linear")
    assert "10.00 percentage points, more than chance in the choice of test samples explains" in said
    assert f"[{CHECKED}]" in said


def test_a_true_sentence_that_denies_something_carries_no_mark_of_an_error():
    result = _run([True] * 800 + [False] * 200, [True] * 900 + [False] * 100)
    assert claims.state("beats_linear", result).verdict == "false"
    said = Context(result, "en", cited=True).claim("beats_linear")
    assert "the linear model is ahead by 10.00 percentage points" in said
    assert f"[{CHECKED}]" in said


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_without_the_answers_on_record_the_greatest_p_that_the_scores_allow_counts(pairs):
    network, linear = ([one for one, _ in pairs], [other for _, other in pairs])
    known, unknown = (_run(network, linear, on_record=on) for on in (True, False))
    exact, bound = (compared(run, *_two(run)) for run in (known, unknown))
    assert (exact.test, bound.test) == ("mcnemar", "at_most")
    assert exact.p <= bound.p * (1 + 1e-9)


def test_a_record_without_answers_decides_what_no_answers_could_turn_round():
    clear = _run([True] * 950 + [False] * 50, [True] * 500 + [False] * 500, on_record=False)
    assert claims.state("beats_linear", clear).verdict == "true"
    close = _run([True] * 800 + [False] * 200, [True] * 785 + [False] * 215, on_record=False)
    assert claims.state("beats_linear", close).verdict == "unknown"


def test_errors_are_compared_in_pairs_and_one_outlier_does_not_decide():
    even = np.linspace(0.5, 2.0, 100)
    assert signs_p(even * 0.1) < 0.001
    assert signs_p(np.array([*np.tile([0.1, -0.1], 50), 30.0])) > 0.05


def test_a_regression_without_the_errors_of_both_says_why_it_cannot_tell():
    result = hand_result("boston", seeds=(0,), per_sample=msgspec.UNSET)
    assert claims.state("beats_linear", result).reason == (
        "The run of boston does not hold how final and linear did on each sample."
    )
    errors = tuple(1 + 0.01 * place for place in range(102))
    rows = [
        PerSample(model=model, seed=seed, samples=102, errors=tuple(error * factor for error in errors))
        for model, seed, factor in (("final", 0, 1.0), ("linear", None, 1.2), ("mean", None, 2.5))
    ]
    full = hand_result("boston", seeds=(0,), per_sample=tuple(rows))
    assert claims.state("beats_linear", full).verdict == "true"
    assert "p_signs" in claims.state("beats_mean", full).numbers


def test_several_seeds_must_agree_more_than_they_scatter():
    assert seeds_p([0.01, 0.011, 0.009]) < 0.05 < seeds_p([0.01, -0.005, 0.012])
    assert seeds_p([0.1, 0.1]) == 0.0
    steady = hand_result("imdb")
    assert claims.state("beats_linear", _scored(steady, (0.90, 0.91, 0.905))).verdict == "true"
    assert claims.state("beats_linear", _scored(steady, (0.80, 0.95, 0.88))).verdict == "unknown"


def _scored(result: Result, values) -> Result:
    scores = tuple(score("test_accuracy", "final", value, seed) for seed, value in enumerate(values))
    baselines = tuple(score("linear_accuracy", "linear", 0.87, seed) for seed in range(len(values)))
    return hand_result("imdb", scores=scores, baselines=baselines)


def _two(result: Result):
    found = measured(result)
    return found["test_accuracy"], found["linear_accuracy"]
