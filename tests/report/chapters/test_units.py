"""Scores of any lab: which one counts, in which unit, beside which baseline, as its record says."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from helpers.hand_results import hand_result

from labreport.experiments.result import Result, Score
from labreport.report.chapters import frontmatter
from labreport.report.chapters.tables import table
from labreport.report.findings import claims
from labreport.report.findings.scores import deciding
from labreport.report.words import Words

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def weather(**changes: object) -> Result:
    """A run of a lab that no one here has thought of: degrees, names of its own, roles of its own."""
    boston = hand_result("boston", seeds=(0,))

    def measured(name: str, model: str, metric: str, value: float, unit: str = "degrees") -> Score:
        return Score(
            name=name, model=model, metric=metric, split="test", value=value, unit=unit, direction="lower", seed=0
        )

    findings = msgspec.structs.replace(
        boston.findings,
        scores=(
            measured("error", "final", "mae", 1.5),
            measured("late", "overtrained", "mae", 9.0),
            measured("lost", "final", "loss", 4.0, "nats"),
        ),
        baselines=(measured("climate", "mean", "mae", 4.25), measured("yesterday", "linear", "mae", 2.5)),
    )
    return msgspec.structs.replace(boston, lab="weather", findings=findings, **changes)


def test_the_deciding_score_is_that_of_the_final_model_whatever_its_name():
    found = deciding(weather())
    assert found is not None
    assert found.first.name == "error"


def test_the_summary_names_the_units_of_its_labs_and_no_others():
    titles = {"weather": "Weather"}
    chapter = frontmatter.summary([(weather(), None)], titles, Words("en"))
    shown = chapter.opening[-1]
    assert "test set: mean absolute error (MAE) in degrees. The last" in shown.caption
    assert shown.rows[0][2:4] == ("MAE 1.50", "MAE 2.50")


def test_heads_of_scores_have_the_unit_of_the_record():
    titles = [column.title for column in table("scores", weather(), Words("zh")).columns]
    assert "测试 MAE（degrees）" in titles
    assert "测试损失" in titles


def test_claims_set_the_deciding_score_beside_its_baseline():
    answer = claims.state("beats_mean", weather())
    assert answer.verdict == "true"
    assert {key: answer.numbers[key] for key in ("score", "baseline", "difference")} == {
        "score": 1.5,
        "baseline": 4.25,
        "difference": 2.75,
    }
    assert claims.state("beats_majority", weather()).verdict == "unknown"


def test_no_claim_speaks_of_dollars_where_there_were_none():
    from labreport.report.chapters.claim_words import sentence

    outside, boston = weather(), hand_result("boston")
    for name in ("beats_mean", "folds_spread", "smoothed_minimum_before_end"):
        said = claims.state(name, outside)
        assert "dollar" not in sentence(said, outside, "en")
        assert "price" not in sentence(said, outside, "en")
        assert "dollars" in sentence(claims.state(name, boston), boston, "en")
