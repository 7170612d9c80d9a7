"""The words of claims that others define: in the report's language, or lent by another one and marked."""

from __future__ import annotations

import pytest
from helpers.hand_results import hand_result

import labreport
from labreport.experiments.registry.additions import Additions
from labreport.report.chapters.evidence import with_evidence
from labreport.report.chapters.values import Context
from labreport.report.findings import claims

TEXTS = {
    "true": "{{ best|percent }} 最好",
    "some": "有时",
    "false": "不",
    "unknown": "未知",
    "numbers": {"best": "最高"},
}


@labreport.claim(zh=TEXTS)
def good(result):
    """Always."""
    return labreport.Answer(holds=True, numbers={"best": 0.5})


@labreport.claim(zh=TEXTS)
def faulty(result):
    """Never."""
    raise TypeError("no such thing")


OWN = Additions(claims={"good": good, "faulty": faulty})


def test_a_claim_speaks_its_own_words_and_names_its_numbers():
    context = Context(hand_result("imdb"), "zh", own=OWN)
    assert context.claim("good") == "50.00% 最好"
    (section,) = with_evidence((), context, "id", "1")
    assert section.blocks[0].rows[0][3] == "最高 50.00%"


@labreport.claim(zh=TEXTS)
def certain(result):
    """Beyond any doubt that a float can hold."""
    return labreport.Answer(holds=True, numbers={"best": 0.5, "p_at_most": 0.0})


def test_no_p_is_zero():
    context = Context(hand_result("imdb"), "zh", own=Additions(claims={"certain": certain}))
    context.claim("certain")
    (section,) = with_evidence((), context, "id", "1")
    assert section.blocks[0].rows[0][3].endswith("<10⁻³⁰⁰")


def test_a_missing_language_is_lent_by_another_one_and_marked():
    assert Context(hand_result("imdb"), "en", own=OWN).claim("good") == "[zh] 50.00% 最好"


def test_a_claim_of_one_lab_is_unknown_to_another():
    with pytest.raises(claims.UnknownClaimError, match="Unknown claim 'good'"):
        Context(hand_result("imdb"), "en").claim("good")


def test_a_fault_in_a_claim_of_another_author_is_named_and_no_verdict():
    with pytest.raises(labreport.experiments.errors.LabError, match="'faulty' failed: TypeError: no such thing"):
        claims.state("faulty", hand_result("imdb"), OWN.claims)
