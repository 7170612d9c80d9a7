"""The verdicts of the gate on hand-written runs: every answer a check can have, and what it makes of the whole."""

from __future__ import annotations

import math

import msgspec
import pytest
from helpers.hand_gate import run, values
from helpers.hand_results import LABS
from scipy import stats

from labreport.experiments.result import Failure, Findings
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.comparison.record import Reason
from labreport.report.errors import UsageError
from labreport.report.findings.statistics import holm
from labreport.report.gate.judgement import Candidate, corrected, judge
from labreport.report.gate.reference import Reference
from labreport.report.gate.rules import LabRules, MetricRule, Rules
from labreport.report.gate.verdict import Verdict
from labreport.report.gate.wording import sentence
from labreport.report.words import Words

BASE = range(5, 15)


def verdict_of(*candidates, rules=None):
    rules = rules or Rules()
    labs = judge(candidates, rules)
    return Verdict(tool_version="1", baseline="main", level=rules.level, moment="2026-01-02T12:00:00+00:00", labs=labs)


def candidate(lab, now, before):
    references = before if isinstance(before, tuple) else (before,)
    return Candidate(lab=lab, current=now, reference=Reference(results=references))


def suite(losses=None, seeds=range(5), base=BASE, **changes):
    """All six labs, some of them worse by a loss."""
    return [
        candidate(
            lab,
            run(lab, seeds, loss=(losses or {}).get(lab, 0.0), **changes),
            run(lab, base, day=1, version="old"),
        )
        for lab in LABS
    ]


def check_of(verdict, lab, name):
    return next(check for one, check in verdict.checks() if one.lab == lab and check.name == name)


def test_equal_versions_pass_with_everything_checked():
    verdict = verdict_of(*suite())
    assert (verdict.outcome, verdict.exit_code()) == ("passed", 0)
    assert {lab.lab for lab in verdict.labs} == set(LABS)
    one = check_of(verdict, "imdb", "test_accuracy")
    assert (one.status, one.reason.code, one.rule) == ("passed", "none", "statistical")
    assert one.numbers.low < 0 < one.numbers.high


def test_a_loss_of_one_point_of_imdb_is_found_and_the_other_labs_are_not_blamed():
    verdict = verdict_of(*suite({"imdb": 0.01}))
    assert (verdict.outcome, verdict.exit_code()) == ("regressed", 1)
    failed = [(lab.lab, check.name) for lab, check in verdict.checks() if check.status == "failed"]
    assert failed == [("imdb", "test_accuracy")]
    one = check_of(verdict, "imdb", "test_accuracy")
    assert one.numbers.loss == pytest.approx(0.01, abs=0.003)
    assert one.numbers.adjusted_p == pytest.approx(4 * one.numbers.p)


def test_the_p_of_the_gate_is_that_of_an_exact_one_sided_permutation_test():
    now, before = values("boston", range(5), 0.15), values("boston", BASE)
    expected = stats.permutation_test(
        (before, now),
        lambda a, b, axis: b.mean(axis=axis) - a.mean(axis=axis),
        permutation_type="independent",
        alternative="greater",
        vectorized=True,
        n_resamples=math.inf,
    )
    verdict = verdict_of(candidate("boston", run("boston", loss=0.15), run("boston", BASE, day=1)))
    assert check_of(verdict, "boston", "test_mae").numbers.p == pytest.approx(expected.pvalue)


def test_a_gain_is_no_loss():
    verdict = verdict_of(*suite({"imdb": -0.02, "boston": -1.0}))
    assert verdict.outcome == "passed"
    assert check_of(verdict, "boston", "test_mae").numbers.loss < -0.9


def test_a_loss_in_a_score_that_only_warns_does_not_fail_the_gate():
    seeds = range(5)
    now = run("imdb", seeds, scores={"test_loss": [0.9 + 0.01 * seed for seed in seeds]})
    verdict = verdict_of(candidate("imdb", now, run("imdb", BASE, day=1)))
    one = check_of(verdict, "imdb", "test_loss")
    assert (one.severity, one.status, one.reason.code) == ("warning", "warned", "worse")
    assert verdict.outcome == "passed"


def test_one_seed_each_is_too_few_to_tell_and_fails_only_when_asked():
    verdict = verdict_of(*suite({"imdb": 0.01}, seeds=[0], base=[1]))
    one = check_of(verdict, "imdb", "test_accuracy")
    assert (one.status, one.reason.code, one.numbers.p) == ("inconclusive", "few", None)
    assert (verdict.outcome, verdict.exit_code(), verdict.exit_code(inconclusive_fails=True)) == ("inconclusive", 0, 6)


