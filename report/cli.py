"""The command line: parse, call, print.

Commands are imported when they are called, so that `labreport --help` answers at once and `list` never loads Keras.
Every error gets its exit code and its words here (`errors.explained`); those that a user can fix are one or two lines.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from labreport.experiments.errors import plain
from labreport.experiments.system import home, supervision
from labreport.experiments.system.memory import collect_seldom
from labreport.report.errors import UsageError, explained
from labreport.report.store import remarks

if TYPE_CHECKING:
    from labreport.report.store.entries import StoredResult

COMMANDS = {
    "build": "Run what is stale, then render: the main job.",
    "run": "Train labs and store their results.",
    "new": "Write a folder to begin with: a lab, a script, notes or a course of your own.",
    "record": "Run a script of your own, unedited, and store what it measured.",
    "import": "Store what a log of a training holds.",
    "render": "Turn stored results into HTML, PDF or Markdown; never trains.",
    "course": "Make the folder of a course: handouts, own numbers for each student, questions, packs.",
    "grade": "Mark the answers to exercises with own numbers, and say why.",
    "repeat": "Train once more what a run's record says, and compare every number.",
    "compare": "Report what changed between versions, and whether it is more than chance.",
    "explain": "Show which of the changes between two runs made the difference.",
    "check": "Judge the newest runs against a baseline: the gate of a nightly job.",
    "baseline": "Set, show or list the baselines of the gate.",
    "merge": "Bring the runs of other stores, such as the shards of a night, into this one.",
    "view": "Show the stored runs in the browser: list, report, comparison, trend, what is under way.",
    "preview": "Show a report in the browser while its notes are written.",
    "trend": "Show the history of all stored runs as pages, data and a feed.",
    "nightly": "Build, check and draw the trend in one folder, in a time budget.",
    "list": "List the stored runs.",
    "show": "Show what one run measured.",
    "tag": "Give a run words by which it is found again.",
    "export": "Write histories, scores and settings as CSV or JSON.",
    "extract": "Get the results out of a finished HTML or PDF report.",
    "verify": "Check the files of a folder of reports against its manifest.",
    "status": "Show which labs are up to date, and why others are not.",
    "gc": "Delete old runs; lists them first.",
    "schema": "Print the JSON Schema of a stored result.",
    "doctor": "Check this machine and say how to fix what is missing.",
}
"""Name and one line of help of each command; the module of the same name holds it."""

MODULES = {"import": "import_"}
"""Modules that can't have the name of their command, which is a word of Python's."""

READER_LEFT = 141
"""Exit code where the reader of our output left: what was found was not reported, so neither 0 nor 1 would be true."""

LAB_FAILED = 3
_SEVERAL = ("run", "build", "nightly")
"""Commands that continue with their other labs when one has ended the program."""
_WITHOUT = -1
"""Says, in place of an exit code, that the work is to be begun again without the runs that are lost."""
STOPPED = "Interrupted; every finished lab is saved."
INTERRUPTED, TERMINATED = 130, 143
"""Exit codes after Ctrl-C (SIGINT), and after SIGTERM, which a CI system sends to end a job."""

MAY_BE_EMPTY = ("--machine", "--url")
"""Options that are as good as left out when they are empty, as a variable of a job may be."""

HELP = """Train the classic Keras labs and print reports that can't be wrong by accident.

\b
Examples:
  labreport build                      the six classic labs, HTML and PDF, Chinese and English
  labreport build imdb --lang en       one lab, one language
