"""Claims: each can be true, each can be false, and none speaks when it can't tell."""

from __future__ import annotations

import msgspec
import pytest
from helpers.hand_parts import training
from helpers.hand_results import all_hand_results, hand_result

from labreport.experiments.plugins import family
from labreport.experiments.result import Measure, Result, Series
from labreport.report.chapters.values import Context
from labreport.report.findings import claims

# For each claim: a lab in which the hand-written run makes it true, and what turns it false.
MEASURED_FALSE = {
    "probabilities_sum_to_one": ("mnist", {"softmax_largest_sum_deviation": 0.1}),
    "mistakes_few": ("mnist", {"mistakes": 5000}),
    "vocabulary_limited": ("imdb", {"largest_index": 10000}),
    "encodings_agree": ("reuters", {"encodings_largest_difference": 0.2}),
    "standardised": ("boston", {"standardised_largest_mean": 0.3}),
    "broadcast_as_expected": ("tensors", {"broadcast_as_expected": False}),
    "dot_product_as_expected": ("tensors", {"dot_product": 18}),
    "reshape_keeps_elements": ("tensors", {"elements_after_reshape": 5}),
    "reshape_is_not_transpose": ("tensors", {"reshape_equals_transpose": True}),
    "descent_reaches_minimum": ("tensors", {"descent_end": 99.0}),
    "video_values_as_computed": ("tensors", {"video_values": 1}),
    "sequential_functional_agree": ("workflow", {"largest_output_difference": 0.5}),
    "loss_is_weighted_sum": ("workflow", {"largest_sum_deviation": 0.5}),
    "mismatch_refused": ("workflow", {"mismatch_raised": False}),
}
SCORED_FALSE = {
    "beats_majority": ("imdb", {"test_accuracy": 0.1}),
    "beats_linear": ("mnist", {"test_accuracy": 0.1}),
    "beats_random": ("reuters", {"test_accuracy": 0.01}),
    "beats_mean": ("boston", {"test_mae": 99.0}),
    "train_test_gap": ("mnist", {"train_accuracy": 0.1}),
    "stopping_beats_training_on": ("imdb", {"test_accuracy_overtrained": 0.99}),
    "bottleneck_loses": ("reuters", {"validation_accuracy_bottleneck": 0.99}),
}
CURVES_FALSE = {
    "training_loss_falls": {"loss": (0.5, 0.6, 0.4), "val_loss": (1.0, 1.0, 1.0)},
    "training_accuracy_rises": {"accuracy": (0.5, 0.4, 0.6), "val_loss": (1.0, 1.0, 1.0)},
    "overfits": {"val_loss": (0.5, 0.4, 0.3)},
    "accuracy_gap": {"accuracy": (0.5,), "val_accuracy": (0.9,), "val_loss": (1.0,)},
}

SINGLE = tuple(name for name in claims.names() if not family(name))
"""Claims about a whole run; those about a group of trainings are tested with the chapters without a note."""


def _measured(lab: str, values: dict[str, float]) -> Result:
    result = hand_result(lab)
    kept = tuple(item for item in result.findings.measures if item.name not in values)
    return hand_result(lab, measures=kept + tuple(Measure(name=name, value=value) for name, value in values.items()))


def _scored(lab: str, values: dict[str, float]) -> Result:
    scores = tuple(
        msgspec.structs.replace(item, value=values.get(item.name, item.value))
        for item in hand_result(lab).findings.scores
    )
    return hand_result(lab, scores=scores)


@pytest.mark.parametrize(("name", "case"), MEASURED_FALSE.items())
def test_a_claim_on_a_measure_is_true_of_a_good_run_and_false_of_a_bad_one(name, case):
    lab, values = case
    assert claims.state(name, hand_result(lab)).verdict == "true"
    assert claims.state(name, _measured(lab, values)).verdict == "false"


@pytest.mark.parametrize(("name", "case"), SCORED_FALSE.items())
def test_a_claim_on_a_score_is_true_of_a_good_run_and_false_of_a_bad_one(name, case):
    lab, values = case
    assert claims.state(name, hand_result(lab)).verdict == "true"
    assert claims.state(name, _scored(lab, values)).verdict == "false"


@pytest.mark.parametrize(("name", "history"), CURVES_FALSE.items())
def test_a_claim_on_a_curve_is_true_of_a_good_run_and_false_of_a_bad_one(name, history):
    bad = hand_result("imdb", trainings=(training("selection", 0, history, (1000, 500), 2),))
    assert claims.state(name, hand_result("imdb")).verdict == "true"
    assert claims.state(name, bad).verdict == "false"


