"""`labreport export`: histories, scores and settings as tables for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from labreport.report.commands import options
from labreport.report.commands.console import shown
from labreport.report.commands.named import named, newest
from labreport.report.errors import UsageError
from labreport.report.findings import exported
from labreport.report.findings.exported import TABLES
from labreport.report.store import codec, files
from labreport.report.store.entries import StoredResult
from labreport.report.store.runs import Store


@click.command(
    "export",
    epilog="\b\nExamples:\n  labreport export imdb > imdb.csv\n"
    "  labreport export imdb boston --wide -o histories.csv\n"
    "  labreport export reports/labreport-en.html -o tables\n  labreport export --to json -o runs.json",
)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--to", type=click.Choice(["csv", "json"]), help="Form.  [default: by the name of --output, or csv]")
@click.option("--table", type=click.Choice(TABLES), help="Which table of CSV.  [default: history; into a folder: all]")
@click.option("--wide", is_flag=True, help="A history with one column for each metric, one row for each epoch.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file, or a folder for all tables.  [default: print it]"
)
@click.option("--force", is_flag=True, help="Overwrite what is there.")
@options.RUNS_DIR
def command(
    runs: tuple[str, ...],
    to: str | None,
    table: exported.ExportedTable | None,
    wide: bool,
    output: Path | None,
    force: bool,
    runs_dir: Path | None,
) -> int:
    """Write what runs measured as CSV or JSON for other programs: histories, scores, settings.

    RUN is a run id, a run's folder, a result file, a lab (its newest run), or a finished report. Without RUN the
    newest run of each lab is taken. A history has one row for each value, with --wide one for each epoch. A text that
    a spreadsheet would take for a formula begins with an apostrophe.
    """
    form = to or ("json" if output is not None and output.suffix == ".json" else "csv")
    if form == "json" and (table or wide):
        raise UsageError("JSON holds all tables at once; leave --table and --wide out.")
    if wide and table not in (None, "history"):
        raise UsageError("Only a history can be wide.")
    store = Store(options.resolve(runs_dir=runs_dir).runs_dir)
    chosen, damaged = (named(runs, store), False) if runs else newest(store)
    contents = _contents(chosen, form, table, wide=wide, whole=output is not None and not output.suffix)
    if output is None:
        click.echo(contents["", form], nl=False)
    else:
        paths = {output / f"{name}.{form}" if name else output: text for (name, _), text in contents.items()}
        for path in paths:
            if path.exists() and not force:
                raise UsageError(f"{path} is there already; overwrite it with --force.")
        for path, text in paths.items():
            files.write(path, text.encode())
            click.echo(shown(path))
    return 2 if damaged else 0


def _contents(
    runs: list[StoredResult], form: str, table: exported.ExportedTable | None, *, wide: bool, whole: bool
) -> dict[tuple[str, str], str]:
    """Return what is to be written by the name of its table, which is empty for what is one file."""
    results = [run.result for run in runs]
    if form == "json":
        found = tuple(exported.exported(result) for result in results)
        text = codec.encode(found, tuple[exported.ExportedRun, ...]).decode()
        return {("runs" if whole else "", form): text}
    if not whole:
        return {("", form): exported.as_csv(results, table or "history", wide=wide)}
    wanted = (table,) if table else TABLES
    return {(name, form): exported.as_csv(results, name, wide=wide) for name in wanted}