def test_one_seed_each_still_finds_what_is_broken():
    verdict = verdict_of(*suite({"imdb": 0.2}, seeds=[0], base=[1]))
    one = check_of(verdict, "imdb", "test_accuracy")
    assert (one.status, one.reason.code) == ("failed", "few_failed")
    assert verdict.exit_code() == 1


def test_the_same_seed_with_the_same_value_has_not_changed_and_needs_no_test():
    verdict = verdict_of(*suite(seeds=[7], base=BASE))
    assert check_of(verdict, "mnist", "test_accuracy").reason.code == "same"
    assert verdict.outcome_of(next(lab for lab in verdict.labs if lab.lab == "mnist")) == "passed"


@pytest.mark.parametrize(("seeds", "base"), [(range(3), BASE), (range(2), range(2, 15)), (range(10), range(10, 15))])
def test_different_numbers_of_seeds_are_compared(seeds, base):
    verdict = verdict_of(candidate("imdb", run("imdb", seeds, loss=0.05), run("imdb", base, day=1)))
    assert check_of(verdict, "imdb", "test_accuracy").status == "failed"


def test_labs_with_too_few_seeds_do_not_cost_the_others_their_power():
    many = candidate("imdb", run("imdb", loss=0.01), run("imdb", BASE, day=1))
    few = [candidate(lab, run(lab, [0]), run(lab, [1], day=1)) for lab in ("mnist", "reuters", "boston")]
    one = check_of(verdict_of(many, *few), "imdb", "test_accuracy")
    assert one.numbers.adjusted_p == one.numbers.p


def test_the_correction_is_holms_among_the_tests_that_can_speak():
    p = [0.01, 0.02, 0.5, 0.03]
    assert corrected(p, [0.0003] * 4, 0.05) == pytest.approx(holm(p))
    assert corrected([0.01, 0.3], [0.004, 0.5], 0.05) == (0.01, None)
    assert corrected([0.5, 0.5], [1.0, 1.0], 0.05) == (None, None)
    assert corrected([], [], 0.05) == ()
    # Three tests may share the level when each can reach a third of it; a fourth would leave none of them able.
    assert corrected([1 / 66] * 4, [1 / 66] * 4, 0.05) == (*[pytest.approx(3 / 66)] * 3, None)


def test_nan_in_the_run_fails_and_in_the_baseline_can_not_be_compared():
    broken = run("boston", scores={"test_mae": [2.8, math.nan, 2.7, math.inf, 2.9]})
    whole = run("boston", BASE, day=1)
    one = check_of(verdict_of(candidate("boston", broken, whole)), "boston", "test_mae")
    assert (one.status, one.reason.code, one.reason.values["lost"]) == ("failed", "undefined", "2")
    verdict = verdict_of(candidate("boston", whole, broken))
    assert check_of(verdict, "boston", "test_mae").reason.code == "baseline_undefined"
    assert (verdict.outcome, verdict.exit_code()) == ("nothing", 5)


def test_a_score_that_is_no_longer_measured_is_no_success():
    now = run("imdb")
    kept = tuple(item for item in now.findings.scores if item.name != "test_accuracy")
    now = msgspec.structs.replace(now, findings=msgspec.structs.replace(now.findings, scores=kept))
    verdict = verdict_of(candidate("imdb", now, run("imdb", BASE, day=1)))
    assert check_of(verdict, "imdb", "test_accuracy").reason.code == "metric_gone"
    assert verdict.exit_code() == 5


def test_a_score_that_changed_its_meaning_is_not_compared():
    now = run("imdb")
    scores = tuple(
        msgspec.structs.replace(item, unit="percent") if item.name == "test_accuracy" else item
        for item in now.findings.scores
    )
    now = msgspec.structs.replace(now, findings=msgspec.structs.replace(now.findings, scores=scores))
    verdict = verdict_of(candidate("imdb", now, run("imdb", BASE, day=1)))
    one = check_of(verdict, "imdb", "test_accuracy")
    assert (one.status, one.reason.code, one.reason.values["b"]) == ("missing", "definition", "percent")


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_lab_that_did_not_finish_is_an_error_and_no_regression(status):
    failure = Failure(kind="RuntimeError", message="the lamp\nwent out", stage="lab") if status == "failed" else None
    verdict = verdict_of(candidate("imdb", run("imdb", status=status, failure=failure), run("imdb", BASE, day=1)))
    assert (verdict.outcome, verdict.exit_code()) == ("failed", 3)
    assert [check.name for _, check in verdict.checks()] == ["run"]