def test_the_folds_are_checked_sample_by_sample():
    result = hand_result("boston")
    assert claims.state("folds_disjoint_and_cover", result).verdict == "true"
    first, *rest = result.findings.folds
    overlapping = msgspec.structs.replace(first, validation=(first.validation[0], first.validation[1] + 1))
    assert (
        claims.state("folds_disjoint_and_cover", hand_result("boston", folds=(overlapping, *rest))).verdict == "false"
    )
    missing = hand_result("boston", folds=tuple(rest))
    assert claims.state("folds_disjoint_and_cover", missing).verdict == "false"


def test_the_published_fold_sizes_are_recognised_as_broken():
    assert claims.state("published_folds_broken", hand_result("boston")).verdict == "true"
    sound = (
        Series(name="published_train_samples", values=(303, 303)),
        Series(name="published_validation_samples", values=(101, 101)),
    )
    assert claims.state("published_folds_broken", hand_result("boston", series=sound)).verdict == "false"


def test_folds_that_agree_are_no_spread():
    def fits(*last: float):
        return tuple(
            training("fold", 0, {"val_mae": (3.0, value)}, (10, 5), 1, fold=i) for i, value in enumerate(last, 1)
        )

    assert claims.state("folds_spread", hand_result("boston", trainings=fits(2.0, 3.0))).verdict == "true"
    assert claims.state("folds_spread", hand_result("boston", trainings=fits(2.5, 2.51))).verdict == "false"


def test_a_smoothed_curve_that_ends_at_its_minimum_shows_no_overfitting():
    falling = tuple(5.0 - 0.005 * epoch for epoch in range(500))
    fits = (training("fold", 0, {"val_mae": falling}, (303, 101), 1, fold=1),)
    assert claims.state("smoothed_minimum_before_end", hand_result("boston", trainings=fits)).verdict == "false"


def test_the_epochs_that_the_folds_cannot_tell_apart_are_named():
    def fits(*levels: float):
        curves = [tuple(level + abs(epoch - 40) * 0.1 for epoch in range(80)) for level in levels]
        return tuple(training("fold", 0, {"val_mae": curve}, (30, 10), 1, fold=i) for i, curve in enumerate(curves, 1))

    sharp = claims.state("smoothed_minimum_flat", hand_result("boston", seeds=(0,), trainings=fits(3.0, 3.0, 3.0)))
    flat = claims.state("smoothed_minimum_flat", hand_result("boston", seeds=(0,), trainings=fits(2.0, 3.0, 4.0)))
    assert (sharp.verdict, flat.verdict) == ("false", "true")
    assert flat.numbers["first"] < flat.numbers["last"]


def test_a_curve_that_ends_inside_its_own_jitter_neither_overfits_nor_not():
    jittery = (0.42, 0.40, 0.42, 0.38, 0.40, 0.37, 0.39, 0.36, 0.39, 0.37)
    found = claims.state("overfits", hand_result("imdb", seeds=(0,), trainings=_fits(jittery)))
    assert (found.verdict, found.numbers["best_epoch"]) == ("unknown", 8)
    text = Context(hand_result("imdb", seeds=(0,), trainings=_fits(jittery)), "en").claim("overfits")
    assert "no farther above than the curve jitters: whether the network overfits by then" in text


def test_a_seed_that_diverged_is_left_out_and_seeds_of_unequal_length_are_not_cut():
    valley = (0.9, 0.6, 0.4, 0.3, 0.5, 0.8, 1.1)
    diverged = (0.9, 0.7, float("nan"))
    found = claims.state("overfits", hand_result("imdb", trainings=_fits(valley, diverged, valley)))
    assert (found.numbers["best_epoch"], found.numbers["epochs"], found.numbers["last"]) == (4, 7, 1.1)
    unequal = hand_result("imdb", trainings=_fits(valley, (0.9, 0.5, 0.8), (*valley, 1.4)))
    found = claims.state("overfits", unequal)
    assert (found.numbers["epochs"], found.numbers["earliest"], found.numbers["latest"]) == (8, 2, 4)
    assert "The runs differ in length" in Context(unequal, "en").claim("overfits")


def _fits(*curves):
    return tuple(training("selection", seed, {"val_loss": curve}, (1000, 500), 2) for seed, curve in enumerate(curves))


