"""The numbers of a comparison for other programs: one CSV for all languages, and its tables as LaTeX in each.

The CSV holds numbers as they were measured, unrounded; LaTeX shows what the report shows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from labreport.report.comparison import terminal, together_section
from labreport.report.comparison.record import Comparison, Comparisons, MetricDifference
from labreport.report.findings.scores import Quantity
from labreport.report.words import Words

_HEADS = (
    *("lab", "metric", "unit", "direction", "a", "b", "mean_a", "sd_a", "runs_a", "mean_b", "sd_b", "runs_b"),
    *("difference", "low", "high", "level", "improvement", "p", "adjusted_p", "verdict"),
)
_SIGNS = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\u2212": "$-$",
    "±": r"$\pm$",
    "→": r"$\to$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "–": "--",
    "\u202f": r"\,",
    "\u00a0": "~",
}
"""How LaTeX writes what it would take for a command, or what its usual fonts lack."""


def csv_table(found: Comparisons) -> bytes:
    """Return a row for each metric of each pair of versions, as CSV in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADS)
    for pair in found.comparisons:
        for lab in pair.labs:
            for metric in lab.metrics:
                writer.writerow(map(_cell, _numbers(lab.lab, pair, metric)))
    return text.getvalue().encode()


def tex(found: Comparisons, language: str) -> str:
    """Return the tables of a comparison as LaTeX: all versions side by side, then each pair.

    It needs no package; Chinese needs an engine and a class that can set it, such as XeLaTeX with ctex.
    """
    words = Words(language)
    parts = [f"% labreport compare {found.tool_version}".rstrip()]
    for together in found.together:
        heads, rows = together_section.cells(together, words)
        parts += [f"% {together.lab}", _tabular(heads, rows, texts=(0, len(heads) - 1))]
    for pair in found.comparisons:
        heads = terminal.heads(pair, words)
        rows = list(terminal.rows(pair, words))
        parts += [f"% {_one_line(pair.a.label)} / {_one_line(pair.b.label)}", _tabular(heads, rows, texts=(0, 1, 8))]
    return "\n\n".join(parts) + "\n"


def _numbers(lab: str, pair: Comparison, metric: MetricDifference) -> Iterator[object]:
    yield from (lab, metric.name, metric.unit, metric.direction, pair.a.label, pair.b.label)
    for values in (metric.a, metric.b):
        shown = Quantity(values=values, unit=metric.unit)
        yield from (shown.mean, shown.deviation, len(values))
    yield metric.difference
    interval, test = metric.interval, metric.test
    yield from (interval.low, interval.high, interval.level) if interval else (None, None, None)
    yield metric.improvement
    yield from (test.p, test.adjusted_p) if test else (None, None)
    yield metric.verdict


def _cell(value: object) -> object:
    """Return a cell; text that a spreadsheet would take for a formula gets an apostrophe."""
    if isinstance(value, float):
        return repr(value)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _tabular(heads: Sequence[str], rows: Sequence[Sequence[str]], texts: Sequence[int]) -> str:
    columns = "".join("l" if place in texts else "r" for place in range(len(heads)))
    lines = [" & ".join(map(_escaped, row)) + r" \\" for row in (heads, *rows)]
    return "\n".join(
        [rf"\begin{{tabular}}{{{columns}}}", r"\hline", lines[0], r"\hline", *lines[1:], r"\hline", r"\end{tabular}"]
    )


def _escaped(text: str) -> str:
    return "".join(_SIGNS.get(sign, sign) for sign in _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.replace("\u202f", "\ue000").split()).replace("\ue000", "\u202f")
