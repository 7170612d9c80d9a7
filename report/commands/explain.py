"""`labreport explain`: which of the changes between two runs made the difference."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labreport.experiments.errors import plain
from labreport.report.commands import options, record
from labreport.report.commands.columns import print_table
from labreport.report.commands.console import Reporter, shown
from labreport.report.errors import UsageError

if TYPE_CHECKING:
    from labreport.experiments.result import Result
    from labreport.report.comparison.explanation import Explanation
    from labreport.report.comparison.version import Version
    from labreport.report.words import Words


@click.command(
    "explain",
    epilog="""\b
Examples:
  labreport explain last:2 last:1 --seeds 0-4
  labreport explain 20261126T1148 20261126T1155 --budget 20m --to html --lang en""",
)
@click.argument("a")
@click.argument("b")
@click.option("--seeds", metavar="LIST", help="Seeds of every combination, such as 0-4.  [default: those of A and B]")
@click.option("--budget", metavar="TIME", help="The most that all runs together may take, such as 20m.")
@click.option(
    "--python",
    "interpreters",
    multiple=True,
    metavar="A=PATH",
    help="The Python of A or B: swaps the versions installed there, too. May be given for both.",
)
@click.option("--metric", metavar="NAME", help="The score to explain.  [default: the first one on the test set]")
@click.option("--lang", metavar="LIST", help="zh, en.  [default: en here, zh,en in files]")
@click.option("--to", metavar="LIST", help="Also write files: html, pdf, md, json, or a format that was added.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for the files.  [default: reports]")
@options.JOBS
@options.ON
@options.MIXED
@options.DATA_DIR
@options.OFFLINE
@options.RUNS_DIR
@options.AS_JSON
@options.QUIET
@options.VERBOSE
def command(
    a: str,
    b: str,
    seeds: str | None,
    budget: str | None,
    interpreters: tuple[str, ...],
    metric: str | None,
    to: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **flags: Any,
) -> int:
    """Show which of the changes between run A and run B made the difference.

    What differs and can be swapped (settings of a lab, arguments of a recorded script, full data or their sample, the
    profile, the code where that of both runs is kept, with --python the versions of libraries) is swapped one by one
    and together; each combination is trained with the same seeds, unless it is stored.
    A and B are named as for `labreport compare`: a run's id, folder or file, a report, last:N, or git:REV.
    """
    from labreport.experiments import registry
    from labreport.report.chapters.notes_in_use import NotesInUse
    from labreport.report.comparison import explanation, inputs, outputs
    from labreport.report.configuration import parse_seeds, parse_time
    from labreport.report.publish import report_moment, tool_version
    from labreport.report.running import elsewhere
    from labreport.report.running.kept_code import both_codes
    from labreport.report.running.swapping import designed, measured
    from labreport.report.store import codec
    from labreport.report.store.runs import Store
    from labreport.report.words import Words

    configuration = options.resolve(**flags)
    forms = outputs.check(to, "--to", (outputs.JSON,)) if to is not None else ()
    store = Store(configuration.runs_dir.absolute())
    reporter = Reporter(quiet=quiet or as_json, verbose=verbose)
    wanted = None if seeds is None else parse_seeds(seeds)
    pythons = elsewhere.pythons(interpreters)
    with contextlib.ExitStack() as open_:
        open_.enter_context(reporter.bars())
        reporter.stage("explain: reading the versions")
        a_run, b_run = _runs(inputs.resolve((a, b), store))
        codes = open_.enter_context(both_codes(a_run, b_run, configuration, store, _recorded, reporter.say))
        reporter.stage("explain: training")
        if pythons is not None and codes is not None and a_run.lab in registry.names():
            codes = None  # such a lab comes with its Python
        design = designed(a_run, b_run, wanted, codes, pythons)
        if pythons is not None:
            elsewhere.checked(a_run, "A", pythons.a)
            elsewhere.checked(b_run, "B", pythons.b)
        results = measured(
            design,
            configuration,
            store,
            recorded=_recorded,
            budget=None if budget is None else parse_time(budget, "--budget", bare="m"),
            progress=reporter.advance,
            whole=reporter.whole,
            announce=reporter.say,
        )
    titles = NotesInUse.of(configuration).titles(design.a.lab)
    found = explanation.explained(design, results, metric=metric, titles=titles, tool_version=tool_version())
    if as_json:
        click.echo(codec.encode(found).decode(), nl=False)
    else:
        _print(found, Words(configuration.lang[0] if flags["lang"] else "en"))
    moment = report_moment([result.provenance.ended for result in results.values()])
    with reporter.bars():
        reporter.stage("explain: writing the pages" if forms else "")
        written, problems = outputs.explanation(
            found,
            configuration.output,
            languages=configuration.lang,
            forms=forms,
            moment=moment,
            look=configuration.look,
        )
    for path in written:
        if not quiet and path.parent == configuration.output:
            click.echo(shown(path), err=as_json)
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    return 4 if problems else 0


def _runs(versions: Sequence[Version]) -> tuple[Result, Result]:
    """Return the runs of the lab that both versions have.

    Raises:
        UsageError: they have several labs in common.
    """
    first, second = (version.results for version in versions)
    both = [lab for lab in first if lab in second]
    if len(both) > 1:
        raise UsageError(f"A and B have several labs in common ({', '.join(both)}); name a run of one of them.")
    lab = both[0] if both else None
    return first[lab or next(iter(first))], second[lab or next(iter(second))]


def _recorded(command_line: Sequence[str]) -> Mapping[str, Any]:
    """Return the table of the configuration that a stored `labreport record` stands for."""
    return record.table_of(command_line[2:])


def _print(found: Explanation, words: Words) -> None:
    from labreport.report.comparison.explanation import ExplainedWords

    said = ExplainedWords(found, words)
    for line in said.sentences():
        click.echo(plain(line.replace("**", "")))
    click.echo()
    heads = tuple(
        words(f"compare.explain_head_{head}").upper()
        for head in ("factor", "a", "b", "contribution", "interval", "p", "verdict")
    )
    values = {one.name: one for one in found.factors}
    rows = [
        (
            said.name(one),
            values[one.factors[0]].a,
            values[one.factors[0]].b,
            said.signed(one.mean),
            said.interval(one),
            said.p(one),
            said.verdict(one),
        )
        for one in found.attribution.contributions
    ]
    print_table(heads, rows)
