"""Tables of scores: those of the networks beside the baselines, and those of each fold.

Columns of numbers have the same number of decimals in every row, so that they stand under one another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import UNSET

from labreport.experiments.definitions import table
from labreport.experiments.result import Result, Score
from labreport.experiments.selection import NoValidationError
from labreport.report import numbers
from labreport.report.chapters.tables.content import TableData, TableError, numeric, with_unit
from labreport.report.document import Column, escape
from labreport.report.findings import analysis
from labreport.report.findings.groups import groups
from labreport.report.findings.scores import Quantity
from labreport.report.words import Words

DECIMALS = {"accuracy": numbers.SHARE_DIGITS, "loss": 3, "mae": 2, "mse": 2}
"""Decimals of each metric; accuracies in percent."""


@table()
def scores(result: Result, words: Words) -> TableData:
    """List the scores of the trained networks and, below them, those of the baselines.

    Values are means over the seeds; the first measure of the test set also has its standard deviation.
    """
    own = result.findings.own is not UNSET
    listed = [s for s in (*result.findings.scores, *result.findings.baselines) if own or s.fold is None]
    listed = [s for s in listed if own or s.split != "validation"]
    if not listed:
        raise TableError("the run records no scores")
    measures = sorted({(s.split, s.metric) for s in listed}, key=_measure_order)
    main = next((measure for measure in measures if measure[0] == "test"), measures[0])
    models = list(dict.fromkeys(s.model for s in listed))
    cells: dict[tuple[str, str, str], list[Score]] = {}
    for s in listed:
        cells.setdefault((s.model, s.split, s.metric), []).append(s)
    epochs = [_epochs(result, model) for model in models]
    spread = any(len(found) > 1 for key, found in cells.items() if key[1:] == main)
    columns = [Column(title=words("tables.model"))]
    contents: list[list[str]] = []
    if any(count != numbers.UNKNOWN for count in epochs):
        columns.append(numeric(words("tables.epochs")))
        contents.append(epochs)
    for measure in measures:
        found = [cells.get((model, *measure), []) for model in models]
        digits = DECIMALS.get(measure[1], 2)
        title = words.get(
            f"tables.{measure[0]}_{measure[1]}", f"{words(f'own.role_{measure[0]}')} {escape(measure[1])}"
        )
        unit = next(s.unit for s in listed if (s.split, s.metric) == measure)
        columns.append(numeric(with_unit(title, unit, words)))
        contents.append([_mean(group, digits) for group in found])
        if spread and measure == main:
            most = max(map(len, found))
            heading = words("own.deviation", count=most) if own else words("tables.deviation", seeds=len(result.seeds))
            columns.append(numeric(heading))
            contents.append([_deviation(group, digits) for group in found])
    two_stages = any(measure.name == "chosen_epochs" for measure in result.findings.measures)
    trained = _trainings(result, words) if own else {}
    names = [
        trained.get(model)
        or words.get(f"tables.model_{model}" + ("_chosen" if model == "final" and two_stages else ""), escape(model))
        for model in models
    ]
    rows = zip(names, *contents, strict=True)
    return TableData(columns=tuple(columns), rows=tuple(rows))


@table()
def folds(result: Result, words: Words) -> TableData:
    """List the parts of each fold and its error, and the parts that the faulty published listing gives."""
    if not result.findings.folds:
        raise TableError("the run records no folds")
    known = {series.name for series in result.findings.series}
    published = {"published_train_samples", "published_validation_samples"} <= known
    heads = ["training_samples", "validation_samples", "fold_mae"]
    sizes: list[tuple[float, ...]] = []
    if published:
        heads += ["published_training", "published_validation"]
        sizes = [analysis.series(result, f"published_{part}_samples") for part in ("train", "validation")]
    rows = []
    try:
        errors = analysis.fold_errors(result)
    except (analysis.MissingValueError, NoValidationError):
        errors = {}
    for position, fold in enumerate(result.findings.folds):
        error = numbers.number(errors[fold.number], 2) if fold.number in errors else numbers.UNKNOWN
        row = [numbers.integer(fold.number), numbers.integer(fold.train_samples)]
        row += [numbers.integer(fold.validation_samples), error]
        row += [numbers.integer(values[position]) if position < len(values) else numbers.UNKNOWN for values in sizes]
        rows.append(tuple(row))
    unit = next((score.unit for score in result.findings.scores if (score.fold, score.metric) == (1, "mae")), "")
    titles = [with_unit(words(f"tables.{head}"), unit if head == "fold_mae" else "", words) for head in heads]
    columns = (Column(title=words("tables.fold")), *map(numeric, titles))
    return TableData(columns=columns, rows=tuple(rows))


def _trainings(result: Result, words: Words) -> dict[str, str]:
    """Return how the network of each training of a user's own run is called, by its role."""
    found = groups(result)
    if len(found) == 1:
        return {found[0].role: words("own.network")}
    return {group.role: words("own.network_of", number=number) for number, group in enumerate(found, 1)}


def _epochs(result: Result, model: str) -> str:
    """Return for how many epochs the model of a role was trained, over several seeds from the fewest to the most."""
    found = [fit.epochs for fit in result.findings.trainings if fit.role == model]
    if not found:
        return numbers.UNKNOWN
    return "–".join(numbers.integer(count) for count in sorted({min(found), max(found)}))


def _measure_order(measure: tuple[str, str]) -> tuple[int, int]:
    split, metric = measure
    order = ("accuracy", "mae", "loss", "mse")
    return ("train", "validation", "test").index(split), order.index(metric) if metric in order else len(order)


def _mean(group: Sequence[Score], digits: int) -> str:
    if not group:
        return numbers.UNKNOWN
    mean = math.fsum(score.value for score in group) / len(group)
    if group[0].unit == "share":
        return numbers.percent(mean, digits).removesuffix("%")
    return numbers.number(mean, digits)


def _deviation(group: Sequence[Score], digits: int) -> str:
    quantity = Quantity(values=tuple(score.value for score in group), unit="")
    if len(group) < 2 or quantity.deviation is None:
        return numbers.UNKNOWN
    scale = 100 if group[0].unit == "share" else 1
    return numbers.number(scale * quantity.deviation, digits)
