"""`labreport new`: a folder to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from labreport.report import configuration
from labreport.report.commands import options
from labreport.report.commands.console import shown
from labreport.report.commands.scaffold import KINDS, checked_name, scaffold, write
from labreport.report.words import LANGUAGES

NEXT = {
    "classification": "labreport build",
    "regression": "labreport build",
    "script": "labreport record --name {name} train.py && labreport render",
    "notes": "labreport build tensors",
    "course": "labreport build tensors && labreport course",
}
"""What to do first in a folder of each kind."""
NOTES = 'write notes = "{name}" into labreport.toml, then labreport render'
"""What to do first with the notes of a run."""


@click.command(
    "new",
    epilog="""\b
Examples:
  labreport new wine                       a lab that classifies, with notes in Chinese and English
  labreport new prices --kind regression --lang en
  labreport new digits --kind script       a script to be recorded, unedited
  labreport new words --kind notes         the notes of the shipped labs, to be edited
  labreport new autumn --kind course       a course: labs, dates, a roster
  labreport new mine --from train          the chapter of a stored run as notes, to be edited""",
)
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(tuple(KINDS)),
    default="classification",
    show_default=True,
    help="What to begin with: a lab that classifies or predicts numbers, a script to record, notes to edit, a course.",
)
@click.option("--from", "run", metavar="RUN", help="Write the notes of a stored run's chapter instead, to be edited.")
@options.RUNS_DIR
@click.option("--lang", metavar="LIST", help=f"Languages of the report.  [default: {','.join(LANGUAGES)}]")
@click.option("--force", is_flag=True, help="Replace files of the folder that are there already.")
@options.QUIET
def command(
    name: str, kind: str, run: str | None, runs_dir: Path | None, lang: str | None, force: bool, quiet: bool
) -> int:
    """Write a folder NAME that can be built and tested at once: a lab, a script, notes or a course.

    Every line of it is explained. Nothing is overwritten without --force.
    """
    given = (part.strip() for part in lang.split(",")) if lang is not None else LANGUAGES
    chosen = configuration.check_names("language", tuple(part for part in given if part), "--lang")
    if run is None:
        content, then = scaffold(name, kind, chosen), f"cd {name} && {NEXT[kind].format(name=name)}"
    else:
        content, then = _notes(run, options.resolve(runs_dir=runs_dir).runs_dir, chosen), NOTES.format(name=name)
    written = write(Path(checked_name(name)), content, force=force)
    if not quiet:
        for path in written:
            click.echo(shown(path))
        click.echo(f"Next: {then}", err=True)
    return 0


def _notes(run: str, runs_dir: Path, chosen: Sequence[str]) -> dict[str, bytes]:
    """Return the notes of the chapter of a stored run by path, for each language."""
    from labreport.report.chapters.notes_in_use import SHIPPED
    from labreport.report.store.entries import load
    from labreport.report.store.runs import Store

    result = load(Store(runs_dir).find(run))
    return {f"{language}/{result.lab}.md": SHIPPED.text_of(result, language)[0].encode() for language in chosen}