def test_a_regression_elsewhere_is_told_even_when_a_lab_failed():
    broken = candidate("mnist", run("mnist", status="failed"), run("mnist", BASE, day=1))
    verdict = verdict_of(broken, candidate("imdb", run("imdb", loss=0.1), run("imdb", BASE, day=1)))
    assert verdict.exit_code() == 1


def test_without_run_or_baseline_or_with_an_empty_run_nothing_is_a_success():
    none = Candidate(lab="imdb", current=None, reference=Reference())
    assert verdict_of(none).exit_code() == 5
    lost = Candidate(lab="imdb", current=run("imdb"), reference=Reference(problem=Reason(code="no_baseline")))
    assert verdict_of(lost).exit_code() == 5
    empty = msgspec.structs.replace(run("imdb"), findings=Findings())
    assert verdict_of(candidate("imdb", empty, run("imdb", BASE, day=1))).exit_code() == 5
    assert verdict_of().exit_code() == 5


def test_a_lab_without_scores_is_judged_by_its_claims_and_needs_no_baseline():
    lost = Candidate(lab="tensors", current=run("tensors"), reference=Reference(problem=Reason(code="no_baseline")))
    verdict = verdict_of(lost)
    assert verdict.exit_code() == 0
    assert {check.kind for _, check in verdict.checks()} == {"run", "claim"}


def test_a_certain_claim_that_fails_fails_the_gate():
    now = run("boston")
    measures = tuple(
        msgspec.structs.replace(item, value=0.5) if item.name == "standardised_largest_mean" else item
        for item in now.findings.measures
    )
    now = msgspec.structs.replace(now, findings=msgspec.structs.replace(now.findings, measures=measures))
    verdict = verdict_of(candidate("boston", now, run("boston", BASE, day=1)))
    assert check_of(verdict, "boston", "standardised").reason.code == "claim_fails"
    assert verdict.exit_code() == 1


def test_a_watched_claim_that_turned_warns_and_a_required_one_fails():
    now = run("imdb", scores={"test_accuracy": [0.80] * 5})
    before = run("imdb", BASE, day=1)
    watched = check_of(verdict_of(candidate("imdb", now, before)), "imdb", "stopping_beats_training_on")
    assert (watched.status, watched.reason.code) == ("warned", "claim_turned")
    rules = Rules(labs={"imdb": LabRules(claims={"stopping_beats_training_on": "error", "beats_majority": "off"})})
    verdict = verdict_of(candidate("imdb", now, before), rules=rules)
    assert check_of(verdict, "imdb", "stopping_beats_training_on").status == "failed"
    assert "beats_majority" not in {check.name for _, check in verdict.checks()}


def test_a_claim_that_can_no_longer_be_told_is_no_success():
    now = run("mnist", measures=())
    verdict = verdict_of(candidate("mnist", now, run("mnist", BASE, day=1)))
    one = check_of(verdict, "mnist", "probabilities_sum_to_one")
    assert (one.status, one.reason.code) == ("missing", "claim_lost")
    assert verdict.exit_code() == 5


def one_rule(rule, loss=0.01, **kwargs):
    rules = Rules(labs={"imdb": LabRules(metrics={"test_accuracy": rule})})
    now = run("imdb", loss=loss, **kwargs)
    return check_of(verdict_of(candidate("imdb", now, run("imdb", BASE, day=1)), rules=rules), "imdb", "test_accuracy")


@pytest.mark.parametrize(
    ("rule", "loss", "status", "code"),
    [
        (MetricRule(test="margin", absolute=0.02), 0.01, "passed", "margin_passed"),
        (MetricRule(test="margin", absolute=0.002), 0.01, "failed", "margin_failed"),
        (MetricRule(test="margin", relative=0.5), 0.2, "passed", "margin_passed"),
        (MetricRule(test="margin", absolute=0.0), 0.01, "failed", "margin_failed"),
        (MetricRule(absolute=0.05), 0.02, "passed", "small"),
        (MetricRule(absolute=0.005), 0.02, "failed", "worse"),
        (MetricRule(level=1e-9), 0.02, "inconclusive", "few"),
        (MetricRule(level=0.001), 0.02, "failed", "worse"),
        (MetricRule(direction="both"), -0.02, "failed", "worse"),
        (MetricRule(severity="warning"), 0.02, "warned", "worse"),
    ],
)
def test_a_rule_decides_as_it_says(rule, loss, status, code):
    one = one_rule(rule, loss)
    assert (one.status, one.reason.code) == (status, code)


