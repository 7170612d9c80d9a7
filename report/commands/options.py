"""Flags that several commands share: they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from labreport.report import configuration
from labreport.report.configuration import Configuration

Command = TypeVar("Command", bound=Callable[..., Any])

LABS = click.argument("labs", nargs=-1, metavar="[LAB]...")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON alone on standard output.")
FORCE = click.option("--force", is_flag=True, help="Do it again even where nothing changed.")
STRICT = click.option("--strict", is_flag=True, help="Exit with 1 where a claim does not hold in every run.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No progress, and no lines but results and errors.")
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Say more: why a lab runs, how it is trained.")
JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that train labs and their seeds; no number depends on it.  [default: 1]",
)
ON = click.option("--on", metavar="ADDRESS", help="Train on a Dask cluster: tcp://host:8786, or scheduler.json.")
MIXED = click.option(
    "--mixed", is_flag=True, default=None, help="With --on: take workers with other versions, too; the record says so."
)
DATA_DIR = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder with the data files of Keras.")
OFFLINE = click.option("--offline", is_flag=True, default=None, help="Never try to download data.")
RUNS_DIR = click.option("--runs-dir", type=click.Path(path_type=Path), help="Folder of the store.  [default: runs]")


def run_options(command: Command) -> Command:
    """Add what decides a run: seeds, settings, profile, data."""
    return _all(
        command,
        click.option("--seeds", metavar="LIST", help="Seeds such as 0, 0-9 or 0,2,5-7.  [default: 0]"),
        JOBS,
        ON,
        MIXED,
        click.option(
            "-P",
            "assignments",
            multiple=True,
            metavar="KEY=VALUE",
            help="Change a setting of the labs; LAB.KEY=VALUE for one lab. May be repeated.",
        ),
        click.option("--profile", metavar="NAME", help="full, or quick: a few epochs, to see that all works."),
        click.option("--data", metavar="KIND", help="auto, full or sample.  [default: auto]"),
        DATA_DIR,
        OFFLINE,
        RUNS_DIR,
    )


def render_options(command: Command) -> Command:
    """Add what decides the form of a report."""
    return _all(
        command,
        click.option(
            "--lang",
            metavar="LIST",
            help="zh, en, any installed one; zh+en or bilingual: in one file.  [default: zh,en]",
        ),
        click.option(
            "--to",
            metavar="LIST",
            help="html, pdf, md, ipynb, slides, epub, split, docx, moodle, qti, or added.  [default: html,pdf]",
        ),
        click.option(
            "--form",
            metavar="NAME",
            help="book; chapter: without cover, appendices; sheet: two pages; exercises, solutions.  [default: book]",
        ),
        click.option(
            "--edition", metavar="NAME", help="student, or instructor: with the solutions.  [default: student]"
        ),
        click.option(
            "--theme",
            metavar="NAME",
            help="blue; grey: for printers and copiers without colours; or an installed one.  [default: blue]",
        ),
        click.option("--paper", metavar="NAME", help="a4, letter or a3 (A4 enlarged).  [default: a4]"),
        click.option(
            "--print", metavar="SIZE", help="normal, or large: letters of 16 points in the PDF.  [default: normal]"
        ),
        click.option("--exercise-pages", is_flag=True, default=None, help="Begin a page for each exercise in the PDF."),
        click.option(
            "--answer-room",
            type=click.FloatRange(0, 10),
            metavar="N",
            help="Factor for the lines to write answers on; 0: none.  [default: 1]",
        ),
        click.option(
            "--roster",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="CSV of students: also a PDF for each, with their line on its cover.",
        ),
        click.option("--variant", metavar="TEXT", help="Give exercises the numbers of this student, or of any text."),
        click.option("--glossary/--no-glossary", default=None, help="Whether a book has its glossary."),
        click.option("--provenance/--no-provenance", default=None, help="Whether a book says where its runs are from."),
        click.option("--hints/--no-hints", default=None, help="Whether exercises have their hints.  [default: hints]"),
        click.option(
            "-o", "--output", type=click.Path(path_type=Path), help="Folder for the reports.  [default: reports]"
        ),
        click.option("--split", is_flag=True, help="Also write one HTML page for each lab."),
    )


def resolve(**flags: Any) -> Configuration:
    """Return the configuration: flags over environment over file over defaults.

    Raises:
        UsageError: an unknown key, or a value that can't be.
    """
    base = configuration.load(Path.cwd())
    for name in (*configuration.CHOICES, "theme"):
        if flags.get(name) is not None:
            configuration.check_choice(name, flags[name], f"--{name}")
    for name in ("lang", "to"):
        if flags.get(name) is not None:
            parts = tuple(part.strip() for part in flags[name].split(",") if part.strip())
            flags[name] = configuration.check_names(name, parts, f"--{name}")
    if "labs" in flags:
        flags["labs"] = flags["labs"] or None
    return configuration.override(base, **flags)


def _all(command: Command, *decorators: Callable[[Command], Command]) -> Command:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command
