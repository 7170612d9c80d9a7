"""Comparing hand-written Results: a verdict for every case, and what can't be compared."""

from __future__ import annotations

import math

import msgspec
import pytest
from helpers.hand_results import hand_result
from helpers.hand_versions import LOWER, STEADY, card, findings, lab_of, metric, run, version, with_scores

from labreport.experiments.result import Failure, Result
from labreport.report.comparison import sections, wording
from labreport.report.comparison.comparability import paired, remarks
from labreport.report.comparison.compare import compare
from labreport.report.comparison.margins import parse
from labreport.report.comparison.version import NothingToCompareError
from labreport.report.findings import statistics
from labreport.report.words import LANGUAGES, Words

# Verdicts


@pytest.mark.parametrize(
    ("before", "after", "margin", "verdict"),
    [
        (STEADY, LOWER, (), "worse"),
        (LOWER, STEADY, (), "better"),
        (STEADY, (0.880, 0.883, 0.879, 0.882, 0.881), (), "none"),
        (STEADY, (0.880, 0.883, 0.879, 0.882, 0.881), ("0.01",), "equal"),
        (STEADY, (0.880, 0.883, 0.879, 0.882, 0.881), ("0.0001",), "none"),
        (STEADY, LOWER, ("0.05",), "equal"),
        (STEADY, LOWER, ("0.001",), "worse"),
        (STEADY[:3], LOWER[:3], (), "few"),
        (STEADY[:3], LOWER[:3], ("0.05",), "few"),
        (STEADY[:4], LOWER[:4], (), "worse"),
        (STEADY[:1], LOWER[:1], (), "single"),
        (STEADY, LOWER[:1], (), "few"),
        (STEADY, STEADY, (), "same"),
        (STEADY, (0.881, 0.879, math.nan, 0.880, 0.882), (), "undefined"),
    ],
)
def test_every_verdict_has_its_case(before, after, margin, verdict):
    found = metric(run(values=before), run(values=after, first_seed=20), margins=parse(margin))
    assert found.verdict == verdict
    for language in LANGUAGES:
        said = wording.MetricWords(found, Words(language))
        assert said.verdict
        assert said.a
        assert said.b
        assert said.difference


def test_a_lower_loss_is_better_and_a_higher_one_worse():
    a = run(values=STEADY)
    b = with_scores(run(values=STEADY, first_seed=20), test_loss=(0.1, 0.11, 0.12, 0.13, 0.14))
    assert metric(a, b, "test_loss").verdict == "better"
    assert metric(b, a, "test_loss").verdict == "worse"


def test_no_difference_shown_says_from_which_difference_on_it_would_have_been():
    found = metric(run(values=STEADY), run(values=(0.880, 0.883, 0.879, 0.882, 0.881), first_seed=20))
    assert found.interval is not None
    assert found.shown_from is not None
    assert found.shown_from == pytest.approx(
        max(found.difference - found.interval.low, found.interval.high - found.difference)
    )
    assert "visible from 0." in wording.MetricWords(found, Words("en")).detail
    assert "个百分点" in wording.MetricWords(found, Words("zh")).detail


def test_too_few_runs_are_named_with_the_smallest_p_they_can_give():
    lab = lab_of(run(values=STEADY[:3]), run(values=LOWER[:3], first_seed=20))
    found = next(one for one in lab.metrics if one.name == "test_accuracy")
    assert (found.verdict, lab.count("few") > 1) == ("few", True)
    assert found.test is not None
    assert found.test.least_p == pytest.approx(0.1)
    assert found.interval is not None
    assert found.interval.method == "welch"
    # All metrics of a lab share their runs, so it is said once above the table and not in every row.
    assert (
        sections.tested(lab, Words("en")).count("With 3 and 3 runs p cannot go below 0.10: too few runs to tell.") == 1
    )
    assert wording.MetricWords(found, Words("en")).detail == ""
    assert found.shown_from is None


def test_a_difference_that_only_the_correction_hides_says_so():
    found = metric(run(values=STEADY), run(values=(0.8836, 0.8856, 0.8846, 0.8860, 0.8822), first_seed=20))
    assert found.test is not None
    assert found.test.p <= 0.05 < found.test.adjusted_p
    assert found.verdict == "none"
    detail = wording.MetricWords(found, Words("en")).detail
    assert "after correction for 6 metrics" in detail


