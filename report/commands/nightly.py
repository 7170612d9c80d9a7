"""`labreport nightly`: build, check and trend in one folder, in a time budget."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import click

from labreport.report.commands import options
from labreport.report.commands.columns import print_table
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.commands.judged import print_verdict
from labreport.report.configuration import override
from labreport.report.languages import TERMINAL
from labreport.report.numbers import UNKNOWN
from labreport.report.store.listed import ListedStore
from labreport.report.words import Words

FOLDER = "nightly"


@click.command(
    "nightly",
    epilog="\b\nExamples:\n  labreport nightly --budget 30m --baseline main\n"
    "  labreport nightly imdb reuters --seeds 0-4 --baseline last:5 --confirm -o artifacts",
)
@options.LABS
@click.option(
    "--budget",
    metavar="TIME",
    help="Time such as 30m or 1h30m: training and confirmation end with it; report, check and trend, for which a fifth "
    "of it is kept (two minutes at most), are always finished.  [default: nightly.budget, or no end]",
)
@click.option("--baseline", metavar="B", help="As for `labreport check`.  [default: gate.baseline]")
@click.option(
    "--first-night", is_flag=True, help="There is no baseline yet: judge nothing, and make tonight's runs the baseline."
)
@click.option("--no-check", is_flag=True, help="Without the gate: build and trend only.")
@click.option(
    "--confirm/--no-confirm",
    default=None,
    help="Run suspicious labs again with fresh seeds, while time is left.  [default: nightly.confirm]",
)
@click.option("--inconclusive-fails", is_flag=True, help="Exit with 6 where there are too few runs to tell.")
@click.option("--url", metavar="ADDRESS", default="", help="Where the folder will be published, for the feed's links.")
@options.run_options
@options.render_options
@options.AS_JSON
@options.QUIET
@options.VERBOSE
def command(
    budget: str | None,
    first_night: bool,
    no_check: bool,
    output: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    assignments: tuple[str, ...],
    baseline: str | None,
    confirm: bool | None,
    inconclusive_fails: bool,
    split: bool,
    url: str,
    **flags: Any,
) -> int:
    """Do a night's work in one folder: train what is stale, render, check against the baseline, draw the trend.

    What no longer fits into the budget is skipped and named; a lab that was skipped comes first the next night. The
    exit code is that of the worst thing that is certain: 1 a gate failed, 3 a lab failed, 2 a run can't be read, 5
    something could not be measured or compared, 4 a page could not be rendered. A baseline that is not there is 5;
    the first night needs --first-night, which is refused where there is a baseline. --seeds rotate:5 takes five other
    seeds each night and judges them together with those of earlier nights of the same version.
    """
    # Imported here: what a night needs loads half of the program, and --help does not.
    from labreport.report.commands.rendering import rendered
    from labreport.report.nightly import record, schedule, work
    from labreport.report.nightly.task import Task

    begun = perf_counter()
    configuration = options.resolve(**flags)
    habits = schedule.parse(configuration.nightly)
    seeds = flags["seeds"] or habits.seeds or configuration.seeds
    today = datetime.now(ZoneInfo(configuration.timezone)).date()
    configuration = override(configuration, seeds=schedule.tonight(seeds, today))
    wanted = budget if budget is not None else habits.budget
    reporter = Reporter(quiet=quiet or as_json, verbose=verbose)
    task = Task(
        configuration=configuration,
        store=ListedStore(configuration.runs_dir),
        reporter=reporter,
        render=lambda runs, inside: rendered(runs, inside, reporter, split=split, force=False),
        target=output or configuration.output / FOLDER,
        begun=begun,
        budget=schedule.parse_budget(wanted) if wanted is not None else None,
        assignments=assignments,
        baseline=baseline,
        first_night=first_night,
        pool=seeds.startswith(schedule.ROTATE),
        whole=not flags["labs"],
        check=not no_check,
        confirm=habits.confirm if confirm is None else confirm,
        inconclusive_fails=inconclusive_fails,
        url=url,
    )
    work.prepare(task)
    with reporter.heartbeat():
        night = work.work(task)
    if as_json:
        print_json({**record.data(night), "folder": shown(task.target)})
    else:
        words = Words(TERMINAL)
        rows = [(lab.lab, record.in_a_terminal(lab, words), lab.run_id or UNKNOWN) for lab in night.labs]
        print_table(("LAB", "STATE", "RUN"), rows)
        click.echo()
        if night.verdict is not None:
            print_verdict(night.verdict, verbose=reporter.verbose)
        click.echo(f"The night: {record.outcome_text(night, words)} (exit code {night.code})")
        click.echo(shown(task.target))
    return night.code
