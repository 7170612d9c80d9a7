"""`labreport schema`: the form of a stored result."""

from __future__ import annotations

import click

from labreport.report.commands.console import print_json
from labreport.report.store import codec


@click.command("schema", epilog="\b\nExample:\n  labreport schema > result.schema.json")
def command() -> int:
    """Print the JSON Schema of a stored result."""
    print_json(codec.schema())
    return 0
