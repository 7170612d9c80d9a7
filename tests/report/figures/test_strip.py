"""The small pictures of the cover: a curve with its best epoch, a score, or an emblem."""

from __future__ import annotations

import re

import msgspec
import pytest
from helpers.hand_results import all_hand_results, hand_result
from helpers.own_runs import course, own_run, score, training

from labreport.experiments.result import Score
from labreport.report.figures.drawing import FigureError
from labreport.report.figures.registry import strip
from labreport.report.words import LANGUAGES, Words

EN, ZH = Words("en"), Words("zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_strip_has_one_small_picture_for_each_lab(language: str) -> None:
    for result in all_hand_results():
        drawing = strip(result, Words(language))
        assert (drawing.width_mm, drawing.height_mm) == (40, 24)
        assert len(drawing.svg) < 4000
    assert "epoch 4 · 0.2" in strip(hand_result("imdb"), EN).svg


def test_the_strip_of_a_recorded_run_marks_the_epoch_at_which_its_values_stand() -> None:
    sparse = own_run(
        "digits", training(loss=[0.9, 0.5, 0.4, 0.3], val_loss=[0.7, 0.8], about=course(at={"val_loss": (2, 4)}))
    )
    assert "epoch 2 · 0.7" in strip(sparse, EN).svg
    assert strip(sparse, EN).alt == "val_loss over 4 epochs, best at epoch 2 (0.700)."
    diverged = own_run(
        "digits",
        training(loss=[0.9, float("nan")], val_loss=[0.7, float("nan")]),
        scores=(score("test_accuracy", 0.5),),
    )
    assert strip(diverged, EN).svg


def test_the_strip_shows_the_score_that_decides_also_where_the_loss_comes_first() -> None:
    found = hand_result("imdb").findings.scores
    tested = [score for score in found if score.split == "test" and score.model == "final"]
    loss_first = tuple(sorted(tested, key=lambda score: score.metric != "loss"))
    drawing = strip(hand_result("imdb", scores=loss_first, trainings=()), EN)
    assert "accuracy" in drawing.alt
    assert "loss" not in drawing.alt


def test_the_emblem_of_a_lab_stands_for_that_lab_alone_and_another_shows_its_score() -> None:
    workflow = hand_result("workflow")
    assert "branches" in strip(workflow, EN).alt
    other = msgspec.structs.replace(workflow, lab="mine")
    score = Score(
        name="rank_agreement", model="final", metric="rank_agreement", split="test", seed=0, value=0.8125, unit="tau",
        direction="higher",
    )  # fmt: skip
    scored = msgspec.structs.replace(other, findings=msgspec.structs.replace(other.findings, scores=(score,)))
    assert strip(scored, EN).alt == "rank agreement: 0.8125."
    assert re.findall(r"<text[^>]*>([^<]*)<", strip(scored, EN).svg) == ["0.8125", "rank agreement"]
    with pytest.raises(FigureError, match="neither a validation curve nor a score"):
        strip(msgspec.structs.replace(other, findings=msgspec.structs.replace(other.findings, scores=())), EN)