def test_different_numbers_of_seeds_are_compared_and_remarked():
    found = lab_of(run(values=(*STEADY, 0.8805, 0.8815)), run(values=LOWER, first_seed=20))
    assert found.count("worse") == 1
    assert [reason.code for reason in found.remarks] == ["seed_numbers"]


def test_one_run_each_never_gets_a_verdict_on_scores():
    found = lab_of(run(values=(0.9,)), run(values=(0.1,), first_seed=1))
    assert found.count("better", "worse", "none") == 0
    assert "single_runs" in [reason.code for reason in found.remarks]
    assert wording.MetricWords(found.metrics[0], Words("zh")).verdict == "各只运行一次，不能排除偶然"


def test_swapping_the_versions_turns_signs_and_verdicts():
    a, b = run(values=STEADY), run(values=LOWER, first_seed=20)
    for one, other in zip(lab_of(a, b).metrics, lab_of(b, a).metrics, strict=True):
        assert other.difference == pytest.approx(-one.difference)
        mirrored = {"better": "worse", "worse": "better"}
        assert other.verdict == mirrored.get(one.verdict, one.verdict)
        if one.test is not None and other.test is not None:
            assert (other.test.p, other.test.adjusted_p) == (one.test.p, one.test.adjusted_p)


def test_a_baseline_without_chance_has_changed_and_needs_no_test():
    a = run()
    changed = tuple(
        msgspec.structs.replace(score, value=0.51) if score.name == "majority_accuracy" else score
        for score in a.findings.baselines
    )
    found = metric(a, findings(run(first_seed=20), baselines=changed), "majority_accuracy")
    assert found.verdict == "changed"
    assert found.test is None


# Pairing


def test_runs_are_paired_only_where_weights_and_order_were_the_same():
    a = run(values=tuple(0.88 + 0.001 * seed for seed in range(8)))
    b = msgspec.structs.replace(with_scores(a, test_accuracy=tuple(0.879 + 0.001 * seed for seed in range(8))), key="b")
    other_rate = msgspec.structs.replace(b, settings={**b.settings, "learning_rate": 0.01})
    found = metric(a, other_rate)
    assert found.test is not None
    assert found.test.method == "paired permutation"
    assert found.verdict == "worse"  # every pair lost a little, far less than the seeds differ

    def parts(**changes: str) -> Result:
        return msgspec.structs.replace(b, key_parts={**b.key_parts, **changes})

    models = tuple(msgspec.structs.replace(model, input_shape=(None, 5)) for model in b.findings.models)
    batches = tuple(msgspec.structs.replace(fit, batch_size=7) for fit in b.findings.trainings)
    for other in (
        parts(lab="other"),
        parts(engine="other"),
        parts(keras="9"),
        parts(data="other"),
        findings(b, models=models),
        findings(b, trainings=batches),
        findings(b, models=()),
        run(values=LOWER, first_seed=20),
    ):
        assert not paired(a, other)
        test = metric(a, other).test
        assert test is None or test.method == "permutation"


def test_pairs_are_matched_by_seed_and_not_by_position():
    values = tuple(0.88 + 0.003 * seed for seed in range(8))
    a = run(values=values)
    b = msgspec.structs.replace(
        with_scores(a, test_accuracy=tuple(value - 0.001 - 0.0001 * i for i, value in enumerate(values))), key="b"
    )
    turned = findings(b, scores=tuple(reversed(b.findings.scores)))
    assert metric(a, turned).test == metric(a, b).test


@pytest.mark.parametrize(("pairs", "method"), [(5, "permutation"), (7, "permutation"), (8, "paired permutation")])
def test_few_pairs_could_hardly_show_anything_so_they_are_tested_as_independent_runs(pairs, method):
    a = run(values=tuple(0.88 + 0.001 * seed for seed in range(pairs)))
    test = metric(a, with_scores(a, test_accuracy=tuple(0.86 - 0.001 * seed for seed in range(pairs)))).test
    assert test is not None
    assert test.method == method
    assert test.least_p < 0.01


