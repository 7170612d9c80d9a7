"""`labreport course`: the folder of a course from one file."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.commands.named import newest
from labreport.report.errors import NothingMeasuredError
from labreport.report.numbers import duration
from labreport.report.store.runs import Store


@click.command(
    "course",
    epilog="\b\nExamples:\n  labreport course\n  labreport course --roster class.csv -o packs/autumn",
)
@click.argument("file", type=click.Path(path_type=Path), default=Path("course.toml"), metavar="[FILE]")
@click.option(
    "--roster",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="CSV of students, each of whom gets exercises with numbers of their own; in place of the one in FILE.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the course.  [default: its name]")
@options.RUNS_DIR
@options.AS_JSON
@options.FORCE
@options.QUIET
def command(
    file: Path, roster: Path | None, output: Path | None, as_json: bool, force: bool, quiet: bool, **flags: Any
) -> int:
    """Make the folder of a course: handouts, slides, notebooks, questions, each student's own numbers, packs, an index.

    FILE, course.toml where none is named, lists the labs in their order, dates, languages and forms; their newest runs
    are taken from the store, and nothing is trained. A second call makes only what changed. The pack for students is
    searched for solutions, and refused where one is found.
    """
    from labreport.report.course import pack, plan

    configuration = options.resolve(**flags)
    reporter = Reporter(quiet=quiet or as_json)
    asked = plan.read(file, configuration, roster)
    with reporter.bars():
        reporter.stage("course: reading the runs")
        found, damaged = newest(Store(configuration.runs_dir), asked.labs)
    runs = {run.result.lab: run for run in found if run.result.status == "complete"}
    if lacking := [lab for lab in asked.labs if lab not in runs]:
        raise NothingMeasuredError(
            f"No finished run of {', '.join(lacking)} is in {shown(configuration.runs_dir)}.\n"
            f"Run `labreport run {' '.join(lacking)}` first."
        )
    folder = output or file.parent / asked.name
    start = perf_counter()
    with reporter.bars():
        packed = pack.pack(
            asked,
            [runs[lab] for lab in asked.labs],
            folder,
            force=force,
            announce=lambda what, done, total: reporter.advance(f"course, {what}", done, total),
        )
    for problem in packed.problems:
        click.echo(f"Error: {problem}", err=True)
    if as_json:
        print_json(
            {
                "folder": shown(folder),
                "outputs": [shown(path) for path in packed.outputs],
                "made": [shown(path) for path in packed.made],
                "problems": list(packed.problems),
            }
        )
    else:
        click.echo(shown(folder / "index.html"))
        made, there = len(packed.made), len(packed.outputs) - len(packed.made)
        spent = duration(perf_counter() - start)
        reporter.say(f"{made} files made in {spent}, {there} up to date." if made else "The course is up to date.")
    if packed.problems:
        return 4
    return 2 if damaged else 0
