"""`labreport doctor`: is everything here that a build needs?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from labreport.experiments.errors import LabError
from labreport.report.commands import options
from labreport.report.commands.console import print_json
from labreport.report.commands.diagnosis import Finding, diagnose, note_findings
from labreport.report.configuration import Configuration
from labreport.report.errors import ReportError
from labreport.report.publish import prepare
from labreport.report.running.planning import make_plans
from labreport.report.store.runs import Store

MARKS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


@click.command("doctor", epilog="\b\nExample:\n  labreport doctor --data-dir /data/keras")
@options.run_options
@click.option("--notes", is_flag=True, help="Check only that the notes of all languages are in step.")
@options.AS_JSON
def command(assignments: tuple[str, ...], notes: bool, as_json: bool, **flags: Any) -> int:
    """Check this machine and say how to fix what is missing. Exit code 2 where something won't work."""
    findings = []
    for finding in note_findings() if notes else _all(options.resolve(**flags), assignments):
        findings.append(finding)
        if not as_json:
            click.echo(f"{MARKS[finding.state]}  {finding.name:<22}{finding.text}")
            if finding.fix and finding.state != "ok":
                click.echo(f"      {'':<22}→ {finding.fix}")
    if as_json:
        print_json([{"name": item.name, "state": item.state, "text": item.text, "fix": item.fix} for item in findings])
    return 2 if any(finding.state == "bad" for finding in findings) else 0


def _all(configuration: Configuration, assignments: tuple[str, ...]) -> Iterator[Finding]:
    yield from diagnose(configuration)
    yield _tried("labs, settings", lambda: make_plans(configuration, assignments, Store(configuration.runs_dir)))
    yield _tried("pages", lambda: prepare(configuration))


def _tried(name: str, step: Callable[[], object]) -> Finding:
    """Do what a build does before it trains, and return what it would say."""
    try:
        step()
    except (ReportError, LabError) as error:
        text, _, fix = str(error).partition("\n")
        return Finding(name=name, state="bad", text=text, fix=fix)
    return Finding(name=name, state="ok", text="as they should be")