def test_a_linear_model_that_still_learns_is_said_to_do_so():
    def linear(*curve: float):
        fits = (training("linear-selection", 0, {"val_loss": curve}, (9, 3), 2),)
        return hand_result("imdb", seeds=(0,), trainings=fits)

    assert claims.state("linear_trained_out", linear(0.5, 0.3, 0.4)).verdict == "true"
    assert claims.state("linear_trained_out", linear(0.5, 0.4, 0.3)).verdict == "false"
    assert claims.state("linear_trained_out", hand_result("imdb")).verdict == "unknown"


def test_one_district_that_makes_up_the_squared_error_is_named_with_its_share():
    said = msgspec.structs.replace(
        hand_result("boston").findings.predictions[0],
        true_values=(20.0,) * 100,
        predicted_values=(*(21.0,) * 99, 40.0),
    )
    found = claims.state("largest_error", hand_result("boston", predictions=(said,)))
    assert found.verdict == "true"
    assert found.numbers["share"] == pytest.approx(400 / 499)
    assert (found.numbers["mae"], found.numbers["mae_without"]) == (pytest.approx(1.19), pytest.approx(1.0))
    even = msgspec.structs.replace(said, predicted_values=(21.0,) * 100)
    assert claims.state("largest_error", hand_result("boston", predictions=(even,))).verdict == "false"


def test_the_pull_of_large_classes_is_counted_over_all_mistakes_and_judged_beyond_chance():
    result = hand_result("reuters", seeds=(0,))
    card, (said,) = result.findings.data, result.findings.predictions
    sizes = (10, 5, *(1,) * 44)

    def pulled(larger, smaller):
        rows = [[0] * 46 for _ in range(46)]
        rows[1][0], rows[0][1] = larger, smaller
        few = msgspec.structs.replace(said, confusion=tuple(map(tuple, rows)))
        data = msgspec.structs.replace(card, train_class_counts=sizes)
        return claims.state("confused_with_larger", hand_result("reuters", data=data, predictions=(few,)))

    found = pulled(30, 10)
    assert (found.verdict, found.numbers["mistakes"], found.numbers["larger"]) == ("true", 40, 30)
    assert (found.numbers["pairs"], found.numbers["pairs_larger"]) == (2, 1)
    assert pulled(6, 4).verdict == "unknown"
    assert pulled(10, 30).verdict == "false"


def test_of_the_classes_recognised_worst_the_largest_is_named():
    result = hand_result("reuters", seeds=(0,))
    (said,) = result.findings.predictions
    rows = [[0] * 46 for _ in range(46)]
    rows[0][0], rows[1][0], rows[2][0] = 3, 2, 7
    few = msgspec.structs.replace(said, confusion=tuple(map(tuple, rows)))
    numbers = claims.state("worst_class", hand_result("reuters", predictions=(few,))).numbers
    assert (numbers["worst_name"], numbers["right"], numbers["samples"], numbers["alike"]) == (
        result.findings.data.class_names[2], 0, 7, 2
    )  # fmt: skip


def test_the_training_error_falls_on_only_where_the_validation_error_has_risen():
    found = claims.state("training_error_falls_on", hand_result("boston"))
    assert found.verdict == "true"
    assert found.numbers["trained_last"] < found.numbers["trained"]
    assert found.numbers["validated_last"] > found.numbers["validated"]
    fits = tuple(
        msgspec.structs.replace(fit, history={**fit.history, "mae": tuple(reversed(fit.history["mae"]))})
        if fit.role == "fold"
        else fit
        for fit in hand_result("boston").findings.trainings
    )
    assert claims.state("training_error_falls_on", hand_result("boston", trainings=fits)).verdict == "false"


def test_classes_are_balanced_or_uneven_by_their_counts():
    assert claims.state("classes_balanced", hand_result("imdb")).verdict == "true"
    assert claims.state("classes_uneven", hand_result("reuters")).verdict == "true"
    card = msgspec.structs.replace(hand_result("imdb").findings.data, train_class_counts=(900, 100))
    assert claims.state("classes_balanced", hand_result("imdb", data=card)).verdict == "false"
    assert claims.state("classes_uneven", hand_result("imdb", data=card)).verdict == "false"


def test_the_multi_hot_example_is_one_at_the_two_words_only():
    assert claims.state("multi_hot_marks_words", hand_result("imdb")).verdict == "true"
    wrong = (Series(name="multi_hot_example", values=(0, 1, 0, 1, 0, 1, 0, 0)),)
    assert claims.state("multi_hot_marks_words", hand_result("imdb", series=wrong)).verdict == "false"


