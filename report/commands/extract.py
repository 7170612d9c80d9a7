"""`labreport extract`: the Results out of a finished report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from labreport.report.commands.console import shown
from labreport.report.errors import UsageError
from labreport.report.store import codec, embedded, files, thinned


@click.command(
    "extract",
    epilog="\b\nExamples:\n  labreport extract reports/labreport-en.pdf -o results\n"
    "  labreport extract reports/labreport-zh.html --lab imdb -o imdb.json",
)
@click.argument("report", type=click.Path(path_type=Path))
@click.option("--lab", help="Only the result of this lab.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="A folder; with one lab, a file.")
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def command(report: Path, lab: str | None, output: Path, force: bool) -> int:
    """Get the results out of a finished HTML or PDF report, byte for byte as they were stored.

    Of a very long recorded training a report carries thinned curves; a note then names the whole record.

    Out of the report of a comparison: that comparison, as JSON.
    """
    compared = embedded.comparison(report)
    if compared is not None:
        if lab is not None:
            raise UsageError(f"{report} is the report of a comparison, which is one file; leave --lab out.")
        _write({output if output.suffix == ".json" else output / embedded.COMPARISON_FILE: compared}, force=force)
        return 0
    found = embedded.extract(report)
    if lab is not None:
        if lab not in found:
            raise UsageError(f"{report} carries no lab '{lab}'; it has {', '.join(found)}.")
        found = {lab: found[lab]}
    for name, content in found.items():
        if remark := thinned.remark(codec.decode(content, f"{report} ({name})")):
            click.echo(f"Note: {remark}.", err=True)
    if len(found) == 1 and output.suffix == ".json":
        targets = {output: next(iter(found.values()))}
    else:
        targets = {output / f"{name}.json": content for name, content in found.items()}
    _write(targets, force=force)
    return 0


def _write(targets: Mapping[Path, bytes], *, force: bool) -> None:
    for path in targets:
        if path.exists() and not force:
            raise UsageError(f"{path} is there already; overwrite it with --force.")
    for path, content in targets.items():
        files.write(path, content)
        click.echo(shown(path))
