"""Tables of scores: those of the networks beside the baselines, and those of each fold.

Columns of numbers have the same number of decimals in every row, so that they stand under one another.
"""

from __future__ import annotations

from msgspec import UNSET

from labreport.experiments.definitions import table
from labreport.experiments.result import Result
from labreport.experiments.selection import NoValidationError
from labreport.report import numbers
from labreport.report.chapters.tables.content import TableData, TableError, numeric, with_unit
from labreport.report.document import Column, escape
from labreport.report.findings import analysis
from labreport.report.findings.digits import Decimals
from labreport.report.findings.groups import groups
from labreport.report.findings.scores import Measured, Quantity, scores_of
from labreport.report.words import Words

_Measure = tuple[str, str, str]
"""Split and metric of a column, and the name of the score where a network has several of them."""


@table()
def scores(result: Result, words: Words) -> TableData:
    """List the scores of the trained networks and, below them, those of the baselines.

    Values are means over the seeds; the first measure of the test set also has its standard deviation. Of two scores
    of one network with one metric, the second has a column under its own name.
    """
    own = result.findings.own is not UNSET
    every = (*scores_of(result.findings.scores).values(), *scores_of(result.findings.baselines, "baseline").values())
    listed = [one for one in every if own or one.first.split != "validation"]
    if not listed:
        raise TableError("the run records no scores")
    cells: dict[tuple[str, _Measure], Measured] = {}
    for one in listed:
        measure: _Measure = (one.first.split, one.first.metric, "")
        if (one.first.model, measure) in cells:
            measure = (*measure[:2], one.first.name)
        cells[one.first.model, measure] = one
    measures = sorted({measure for _, measure in cells}, key=_measure_order)
    main = next((measure for measure in measures if measure[0] == "test"), measures[0])
    models = list(dict.fromkeys(one.first.model for one in listed))
    epochs = [_epochs(result, model) for model in models]
    spread = any(len(_repetitions(one).values) > 1 for (_, measure), one in cells.items() if measure == main)
    decimals = Decimals(result)
    columns = [Column(title=words("tables.model"))]
    contents: list[list[str]] = []
    if any(count != numbers.UNKNOWN for count in epochs):
        columns.append(numeric(words("tables.epochs")))
        contents.append(epochs)
    for measure in measures:
        split, metric, name = measure
        found = [cells.get((model, measure)) for model in models]
        unit = next(one.unit for one in found if one is not None)
        digits = decimals.of(unit, metric, split)
        title = words.get(f"tables.{split}_{metric}", f"{words(f'own.role_{split}')} {escape(metric)}")
        columns.append(numeric(with_unit(escape(name.replace("_", " ")) or title, unit, words)))
        contents.append([_mean(one, digits) for one in found])
        if spread and measure == main:
            repeated = [None if one is None else _repetitions(one) for one in found]
            most = max(len(one.values) for one in repeated if one is not None)
            heading = words("own.deviation", count=most) if own else words("tables.deviation", seeds=len(result.seeds))
            columns.append(numeric(heading))
            contents.append([_deviation(one, digits) for one in repeated])
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


def _measure_order(measure: _Measure) -> tuple[int, int, str]:
    split, metric, name = measure
    order = ("accuracy", "mae", "loss", "mse")
    split_order = ("train", "validation", "test").index(split)
    return split_order, order.index(metric) if metric in order else len(order), name


def _repetitions(found: Measured) -> Quantity:
    """Return the values whose spread is shown: those of the seeds, or of the folds of a single one."""
    values = found.by_fold if len(found.values) == 1 and len(found.by_fold) > 1 else found.values
    return Quantity(values=values, unit=found.unit)


def _mean(found: Quantity | None, digits: int) -> str:
    if found is None:
        return numbers.UNKNOWN
    if found.unit == "share":
        return numbers.percent(found.mean, digits).removesuffix("%")
    return numbers.number(found.mean, digits)


def _deviation(found: Quantity | None, digits: int) -> str:
    if found is None or found.deviation is None:
        return numbers.UNKNOWN
    return numbers.number((100 if found.unit == "share" else 1) * found.deviation, digits)
