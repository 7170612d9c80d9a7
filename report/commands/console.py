"""What the commands print: lines, tables, progress. Progress and remarks go to standard error, results to output."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import click

from labreport.report.numbers import duration, number

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


Item = TypeVar("Item")

HEARTBEAT = 60.0
"""Seconds between two lines of a program that has no terminal."""

_shown: list[Reporter] = []
"""Those whose work is shown just now, the innermost last."""
_by_itself = contextlib.ExitStack()
"""Holds the bars of work that begins where no command shows any."""

_WHOLE, _STAGE, _PART = "whole", "stage", "part"
"""What a line says, in its order; the part takes the place of the stage while it is at work."""


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
        self._at_work: dict[str, str] = {}
        """What a line says of the whole, of the stage, and of the part at work."""
        self._begun: dict[str, tuple[float, int]] = {}
        """When each piece of work was first heard of, and how much of it was done then."""
        self._last: dict[str, int] = {}
        """How much of each was done when it was last heard of."""

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
        with self._at_hand():
            if self.quiet or sys.stderr.isatty() or self._beating:
                yield
                return
            with self._beats(seconds):
                yield

    @contextmanager
    def _beats(self, seconds: float | None) -> Iterator[None]:
        begun, over = perf_counter(), Event()

        def beat() -> None:
            while not over.wait(HEARTBEAT if seconds is None else seconds):
                with contextlib.suppress(OSError, ValueError):  # the reader has left
                    click.echo(f"{duration(perf_counter() - begun)}: {self._line()}", err=True)

        self._beating = True
        thread = Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._beating = False
            self._at_work.clear()

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
            """Steps a second, or seconds a step, as soon as they are known."""

            def render(self, task: Task) -> Text:
                return Text(_rate(task.speed, "/s") if task.speed else "", style="progress.data.speed")

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            RateColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        shown = Progress(*columns, console=Console(stderr=True), transient=True)
        with self._at_hand(), shown as progress:
            self._progress = progress
            try:
                yield
            finally:
                self._progress, self._stage = None, None
                self._tasks.clear()

    @contextmanager
    def _at_hand(self) -> Iterator[None]:
        """Let `watch` find this one while the block runs."""
        _shown.append(self)
        try:
            yield
        finally:
            _shown.remove(self)

    def stage(self, what: str) -> None:
        """Name the work that begins, where how much of it there is can't be known; an empty name ends the last one."""
        self._at_work |= {_STAGE: what, _PART: ""}
        if self._progress is None:
            return
        if self._stage is not None:
            self._progress.remove_task(self._stage)
        self._stage = self._progress.add_task(what, total=None, note="") if what else None

    def whole(self, what: str, done: int, total: int, *, alike: bool = True) -> None:
        """Say how far the whole is, such as the labs of a run, of which `advance` names the part at work.

        Args:
            what: is at work.
            done: parts that are done.
            total: parts in all.
            alike: whether the parts take about the same time, so that those that are done say when the rest will be.
        """
        if total > 1:  # of a single part, `advance` says all there is to say
            self._move(_WHOLE, what, done, total, {}, paced=alike)

    def advance(self, what: str, done: int, total: int, values: dict[str, float] | None = None) -> None:
        """Move the bar of one piece of work."""
        self._move(_PART, what, done, total, values or {})

    def each(self, what: str, items: Collection[Item]) -> Iterator[Item]:
        """Yield items one after the other, and move the bar of their work."""
        total = len(items)
        self.advance(what, 0, total)
        for done, item in enumerate(items, 1):
            yield item
            self.advance(what, done, total)

    def _move(
        self, place: str, what: str, done: int, total: int, values: dict[str, float], *, paced: bool = True
    ) -> None:
        if self._progress is None:
            if done < total:
                pace = self._pace(what, done, total) if paced else ""
                self._at_work[place] = f"{what}, {done} of {total}{pace}"
            else:
                self._at_work[place] = ""
                for known in (self._begun, self._last):
                    known.pop(what, None)
            return
        note = " ".join(f"{name} {value:.4g}" for name, value in values.items())
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total, note=note)
        self._progress.update(self._tasks[what], completed=done, total=total, note=note)
        if done >= total:
            self._progress.remove_task(self._tasks.pop(what))

    def _line(self) -> str:
        """Return what is at work: how far the whole is, and the part, or the stage where no part is known."""
        said = self._at_work
        parts = (said.get(_WHOLE), said.get(_PART) or said.get(_STAGE))
        return "; ".join(part for part in parts if part) or "at work"

    def _pace(self, what: str, done: int, total: int) -> str:
        """Return rate and time left of a piece of work, as the end of a line; nothing where they are not known yet."""
        now = perf_counter()
        if done < self._last.get(what, done):  # the same name, begun once more
            self._begun.pop(what, None)
        self._last[what] = done
        begun, before = self._begun.setdefault(what, (now, done))
        if done == before or now <= begun:
            return ""
        rate = (done - before) / (now - begun)
        return f", {_rate(rate, ' a second')}, {duration((total - done) / rate)} left"


def watch(what: str, done: int, total: int) -> None:
    """Show how far work is that any command may come to, such as reading a store: among its own, or by itself."""
    if not _shown and done < total:
        _by_itself.enter_context(Reporter().bars())
    for innermost in _shown[-1:]:
        innermost.advance(what, done, total)
    if done >= total:
        _by_itself.close()


def _rate(steps: float, a_second: str) -> str:
    """Return how fast work is: steps a second, or how long each step takes where that is more than a second."""
    return f"{number(steps, 2)}{a_second}" if steps >= 1 else f"{duration(1 / steps)} each"


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def shown(path: Path) -> str:
    """Return a path as one would type it from here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
