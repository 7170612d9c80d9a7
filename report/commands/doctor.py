"""`labreport doctor`: is everything here that a build needs?"""

from __future__ import annotations

from typing import Any

import click

from report.commands import options
from report.commands.console import print_json
from report.diagnosis import diagnose, note_findings

MARKS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


@click.command("doctor", epilog="\b\nExample:\n  labreport doctor --data-dir /data/keras")
@options.run_options
@click.option("--notes", is_flag=True, help="Check only that the notes of both languages are in step.")
@options.AS_JSON
def command(assignments: tuple[str, ...], notes: bool, as_json: bool, **flags: Any) -> int:
    """Check this machine and say how to mend what is missing. Exit code 2 where something won't work."""
    findings = []
    for finding in note_findings() if notes else diagnose(options.resolve(**flags)):
        findings.append(finding)
        if not as_json:
            click.echo(f"{MARKS[finding.state]}  {finding.name:<22}{finding.text}")
            if finding.mend and finding.state != "ok":
                click.echo(f"      {'':<22}→ {finding.mend}")
    if as_json:
        print_json(
            [{"name": item.name, "state": item.state, "text": item.text, "mend": item.mend} for item in findings]
        )
    return 2 if any(finding.state == "bad" for finding in findings) else 0
