"""Networks beside a base network: which gains are more than chance, and what the claims about them say."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from helpers.hand_further import GAINS, answers
from helpers.hand_parts import score
from helpers.hand_results import hand_result

from labreport.report.chapters.claim_words import sentence
from labreport.report.findings import claims
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.gains import gain, gains
from labreport.report.findings.paired import compared
from labreport.report.words import LANGUAGES

ONE = hand_result("remedies", seeds=(0,))
THREE = hand_result("remedies")


def test_every_network_is_set_beside_the_base_network_in_the_order_of_the_record():
    for result in (ONE, THREE):
        found = gains(result)
        assert [one.role for one in found] == [role for role in GAINS if role != "final"]
        for one in found:
            assert one.found.difference == pytest.approx(one.score.mean - one.base.mean)


def test_the_p_of_each_is_corrected_for_their_number_and_none_gets_smaller():
    for result in (ONE, THREE):
        raw = [compared(result, one.score, one.base).p for one in gains(result)]
        corrected = [one.p for one in gains(result)]
        assert all(p <= q <= min(1, 6 * p) + 1e-12 for p, q in zip(raw, corrected, strict=True))
        least = min(range(6), key=raw.__getitem__)
        assert corrected[least] == pytest.approx(min(1, 6 * raw[least]))


def test_a_gain_within_chance_is_not_said_to_help():
    verdicts = {one.role: one.ahead for one in gains(ONE)}
    assert verdicts == {
        "more-data": True,
        "smaller": None,
        "larger": False,
        "l2": None,
        "dropout": True,
        "stopped": True,
    }
    assert {claims.state(f"helps-{role}", ONE).verdict for role in ("smaller", "l2")} == {"unknown"}
    assert claims.state("helps-dropout", ONE).verdict == "true"
    assert claims.state("helps-larger", ONE).verdict == "false"
    counted = claims.state("remedies_counted", ONE).numbers
    assert [counted[name] for name in ("tried", "helped", "harmed", "open")] == [6, 3, 1, 2]


def test_the_interval_leaves_zero_out_where_chance_alone_does_not_explain_the_difference():
    for result in (ONE, THREE):
        for one in gains(result):
            beyond = compared(result, one.score, one.base).ahead is not None
            assert one.reach is not None
            assert (abs(one.found.difference) > one.reach) == beyond, one.role


def test_without_answers_on_record_one_seed_is_judged_at_most_and_a_missing_network_is_named():
    bare = hand_result("remedies", seeds=(0,), per_sample=msgspec.UNSET)
    assert {one.found.test for one in gains(bare)} == {"at_most"}
    assert {one.reach for one in gains(bare)} == {None}
    with pytest.raises(MissingValueError, match="no network 'droput'; it has more-data"):
        gain(ONE, "droput")
    alone = hand_result("remedies", scores=(score("test_accuracy", "final", 0.9, 0),))
    with pytest.raises(MissingValueError, match="no network beside"):
        gains(alone)


def test_equal_networks_differ_by_nothing():
    rows = tuple(answers(role, 0, 1_700, 0) for role in ("final", "dropout"))
    scores = score("test_accuracy", "final", 0.85, 0), score("test_accuracy_dropout", "dropout", 0.85, 0)
    same = hand_result("remedies", seeds=(0,), scores=scores, per_sample=rows)
    (found,) = gains(same)
    assert (found.found.difference, found.ahead, found.p, found.reach) == (0, None, 1.0, 0.0)
    assert claims.state("helps-dropout", same).details["equal"] == 1


def test_how_far_the_curves_rise_and_what_the_penalty_is_comes_from_the_histories():
    for result in (ONE, THREE):
        found = claims.state("rises_less-dropout", result)
        assert found.verdict == "true"
        assert found.numbers["rise"] == pytest.approx(found.numbers["last"] - found.numbers["best"])
        penalty = claims.state("penalty_counts", result)
        assert penalty.verdict == "true"
        assert penalty.numbers["penalty"] == pytest.approx(0.05)
        stopped = claims.state("stopping_interrupts", result)
        assert (stopped.verdict, stopped.numbers["stopped_at"], stopped.numbers["epochs"]) == ("true", 8, 20)
    other = tuple(
        msgspec.structs.replace(
            fit, history={**fit.history, "val_loss": tuple(v + 0.1 for v in fit.history["val_loss"])}
        )
        if fit.role == "stopped"
        else fit
        for fit in ONE.findings.trainings
    )
    assert claims.state("stopping_interrupts", hand_result("remedies", seeds=(0,), trainings=other)).verdict == "false"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_is_worded_in_every_verdict(language):
    for result in (ONE, THREE):
        for role in GAINS:
            for family in ("helps", "rises_less"):
                if role != "final":
                    stated = claims.state(f"{family}-{role}", result)
                    for verdict in ("true", "false", "unknown"):
                        words = sentence(replace(stated, verdict=verdict), result, language)
                        assert words
                        assert "{{" not in words


def test_what_does_not_hold_is_said_not_to_hold():
    equal = tuple(score(f"test_accuracy{name}", role, 0.85, 0) for name, role in (("", "final"), ("_l2", "l2")))
    rows = tuple(answers(role, 0, 1_700, 0) for role in ("final", "l2"))
    alike = hand_result("remedies", seeds=(0,), scores=equal, per_sample=rows)
    assert claims.state("remedies_counted", alike).verdict == "false"
    bare = tuple(
        replace_history(fit, val_loss=fit.history["val_binary_crossentropy"]) for fit in ONE.findings.trainings
    )
    assert claims.state("penalty_counts", hand_result("remedies", seeds=(0,), trainings=bare)).verdict == "false"
    models = tuple(
        msgspec.structs.replace(one, parameters=1) if one.role == "l2" else one for one in ONE.findings.models
    )
    assert claims.state("dropout_adds_nothing", hand_result("remedies", models=models)).verdict == "false"


def replace_history(fit, **curves):
    return msgspec.structs.replace(fit, history={**fit.history, **curves})
