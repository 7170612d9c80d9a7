"""Rules of the gate: what the configuration may say, what holds where it says nothing, and that no slip passes."""

from __future__ import annotations

import pytest
from helpers.hand_results import LABS, hand_result

from labreport.experiments import registry
from labreport.experiments.result import Score
from labreport.report import configuration
from labreport.report.chapters.notes_in_use import SHIPPED
from labreport.report.errors import UsageError
from labreport.report.findings import claims
from labreport.report.findings.scores import measured
from labreport.report.gate.rules import (
    LEVEL,
    MetricRule,
    check_metrics,
    claim_severity,
    fallback_margin,
    metric_rule,
    parse,
)


def read(table):
    return parse(table, LABS, claims.names())


def test_without_a_table_the_defaults_hold():
    rules = read({})
    assert (rules.level, rules.baseline, dict(rules.labs)) == (LEVEL, None, {})
    assert rules.of("imdb").metrics == {}
    assert rules.of("imdb").claims == {}


def test_a_rule_says_what_its_keys_say():
    rules = read(
        {
            "level": 0.01,
            "baseline": "main",
            "imdb": {
                "test_accuracy": {"direction": "both", "absolute": 0.01, "relative": 0.1, "severity": "warning"},
                "test_loss": {"test": "statistical", "level": 0.001, "absolute": 0.5},
                "claims": {"overfits": "error", "beats_majority": "off"},
            },
        }
    )
    assert (rules.level, rules.baseline) == (0.01, "main")
    accuracy, loss = rules.of("imdb").metrics["test_accuracy"], rules.of("imdb").metrics["test_loss"]
    assert accuracy == MetricRule(test="margin", direction="both", absolute=0.01, relative=0.1, severity="warning")
    assert (loss.test, loss.level, loss.severity) == ("statistical", 0.001, "error")
    assert rules.of("imdb").claims == {"overfits": "error", "beats_majority": "off"}


def test_of_two_margins_the_larger_counts_and_without_any_there_is_none():
    assert MetricRule(absolute=0.01, relative=0.1).margin(0.5) == pytest.approx(0.05)
    assert MetricRule(absolute=0.2, relative=0.1).margin(0.5) == 0.2
    assert MetricRule(relative=0.1).margin(-2.0) == pytest.approx(0.2)
    assert MetricRule().margin(0.5) is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"levle": 0.1}, "Did you mean 'level'"),
        ({"imbd": {}}, "Did you mean 'imdb'"),
        ({"level": 0}, "between 0 and 1"),
        ({"level": "high"}, "gate.level must be a number"),
        ({"level": True}, "gate.level must be a number"),
        ({"baseline": 3}, "gate.baseline must be a text"),
        ({"imdb": 3}, "gate.imdb must be a table"),
        ({"imdb": {"test_accuracy": 0.01}}, "gate.imdb.test_accuracy must be a table"),
        ({"imdb": {"test_accuracy": {"absolut": 1}}}, "Did you mean 'absolute'"),
        ({"imdb": {"test_accuracy": {"absolute": -1}}}, "not negative, not -1"),
        ({"imdb": {"test_accuracy": {"absolute": float("nan")}}}, "must be a number"),
        ({"imdb": {"test_accuracy": {"direction": "up"}}}, "Known: higher, lower, both"),
        ({"imdb": {"test_accuracy": {"severity": "eror"}}}, "Did you mean 'error'"),
        ({"imdb": {"test_accuracy": {"test": "margin"}}}, "needs absolute or relative"),
        ({"imdb": {"test_accuracy": {"absolute": 1, "level": 0.1}}}, "a margin has none"),
        ({"imdb": {"test_accuracy": {"level": 1}}}, "between 0 and 1"),
        ({"imdb": {"claims": {"overfit": "error"}}}, "Did you mean 'overfits'"),
        ({"imdb": {"claims": {"overfits": True}}}, "Known: error, warning, off"),
        ({"imdb": {"claims": ["overfits"]}}, "must be a table"),
    ],
)
def test_a_slip_in_the_rules_is_told(table, message):
    with pytest.raises(UsageError, match="gate") as caught:
        read(table)
    assert message in str(caught.value)


def test_the_configuration_hands_the_table_over_and_refuses_anything_else(tmp_path):
    (tmp_path / "labreport.toml").write_text("[gate]\nlevel = 0.02\n[gate.imdb.test_accuracy]\nabsolute = 0.01\n")
    loaded = configuration.load(tmp_path, {})
    assert loaded.gate == {"level": 0.02, "imdb": {"test_accuracy": {"absolute": 0.01}}}
    (tmp_path / "labreport.toml").write_text("gate = 3\n")
    with pytest.raises(UsageError, match="must be a table"):
        configuration.load(tmp_path, {})


def test_a_rule_about_a_metric_that_nobody_measured_is_told_with_the_nearest():
    rules = read({"imdb": {"test_acuracy": {"absolute": 0.01}}})
    with pytest.raises(UsageError, match="Did you mean 'test_accuracy'"):
        check_metrics("imdb", rules.of("imdb"), {"test_accuracy": "higher", "test_loss": "lower"})


def test_each_lab_has_one_deciding_score_and_the_demonstrations_have_none():
    deciding = {}
    for lab in LABS:
        for name, one in measured(hand_result(lab)).items():
            rule = metric_rule(one.first, one.kind)
            if rule is not None and rule.severity == "error":
                deciding.setdefault(lab, []).append(name)
            if "overtrained" in name or "linear" in name or "majority" in name or "train" in name:
                assert rule is None, name
    assert deciding == {
        "mnist": ["test_accuracy"],
        "imdb": ["test_accuracy"],
        "reuters": ["test_accuracy"],
        "boston": ["test_mae"],
    }


def test_every_certain_claim_exists_and_is_made_by_some_chapter():
    made = {name for lab in (*LABS, *registry.FURTHER) for name in SHIPPED.claims(lab)}
    certain = {name for name in claims.names() if claims.defined(name).certain}
    assert len(certain) == 23
    assert certain <= made
    assert claim_severity(claims.defined("overfits")) == "warning"
    assert claim_severity(claims.defined("standardised")) == "error"


def test_the_margin_for_few_runs_grows_with_the_chance_in_a_small_test_set():
    share = Score(
        name="test_accuracy",
        model="final",
        metric="accuracy",
        split="test",
        value=0.0,
        unit="share",
        direction="higher",
    )
    large, small = fallback_margin(share, 0.88, 25_000), fallback_margin(share, 0.88, 2_000)
    assert large == pytest.approx(0.0287, abs=1e-4)
    assert small == pytest.approx(0.0508, abs=1e-4)
    assert fallback_margin(share, 0.88, None) == 0.02
    error = Score(
        name="test_mae",
        model="final",
        metric="mae",
        split="test",
        value=0.0,
        unit="thousand dollars",
        direction="lower",
    )
    assert fallback_margin(error, 2.8, 102) == pytest.approx(0.84)
