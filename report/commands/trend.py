"""`labreport trend`: the history of all stored runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labreport.experiments.errors import unknown_name
from labreport.report.commands import options
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.configuration import check_choice
from labreport.report.errors import NothingMeasuredError, UsageError
from labreport.report.numbers import integer
from labreport.report.store import query
from labreport.report.store.runs import Store


@click.command(
    "trend",
    epilog="\b\nExamples:\n  labreport trend\n  labreport trend imdb --profile full --lang en -o trend",
)
@options.LABS
@click.option("--profile", metavar="NAME", help="Only runs of this profile: full or quick.  [default: both]")
@click.option("--data", metavar="KIND", help="Only runs on these data: full or sample.  [default: both]")
@click.option("--machine", metavar="TEXT", default="", help="Only runs on machines with this in their name.")
@click.option("--pool", is_flag=True, help="One line for all machines instead of one for each.")
@click.option("--url", metavar="ADDRESS", default="", help="Where the folder will be published, for the feed's links.")
@click.option("--lang", metavar="LIST", help="zh, en.  [default: zh,en]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for the files.  [default: reports]")
@options.RUNS_DIR
@options.AS_JSON
@options.QUIET
def command(
    labs: tuple[str, ...],
    profile: str | None,
    data: str | None,
    machine: str,
    pool: bool,
    url: str,
    as_json: bool,
    quiet: bool,
    **flags: Any,
) -> int:
    """Show the history of all stored runs: a page for each language, trend.json, and an Atom feed.

    Each metric of each lab is a line with a band over the seeds; lasting changes of its level are marked. A run that
    can't be read is named and passed over; the exit code is then 2.
    """
    from labreport.report.trend import data as trend_data
    from labreport.report.trend.folder import write
    from labreport.report.trend.history import Choice, history, newest_first

    configuration = options.resolve(**flags)
    for name, value in (("profile", profile), ("data", data)):
        if value is not None:
            check_choice(name, value, f"--{name}")
    reporter = Reporter(quiet=quiet or as_json)
    with reporter.bars():
        reporter.stage("trend: listing the runs")
        listing = Store(configuration.runs_dir).list(among=query.check_labs(labs))
    stored = listing.labs
    for lab in labs:
        if stored and lab not in stored:
            raise UsageError(unknown_name("lab", lab, stored))
    choice = Choice(labs=labs, profile=profile, source=None if data == "auto" else data, machine=machine)
    with reporter.bars():
        reporter.stage("trend: looking for lasting changes")
        found = history(configuration.runs_dir, listing, choice, pooled=pool, held=True)
    for problem in listing.unreadable:
        click.echo(f"Error: {problem}", err=True)
    if not found.groups:
        chosen = "No run in {} answers to this choice." if listing.runs else "There is no run in {}."
        raise NothingMeasuredError(
            f"{chosen.format(shown(configuration.runs_dir))}\nSee `labreport list`, or run `labreport build` first."
        )
    with reporter.bars():
        reporter.stage("trend: drawing the pages")
        paths = write(found, configuration.output, configuration.lang, base=url, look=configuration.look)
    if as_json:
        print_json(trend_data.plain(found))
    else:
        for path in paths:
            click.echo(shown(path))
    line = f"Runs: {integer(len(found.runs))}; changes of level: {integer(len(newest_first(found)))}."
    reporter.say(line)
    return 2 if listing.unreadable else 0
