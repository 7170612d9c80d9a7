"""`labreport grade`: marks of computed answers, each with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from labreport.report.commands import options
from labreport.report.commands.columns import print_table
from labreport.report.commands.console import print_json, shown
from labreport.report.errors import UsageError

_NAMED = 10
"""Names that a note gives of a list."""


@click.command(
    "grade",
    epilog="\b\nExamples:\n  labreport grade answers.csv --key autumn/instructors/key.csv\n"
    "  labreport grade answers.csv --key key.csv -o marks.csv",
)
@click.argument("answers", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The key.csv of the course.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write every mark with its reason to a .csv or .json file.",
)
@options.AS_JSON
@options.FORCE
@options.QUIET
def command(answers: Path, key: Path, output: Path | None, as_json: bool, force: bool, quiet: bool) -> int:
    """Mark the answers to exercises whose numbers were drawn for each student, and say why.

    ANSWERS is a CSV file with a column for the student's number and one for each answer, named as in the key (3.8a); or
    with a line for each answer and the columns number, exercise, part and answer. Units, percent signs, commas for
    points, powers of ten and full-width digits are read. Lines that can't be used are named, and the exit code is 2.
    """
    from labreport.report.course import grading, tables
    from labreport.report.course import key as keys
    from labreport.report.store import files

    if output is not None:
        if output.suffix not in (".csv", ".json"):
            raise UsageError(f"-o {output}: the file must end with .csv or .json.")
        if output.exists() and not force:
            raise UsageError(f"{output} would be overwritten; choose another name, or give --force.")
    marks = grading.grade(answers, keys.read(key))
    table = [dict(zip(grading.COLUMNS, answer.cells, strict=True)) for answer in marks.answers]
    summary = {
        "answers": [
            row | {"points": answer.points, "of": answer.of} for row, answer in zip(table, marks.answers, strict=True)
        ],
        "problems": list(marks.problems),
        "missing": list(marks.missing),
        "ignored": list(marks.ignored),
    }
    if output is not None:
        content = (
            json.dumps(summary, ensure_ascii=False, indent=1).encode() + b"\n"
            if output.suffix == ".json"
            else tables.encode(grading.COLUMNS, [answer.cells for answer in marks.answers])
        )
        files.write(output, content)
    if as_json:
        print_json(summary)
    else:
        _print(marks.answers)
    for problem in marks.problems:
        click.echo(f"Error: {problem}", err=True)
    if not quiet:
        if marks.missing:
            click.echo(f"Note: students without a line: {_named(marks.missing)}.", err=True)
        if marks.ignored:
            click.echo(f"Note: columns that are not answers: {_named(marks.ignored)}.", err=True)
        if output is not None:
            click.echo(shown(output), err=True)
    return 2 if marks.problems else 0


def _print(answers: Sequence[object]) -> None:
    """Print the points of each student, then every answer that is not right, with the reason."""
    from labreport.report.course.grading import MarkedAnswer
    from labreport.report.numbers import exact

    marked = [answer for answer in answers if isinstance(answer, MarkedAnswer)]
    totals: dict[str, list[MarkedAnswer]] = {}
    for answer in marked:
        totals.setdefault(answer.number, []).append(answer)
    rows = [
        [
            number,
            found[0].name,
            f"{exact(sum(answer.points for answer in found))} of {exact(sum(answer.of for answer in found))}",
        ]
        for number, found in totals.items()
    ]
    print_table(["number", "name", "points"], rows)
    wrong = [answer for answer in marked if answer.judgement != "right"]
    if wrong:
        click.echo()
        print_table(
            ["number", "answer", "given", "why"],
            [[answer.number, answer.label, answer.given[:40], answer.why] for answer in wrong],
        )


def _named(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