def test_a_class_confused_once_is_not_called_confused():
    result = hand_result("reuters", seeds=(0,))
    answer = claims.state("most_confused_pair", result)
    assert answer.verdict == "true"
    assert answer.numbers["count"] > 1
    said = msgspec.structs.replace(result.findings.predictions[0], confusion=((5, 1), (0, 5)))
    assert claims.state("most_confused_pair", hand_result("reuters", predictions=(said,))).verdict == "false"


def test_seeds_that_disagree_give_some_and_count_those_that_hold():
    turning, falling = (1.0, 0.8, 0.6, 0.5, 0.6, 0.8, 1.0), (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    histories = (turning, falling, turning)
    fits = tuple(training("selection", seed, {"val_loss": curve}, (10, 5), 2) for seed, curve in enumerate(histories))
    answer = claims.state("overfits", hand_result("imdb", trainings=fits))
    assert (answer.verdict, answer.holds, answer.seeds) == ("some", 2, 3)


@pytest.mark.parametrize("name", SINGLE)
def test_a_claim_that_lacks_its_data_says_it_cannot_tell_and_why(name):
    nothing = dict.fromkeys(("trainings", "scores", "baselines", "measures", "series", "folds", "predictions"), ())
    empty = hand_result("imdb", data=None, **nothing)
    answer = claims.state(name, empty)
    assert answer.verdict == "unknown"
    assert answer.reason


def test_an_unknown_claim_names_the_nearest():
    with pytest.raises(claims.UnknownClaimError, match="Did you mean 'overfits'"):
        claims.state("overfit", hand_result("imdb"))


def test_every_claim_is_tested_here_to_be_false():
    own = {
        "folds_disjoint_and_cover", "published_folds_broken", "folds_spread", "smoothed_minimum_before_end",
        "linear_trained_out", "smoothed_minimum_flat", "largest_error", "confused_with_larger",
        "worst_class", "training_error_falls_on",
        "classes_balanced", "classes_uneven", "multi_hot_marks_words", "most_confused_pair",
        # in test_gains.py and test_convolution_claims.py
        "remedies_counted", "penalty_counts", "stopping_interrupts", "dropout_adds_nothing",
        "beats_dense", "beats_dense_moved", "fewer_parameters", "mistakes_shared",
        # in test_measured_claims.py
        "training_on_spoils_probabilities", "temperature_helps", "target_recall_reached", "recall_costs_precision",
        "small_classes_worse", "recall_follows_size", "never_named", "accuracy_above_macro", "weights_raise_recall",
        "weights_cost_accuracy", "mask_skips_padding",
    }  # fmt: skip
    assert own | set(MEASURED_FALSE) | set(SCORED_FALSE) | set(CURVES_FALSE) == set(SINGLE)


def test_there_are_at_least_thirty_claims():
    assert len(claims.names()) >= 30


def test_claims_are_pure_the_same_run_gives_the_same_answer_twice():
    for result in all_hand_results():
        for name in SINGLE:
            assert claims.state(name, result) == claims.state(name, result)


def _wobbling(*curves: tuple[float, ...]) -> Result:
    fits = tuple(training("selection", seed, {"val_loss": curve}, (10, 5), 2) for seed, curve in enumerate(curves))
    return hand_result("imdb", trainings=fits)


@pytest.mark.parametrize(
    ("language", "told", "none"),
    [("en", "in single runs at epochs 2 to 3", "no overfitting"), ("zh", "各次运行在第 2 至 3 轮", "没有出现过拟合")],
)
def test_the_overfitting_epoch_is_told_with_its_spread_over_seeds_or_that_none_was_seen(language, told, none):
    run = _wobbling((0.5, 0.3, 0.4, 0.5), (0.5, 0.4, 0.2, 0.5))
    numbers = claims.state("overfits", run).numbers
    assert (numbers["best_epoch"], numbers["earliest"], numbers["latest"]) == (3, 2, 3)
    assert told in Context(run, language).claim("overfits")
    single = _wobbling((0.5, 0.3, 0.4, 0.5))
    assert "earliest" not in claims.state("overfits", single).numbers
    assert told[:12] not in Context(single, language).claim("overfits")
    assert none in Context(_wobbling((0.5, 0.4, 0.3)), language).claim("overfits")