# Folds


def test_folds_of_single_runs_are_tested_with_the_corrected_variance():
    a, b = hand_result("boston", seeds=(0,)), hand_result("boston", seeds=(1,))
    worse = findings(
        b,
        scores=tuple(
            msgspec.structs.replace(score, value=score.value + 2.0) if score.name == "fold_mae" else score
            for score in b.findings.scores
        ),
    )
    found = metric(a, worse, "fold_mae")
    assert found.test is not None
    assert found.test.method == "corrected t"
    assert found.verdict == "worse"
    before, after = ([s.value for s in r.findings.scores if s.name == "fold_mae"] for r in (a, worse))
    expected = statistics.corrected_resampled_test(
        [y - x for x, y in zip(before, after, strict=True)], train_samples=303, validation_samples=101
    )
    assert found.test.p == pytest.approx(expected.p)
    assert metric(a, worse, "test_mae").verdict == "single"


def test_folds_of_several_seeds_count_once_for_each_seed():
    a, b = hand_result("boston", seeds=range(5)), hand_result("boston", seeds=range(5, 10))
    found = metric(a, b, "fold_mae")
    assert len(found.a) == len(found.b) == 5
    assert found.test is not None
    assert found.test.method == "permutation"


def test_other_folds_make_the_fold_metric_incomparable_and_no_other():
    a = hand_result("boston", seeds=range(5))
    b = findings(hand_result("boston", seeds=range(5, 10)), folds=a.findings.folds[:3])
    assert metric(a, b, "fold_mae").verdict == "incomparable"
    assert metric(a, b, "test_mae").verdict != "incomparable"


# Not comparable


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda b: msgspec.structs.replace(b, profile="quick"), "profile"),
        (lambda b: msgspec.structs.replace(b, lab_version="2"), "lab_version"),
        (lambda b: card(b, name="other"), "data_name"),
        (lambda b: card(b, source="sample"), "data_source"),
        (
            lambda b: card(b, files=tuple(msgspec.structs.replace(f, sha256="cd" * 32) for f in b.findings.data.files)),
            "data_hash",
        ),
        (lambda b: findings(b, data=None), "data_name"),
        (
            lambda b: msgspec.structs.replace(
                b, status="failed", failure=Failure(kind="MemoryError", message="no room\nat all", stage="training")
            ),
            "failed",
        ),
        (lambda b: msgspec.structs.replace(b, status="interrupted"), "interrupted"),
    ],
)
def test_what_answers_another_question_is_shown_without_a_verdict(change, code):
    found = lab_of(run(), change(run(values=LOWER, first_seed=20)))
    assert [reason.code for reason in found.obstacles] == [code]
    assert not found.comparable
    assert {one.verdict for one in found.metrics} == {"incomparable"}
    assert all(one.test is None and one.interval is None for one in found.metrics)
    assert found.metrics[0].difference == pytest.approx(-0.02)
    for language in LANGUAGES:
        assert wording.reason(found.obstacles[0], Words(language), kind="reason")


@pytest.mark.parametrize("field", ["unit", "direction"])
def test_a_metric_defined_otherwise_is_incomparable_by_itself(field):
    b = run(values=LOWER, first_seed=20)
    other = {"unit": "percent", "direction": "lower"}
    scores = tuple(
        msgspec.structs.replace(score, **{field: other[field]}) if score.name == "test_accuracy" else score
        for score in b.findings.scores
    )
    found = lab_of(run(), findings(b, scores=scores))
    assert found.comparable
    assert {one.name for one in found.metrics if one.verdict == "incomparable"} == {"test_accuracy"}
    reason = next(one.reason for one in found.metrics if one.verdict == "incomparable")
    assert reason is not None
    assert reason.code == "definition"


def test_validation_on_other_samples_is_another_metric():
    a, b = hand_result("reuters", seeds=range(5)), hand_result("reuters", seeds=range(5, 10))
    fits = tuple(msgspec.structs.replace(fit, validation_samples=500) for fit in b.findings.trainings)
    found = lab_of(a, findings(b, trainings=fits))
    assert {one.name for one in found.metrics if one.verdict == "incomparable"} == {
        "validation_accuracy_selection",
        "validation_accuracy_bottleneck",
    }


