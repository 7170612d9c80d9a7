"""`labreport compare`: what changed between versions, and is it real or noise?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter, shown
from labreport.report.errors import UsageError

if TYPE_CHECKING:
    from labreport.report.comparison.record import Comparisons
    from labreport.report.words import Words

UNREADABLE = ("unreadable", "edited")
"""Remarks that mean: something given as input was not as it should be."""


@click.command(
    "compare",
    epilog="\b\nExamples:\n"
    "  labreport compare last:2 last:1\n"
    "  labreport compare good=last:3 bad=last:2 fixed=last:1 --to tex,csv\n"
    "  labreport compare may/labreport-en.pdf june/labreport-en.pdf --to html,pdf --lang en,zh -o comparison\n"
    "  labreport compare git:v1.0 runs --margin test_accuracy=0.005 --exit-code",
)
@click.argument("versions", nargs=-1, metavar="A B [C]...")
@click.option("--lang", metavar="LIST", help="zh, en.  [default: en here, zh,en in files]")
@click.option("--to", metavar="LIST", help="Also write files: html, pdf, md, tex, csv, json, or an added format.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for the files.  [default: reports]")
@click.option(
    "--margin",
    "margins",
    multiple=True,
    metavar="[[LAB.]METRIC=]VALUE",
    help="A difference below this doesn't matter: 0.005 in the metric's unit (shares from 0 to 1), or 2% of A. "
    "May be repeated.",
)
@click.option("--all", "everything", is_flag=True, help="List equal things too; otherwise they are counted.")
@click.option("--exit-code", "judge", is_flag=True, help="Exit with 1, 5 or 6 by what was found; see above.")
@options.RUNS_DIR
@options.AS_JSON
@options.QUIET
@options.VERBOSE
def command(
    versions: tuple[str, ...],
    to: str | None,
    output: Path | None,
    margins: tuple[str, ...],
    everything: bool,
    judge: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **flags: Any,
) -> int:
    """Show what changed between version A and each of the others, and whether it is more than chance.

    A version is a run's id, its folder or result.json, a folder of runs, a finished .html or .pdf report or its folder,
    last:N (the N-th newest complete run of each lab), or git:REV (the store as it was committed there); good=VERSION
    gives it a name. Three versions or more are also set side by side: one test of all, then of each pair.

    The exit code is 0 however large the difference; 5 where nothing could be compared. With --exit-code it is 1 where a
    metric got worse, else 5 where a lab could not be compared, else 6 where the runs were too few to tell.
    """
    if len(versions) < 2:
        raise UsageError("Two versions are needed: labreport compare A B.\nSee `labreport compare --help`.")
    from labreport.report.chapters.notes_in_use import NotesInUse
    from labreport.report.comparison import inputs, outputs
    from labreport.report.comparison import margins as given
    from labreport.report.comparison.compare import Terms, compare_all
    from labreport.report.languages import TERMINAL
    from labreport.report.publish import report_moment, tool_version
    from labreport.report.store import codec
    from labreport.report.store.runs import Store
    from labreport.report.words import Words

    configuration = options.resolve(output=output, **flags)
    forms = outputs.check(to, "--to") if to is not None else ()
    here: str = configuration.lang[0] if flags["lang"] else TERMINAL
    parsed = given.parse(margins)
    reporter = Reporter(quiet=quiet or as_json)
    with reporter.bars():
        reporter.stage("compare: reading the versions")
        found = inputs.resolve(versions, Store(configuration.runs_dir))
    terms = Terms(
        margins=parsed,
        languages=tuple(dict.fromkeys((here, *(configuration.lang if forms or as_json else ())))),
        everything=everything,
        notes=NotesInUse.of(configuration),
    )
    with reporter.bars():
        reporter.stage(f"compare: testing {len(found)} versions")
        compared = compare_all(found[0], found[1:], terms, tool_version=tool_version())
    if as_json:
        click.echo(codec.encode(compared).decode(), nl=False)
    else:
        _print(compared, Words(here), verbose=verbose)
    ended = [result.provenance.ended for version in found for result in version.results.values()]
    with reporter.bars():
        reporter.stage("compare: writing the pages" if forms else "")
        written, problems = outputs.write(
            compared,
            found,
            configuration.output,
            languages=configuration.lang,
            forms=forms,
            moment=report_moment(ended),
            look=configuration.look,
        )
    for path in written:
        # The figures of a Markdown report lie in a folder of their own and go without saying.
        if not quiet and path.parent == configuration.output:
            click.echo(shown(path), err=as_json)
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    return 4 if problems else exit_code(compared, judge=judge)


def exit_code(found: Comparisons, *, judge: bool) -> int:
    """Return the exit code of a comparison.

    Args:
        found: what was compared.
        judge: whether the code says what was found.
    """
    labs = [lab for pair in found.comparisons for lab in pair.labs]
    if not any(lab.comparable for lab in labs):
        return 5
    if judge:
        if any(lab.count("worse") for lab in labs):
            return 1
        if any(not lab.comparable or lab.count("incomparable", "undefined") for lab in labs):
            return 5
        if any(lab.count("few", "single") for lab in labs):
            return 6
    remarks = [remark for pair in found.comparisons for side in (pair.a, pair.b) for remark in side.remarks]
    return 2 if any(remark.code in UNREADABLE for remark in remarks) else 0


def _print(found: Comparisons, words: Words, *, verbose: bool) -> None:
    from labreport.report.comparison import terminal, together_section

    for lab in found.together:
        click.echo(lab.lab)
        terminal.print_rows(*together_section.cells(lab, words), texts=(0, -1))
        click.echo()
    if found.together:
        labels = (found.comparisons[0].a.label, *(pair.b.label for pair in found.comparisons))
        for line in together_section.legend(labels, words):
            click.echo(line)
        click.echo()
    for place, pair in enumerate(found.comparisons):
        if place:
            click.echo()
        letter = together_section.letter(place + 1) if found.together else "B"
        for line in terminal.before(pair, words, letter):
            click.echo(line)
        rows = list(terminal.rows(pair, words))
        if rows:
            click.echo()
            terminal.print_rows(terminal.heads(pair, words), rows)
        common = terminal.common(pair)
        parts = [(words("compare.all_labs"), [terminal.fact_line(fact, words) for fact in common])] if common else []
        parts += [(lab.lab, list(terminal.after(lab, words, common=common, verbose=verbose))) for lab in pair.labs]
        for head, lines in parts:
            click.echo(f"\n{head}")
            for line in lines:
                click.echo("".join(f"  {part}\n" for part in line.split("\n")), nl=False)
