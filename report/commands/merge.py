"""`labreport merge`: the stores of several machines become one."""

from __future__ import annotations

from pathlib import Path

import click

from labreport.experiments.errors import plain
from labreport.report.commands import options
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.errors import UsageError


@click.command(
    "merge",
    epilog="\b\nExamples:\n  labreport merge shards/0 shards/1 --runs-dir runs\n"
    "  labreport merge runs --baseline main --runs-dir baseline",
)
@click.argument("stores", nargs=-1, metavar="STORE...", type=click.Path(path_type=Path))
@click.option("--baseline", metavar="NAME", help="Only this baseline and its runs, to keep it elsewhere.")
@options.RUNS_DIR
@options.AS_JSON
@options.QUIET
def command(stores: tuple[Path, ...], baseline: str | None, runs_dir: Path | None, as_json: bool, quiet: bool) -> int:
    """Bring the runs and baselines of STOREs, such as those of the shards of a night, into the store.

    A run that several hold is one. Runs of one version of a lab or a script that differ only in their seeds, each in a
    store of its own, become one run of all seeds. Where stores contradict each other, nothing of that is
    taken, it is named, and the exit code is 2; everything else is there. A merge that was stopped is finished by asking
    for it again.
    """
    from labreport.report.store.merging import merge
    from labreport.report.store.runs import Store

    if not stores:
        raise UsageError("Which stores? Name the folders of the shards: labreport merge STORE...")
    target = Store(options.resolve(runs_dir=runs_dir).runs_dir)
    reporter = Reporter(quiet=quiet or as_json)
    with reporter.bars():
        done = merge(stores, target, baseline=baseline, announce=reporter.advance)
    if as_json:
        print_json(
            {
                "copied": done.copied,
                "known": done.known,
                "joined": {name: list(parts) for name, parts in done.joined.items()},
                "baselines": done.baselines,
                "problems": done.problems,
            }
        )
    elif not quiet:
        for name, parts in done.joined.items():
            click.echo(f"{name}: one run of {', '.join(parts)}")
        click.echo(f"{len(done.copied)} runs copied, {len(done.known)} were there: {shown(target.root)}")
    for problem in done.problems:
        click.echo(f"Error: {plain(problem)}", err=True)
    return 2 if done.problems else 0
