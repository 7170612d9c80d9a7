"""A table of many measures of few networks: one row for each measure."""

from __future__ import annotations

from collections.abc import Sequence

from labreport.experiments.definitions import table
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.chapters.tables.content import (
    TableData,
    TableError,
    card_of,
    class_names,
    numeric,
    with_unit,
)
from labreport.report.document import Column, escape
from labreport.report.findings import analysis
from labreport.report.findings.scores import Measured, scores_of
from labreport.report.words import Words

_RATES = ("accuracy", "precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1")
_ORDER = (*_RATES, "auc", "ap", "loss", "brier", "ece")
_MODELS = ("final", "threshold", "weighted", "overtrained", "scaled")
_LISTED_CLASSES = 10
"""Classes of each end that are listed where they are many."""
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


@table()
def class_scores(result: Result, words: Words) -> TableData:
    """List precision, recall and F1 of the largest and the smallest classes, without and with weights."""
    card, counted = card_of(result), [said for said in result.findings.predictions if said.confusion]
    if not counted:
        raise TableError("the run counts no answers for each class")
    tested = [label for label, row in enumerate(counted[0].confusion) if sum(row)]
    order = sorted(tested, key=lambda label: (-card.train_class_counts[label], label))
    listed = order if len(order) <= 2 * _LISTED_CLASSES else [*order[:_LISTED_CLASSES], *order[-_LISTED_CLASSES:]]
    names = class_names(result, words, len(counted[0].confusion))
    heads = [f"tables.measure_{one}" for one in ("precision", "recall", "f1")]
    columns = [Column(title=words("tables.class")), numeric(words("tables.training_samples"))]
    columns.append(numeric(words("tables.test_samples")))
    columns += [numeric(with_unit(words(head), "share", words)) for head in heads]
    if len(counted) > 1:
        columns.append(numeric(with_unit(words("tables.recall_weighted"), "share", words)))
    rows = []
    for label in listed:
        shares = [_class_score(counted[0].confusion, label, which) for which in ("precision", "recall", "f1")]
        shares += [_class_score(said.confusion, label, "recall") for said in counted[1:2]]
        sizes = card.train_class_counts[label], sum(counted[0].confusion[label])
        rows.append((names[label], *map(numbers.integer, sizes), *shares))
    return TableData(columns=tuple(columns), rows=tuple(rows))


def _class_score(counts: Sequence[Sequence[int]], label: int, which: str) -> str:
    right, true, named = counts[label][label], sum(counts[label]), sum(row[label] for row in counts)
    below = {"precision": named, "recall": true, "f1": (named + true) / 2}[which]
    return numbers.percent(right / below, 1).removesuffix("%") if below else numbers.UNKNOWN


@table()
def networks(result: Result, words: Words) -> TableData:
    """List the networks that read in order beside the one on multi-hot vectors: size, epochs, time and accuracy.

    The time is that of both trainings, a mean over the seeds, and that of one sample in one epoch.
    """
    rows = []
    for role, name in (("final", "lstm"), ("conv", "conv"), ("dense", "dense")):
        stage = "selection" if role == "final" else f"{role}-selection"
        fits = [fit for fit in result.findings.trainings if fit.role in (stage, role)]
        scores = scores_of(result.findings.scores) | scores_of(result.findings.baselines, "baseline")
        accuracy = scores.get({"final": "test_accuracy", "conv": "test_accuracy_conv"}.get(role, "dense_accuracy"))
        mixed = scores.get(f"test_accuracy_{role}-shuffled")
        if not fits or accuracy is None:
            raise TableError(f"the run records no training or no score of the network '{role}'")
        chosen = sorted({fit.epochs for fit in fits if fit.role == role})
        updates = sum(fit.epochs * (fit.train_samples or 0) for fit in fits)
        rows.append(
            (
                words(f"figures.network_{name}"),
                numbers.integer(analysis.model(result, name).parameters),
                "–".join(numbers.integer(count) for count in sorted({chosen[0], chosen[-1]})),
                numbers.number(sum(fit.seconds for fit in fits) / len(result.seeds), 1),
                numbers.number(1e6 * sum(fit.seconds for fit in fits) / updates, 0),
                _cell(accuracy),
                _cell(mixed),
            )
        )
    heads = ("parameters", "epochs", "training_seconds", "microseconds", "accuracy_percent", "shuffled_percent")
    return TableData(
        columns=(Column(title=words("tables.model")), *(numeric(words(f"tables.{head}")) for head in heads)),
        rows=tuple(rows),
    )