"""
EXIT_CODES = """\b
Exit codes:
  0  done
  1  a gate failed
  2  wrong usage, or unreadable input
  3  a lab failed, or its data are missing
  4  a rendering failed; all other outputs are kept
  5  nothing to render or to compare: no run, no baseline, or not comparable
  6  too few runs to tell (only when asked for)
  70  a fault of labreport itself
  130  interrupted (143: by SIGTERM); every finished lab is saved"""


def loaded(name: str) -> click.Command:
    """Import a command of `COMMANDS` and return it."""
    module = importlib.import_module(f"labreport.report.commands.{MODULES.get(name, name)}")
    found: click.Command = module.command
    return found


class Commands(click.Group):
    """The group of commands, each loaded only when it is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands in the order of use."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import a command, or return None for an unknown name."""
        return loaded(name) if name in COMMANDS else None

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Do as Click does, but name the nearest command for one that is unknown."""
        if arguments and arguments[0] not in COMMANDS and not arguments[0].startswith("-"):
            from labreport.experiments.errors import unknown_name

            context.fail(unknown_name("command", arguments[0], COMMANDS))
        return super().resolve_command(context, arguments)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=HELP,
    epilog=EXIT_CODES,
)
@click.version_option(package_name="labreport", prog_name="labreport")
def group() -> None:
    """Train the classic Keras labs and print reports that can't be wrong by accident."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    home.settle()
    remarks.listeners[:] = [lambda text: _report(f"Note: {text}")]
    remarks.watchers[:] = [_show]
    try:
        # Not Click's own `main`: it turns a reader that left into exit code 1, which is that of a failed gate.
        words = list(sys.argv[1:] if arguments is None else arguments)
        if words[:1] != ["record"]:  # a script may be given empty words
            _refuse_empty(words)
        with group.make_context("labreport", words) as context:
            code = group.invoke(context)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        if not supervision.watched():
            _report(STOPPED)
        return INTERRUPTED
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        return 2
    except BrokenPipeError:
        # The reader of our output has left (`| head`); what is still to be flushed goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT
    except Exception as error:
        code, message = explained(error)
        _report(f"Error: {message}")
        return code
    return code if isinstance(code, int) else 0


def _show(what: str, done: int, total: int) -> None:
    """Show how far a store is with reading its runs."""
    from labreport.report.commands import console

    console.watch(what, done, total)


def _refuse_empty(words: Sequence[str]) -> None:
    """Refuse an empty word: it comes from a variable that is not set, and would mean the current folder, or any run.

    Raises:
        UsageError: there is one.
    """
    for before, word in zip(("", *words), words, strict=False):
        if word and not (word.startswith("--") and word.endswith("=")):
            continue
        option = word.removesuffix("=") or before
        if option not in MAY_BE_EMPTY:
            what = option if option.startswith("-") else "An argument"
            raise UsageError(f"{what} is empty; leave it out, or set the variable that it is taken from.")


def _open_streams() -> None:
    """Give standard streams that are closed a place, so that no file of ours takes their descriptor."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest descriptor that is free, which is this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _report(line: str) -> None:
    """Print an error; where that can't be done the exit code has to say it alone."""
    with contextlib.suppress(OSError):
        click.echo(plain(line), err=True)


def run() -> None:
    """Entry point of the installed command."""
    _open_streams()
    if sys.argv[1:2] == ["record"]:  # a script has a process of its own, and is sent the signals there
        sys.exit(_run())
    while (code := supervision.supervised(_run, _ended)) == _WITHOUT:
        pass
    sys.exit(code)


def _run() -> int:
    collect_seldom()
    # Figures of ours are never shown on a screen; a script that is recorded may show its own.
    if sys.argv[1:2] != ["record"]:
        os.environ["MPLBACKEND"] = "agg"
    # A terminal that can't write a minus sign gets a question mark.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = READER_LEFT
    except OSError as error:
        _report(f"Error: can't write the output: {error.strerror}")
        code = 2
    return code


def _ended(ending: supervision.ProcessEnd) -> int:
    """Say how the work ended where it could not say so itself, and return the exit code."""
    if ending.code not in (None, INTERRUPTED):
        return ending.code
    if ending.code == INTERRUPTED and not ending.signals:
        _report("Error: a lab or a library interrupted the program; perhaps it may use too little memory.")
        return LAB_FAILED
    return _lost(ending)


def _lost(ending: supervision.ProcessEnd) -> int:
    """Store the runs at which the program was ended, and say so."""
    found: Sequence[StoredResult] = ()
    more = False
    if ending.at_work:
        from labreport.report.running import lost

        before = lost.count()
        try:
            found = lost.settle(ending.at_work, words=ending.words, interrupted=bool(ending.signals))
        except Exception as error:
            _report(f"Error: {explained(error)[1]}")
            return LAB_FAILED
        more = lost.count() > before
    if ending.signals:
        _report(STOPPED)
        return TERMINATED if signal.SIGTERM in ending.signals else INTERRUPTED
    if not found:
        _report(f"Error: the program was ended from within, by a lab or a library ({ending.words}).")
        return LAB_FAILED
    # A lab that fails loses no other; the work that continues says that it has failed, and makes none twice.
    if sys.argv[1] in _SEVERAL and more:
        return _WITHOUT
    for stored in found:
        if stored.result.status != "complete":
            _report(
                f"Error: {stored.result.lab} failed: it ended the whole program ({ending.words}); see {stored.path}"
            )
    return LAB_FAILED
