"""`labreport preview`: the report in the browser while its notes are written."""

from __future__ import annotations

from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter
from labreport.report.commands.named import newest
from labreport.report.commands.serving import served
from labreport.report.errors import NothingMeasuredError


@click.command(
    "preview",
    epilog="\b\nExamples:\n"
    "  labreport preview\n"
    "  labreport preview imdb --lang en --edition instructor\n"
    "  labreport preview wine --port 8000 --open",
)
@options.LABS
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Listen there.  [default: any that is free]")
@click.option(
    "--host", metavar="ADDRESS", help="Listen at this address of the machine.  [default: 127.0.0.1, this machine alone]"
)
@click.option("--open", "opening", is_flag=True, help="Open the page in the browser of this machine.")
@click.option("--lang", metavar="LIST", help="zh, en.  [default: zh,en]")
@click.option("--edition", metavar="NAME", help="student, or instructor: with the solutions.  [default: student]")
@click.option("--theme", metavar="NAME", help="blue, grey, or an installed one.  [default: blue]")
@options.RUNS_DIR
@options.QUIET
def command(labs: tuple[str, ...], port: int | None, host: str | None, opening: bool, quiet: bool, **flags: Any) -> int:
    """Show the report of the newest runs in the browser, and show it again each time that a note is saved.

    Notes, templates and style sheets are watched: those of the folders that the configuration names, and the shipped
    ones. A fault in a note is shown with its line, and the last good chapter stays. Beside the chapter stands what a
    note of this run may write, to be copied. Nothing is trained and no file is written.
    """
    from labreport.report.browsing.previewing import Watcher, previews
    from labreport.report.browsing.server import LOOPBACK, Door
    from labreport.report.browsing.workshop import Workshop
    from labreport.report.store.runs import Store

    configuration = options.resolve(labs=labs, **flags)
    reporter = Reporter(quiet=quiet)
    runs, _ = newest(Store(configuration.runs_dir), configuration.labs)
    if not runs:
        raise NothingMeasuredError(f"There is no run in {configuration.runs_dir}.\nMake one with `labreport run`.")
    workshop = Workshop(runs, configuration)
    door = Door(host=host or LOOPBACK, port=port or 0)
    shipped = Path(str(resources.files("labreport.templates")))
    own = [place for place in (configuration.notes, configuration.templates) if place is not None]
    app = previews(workshop, door)
    with Watcher([*own, shipped], workshop.changed):
        first = partial(workshop.proof, next(iter(workshop.runs)), configuration.lang[0])
        stage = "preview: making the first chapter"
        return served(app, door, reporter, opening=opening, first=first, stage=stage)
