"""A table of many measures of few networks: one row for each measure."""

from __future__ import annotations

from collections.abc import Sequence

from labreport.experiments.definitions import table
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.chapters.tables.content import TableData, TableError, numeric, with_unit
from labreport.report.document import Column, escape
from labreport.report.findings.scores import Measured, scores_of
from labreport.report.words import Words

_RATES = ("accuracy", "precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1")
_ORDER = (*_RATES, "auc", "ap", "loss", "brier", "ece")
_MODELS = ("final", "threshold", "weighted", "overtrained", "scaled")
_DIGITS = {"loss": 3}
"""Decimals of a measure that is not a share; by default four."""


@table()
def measures(result: Result, words: Words) -> TableData:
    """List what was measured on the test set, a column for each network; means over the seeds, ± their deviation."""
    found = [one for one in scores_of(result.findings.scores).values() if one.first.split == "test"]
    if not found:
        raise TableError("the run records no scores of the test set")
    cells = {(one.first.metric, one.first.model): one for one in found}
    named = list(dict.fromkeys(one.first.model for one in found))
    models = sorted(named, key=lambda one: _MODELS.index(one) if one in _MODELS else len(_MODELS))
    listed = list(dict.fromkeys(one.first.metric for one in found))
    metrics = sorted(listed, key=lambda one: _ORDER.index(one) if one in _ORDER else len(_ORDER))
    heads = [words.get(f"tables.network_{result.lab}_{model}", escape(model)) for model in models]
    return TableData(
        columns=(Column(title=words("tables.measure")), *map(numeric, heads)),
        rows=tuple(
            (
                with_unit(words.get(f"tables.measure_{metric}", escape(metric)), _unit(found, metric), words),
                *(_cell(cells.get((metric, model))) for model in models),
            )
            for metric in metrics
        ),
    )


def _unit(found: Sequence[Measured], metric: str) -> str:
    return next(one.unit for one in found if one.first.metric == metric)


def _cell(one: Measured | None) -> str:
    if one is None:
        return numbers.UNKNOWN
    if one.unit == "share":
        text, scale, digits = numbers.percent(one.mean).removesuffix("%"), 100, numbers.SHARE_DIGITS
    else:
        digits = _DIGITS.get(one.first.metric, 4)
        text, scale = numbers.number(one.mean, digits), 1
    return text if one.deviation is None else f"{text} ± {numbers.number(scale * one.deviation, digits)}"
