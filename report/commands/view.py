"""`labreport view`: the stored runs in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter, shown
from labreport.report.commands.serving import served
from labreport.report.errors import UsageError

LISTING = "view: listing the runs"
"""What is at work before the site is there."""


@click.command(
    "view",
    epilog="\b\nExamples:\n"
    "  labreport view\n"
    "  labreport view kept/runs --port 8000 --lang en\n"
    "  labreport view --export site --reports 20",
)
@click.argument("runs", required=False, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Listen there.  [default: any that is free]")
@click.option(
    "--host", metavar="ADDRESS", help="Listen at this address of the machine.  [default: 127.0.0.1, this machine alone]"
)
@click.option("--open", "opening", is_flag=True, help="Open the page in the browser of this machine.")
@click.option("--export", type=click.Path(path_type=Path), metavar="FOLDER", help="Write the site as plain files.")
@click.option(
    "--reports",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    help="With --export: how many of the newest runs get their report and comparison.",
)
@click.option("--lang", metavar="LIST", help="zh, en.  [default: zh,en]")
@click.option("--theme", metavar="NAME", help="blue, grey, or an installed one.  [default: blue]")
@options.RUNS_DIR
@options.QUIET
def command(
    runs: Path | None,
    port: int | None,
    host: str | None,
    opening: bool,
    export: Path | None,
    reports: int,
    quiet: bool,
    runs_dir: Path | None,
    **flags: Any,
) -> int:
    """Show the stored runs in the browser: all of them, one with its report, several compared, trend, gate.

    RUNS is the folder of a store. The site only shows: it writes no run and deletes none. It is there for this machine
    alone, under an address that no one can guess, until Ctrl-C. A training that is under way is shown with its curve.

    With --export the same pages are written as files, for an artifact or a web server; they work from the disk, too.
    """
    if runs is not None and runs_dir is not None and runs != runs_dir:
        raise UsageError("The store is named twice: as RUNS and as --runs-dir; leave one out.")
    configuration = options.resolve(runs_dir=runs or runs_dir, **flags)
    if runs is not None and not runs.is_dir():
        raise UsageError(f"There is no folder {runs}.\nName the folder of a store, or leave it out.")
    reporter = Reporter(quiet=quiet)
    if export is not None:
        from labreport.report.browsing.export import write

        if port is not None or host is not None or opening:
            raise UsageError("--port, --host and --open are for the server; --export writes files.")
        with reporter.bars():
            reporter.stage(LISTING)
            written = write(configuration, export, reports=reports, announce=reporter.advance)
        for problem in written.problems:
            click.echo(f"Error: {problem}", err=True)
        click.echo(shown(written.index))
        reporter.say(f"Files: {written.files}.")
        return 4 if written.problems else 0
    from labreport.report.browsing.application import application
    from labreport.report.browsing.server import LOOPBACK, Door
    from labreport.report.browsing.stock import Stock

    door = Door(host=host or LOOPBACK, port=port or 0)
    stock = Stock(configuration.runs_dir)
    return served(
        application(stock, configuration, door), door, reporter, opening=opening, first=stock.listing, stage=LISTING
    )
