"""`labreport gc`: delete old runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from labreport.report.commands import options
from labreport.report.commands.columns import print_table
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.errors import UsageError
from labreport.report.numbers import UNKNOWN, integer, size
from labreport.report.store import promotions, retention
from labreport.report.store.baselines import Baselines
from labreport.report.store.codec import NAME
from labreport.report.store.entries import Entry
from labreport.report.store.runs import Store


@click.command("gc", epilog="\b\nExamples:\n  labreport gc --keep 20\n  labreport gc --keep 20 --keep 90d --yes")
@options.LABS
@click.option(
    "--keep",
    "rules",
    multiple=True,
    required=True,
    metavar="N|DAYSd",
    help="Keep the newest N runs of each line, or those of the last days: 20 or 90d. Given twice, either keeps a run.",
)
@click.option("--yes", is_flag=True, help="Delete. Without it, only list what would be deleted.")
@options.RUNS_DIR
@options.AS_JSON
def command(labs: tuple[str, ...], rules: tuple[str, ...], yes: bool, runs_dir: Path | None, as_json: bool) -> int:
    """Delete old runs; without --yes, only list which.

    A line is a lab with its profile, data and changed settings. Never deleted: runs of a baseline, the newest complete
    run of a line, and runs that can't be read, which are named; the exit code is then 2. Links and what is not the
    store's own are passed over and named.
    """
    configuration = options.resolve(runs_dir=runs_dir)
    root = configuration.runs_dir
    store = Store(root)
    listing = store.list(among=labs)
    for lab in labs:
        if not NAME.fullmatch(lab) or not (root / lab).is_dir():
            raise UsageError(f"There is no run of '{lab}' in {shown(root)}.")
    kept = [retention.parse_rule(rule) for rule in rules]
    protected = promotions.kept_runs(Baselines(root))
    runs = replace(listing.runs.of_labs(labs), held=True)
    linked = retention.linked_in(root)
    reporter = Reporter(quiet=as_json)
    with reporter.bars():
        reporter.stage("gc: looking through the runs")
        looked = reporter.each("gc, runs looked through", runs)
        fates = retention.judge(
            looked, kept, protected, datetime.now(UTC), readable=retention.can_be_read, linked=linked
        )
        left = retention.Leftovers(ours=(), foreign=()) if labs else retention.leftovers(root)
        rests = left.ours
        going = [fate.run for fate in fates if fate.goes]
        measured = reporter.each("gc, folders measured", [*(run.folder for run in going), *rests])
        freed = sum(map(retention.size_of, measured))
        reporter.stage("")
        for run in reporter.each("gc, runs", going if yes else ()):
            retention.delete(run)
        for rest in rests if yes else ():
            retention.clear(rest)
    if as_json:
        print_json(
            {
                "deleted": yes,
                "runs": [shown(run.folder) for run in going],
                "rests": [shown(path) for path in rests],
                "foreign": [shown(path) for path in left.foreign],
                "bytes": freed,
                "kept": {fate.run.entry.run_id: fate.reason for fate in fates if not fate.goes},
            }
        )
    else:
        if going:
            heads = ("LAB", "RUN", "STATUS", "PROFILE", "DATA")
            print_table(heads, [_row(run.entry) for run in going])
        for path in rests:
            click.echo(f"leftovers of a program that was stopped: {shown(path)}")
        for path in left.foreign:
            click.echo(f"not the store's own, passed over: {shown(path)}")
        verb = "Deleted" if yes else "Would delete"
        click.echo(f"{verb} {integer(len(going))} of {integer(len(fates))} runs, {size(freed)}.")
        if not yes and (going or rests):
            click.echo("Nothing was deleted; do it with --yes.", err=True)
    damaged = [f"{shown(fate.run.path)} can't be read" for fate in fates if fate.ground == "damaged"]
    for problem in (*listing.unreadable, *damaged):
        click.echo(f"Error: {problem}", err=True)
    return 2 if listing.unreadable or damaged else 0


def _row(entry: Entry) -> tuple[str, ...]:
    return (entry.lab, entry.run_id, entry.status, entry.profile, entry.source or UNKNOWN)
