"""Runs as plain tables for other programs: histories, scores, settings.

A history is long by default: one row a value, which holds whatever was measured, at whichever epoch, of any number of
runs, and is what pandas, R and databases group by. Wide is one row an epoch and one column a metric, as CSVLogger of
Keras writes it and a spreadsheet draws it.

Names come from the user's code and logs, and a spreadsheet runs a cell that begins like a formula. So a text that does
gets an apostrophe before it, which a spreadsheet hides; a number is a number and never gets one.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from labreport.experiments.result import Course, Direction, Result, Setting, Training

ExportedTable = Literal["history", "scores", "settings"]
TABLES: tuple[ExportedTable, ...] = ("history", "scores", "settings")
_HEADS = {
    "history": ("run", "lab", "training", "group", "seed", "fold", "axis", "epoch", "metric", "value"),
    "scores": ("run", "lab", "score", "model", "metric", "split", "seed", "fold", "value", "unit", "direction"),
    "settings": ("run", "lab", "setting", "value", "changed"),
}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet takes for a formula, or that already has our mark before it."""
_END = "\r\n"
"""For the writer, which sets quotation marks only around the characters that end its own lines."""

ExportedCell = str | int | float | None


class ExportedCurve(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one training."""

    training: str
    """Role of the training."""
    group: str | None
    """What distinguishes it from others of its role: fold, seed or fits."""
    seed: int | None
    fold: int | None
    axis: str
    """epoch or step."""
    metric: str
    epochs: tuple[int, ...]
    """At which each value stands, from 1."""
    values: tuple[float, ...]


class ExportedScore(msgspec.Struct, frozen=True, kw_only=True):
    """One score, as it is stored."""

    score: str
    model: str
    metric: str
    split: str
    seed: int | None
    fold: int | None
    value: float
    unit: str
    direction: Direction


class ExportedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    run: str
    lab: str
    status: str
    started: str
    settings: dict[str, Setting]
    changed_settings: tuple[str, ...]
    scores: tuple[ExportedScore, ...]
    history: tuple[ExportedCurve, ...]


def exported(result: Result) -> ExportedRun:
    """Return what other programs may want of a run."""
    return ExportedRun(
        run=result.run_id,
        lab=result.lab,
        status=result.status,
        started=result.provenance.started,
        settings=dict(result.settings),
        changed_settings=result.changed_settings,
        scores=tuple(
            ExportedScore(
                score=one.name,
                model=one.model,
                metric=one.metric,
                split=one.split,
                seed=one.seed,
                fold=one.fold,
                value=one.value,
                unit=one.unit,
                direction=one.direction,
            )
            for one in result.findings.scores
        ),
        history=tuple(curve for one in result.findings.trainings for curve in _curves(one)),
    )


def as_csv(results: Iterable[Result], table: ExportedTable, *, wide: bool = False) -> str:
    """Return one table of some runs as CSV: a head, commas, quotation marks where needed, lines that end in LF.

    Args:
        results: the runs.
        table: which one.
        wide: a history with a column for each metric.
    """
    lines = _CsvLines()
    writer = csv.writer(lines, lineterminator=_END)
    runs = [exported(result) for result in results]
    if wide and table == "history":
        metrics = tuple(dict.fromkeys(curve.metric for run in runs for curve in run.history))
        writer.writerow(map(_guarded, (*_HEADS["history"][:-2], *metrics)))
        writer.writerows(_wide(runs, metrics))
    else:
        writer.writerow(_HEADS[table])
        rows = {"history": _history, "scores": _scores, "settings": _settings}[table]
        writer.writerows(row for run in runs for row in rows(run))
    return "".join(lines.found)


class _CsvLines:
    """Takes the lines of a writer and ends them as files here end."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def write(self, line: str) -> None:
        """Take a line."""
        self.found.append(f"{line.removesuffix(_END)}\n")


def _curves(training: Training) -> Iterator[ExportedCurve]:
    course = training.course if isinstance(training.course, Course) else None
    for metric, values in training.history.items():
        at = course.at.get(metric) if course else None
        yield ExportedCurve(
            training=training.role,
            group=course.group if course else None,
            seed=training.seed,
            fold=training.fold,
            axis=course.axis if course else "epoch",
            metric=metric,
            epochs=at or tuple(range(1, len(values) + 1)),
            values=values,
        )


def _history(run: ExportedRun) -> Iterator[tuple[ExportedCell, ...]]:
    for curve in run.history:
        begin, metric = _place(run, curve), _guarded(curve.metric)
        for epoch, value in zip(curve.epochs, curve.values, strict=True):
            yield (*begin, epoch, metric, value)


def _wide(runs: Sequence[ExportedRun], metrics: Sequence[str]) -> Iterator[tuple[ExportedCell, ...]]:
    for run in runs:
        trainings: dict[tuple[tuple[ExportedCell, ...], int], list[ExportedCurve]] = {}
        seen: Counter[tuple[ExportedCell, ...]] = Counter()
        for curve in run.history:
            place = _place(run, curve)
            seen[*place, curve.metric] += 1
            # Trainings that nothing distinguishes each have rows of their own.
            trainings.setdefault((place, seen[*place, curve.metric]), []).append(curve)
        for (begin, _), curves in trainings.items():
            values = {curve.metric: dict(zip(curve.epochs, curve.values, strict=True)) for curve in curves}
            for epoch in sorted({epoch for curve in curves for epoch in curve.epochs}):
                yield (*begin, epoch, *(values.get(metric, {}).get(epoch) for metric in metrics))


def _place(run: ExportedRun, curve: ExportedCurve) -> tuple[ExportedCell, ...]:
    return (run.run, run.lab, _guarded(curve.training), curve.group, curve.seed, curve.fold, curve.axis)


def _scores(run: ExportedRun) -> Iterator[tuple[ExportedCell, ...]]:
    for one in run.scores:
        named = (one.score, one.model, one.metric, one.split)
        end = (_guarded(one.unit), one.direction)
        yield (run.run, run.lab, *map(_guarded, named), one.seed, one.fold, one.value, *end)


def _settings(run: ExportedRun) -> Iterator[tuple[ExportedCell, ...]]:
    for name, value in run.settings.items():
        cell: ExportedCell = _guarded(value) if isinstance(value, str) else value
        if isinstance(value, bool):
            cell = str(value).lower()
        yield (run.run, run.lab, _guarded(name), cell, str(name in run.changed_settings).lower())


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
