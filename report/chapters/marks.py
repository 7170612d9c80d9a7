"""How far a run is from a full one: the marks under a chapter's title, and the tags of its figures and tables."""

from __future__ import annotations

from labreport.experiments.result import Result
from labreport.report.numbers import integer
from labreport.report.words import Words

_WITHOUT_RESULT = ("activations", "backpropagation", "data-card", "folds", "settings", "unit")
_SHOWS_DATA = ("class-sizes", "digits", "features", "texts-example")
"""Figures and tables of the data: no seed and no number of epochs changes them."""


def is_sample(result: Result) -> bool:
    """Return whether the run used a part of the data set only."""
    card = result.findings.data
    return card is not None and (
        card.train_samples < card.full_train_samples or card.test_samples < card.full_test_samples
    )


def marks(result: Result, words: Words) -> tuple[str, ...]:
    """Return the sentences that say how far the run is from a full one, for the line under the title."""
    found: list[str] = []
    card = result.findings.data
    if card is not None and is_sample(result):
        found.append(
            words(
                "labs.mark_sample" if result.findings.scores else "labs.mark_sample_shown",
                train=integer(card.train_samples),
                full_train=integer(card.full_train_samples),
                test=integer(card.test_samples),
                full_test=integer(card.full_test_samples),
            )
        )
    if result.profile == "quick":
        found.append(words("labs.mark_quick"))
    if len(result.seeds) == 1 and result.findings.trainings:
        found.append(words("labs.mark_seed", seed=result.seeds[0]))
    return tuple(found)


def tag_line(result: Result, words: Words, kind: str, name: str) -> str:
    """Return the short form of the marks for the caption of a figure or table.

    Args:
        result: the run.
        words: texts of the report's language.
        kind: "figure", "table" or "model".
        name: of the figure, table or model.
    """
    # Without a training there are only drawings and sums: nothing in them would be otherwise on the whole set.
    if not result.findings.trainings or _shows_no_result(kind, name):
        return ""
    trained = name not in _SHOWS_DATA
    tags = [
        words("labs.tag_sample") if is_sample(result) else "",
        words("labs.tag_quick") if result.profile == "quick" and trained else "",
        words("labs.tag_seed") if len(result.seeds) == 1 and trained else "",
    ]
    return " · ".join(tag for tag in tags if tag)


def _shows_no_result(kind: str, name: str) -> bool:
    """Return whether a figure or table shows no result: a network, its layers, the settings, a drawing without data."""
    return kind == "model" or name.startswith("network-") or name in _WITHOUT_RESULT
