"""Rendering with words on the terminal; shared by `render` and `build`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import click

from report.commands.console import Reporter
from report.configuration import Configuration
from report.numbers import duration
from report.publish import Outcome, publish


def rendered(
    runs: Sequence[Path], configuration: Configuration, reporter: Reporter, *, split: bool, force: bool
) -> Outcome:
    """Render stored runs, telling what was made and what could not be."""
    start = perf_counter()
    with reporter.bars():
        outcome = publish(
            runs,
            configuration,
            split=split,
            force=force,
            announce=lambda language, done, total: reporter.advance(f"render {language}", done, total),
        )
    for problem in outcome.problems:
        click.echo(f"Error: {problem}", err=True)
    if outcome.fresh:
        reporter.say("The reports are up to date.")
    else:
        reporter.say(f"Rendered in {duration(perf_counter() - start)}.")
    return outcome
