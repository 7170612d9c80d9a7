"""`labreport render`: stored results to files; never trains."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from labreport.experiments import registry
from labreport.report.commands import options
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.commands.rendering import print_outputs, rendered, told_false
from labreport.report.errors import ReportError, UnreadableError, UsageError
from labreport.report.store import embedded, files
from labreport.report.store.runs import Store, load


class NothingMeasuredError(ReportError):
    """There is no run to render."""

    exit_code = 5


@click.command(
    "render",
    epilog="\b\nExamples:\n  labreport render --lang en --to html,md\n  labreport render imdb boston --to pdf",
)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@options.render_options
@options.RUNS_DIR
@options.AS_JSON
@options.FORCE
@options.STRICT
@options.QUIET
@options.VERBOSE
def command(
    runs: tuple[str, ...],
    as_json: bool,
    force: bool,
    strict: bool,
    quiet: bool,
    verbose: bool,
    split: bool,
    **flags: Any,
) -> int:
    """Turn stored results into HTML, PDF or Markdown; never trains.

    RUN is a run id, a run's folder, a result file, a lab (its newest run), or a finished report that carries its
    results, one run for each lab. Without RUN the newest run of each lab is taken. A report carries results only: its
    text, and the solutions of `--edition instructor`, come from the notes of this installation or folder.
    """
    configuration = options.resolve(**flags)
    reporter = Reporter(quiet=quiet or as_json, verbose=verbose)
    store = Store(configuration.runs_dir)
    with TemporaryDirectory(prefix="labreport-") as carried_here:
        paths, damaged = (
            (_named(runs, store, Path(carried_here)), False) if runs else _newest(store, configuration.labs)
        )
        outcome = rendered(paths, configuration, reporter, split=split, force=force)
        wrong = strict and told_false(paths)
    if as_json:
        print_json({"outputs": [shown(path) for path in outcome.outputs], "problems": list(outcome.problems)})
    else:
        print_outputs(outcome, configuration.output)
    if outcome.problems:
        return 4
    return 2 if damaged else int(wrong)


def _named(names: tuple[str, ...], store: Store, folder: Path) -> list[Path]:
    """The result files that the names mean; what a finished report carries is laid into `folder`."""
    paths: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_file() and embedded.is_report(path):
            for lab, content in embedded.extract(path).items():
                files.write(folder / f"{len(paths)}-{lab}.json", content)
                paths.append(folder / f"{len(paths)}-{lab}.json")
        else:
            paths.append(store.find(name))
    labs = [load(path).lab for path in paths]
    twice = sorted({lab for lab in labs if labs.count(lab) > 1})
    if twice:
        raise UsageError(f"A report holds one run of each lab; {', '.join(twice)} is named more than once.")
    return [path for _, path in sorted(zip(labs, paths, strict=True), key=lambda pair: _position(pair[0]))]


def _newest(store: Store, labs: tuple[str, ...]) -> tuple[list[Path], bool]:
    """The newest run of each lab that can be read, and whether one can't be, which is named."""
    listing = store.list()
    problems = list(listing.unreadable)
    found: dict[str, Path] = {}
    for run in listing.measurements:
        lab = run.entry.lab
        if lab in found or (labs and lab not in labs):
            continue
        try:
            load(run.path)
            found[lab] = run.path
        except UnreadableError as error:
            problems.append(str(error))
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if not found:
        raise NothingMeasuredError(f"There is no run in {shown(store.root)}.\nRun `labreport build` first.")
    return [found[lab] for lab in sorted(found, key=_position)], bool(problems)


def _position(lab: str) -> tuple[int, str]:
    known = registry.names()
    return (known.index(lab) if lab in known else len(known), lab)
