"""`labreport verify`: are the files of a folder those that were rendered?"""

from __future__ import annotations

from pathlib import Path

import click

from labreport.experiments.errors import plain
from labreport.report.store import manifest


@click.command("verify", epilog="\b\nExample:\n  labreport verify reports")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> int:
    """Check every file of a folder of reports against its manifest.

    Exit code 1 where one was changed or is missing, or where a file lies there that was not rendered.
    """
    found = manifest.read(folder)
    problems = [*manifest.differences(folder, found), *manifest.extra(folder, found)]
    for problem in problems:
        click.echo(plain(problem), err=True)
    if not problems:
        click.echo(f"{len(found.files)} files, all as they were rendered")
    return 1 if problems else 0
