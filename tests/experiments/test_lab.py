"""What a lab is given: the draft of its findings, and the time of its stages."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from helpers.small_models import regressor

from labreport.experiments.errors import LabError
from labreport.experiments.lab import Draft, Session, joined
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


def test_a_model_is_built_from_the_seed_trained_on_arrays_and_scored_in_three_lines():
    x, y = np.arange(12.0).reshape(12, 1) / 12, np.arange(12.0) / 12
    weights = []
    for _ in range(2):
        session = Session(seeds=(4,), seed=4)
        model = session.build(regressor, 1)
        weights.append([array.tolist() for array in model.get_weights()])
        fitted = session.fit(model, x[:8], y[:8], epochs=2, batch_size=4, validation=(x[8:], y[8:]))
        session.score("validation_mae", fitted.history["val_mae"][-1], split="validation")
    assert weights[0] == weights[1]
    findings = session.draft.findings()
    (training,), (one,) = findings.trainings, findings.scores
    assert (training.role, training.seed, training.epochs, training.validation_samples) == ("final", 4, 2, 4)
    assert training.history == fitted.history
    assert (one.metric, one.direction, one.unit, one.seed) == ("mae", "lower", "", 4)


def test_the_better_direction_of_an_unusual_score_must_be_said():
    session = Session(seed=0)
    with pytest.raises(LabError, match="direction='higher' or direction='lower'"):
        session.score("beauty", 0.5)
    session.score("beauty", 0.5, direction="higher", unit="share")
    session.score("test_accuracy", 0.5)
    assert [(one.metric, one.unit) for one in session.draft.scores] == [("beauty", "share"), ("accuracy", "share")]


def test_networks_are_trained_for_a_seed_and_not_in_the_introduction():
    with pytest.raises(LabError, match="once for each seed"):
        Session().build(regressor)


def test_what_no_seed_changes_is_made_once():
    session, made = Session(seeds=(1, 2)), []
    for seed in session.seeds:
        session.for_seed(seed).once(made.append, seed)
    assert made == [1]


def test_findings_are_joined_in_order():
    first, second = Draft(), Draft()
    first.measure("a", 1)
    second.measure("b", 2)
    first.engine += ("loop:wide",)
    second.engine += ("loop:wide", "loop:few-steps")
    found = joined([first.findings(), second.findings()])
    assert [item.name for item in found.measures] == ["a", "b"]
    assert found.engine == ("loop:wide", "loop:few-steps")
