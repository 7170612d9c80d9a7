"""`labreport run`: train and store."""

from __future__ import annotations

from typing import Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.commands.running import ran


@click.command(
    "run",
    epilog="\b\nExamples:\n  labreport run mnist --profile quick\n  labreport run boston -P epochs=100 --seeds 0-9",
)
@options.LABS
@options.run_options
@options.AS_JSON
@options.FORCE
@options.QUIET
@options.VERBOSE
def command(assignments: tuple[str, ...], as_json: bool, force: bool, quiet: bool, verbose: bool, **flags: Any) -> int:
    """Train labs and store their results.

    A lab whose inputs did not change is taken from the store, unless --force.
    """
    configuration = options.resolve(**flags)
    reporter = Reporter(quiet=quiet or as_json, verbose=verbose)
    done = ran(configuration, assignments, reporter, force=force)
    if as_json:
        print_json(
            [
                {
                    "lab": one.plan.lab,
                    "run": one.result.run_id,
                    "status": one.result.status,
                    "path": shown(one.stored.path),
                }
                for one in done
            ]
        )
    else:
        for one in done:
            click.echo(shown(one.stored.path))
    return 0 if all(one.result.status == "complete" for one in done) else 3
