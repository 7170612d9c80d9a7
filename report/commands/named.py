"""The runs that the words of a command mean; shared by `render` and `export`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from labreport.report.commands.console import shown
from labreport.report.errors import NothingMeasuredError, UnreadableError
from labreport.report.findings.labs import in_order
from labreport.report.store import codec, embedded, thinned
from labreport.report.store.entries import StoredResult, read
from labreport.report.store.runs import Store


def named(names: Sequence[str], store: Store) -> list[StoredResult]:
    """Return the runs that some names mean, in their order, also those that a finished report carries.

    Raises:
        ReportError: a name means nothing or more than one run, or what it means can't be read.
    """
    listing = store.list()
    found: list[StoredResult] = []
    for name in names:
        path = Path(name)
        if path.is_file() and embedded.is_report(path):
            for lab, content in embedded.extract(path).items():
                result = codec.decode(content, f"the data of {lab} in {path}")
                if remark := thinned.remark(result):
                    click.echo(f"Note: {remark}.", err=True)
                found.append(StoredResult(path=path, result=result, content=content))
        else:
            found.append(read(store.find(name, listing)))
    return found


def newest(store: Store, labs: Sequence[str] = ()) -> tuple[list[StoredResult], bool]:
    """Return the newest run of each lab that can be read, and whether one can't be, which is named.

    Args:
        store: the runs.
        labs: only of these; empty: of all.

    Raises:
        NothingMeasuredError: there is none.
    """
    listing = store.list()
    problems = list(listing.unreadable)
    found: dict[str, StoredResult] = {}
    for lab in listing.labs:
        for run in listing.of(lab) if not labs or lab in labs else ():
            try:
                found[lab] = read(run.path)
                break
            except UnreadableError as error:
                problems.append(str(error))
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if not found:
        raise NothingMeasuredError(f"There is no run in {shown(store.root)}.\nRun `labreport build` first.")
    return [found[lab] for lab in in_order(found)], bool(problems)
