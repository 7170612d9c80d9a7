"""Sentences of alternative texts that several figures share, computed from the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.findings.analysis import Turn
from labreport.report.words import Words

Formatter = Callable[[float], str]
Columns = dict[str, tuple[Sequence[float], Formatter]]
"""Head of each column with its values, one per epoch, and how they are written."""
TableParts = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""Heads and rows of a table of data."""
LISTED_ROWS = 26
"""Epochs that the table behind a figure lists at most, apart from a few that matter."""


def plain(digits: int) -> Formatter:
    """Return a formatter with a fixed number of decimals."""
    return lambda value: numbers.number(value, digits)


def share(value: float) -> str:
    """Return a share as percent with one decimal."""
    return numbers.percent(value)


def course(words: Words, name: str, values: Sequence[float], form: Formatter, *, lowest: bool) -> str:
    """Return a clause that says how a curve runs.

    Args:
        words: texts of the report's language.
        name: what runs, such as "validation loss".
        values: one value per epoch.
        form: how a value is written.
        lowest: whether the turning point of interest is the minimum (losses) or the maximum (accuracies).
    """
    sign = -1 if lowest else 1
    finite = [(sign * value, -epoch) for epoch, value in enumerate(values, 1) if isfinite(value)]
    if not finite:
        return words("figures.course_undefined", name=name)
    epoch = -max(finite)[1]
    said = {
        "name": name,
        "first": form(values[0]),
        "turn": form(values[epoch - 1]),
        "epoch": epoch,
        "last": form(values[-1]),
    }
    way = "down" if lowest else "up"
    if len(values) == 1:
        return words("figures.course_single", **said)
    if epoch == len(values) or (epoch > 1 and said["turn"] == said["last"]):
        return words(f"figures.course_{way}_throughout", **said)
    if epoch == 1:
        return words(f"figures.course_{way}_never", **said)
    return words(f"figures.course_{way}_and_back", **said)


def joined(words: Words, clauses: Sequence[str]) -> str:
    """Return clauses as one sentence."""
    text = words("figures.clause_separator").join(clauses)
    return text[:1].upper() + text[1:] + words("figures.full_stop")


def sentences(words: Words, *texts: str) -> str:
    """Return whole sentences one after the other, leaving out empty ones."""
    return words.record.between_sentences.join(text for text in texts if text)


def listed_epochs(epochs: int, *kept: int) -> list[int]:
    """Return the epochs that a table lists: all of a short training, else evenly spaced ones and those in `kept`."""
    if epochs <= LISTED_ROWS:
        return list(range(1, epochs + 1))
    step = next(size for size in (2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, epochs) if epochs / size < LISTED_ROWS)
    return sorted({1, *range(step, epochs + 1, step), epochs, *kept})


def epoch_table(words: Words, columns: Columns, *kept: int) -> TableParts:
    """Return the table of curves over epochs, thinned where the training is long; `kept` epochs always stay."""
    epochs = max(len(values) for values, _ in columns.values())

    def cell(values: Sequence[float], form: Callable[[float], str], epoch: int) -> str:
        return form(values[epoch - 1]) if epoch <= len(values) else numbers.UNKNOWN

    rows = tuple(
        (numbers.integer(epoch), *(cell(values, form, epoch) for values, form in columns.values()))
        for epoch in listed_epochs(epochs, *kept)
    )
    return (words("figures.epoch"), *columns), rows


def flat_sentence(words: Words, turn: Turn) -> str:
    """Return the sentence that says what the bar at the foot spans; nothing where none is drawn."""
    if not turn.overfits or turn.flat is None or turn.flat.sharp:
        return ""
    return words("figures.alt_flat", first=turn.flat.first, last=turn.flat.last)


def seeds_sentence(words: Words, seeds: int) -> str:
    """Return the sentence that says what lines and bands are; nothing for a single run, which has no band."""
    return words("figures.alt_seeds", seeds=seeds) if seeds > 1 else ""


def class_names(result: Result, words: Words, classes: int) -> list[str]:
    """Return the names of the first classes of a run in the report's language; numbers where the data name none."""
    names = result.findings.data.class_names if result.findings.data else ()
    return [display_name(words, names[label]) if label < len(names) else str(label) for label in range(classes)]


def display_name(words: Words, name: str) -> str:
    """Return a class name in the report's language where it is an ordinary word, else as it stands."""
    return words.get(f"figures.class_{name}", name)
