"""Rendering with words on the terminal; shared by `render` and `build`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import click

from labreport.experiments.result import Result
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.commands.console import Reporter, shown
from labreport.report.configuration import Configuration
from labreport.report.findings import claims
from labreport.report.numbers import duration
from labreport.report.publish import Outcome, publish
from labreport.report.store.entries import StoredResult


def rendered(
    runs: Sequence[StoredResult], configuration: Configuration, reporter: Reporter, *, split: bool, force: bool
) -> Outcome:
    """Render stored runs, reporting what was made and what could not be."""
    start = perf_counter()
    with reporter.bars():
        outcome = publish(
            runs,
            configuration,
            split=split,
            force=force,
            announce=lambda what, done, total: reporter.whole(f"render, {what}", done, total),
            progress=lambda what, done, total: reporter.advance(f"render {what}", done, total),
        )
    for problem in outcome.problems:
        click.echo(f"Error: {problem}", err=True)
    if not outcome.fresh:
        _name_lacking(runs, configuration, reporter)
    if outcome.fresh:
        reporter.say("The reports are up to date.")
    else:
        reporter.say(f"Rendered in {duration(perf_counter() - start)}.")
    return outcome


def _name_lacking(runs: Sequence[StoredResult], configuration: Configuration, reporter: Reporter) -> None:
    """Say of each lab with a note in some languages only where its chapter is made from the record."""
    notes = NotesInUse.of(configuration)
    for run in runs:
        lacking = notes.without_note(run.result.lab, configuration.lang)
        if lacking:
            reporter.say(
                f"{run.result.lab}: no note in {', '.join(lacking)}; its chapter there, and in reports in several "
                "languages, is made from the record"
            )


def told_false(results: Sequence[Result], configuration: Configuration) -> bool:
    """Name every claim of the chapters that does not hold on standard error; return whether there is one."""
    notes = NotesInUse.of(configuration)
    found = False
    for result in results:
        if result.status != "complete":
            continue
        own = notes.own(result.lab).claims
        for claim in notes.stated(result):
            if claim.verdict in ("false", "some") and not claims.defined(claim.name, own).neutral:
                found = True
                held = f"holds in {claim.holds} of {claim.seeds} runs" if claim.holds else "does not hold"
                click.echo(f"{result.lab}: the claim {claim.name} {held}", err=True)
    return found


def print_outputs(outcome: Outcome, folder: Path) -> None:
    """Print the reports, a line each; of files that lie in a folder of their own, such as figures, the folder."""
    lines = dict.fromkeys(
        shown(path if path.parent == folder else folder / path.relative_to(folder).parts[0]) for path in outcome.outputs
    )
    for line in lines:
        click.echo(line)
