"""`labreport list`: the stored runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from labreport.report.commands import options
from labreport.report.commands.columns import print_table
from labreport.report.commands.console import Reporter
from labreport.report.numbers import UNKNOWN, integer, number
from labreport.report.store import codec, query
from labreport.report.store.entries import Entry, Stored
from labreport.report.store.in_short import ListedRun, listed
from labreport.report.store.runs import Store


@click.command(
    "list",
    epilog="\b\nExamples:\n  labreport list --limit 20\n  labreport list imdb --json\n"
    "  labreport list --status failed --since 7d\n"
    "  labreport list --where 'test_accuracy<0.8' --sort test_accuracy",
)
@click.argument("lab", required=False)
@click.option("--lab", "labs", metavar="NAME", multiple=True, help="Only runs of this lab. May be repeated.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(query.STATUSES), help="Only these. May be repeated."
)
@click.option("--since", metavar="TIME", help="Only runs begun since: 7d, 12h, 2w, or a date such as 2026-01-31 (UTC).")
@click.option("--tag", "tags", metavar="WORD", multiple=True, help="Only runs with this tag. May be repeated.")
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    help="Only runs whose score, setting, seeds (their number) or seconds answer: NAME, one of < <= = != >= >, and a "
    "value. May be repeated.",
)
@click.option("--text", metavar="WORDS", default="", help="Only runs with these words in id, settings, machine, …")
@click.option(
    "--sort",
    metavar="NAME",
    default="-started",
    help="By lab, run, status, profile, started, seeds, seconds, a score or a setting; -NAME: the greatest first.  "
    "[default: -started]",
)
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Only the first N runs.")
@options.RUNS_DIR
@options.AS_JSON
def command(
    lab: str | None,
    labs: tuple[str, ...],
    statuses: tuple[str, ...],
    since: str | None,
    tags: tuple[str, ...],
    where: tuple[str, ...],
    text: str,
    sort: str,
    limit: int | None,
    runs_dir: Path | None,
    as_json: bool,
) -> int:
    """List the stored runs, newest first.

    A run is listed if it answers to every option. One that does not have what a condition asks for does not answer, and
    stands last in an order. A run that can't be read is named on standard error and passed over; the exit code is then
    2.
    """
    asked = query.Query(
        labs=query.check_labs([*labs, *([lab] if lab is not None else [])]),
        statuses=statuses,
        since=None if since is None else query.parse_since(since, datetime.now(UTC)),
        tags=tuple(map(query.check_tag, tags)),
        where=tuple(map(query.parse_condition, where)),
        text=text,
        sort=query.check_sort(sort),
        limit=limit,
    )
    configuration = options.resolve(runs_dir=runs_dir)
    reporter = Reporter()
    with reporter.bars():
        reporter.stage("list: looking through the runs")
        page = Store(configuration.runs_dir).page(asked)
    if as_json:
        rows = tuple(listed(run.entry) for run in page.runs)
        click.echo(codec.encode(rows, tuple[ListedRun, ...]).decode(), nl=False)
    elif page.runs:
        further = [(head, words) for head, words in _FURTHER.items() if any(words(run.entry) for run in page.runs)]
        heads = ("LAB", "RUN", "STATUS", "PROFILE", "DATA", "SEEDS", "SCORE", *(head for head, _ in further))
        print_table(heads, [(*_row(run), *(words(run.entry) for _, words in further)) for run in page.runs])
        if page.total > len(page.runs):
            click.echo(f"{integer(len(page.runs))} of {integer(page.total)} runs.", err=True)
    elif asked != query.Query(limit=limit):
        click.echo(f"No run in {configuration.runs_dir} answers to that.", err=True)
    else:
        click.echo(f"No runs in {configuration.runs_dir}; `labreport build` makes some.", err=True)
    for problem in page.unreadable:
        click.echo(f"Error: {problem}", err=True)
    return 2 if page.unreadable else 0


_FURTHER: dict[str, Callable[[Entry], str]] = {
    "TITLE": lambda entry: entry.title,
    "TAGS": lambda entry: " ".join(entry.tags),
}
"""Columns that are there where a run has something for them."""


def _row(run: Stored) -> tuple[str, ...]:
    entry = run.entry
    score = f"{entry.score[0]} {number(entry.score[1], 4)}" if entry.score else UNKNOWN
    return (
        entry.lab,
        entry.run_id,
        f"{entry.status}, auxiliary" if entry.confirms else entry.status,
        entry.profile,
        entry.source or UNKNOWN,
        str(len(entry.seeds) or UNKNOWN),
        score,
    )
