"""What a lab is given: the draft of its findings, and the time of its stages."""

from __future__ import annotations

from hashlib import sha256

import pytest

from labreport.experiments.lab import Draft, Session
from labreport.experiments.result import Findings


def shown() -> int:
    return 1  # with its comment


def test_an_empty_draft_gives_empty_findings():
    assert Draft().findings() == Findings()


def test_a_draft_gathers_the_parts_in_order():
    draft = Draft()
    draft.measure("largest", 3, unit="words")
    draft.measure("right", True, seed=4)
    draft.listing("shown", shown)
    draft.engine += ("loop:wide", "loop:few-steps", "loop:wide")
    findings = draft.findings()
    assert [(item.name, item.value, item.seed, item.unit) for item in findings.measures] == [
        ("largest", 3, None, "words"),
        ("right", True, 4, ""),
    ]
    assert findings.engine == ("loop:wide", "loop:few-steps")
    assert findings.listings[0].source == "def shown() -> int:\n    return 1  # with its comment\n"
    assert findings.listings[0].sha256 == sha256(findings.listings[0].source.encode()).hexdigest()


def test_stages_are_timed_and_a_stage_entered_again_adds_up():
    session = Session()
    with session.stage("train"):
        pass
    first = session.timings["train"]
    with session.stage("train"):
        pass
    assert session.timings["train"] > first > 0
    assert session.open_stages == []


def test_a_stage_that_fails_is_timed_and_stays_open():
    session = Session()
    with pytest.raises(ValueError, match="broken"), session.stage("lab"), session.stage("train"):
        raise ValueError("broken")
    assert session.open_stages == ["lab", "train"]
    assert session.timings.keys() == {"lab", "train"}


def test_a_part_names_its_seed_where_there_are_several():
    assert Session(seeds=(3,), seed=3).part("final") == "final"
    assert Session(seeds=(3, 4), seed=4).part("final") == "final, seed 4"
    assert Session(seeds=(3, 4)).part("examples") == "examples"
