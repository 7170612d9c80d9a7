"""What the commands print: lines, tables, progress. Progress and remarks go to standard error, results to output."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from labreport.experiments.errors import plain
from labreport.report.numbers import UNKNOWN, duration, number

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


HEARTBEAT = 60.0
"""Seconds between two lines of a program that has no terminal."""


class Reporter:
    """Reports to the user what happens, in as much detail as was asked for.

    Args:
        quiet: nothing but results and errors.
        verbose: also reasons.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose and not quiet
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._beating = False
        self._stage: TaskID | None = None
        """The bar of work of unknown size."""
        self._at_work = ""
        self._begun: dict[str, tuple[float, int]] = {}
        """When each piece of work was first heard of, and how much of it was done then."""

    def say(self, line: str) -> None:
        """Print a line that the user should know, above a running bar."""
        if self.quiet:
            return
        if self._progress is not None:
            self._progress.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            click.echo(line, err=True)

    def detail(self, line: str) -> None:
        """Print a line where more was asked for."""
        if self.verbose:
            self.say(line)

    @contextmanager
    def heartbeat(self, seconds: float | None = None) -> Iterator[None]:
        """Say once a minute what is at work while the block runs, where no terminal shows bars.

        Args:
            seconds: between two lines; None: a minute.
        """
        if self.quiet or sys.stderr.isatty() or self._beating:
            yield
            return
        begun, over = perf_counter(), Event()

        def beat() -> None:
            while not over.wait(HEARTBEAT if seconds is None else seconds):
                with contextlib.suppress(OSError, ValueError):  # the reader has left
                    click.echo(f"{duration(perf_counter() - begun)}: {self._at_work or 'at work'}", err=True)

        self._beating = True
        thread = Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._beating, self._at_work = False, ""

    @contextmanager
    def bars(self) -> Iterator[None]:
        """Show progress bars while the block runs, if standard error is a terminal, and else a line a minute."""
        if self.quiet or not sys.stderr.isatty():
            with self.heartbeat():
                yield
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class RateColumn(ProgressColumn):
            """Steps a second, as soon as they are known."""

            def render(self, task: Task) -> Text:
                return Text(f"{number(task.speed, 2)}/s" if task.speed else "", style="progress.data.speed")

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            RateColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            self._progress = progress
            try:
                yield
            finally:
                self._progress, self._stage = None, None
                self._tasks.clear()

    def stage(self, what: str) -> None:
        """Name the work that begins, where how much of it there is can't be known; an empty name ends the last one."""
        self._at_work = what
        if self._progress is None:
            return
        if self._stage is not None:
            self._progress.remove_task(self._stage)
        self._stage = self._progress.add_task(what, total=None, note="") if what else None

    def advance(self, what: str, done: int, total: int, values: dict[str, float] | None = None) -> None:
        """Move the bar of one piece of work."""
        if self._progress is None:
            self._at_work = f"{what}, {done} of {total}{self._pace(what, done, total)}" if done < total else ""
            return
        note = " ".join(f"{name} {value:.4g}" for name, value in (values or {}).items())
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total, note=note)
        self._progress.update(self._tasks[what], completed=done, total=total, note=note)
        if done >= total:
            self._progress.remove_task(self._tasks.pop(what))

    def _pace(self, what: str, done: int, total: int) -> str:
        """Return rate and time left of a piece of work, as the end of a line; nothing where they are not known yet."""
        now = perf_counter()
        begun, before = self._begun.setdefault(what, (now, done))
        if done < before:  # the same name, begun once more
            self._begun[what] = begun, before = now, done
        if done == before or now <= begun:
            return ""
        rate = (done - before) / (now - begun)
        return f", {number(rate, 2)} a second, {duration((total - done) / rate)} left"


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under heads, columns aligned; numbers to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for position, head in enumerate(heads):
        cells = [row[position] for row in rows]
        numeric = any(cells) and all(cell == UNKNOWN or not cell or cell[0].isdigit() for cell in cells)
        table.add_column(head, justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    # A pipe has no width: no column is cut there.
    console = Console() if sys.stdout.isatty() else Console(width=10_000, no_color=True)
    console.print(table)


def shown(path: Path) -> str:
    """Return a path as one would type it from here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
