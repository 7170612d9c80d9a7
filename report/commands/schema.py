"""`labreport schema`: the form of a stored result, and of what `show` and `list` give to a program."""

from __future__ import annotations

import click

from labreport.experiments.result import Result
from labreport.report.commands.console import print_json
from labreport.report.findings.conclusions import ShownResult
from labreport.report.store import codec
from labreport.report.store.in_short import ListedRun

FORMS = {"result": Result, "show": ShownResult, "list": tuple[ListedRun, ...]}
"""What has a schema, and the record of each."""


@click.command("schema", epilog="\b\nExamples:\n  labreport schema > result.schema.json\n  labreport schema --of show")
@click.option(
    "--of",
    "form",
    type=click.Choice(tuple(FORMS)),
    default="result",
    show_default=True,
    help="A stored result, or the output of `labreport show --json` or `labreport list --json`.",
)
def command(form: str) -> int:
    """Print the JSON Schema of a stored result, or of what show or list print with --json."""
    print_json(codec.schema(FORMS[form], f"labreport {form}"))
    return 0
