"""Tables of what a classifier gets right and wrong."""

from __future__ import annotations

from labreport.experiments.definitions import table
from labreport.experiments.result import Predictions, Result
from labreport.report import numbers
from labreport.report.chapters.tables.content import (
    ONE_PAGE,
    SIDE_BY_SIDE,
    TableData,
    TableError,
    class_names,
    numeric,
)
from labreport.report.document import Column
from labreport.report.findings import confusion
from labreport.report.words import Words


@table()
def confused_pairs(result: Result, words: Words) -> TableData:
    """List the most frequent mistakes between two classes."""
    said = _confusing(result)
    names = class_names(result, words, len(said.confusion))
    rows = tuple(
        (names[true], names[given], numbers.integer(count), numbers.percent(count / sum(said.confusion[true]), 1))
        for true, given, count in confusion.confused_pairs(said)[: confusion.LISTED_PAIRS]
    )
    if not rows:
        raise TableError("the network made no mistake")
    heads = ("true_class", "predicted_class"), ("times", "share_of_class")
    return TableData(
        columns=(
            *(Column(title=words(f"tables.{head}")) for head in heads[0]),
            *(numeric(words(f"tables.{head}")) for head in heads[1]),
        ),
        rows=rows,
    )


@table()
def class_accuracy(result: Result, words: Words) -> TableData:
    """List the share of right answers for each class; more than a few classes in two halves side by side."""
    said = _confusing(result)
    names = class_names(result, words, len(said.confusion))
    rows: list[tuple[str, ...]] = []
    for label, row in enumerate(said.confusion):
        samples = sum(row)
        share = numbers.percent(row[label] / samples, 1) if samples else numbers.UNKNOWN
        rows.append((numbers.integer(label), names[label], numbers.integer(samples), share))
    columns: tuple[Column, ...] = (
        numeric(words("tables.label")),
        Column(title=words("tables.class")),
        numeric(words("tables.test_samples")),
        numeric(words("tables.class_accuracy")),
    )
    if all(number == name for number, name, *_ in rows):
        columns, rows = columns[1:], [row[1:] for row in rows]
    if not SIDE_BY_SIDE < len(rows) <= ONE_PAGE:
        return TableData(columns=columns, rows=tuple(rows))
    half = -(-len(rows) // 2)
    right = [*rows[half:], *[("",) * len(columns)] * (2 * half - len(rows))]
    halves = tuple((*one, *other) for one, other in zip(rows[:half], right, strict=True))
    return TableData(columns=columns * 2, rows=halves)


def _confusing(result: Result) -> Predictions:
    found = next((said for said in result.findings.predictions if said.confusion), None)
    if found is None:
        raise TableError("the run records no confusion matrix")
    return found
