"""The table of three versions or more, for the report and the terminal: a column for each, and which of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from labreport.report.comparison import wording
from labreport.report.comparison.record import Comparisons, MetricTogether, Together
from labreport.report.comparison.untrusted import foreign
from labreport.report.document import Block, Column, Prose, Table
from labreport.report.words import Words

Rows = list[tuple[str, ...]]


def letter(place: int) -> str:
    """Return how a version is called: A, B, C, …, and by number beyond the alphabet."""
    return ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)


def legend(labels: Sequence[str], words: Words) -> list[str]:
    """Return a line for each version: its letter and how the user named it."""
    return [words("compare.labelled", name=letter(place), text=label) for place, label in enumerate(labels)]


def cells(lab: Together, words: Words) -> tuple[tuple[str, ...], Rows]:
    """Return the heads and the rows of the table of a lab, as plain text."""
    count = len(lab.runs)
    heads = (words("compare.head_metric"), *map(letter, range(count)), words("compare.head_all"))
    rows = [_row(metric, words) for metric in lab.metrics]
    return (*heads, words("compare.head_pairs")), rows


def tables(found: Comparisons, words: Words) -> list[Block]:
    """Return the tables of all labs with the legend before them; nothing for two versions."""
    if not found.together:
        return []
    labels = (found.comparisons[0].a.label, *(pair.b.label for pair in found.comparisons))
    listed = "\n".join(f"- {foreign(line)}" for line in legend(labels, words))
    blocks: list[Block] = [Prose(markdown=f"{words('compare.together_opening')}\n\n{listed}")]
    titles = {lab.lab: lab.titles.get(words.language, lab.lab) for pair in found.comparisons for lab in pair.labs}
    for lab in found.together:
        heads, rows = cells(lab, words)
        text = (0, len(heads) - 1)
        blocks.append(
            Table(
                id=f"together-{lab.lab}",
                number="",
                caption=words("compare.together_caption", lab=titles.get(lab.lab, lab.lab)),
                columns=tuple(
                    Column(
                        title=head,
                        align="left" if place in text else "right",
                        kind="text" if place in text else "number",
                    )
                    for place, head in enumerate(heads)
                ),
                rows=tuple((foreign(row[0]), *row[1:]) for row in rows),
            )
        )
    return blocks


def _row(metric: MetricTogether, words: Words) -> tuple[str, ...]:
    named = words("compare.named_unit", name=wording.name(metric.name, words), unit=wording.unit(metric.unit, words))
    p = words("compare.none_cell") if metric.adjusted_p is None else wording.p_value(metric.adjusted_p)
    means = wording.means(metric.values, metric.unit, words)
    return named, *means, p, _pairs(metric, words)


def _pairs(metric: MetricTogether, words: Words) -> str:
    if metric.p is None:
        return words("compare.together_few")
    higher = metric.direction == "higher"
    said = []
    for pair in metric.pairs:
        if pair.shown:
            better, worse = (pair.second, pair.first) if (pair.difference > 0) == higher else (pair.first, pair.second)
            said.append(words("compare.together_better", first=letter(better), second=letter(worse)))
    return words("compare.list_separator").join(said) or words("compare.together_none")
