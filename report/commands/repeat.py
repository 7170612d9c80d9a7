"""`labreport repeat`: train once more what a run's record says, and compare the numbers."""

from __future__ import annotations

from typing import Any

import click

from labreport.experiments.errors import plain
from labreport.report.commands import options, record
from labreport.report.commands.console import Reporter
from labreport.report.comparison.repetition import TOLERANCE, Repetition, compared
from labreport.report.running.repeating import repeated
from labreport.report.store import codec
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

_SHOWN = 12
"""Deviations that are printed; --json has all."""

_HEADS = {
    "identical": "identical",
    "within-tolerance": "within the tolerance of another machine or version",
    "different": "different",
}


@click.command(
    "repeat",
    epilog="""\b
Examples:
  labreport repeat imdb
  labreport repeat 20261126T114850Z-72c76d25-f6600e --json
\b
Exit codes: 0 identical or within the tolerance, 1 different, 3 it can't be repeated.""",
)
@click.argument("run")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=TOLERANCE,
    show_default=True,
    help="Relative difference that counts as rounding where processor, system or versions differ.",
)
@options.JOBS
@options.ON
@options.MIXED
@options.DATA_DIR
@options.OFFLINE
@options.RUNS_DIR
@options.AS_JSON
@options.QUIET
@options.VERBOSE
def command(run: str, tolerance: float, as_json: bool, quiet: bool, verbose: bool, **flags: Any) -> int:
    """Train once more what a run's record says, and compare every number.

    RUN is a run id, a run's folder, a result file, or a name, whose newest run is taken. Settings, seeds and data are
    those of the record; a script is started as it was, from the current folder. Nothing is stored.
    """
    configuration = options.resolve(**flags)
    store = Store(configuration.runs_dir.absolute())
    result = load(store.find(run))
    reporter = Reporter(quiet=quiet or as_json, verbose=verbose)
    # The terminal of a script is its own, and shows no bar of ours.
    with reporter.heartbeat() if result.findings.own else reporter.bars():
        reporter.stage("repeat: training once more")
        again = repeated(
            result, configuration, store, ordered=record.order_of, progress=reporter.advance, announce=reporter.say
        )
    found = compared(result, again, tolerance)
    if as_json:
        click.echo(codec.encode(found).decode(), nl=False)
    else:
        _print(found, reporter)
    return 1 if found.verdict == "different" else 0


def _print(found: Repetition, reporter: Reporter) -> None:
    what = "curve or number" if found.compared == 1 else "curves and numbers"
    click.echo(f"{plain(found.lab)}: {_HEADS[found.verdict]} ({found.compared} {what} compared)")
    for line in found.surroundings:
        click.echo(f"  {plain(line)}")
    shown = found.deviations if reporter.verbose else found.deviations[:_SHOWN]
    for one in shown:
        click.echo(f"  {plain(one.sentence)}")
    if len(found.deviations) > len(shown):
        click.echo(f"  … {len(found.deviations) - len(shown)} more; --verbose shows all")
    if found.deviations and not found.seeded:
        click.echo("  No seed was set, so a repetition need not give the same numbers.")
