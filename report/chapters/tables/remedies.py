"""Tables of networks that are set beside one base network: how each was trained, and what it gains."""

from __future__ import annotations

from labreport.experiments.definitions import table
from labreport.experiments.result import Result
from labreport.report import numbers
from labreport.report.chapters.tables.content import TableData, numeric
from labreport.report.document import Column, escape
from labreport.report.findings import analysis
from labreport.report.findings.claims.remedies import CROSS_ENTROPY
from labreport.report.findings.gains import BASE, gains
from labreport.report.words import Words


@table()
def remedies(result: Result, words: Words) -> TableData:
    """List each network with its parameters, its training samples, and the course of its validation cross-entropy."""
    rows = []
    for role in dict.fromkeys(fit.role for fit in result.findings.trainings):
        fits = analysis.trainings(result, role)
        found = analysis.turn(result, role, f"val_{CROSS_ENTROPY}")
        lengths = sorted({fit.epochs for fit in fits})
        rows.append(
            (
                network_name(role, words),
                numbers.integer(analysis.model(result, role).parameters),
                numbers.integer(fits[0].train_samples or 0),
                "–".join(numbers.integer(count) for count in (lengths[0], lengths[-1])[: len(lengths)]),
                numbers.integer(found.best_epoch),
                numbers.number(found.best, 3),
                numbers.number(found.last, 3),
            )
        )
    heads = ("parameters", "training_samples", "epochs", "best_epoch", "lowest_cross_entropy", "last_cross_entropy")
    columns = (Column(title=words("tables.model")), *(numeric(words(f"tables.{head}")) for head in heads))
    return TableData(columns=columns, rows=tuple(rows))


@table("gains")
def gained(result: Result, words: Words) -> TableData:
    """List the test accuracy of each network, how far it is from that of the base network, and whether by chance."""
    found = gains(result)
    base = found[0].base
    rows = [(network_name(BASE, words), _percent(base.mean), *[numbers.UNKNOWN] * 3)]
    for one in found:
        rows.append(
            (
                network_name(one.role, words),
                _percent(one.score.mean),
                numbers.signed(100 * one.found.difference, numbers.SHARE_DIGITS),
                numbers.UNKNOWN if one.reach is None else f"± {numbers.points(one.reach)}",
                numbers.number(one.p, 3) if one.p >= 0.001 else "<0.001",
            )
        )
    heads = ("test_accuracy_percent", "gain_points", "gain_interval", "p_corrected")
    columns = (Column(title=words("tables.model")), *(numeric(words(f"tables.{head}")) for head in heads))
    return TableData(columns=columns, rows=tuple(rows))


def network_name(role: str, words: Words) -> str:
    """Return how a network is called in a table, as Markdown."""
    return words.get(f"tables.beside_{role}", escape(role))


def _percent(share: float) -> str:
    return numbers.percent(share).removesuffix("%")
