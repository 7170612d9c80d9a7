"""`labreport render`: stored results to files; never trains."""

from __future__ import annotations

from typing import Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.commands.named import named, newest
from labreport.report.commands.rendering import print_outputs, rendered, told_false
from labreport.report.errors import UsageError
from labreport.report.findings.labs import in_order
from labreport.report.store.entries import StoredResult
from labreport.report.store.runs import Store


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
    chosen, damaged = (_one_of_each(named(runs, store)), False) if runs else newest(store, configuration.labs)
    outcome = rendered(chosen, configuration, reporter, split=split, force=force)
    wrong = strict and told_false([run.result for run in chosen], configuration)
    if as_json:
        print_json({"outputs": [shown(path) for path in outcome.outputs], "problems": list(outcome.problems)})
    else:
        print_outputs(outcome, configuration.output)
    if outcome.problems:
        return 4
    return 2 if damaged else int(wrong)


def _one_of_each(runs: list[StoredResult]) -> list[StoredResult]:
    """Return runs in the order of a report.

    Raises:
        UsageError: two of them are of one lab.
    """
    labs = [run.result.lab for run in runs]
    twice = sorted({lab for lab in labs if labs.count(lab) > 1})
    if twice:
        raise UsageError(f"A report holds one run of each lab; {', '.join(twice)} is named more than once.")
    by_lab = dict(zip(labs, runs, strict=True))
    return [by_lab[lab] for lab in in_order(labs)]
