"""`labreport verify`: are the files of a folder those that were rendered?"""

from __future__ import annotations

from pathlib import Path

import click

from labreport.experiments.errors import plain
from labreport.report.store import manifest


@click.command("verify", epilog="\b\nExample:\n  labreport verify reports")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> int:
    """Check every file of a folder of reports, a check or a night against its manifest.

    Folders inside with a manifest of their own, such as that of a check, are checked against theirs. Exit code 1 where
    a file was changed or is missing, or where one lies there that was not rendered.
    """
    count, problems = manifest.problems(folder)
    for problem in problems:
        click.echo(plain(problem), err=True)
    if not problems:
        click.echo(f"{count} files, all as they were rendered")
    return 1 if problems else 0
