"""Before the gate says "regressed": fresh seeds must agree, and a tool that fails on the way proves nothing."""

from __future__ import annotations

import math

import msgspec
import pytest
from helpers.hand_gate import run

from labreport.experiments.errors import DataError
from labreport.experiments.result import Failure
from labreport.report.errors import ExperimentError
from labreport.report.gate.confirmation import FEWEST, confirmed, fresh_seeds
from labreport.report.gate.judgement import Candidate, judge
from labreport.report.gate.reference import Reference
from labreport.report.gate.rules import LabRules, MetricRule, Rules

RULES = Rules()
BASE = run("imdb", range(5, 15), day=1, version="old")


def candidate(loss=0.01, seeds=range(5), base=BASE, **changes):
    return Candidate(lab="imdb", current=run("imdb", seeds, loss=loss, **changes), reference=Reference(results=(base,)))


def asked(one, rerun, rules=RULES):
    [lab] = confirmed(judge([one], rules), [one], rules, rerun)
    return {check.name: check for check in lab.checks}


def again(loss, **changes):
    """A rerun whose result is worse by `loss`."""

    def rerun(result, seeds):
        rerun.seeds = seeds
        return run(result.lab, seeds, loss=loss, day=3, **changes)

    rerun.seeds = None
    return rerun


def test_what_fresh_seeds_confirm_stays_failed_and_names_them():
    rerun = again(0.01)
    one = asked(candidate(), rerun)["test_accuracy"]
    assert one.status == "failed"
    assert one.reason.code == "worse"
    assert one.fresh_seeds == rerun.seeds == (15, 16, 17, 18, 19)


def test_what_fresh_seeds_do_not_confirm_fails_nothing():
    one = asked(candidate(), again(0.0))["test_accuracy"]
    assert (one.status, one.reason.code, one.reason.values["fresh_range"]) == ("unconfirmed", "unconfirmed", "15–19")


def test_a_lab_that_is_not_suspicious_is_not_run_again():
    rerun = again(0.5)
    assert asked(candidate(loss=0.0), rerun)["test_accuracy"].status == "passed"
    assert rerun.seeds is None


def test_a_seed_that_gave_no_number_is_no_chance_that_other_seeds_could_deny():
    rerun = again(0.0)
    scores = {"test_accuracy": [0.88, math.nan, 0.88, 0.88, 0.88]}
    diverged = Candidate(lab="imdb", current=run("imdb", scores=scores), reference=Reference(results=(BASE,)))
    one = asked(diverged, rerun)["test_accuracy"]
    assert (one.status, one.reason.code, one.reason.values["lost"]) == ("failed", "undefined", "1")
    assert rerun.seeds is None


def test_what_is_certain_stays_failed_where_the_rest_can_not_be_confirmed():
    def broken(_result, _seeds):
        raise ExperimentError("the data are gone")

    scores = {"test_accuracy": [0.5] * 5, "test_loss": [math.nan] * 5}
    rules = Rules(labs={"imdb": LabRules(metrics={"test_loss": MetricRule(severity="error")})})
    both = Candidate(lab="imdb", current=run("imdb", scores=scores), reference=Reference(results=(BASE,)))
    found = asked(both, broken, rules)
    assert (found["test_accuracy"].status, found["test_loss"].status) == ("error", "failed")


def test_fresh_seeds_were_used_by_nobody_and_are_three_at_least():
    assert fresh_seeds(candidate()) == (15, 16, 17, 18, 19)
    assert fresh_seeds(candidate(seeds=[30])) == (31, 32, 33)
    assert FEWEST == 3


def test_a_single_run_that_is_far_off_is_confirmed_by_the_test():
    base = run("imdb", range(5, 15), day=1)
    one = asked(candidate(loss=0.2, seeds=[0], base=base), again(0.2))["test_accuracy"]
    assert one.status == "failed"
    assert asked(candidate(loss=0.2, seeds=[0], base=base), again(0.0))["test_accuracy"].status == "unconfirmed"


@pytest.mark.parametrize(
    "error", [ExperimentError("no data"), DataError("imdb.npz is missing"), ExperimentError("first\nsecond")]
)
def test_a_rerun_that_can_not_start_is_an_error_and_no_regression(error):
    def rerun(_result, _seeds):
        raise error

    one = asked(candidate(), rerun)["test_accuracy"]
    assert (one.status, one.reason.code) == ("error", "confirmation_failed")
    assert one.reason.values["message"] == str(error).splitlines()[0]


def test_a_rerun_that_fails_is_an_error_too():
    failure = Failure(kind="MemoryError", message="out of memory", stage="lab")
    one = asked(candidate(), again(0.01, status="failed", failure=failure))["test_accuracy"]
    assert (one.status, one.reason.values["message"]) == ("error", "MemoryError: out of memory")


def test_a_rerun_of_another_version_proves_nothing():
    one = asked(candidate(), again(0.01, version="newer"))["test_accuracy"]
    assert one.status == "error"
    assert "changed since the run" in one.reason.values["message"]


def without_zero_mean(result):
    measures = tuple(
        msgspec.structs.replace(item, value=0.5) if item.name == "standardised_largest_mean" else item
        for item in result.findings.measures
    )
    return msgspec.structs.replace(result, findings=msgspec.structs.replace(result.findings, measures=measures))


@pytest.mark.parametrize(("broken", "status"), [(True, "failed"), (False, "unconfirmed")])
def test_a_claim_is_asked_again_too(broken, status):
    base = run("boston", range(5, 15), day=1, version="old")
    one = Candidate(lab="boston", current=without_zero_mean(run("boston")), reference=Reference(results=(base,)))

    def rerun(_result, seeds):
        fresh = run("boston", seeds, day=3)
        return without_zero_mean(fresh) if broken else fresh

    assert asked(one, rerun)["standardised"].status == status


def test_a_score_missing_from_the_fresh_run_is_no_acquittal():
    def rerun(_result, seeds):
        fresh = run("imdb", seeds, day=3)
        return msgspec.structs.replace(fresh, findings=msgspec.structs.replace(fresh.findings, scores=()))

    assert asked(candidate(), rerun)["test_accuracy"].status == "failed"


def test_a_rule_with_a_margin_is_asked_with_its_margin():
    from labreport.report.gate.rules import MetricRule

    rules = Rules(labs={"imdb": LabRules(metrics={"test_accuracy": MetricRule(test="margin", absolute=0.05)})})
    assert asked(candidate(loss=0.1), again(0.03), rules)["test_accuracy"].status == "unconfirmed"
    assert asked(candidate(loss=0.1), again(0.06), rules)["test_accuracy"].status == "failed"