def test_a_score_that_is_switched_off_is_not_judged():
    rules = Rules(labs={"imdb": LabRules(metrics={"test_accuracy": MetricRule(severity="off")})})
    verdict = verdict_of(candidate("imdb", run("imdb", loss=0.3), run("imdb", BASE, day=1)), rules=rules)
    assert "test_accuracy" not in {check.name for _, check in verdict.checks()}


def test_a_rule_about_an_unknown_metric_is_an_error_of_usage():
    rules = Rules(labs={"imdb": LabRules(metrics={"test_acuracy": MetricRule()})})
    with pytest.raises(UsageError, match="Did you mean 'test_accuracy'"):
        verdict_of(candidate("imdb", run("imdb"), run("imdb", BASE, day=1)), rules=rules)


def test_a_seed_that_several_baseline_runs_have_counts_once_and_as_the_newest_has_it():
    newest = run("imdb", range(5, 8), day=3, version="c")
    older = run("imdb", range(5, 10), day=1, version="b", loss=0.1)
    verdict = verdict_of(candidate("imdb", run("imdb"), (newest, older)))
    one = check_of(verdict, "imdb", "test_accuracy")
    assert one.numbers.baseline == (*values("imdb", range(5, 8)), *values("imdb", range(8, 10), 0.1))


def test_a_number_without_chance_may_not_get_worse_at_all():
    rules = Rules(labs={"imdb": LabRules(metrics={"majority_accuracy": MetricRule()})})
    now, before = run("imdb"), run("imdb", BASE, day=1)
    baselines = tuple(
        msgspec.structs.replace(item, value=item.value - 1e-6) if item.name == "majority_accuracy" else item
        for item in now.findings.baselines
    )
    now = msgspec.structs.replace(now, findings=msgspec.structs.replace(now.findings, baselines=baselines))
    one = check_of(verdict_of(candidate("imdb", now, before), rules=rules), "imdb", "majority_accuracy")
    assert (one.status, one.reason.code) == ("failed", "fixed_failed")


def test_a_spread_that_is_much_wider_than_the_baselines_is_named_and_an_equal_one_is_not():
    wide = [0.88 + 4 * (value - 0.88) for value in values("imdb", range(5))]
    noisy = run("imdb", scores={"test_accuracy": wide})
    found = check_of(verdict_of(candidate("imdb", noisy, run("imdb", BASE, day=1))), "imdb", "test_accuracy")
    assert "The spread over the seeds is unequal" in sentence(found, Words("en"))
    assert "波动不相等" in sentence(found, Words("zh"))
    assert "个百分点" in sentence(found, Words("zh"))
    assert not any("unequal" in sentence(check, Words("en")) for _, check in verdict_of(*suite()).checks())


def test_a_baseline_of_few_seeds_says_what_its_false_alarms_can_be():
    few = verdict_of(candidate("imdb", run("imdb"), run("imdb", range(5, 10), day=1)))
    many = verdict_of(*suite())
    assert "12.7%" in sentence(check_of(few, "imdb", "baseline"), Words("en"))
    assert "12.7%" in sentence(check_of(few, "imdb", "baseline"), Words("zh"))
    assert "12.7%" not in sentence(check_of(many, "imdb", "baseline"), Words("en"))


@pytest.mark.parametrize("direction", ["lower", "higher"])
def test_a_rule_may_not_turn_the_gate_upside_down(direction):
    lab, metric = ("imdb", "test_accuracy") if direction == "lower" else ("boston", "test_mae")
    rules = Rules(labs={lab: LabRules(metrics={metric: MetricRule(direction=direction)})})
    with pytest.raises(UsageError, match="value is better"):
        verdict_of(candidate(lab, run(lab), run(lab, BASE, day=1)), rules=rules)


def test_a_lab_is_named_by_the_plain_words_of_its_title(tmp_path):
    (tmp_path / "lab.py").write_text('TITLE = "A*B <C> [1]"', "utf-8")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "imdb.md").write_text("# Two *kinds* of `x`\n", "utf-8")
    notes = NotesInUse(folder=tmp_path, paths={"own": tmp_path / "lab.py"})
    named = [Candidate(lab=lab, current=None, reference=None) for lab in ("own", "imdb")]
    titles = [lab.titles["en"] for lab in judge(named, Rules(), notes=notes)]
    assert titles == ["A*B <C> [1]", "Two kinds of x"]
