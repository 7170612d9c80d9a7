"""A verdict of the gate on the terminal: what needs attention, and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labreport.report.commands.columns import print_table

if TYPE_CHECKING:
    from labreport.report.gate.verdict import Verdict


def print_verdict(verdict: Verdict, *, verbose: bool = False) -> None:
    """Print a verdict.

    Args:
        verdict: what the gate said.
        verbose: every check, and not only those that need attention.
    """
    from labreport.report.gate import wording
    from labreport.report.languages import TERMINAL
    from labreport.report.words import Words

    words = Words(TERMINAL)
    rows = wording.rows(verdict, words)
    listed = rows if verbose else wording.attention(rows)
    if listed:
        heads = ("LAB", "CHECK", "NOW", "BASELINE", "VERDICT", "BECAUSE")
        print_table(heads, [(row.name, row.check, row.now, row.before, row.verdict, row.reason) for row in listed])
        click.echo()
    click.echo(f"{words(f'gate.outcome_{verdict.outcome}')}: {wording.counts(verdict, words)}")
