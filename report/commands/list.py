"""`labreport list`: the stored runs."""

from __future__ import annotations

from pathlib import Path

import click

from labreport.report.commands import options
from labreport.report.commands.console import print_table
from labreport.report.numbers import UNKNOWN, number
from labreport.report.store import codec
from labreport.report.store.in_short import ListedRun, listed
from labreport.report.store.runs import Store, Stored


@click.command("list", epilog="\b\nExamples:\n  labreport list\n  labreport list imdb --json")
@click.argument("lab", required=False)
@options.RUNS_DIR
@options.AS_JSON
def command(lab: str | None, runs_dir: Path | None, as_json: bool) -> int:
    """List the stored runs, newest first.

    A run that can't be read is named on standard error and passed over; the exit code is then 2.
    """
    configuration = options.resolve(runs_dir=runs_dir)
    listing = Store(configuration.runs_dir).list(lab)
    if as_json:
        rows = tuple(listed(run.entry) for run in listing.runs)
        click.echo(codec.encode(rows, tuple[ListedRun, ...]).decode(), nl=False)
    elif listing.runs:
        heads = ("LAB", "RUN", "STATUS", "PROFILE", "DATA", "SEEDS", "SCORE")
        print_table(heads, [_row(run) for run in listing.runs])
    else:
        click.echo(f"No runs in {configuration.runs_dir}; `labreport build` makes some.", err=True)
    for problem in listing.unreadable:
        click.echo(f"Error: {problem}", err=True)
    return 2 if listing.unreadable else 0


def _row(run: Stored) -> tuple[str, ...]:
    entry = run.entry
    score = f"{entry.score[0]} {number(entry.score[1], 4)}" if entry.score else UNKNOWN
    return (
        entry.lab,
        entry.run_id,
        f"{entry.status}, auxiliary" if entry.confirms else entry.status,
        entry.profile,
        entry.source or UNKNOWN,
        str(len(entry.seeds)),
        score,
    )