def test_no_common_lab_is_nothing_to_compare():
    with pytest.raises(NothingToCompareError, match=r"A holds imdb, B holds mnist") as caught:
        compare(version(run()), version(run("mnist"), label="B"))
    assert caught.value.exit_code == 5


def test_labs_of_one_side_are_named():
    found = compare(version(run(), run("mnist")), version(run(first_seed=20), run("reuters"), label="B"))
    assert [lab.lab for lab in found.labs] == ["imdb"]
    assert (found.only_a, found.only_b) == (("mnist",), ("reuters",))


def test_metrics_of_one_side_are_named():
    b = run(first_seed=20)
    fewer = tuple(score for score in b.findings.scores if score.name != "test_loss")
    found = lab_of(run(), findings(b, scores=fewer))
    assert ("metrics_only", {"side": "A", "names": "test_loss"}) in [(r.code, r.values) for r in found.remarks]


def test_the_same_run_on_both_sides_is_told():
    found = lab_of(run(), run())
    assert [reason.code for reason in found.remarks] == ["same_run"]
    assert {one.verdict for one in found.metrics} == {"same"}
    assert not found.facts
    assert not found.texts
    assert not found.claims


# Epochs


def moved(result: Result, epochs: int) -> Result:
    """Turn each validation loss so that its minimum comes `epochs` later."""
    fits = tuple(
        msgspec.structs.replace(
            fit, history={**fit.history, "val_loss": (0.9,) * epochs + fit.history["val_loss"][:-epochs]}
        )
        if fit.role == "selection"
        else fit
        for fit in result.findings.trainings
    )
    return findings(result, trainings=fits)


def test_the_shift_of_the_overfitting_epoch_has_an_interval_over_the_seeds():
    found = lab_of(run(), moved(run(first_seed=20), 3)).epochs
    assert found is not None
    assert found.interval is not None
    assert (found.a, found.b, found.verdict) == (4, 7, "later")
    assert found.interval.low > 0
    back = lab_of(moved(run(first_seed=20), 3), run()).epochs
    assert back is not None
    assert back.verdict == "earlier"
    few = lab_of(run(values=STEADY[:2]), moved(run(values=STEADY[:2], first_seed=20), 3)).epochs
    assert few is not None
    assert few.verdict == "few"
    single = lab_of(run(values=STEADY[:1]), moved(run(values=STEADY[:1], first_seed=20), 3)).epochs
    assert single is not None
    assert single.verdict == "single"
    for language in LANGUAGES:
        assert "7" in wording.shift(found, Words(language))


def test_a_curve_that_still_falls_tells_no_shift_where_more_epochs_were_trained():
    b = run(first_seed=20)
    falling = tuple(
        msgspec.structs.replace(fit, history={**fit.history, "val_loss": tuple(1 / e for e in range(1, 31))}, epochs=30)
        if fit.role == "selection"
        else fit
        for fit in b.findings.trainings
    )
    found = lab_of(run(), findings(b, trainings=falling)).epochs
    assert found is not None
    assert found.verdict == "incomparable"
    assert not found.overfits_b
    assert "In B no overfitting is seen in 30 epochs." in wording.shift(found, Words("en"))


def test_a_lab_without_validation_has_no_overfitting_epoch():
    assert lab_of(hand_result("workflow"), hand_result("workflow")).epochs is None


@pytest.mark.parametrize(("lacking", "told"), [(0, []), (1, ["sample_both"])])
def test_a_sample_that_is_the_whole_set_is_not_called_a_part_of_it(lacking, told):
    shipped = hand_result("boston", source="sample")
    held = shipped.findings.data
    held = msgspec.structs.replace(
        held, train_samples=held.full_train_samples - lacking, test_samples=held.full_test_samples
    )
    shipped = msgspec.structs.replace(shipped, findings=msgspec.structs.replace(shipped.findings, data=held))
    assert [remark.code for remark in remarks(shipped, shipped) if remark.code.startswith("sample")] == told
