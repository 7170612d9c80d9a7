"""`labreport record`: run a script under watch and store what it measured."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labreport.experiments.errors import plain
from labreport.report.commands import options
from labreport.report.commands.console import Reporter, shown
from labreport.report.errors import NothingMeasuredError, UsageError
from labreport.report.running import orders
from labreport.report.running.recorded import recorded
from labreport.report.store.runs import Store

if TYPE_CHECKING:
    from labreport.experiments.recording.record import Order

_HELP = """Nothing was measured: no fit of Keras, Lightning or Transformers was seen, no printed line names an epoch.
Give the form of a line with --as 'epoch {epoch:d} loss {loss:f}', or hand the numbers over in the code:
  with labreport.record("NAME") as run: run.epoch(loss=…, val_loss=…)"""


class Recording(click.Command):
    """Whatever follows the script belongs to the script, also what looks like an option of ours."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Split the words into ours and the program's."""
        with_value = {
            name
            for parameter in self.params
            if isinstance(parameter, click.Option) and not parameter.is_flag
            for name in parameter.opts
        }
        position = 0
        while position < len(arguments) and arguments[position].startswith("-"):
            if arguments[position] in ("-m", "--"):
                break
            position += 2 if arguments[position] in with_value else 1
        ours, theirs = arguments[:position], arguments[position:]
        context.meta["program"] = theirs
        return super().parse_args(context, ours)


@click.command(
    "record",
    cls=Recording,
    options_metavar="[OPTIONS] SCRIPT [ARGS]... | -m MODULE [ARGS]... | -- PROGRAM [ARGS]...",
    epilog="""\b
Examples:
  labreport record train.py --epochs 5
  labreport record --seeds 0-4 -m package.train
  labreport record --as 'epoch {epoch:d} loss {loss:f}' -- ./train --fast
\b
The exit code is the script's own; 5 where nothing was measured, 124 where the time was over.""",
)
@click.option("--name", metavar="NAME", help="Name of the run, as that of a lab.  [default: that of the script]")
@click.option(
    "--seeds", metavar="LIST", help="One process for each seed, such as 0-4; generators are seeded on import."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, metavar="N", help="Processes at a time.  [default: 1]")
@click.option(
    "--data",
    "data",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file that the script reads; a change of it makes a new run. May be repeated.",
)
@click.option("--timeout", metavar="TIME", help="End the script after this time, such as 90s, 30m or 2h.")
@click.option("--as", "template", metavar="TEMPLATE", help="Read epochs from printed lines of this form.")
@click.option("--groups", type=click.Choice(["fold", "seed", "none"]), help="What several fits of one network are.")
@click.option(
    "--on",
    metavar="ADDRESS",
    help="Run the processes on a Dask cluster: tcp://host:8786, or scheduler.json; they get the script's folder.",
)
@options.MIXED
@options.FORCE
@options.QUIET
@options.RUNS_DIR
@click.pass_context
def command(context: click.Context, /, force: bool, quiet: bool, runs_dir: Path | None, **given: Any) -> int:
    """Run a script, unedited, and store what it measured: every fit, its curves and its scores.

    The script gets its arguments, its streams and its exit code as under `python SCRIPT`.
    """
    reporter = Reporter(quiet=quiet)
    store = Store(options.resolve(runs_dir=runs_dir).runs_dir.absolute())
    order = _order(context, ("labreport", *sys.argv[1:]))
    unchanged, reason = orders.unchanged(order, store.list(order.name, whole=False))
    if unchanged is not None and not force:
        reporter.say(f"{order.name}: unchanged, {shown(unchanged.path.parent)}; --force runs it again")
        return 0
    if reason:
        reporter.say(f"{order.name}: {reason}")
    with reporter.heartbeat():  # the terminal is the script's own, and shows no bar of ours
        reporter.stage(f"record {order.name}")
        done = recorded(order, store, reporter.say, progress=reporter.advance)
    for remark in done.remarks:
        reporter.say(f"{order.name}: {plain(remark)}")
    if done.result is None and done.stored:
        for stored in done.stored:
            reporter.say(f"{order.name}: the script recorded by itself, stored in {shown(Path(stored).parent)}")
        return done.exit_code
    if done.result is None:
        if done.exit_code:
            reporter.say(
                f"{order.name}: nothing was measured, nothing is stored; the program ended with {done.exit_code}"
            )
            return done.exit_code
        raise NothingMeasuredError(_HELP)
    path = store.save(done.result).path
    failure = done.result.failure
    if done.result.status != "complete":
        why = f" ({plain(failure.kind)}: {plain(failure.message)})" if failure else ""
        reporter.say(f"{order.name}: {done.result.status}{why}; what was measured is saved")
    reporter.say(f"{order.name}: {_summary(done.result)}, stored in {shown(path.parent)}")
    return done.exit_code


def order_of(words: Sequence[str]) -> Order:
    """Return what `labreport record` with these words is to run; the script need not be there any more.

    Raises:
        UsageError, LabError: the words don't say.
    """
    try:
        with command.make_context("labreport record", list(words)) as context:
            return _order(context, ("labreport", "record", *words), must_exist=False)
    except click.ClickException as error:
        raise UsageError(error.format_message()) from error


def table_of(words: Sequence[str]) -> dict[str, Any]:
    """Return what `labreport record` with these words says, as a table `record.NAME` of the configuration.

    Raises:
        UsageError: the words don't say.
    """
    try:
        with command.make_context("labreport record", list(words)) as context:
            given, program = context.params, context.meta["program"]
    except click.ClickException as error:
        raise UsageError(error.format_message()) from error
    table = {"as": given["template"], "timeout": given["timeout"], "groups": given["groups"], "seeds": given["seeds"]}
    data = [str(path) for path in given["data"]]
    return {"command": shlex.join(program), "data": data} | {name: value for name, value in table.items() if value}


def _order(context: click.Context, words: Sequence[str], *, must_exist: bool = True) -> Order:
    asked = {name: context.params[name] for name in _ASKED}
    return orders.ordered(context.meta["program"], command=words, must_exist=must_exist, **asked)


_ASKED = ("name", "seeds", "jobs", "data", "timeout", "template", "groups", "on", "mixed")


def _summary(result: Any) -> str:
    trainings = result.findings.trainings
    fits = f"{len(trainings)} training{'s' if len(trainings) != 1 else ''}"
    counted = {one.epochs for one in trainings}
    epochs = f" of {min(counted)} to {max(counted)} epochs" if len(counted) > 1 else ""
    if len(counted) == 1:
        epochs = f" of {counted.pop()} epochs" if trainings[0].course.axis == "epoch" else f" of {counted.pop()} steps"
    seeds = f", seed {', '.join(map(str, result.seeds))}" if result.seeds else ", no seed set"
    return f"{fits}{epochs}{seeds}"
