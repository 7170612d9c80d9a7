"""`labreport record`: run a script under watch and store what it measured."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any

import click

from labreport.experiments.errors import plain
from labreport.report.commands import options
from labreport.report.commands.console import Reporter, shown
from labreport.report.errors import NothingMeasuredError, UsageError
from labreport.report.store.runs import Store, load

_LOOKED_AT = 20
"""Newest runs among which the same one is looked for."""

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
@options.FORCE
@options.QUIET
@options.RUNS_DIR
@click.pass_context
def command(
    context: click.Context,
    name: str | None,
    seeds: str | None,
    jobs: int,
    data: tuple[Path, ...],
    timeout: str | None,
    template: str | None,
    groups: str | None,
    force: bool,
    quiet: bool,
    runs_dir: Path | None,
) -> int:
    """Run a script, unedited, and store what it measured: every fit, its curves and its scores.

    The script gets its arguments, its streams and its exit code as under `python SCRIPT`.
    """
    from labreport.experiments.recording import owned
    from labreport.experiments.recording.record import Order, record

    kind, program, arguments = _program(context.meta["program"], template)
    reporter = Reporter(quiet=quiet)
    store = Store(options.resolve(runs_dir=runs_dir).runs_dir.absolute())
    order = Order(
        name=owned.checked_name(name) if name else owned.name_from(_stem(kind, program)),
        kind=kind,
        program=program,
        arguments=arguments,
        seeds=_seeds(seeds),
        jobs=jobs,
        files=tuple(_declared(path) for path in data),
        timeout=None if timeout is None else _seconds(timeout),
        template=template,
        groups="fits" if groups == "none" else groups,  # type: ignore[arg-type]
        command=("labreport", *sys.argv[1:]),
    )
    unchanged, reason = _unchanged(store, order)
    if unchanged is not None and not force:
        reporter.say(f"{order.name}: unchanged, {shown(unchanged)}; --force runs it again")
        return 0
    if reason:
        reporter.say(f"{order.name}: {reason}")
    done = record(order, reporter.say)
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


def _program(words: Sequence[str], template: str | None) -> tuple[Any, str, tuple[str, ...]]:
    """Return what is to run: its kind, its name, its arguments.

    Raises:
        UsageError: nothing is named, the script is missing, or a program is given without a template.
    """
    if not words or words in (["-m"], ["--"]):
        raise UsageError("Which script? labreport record [OPTIONS] SCRIPT [ARGS]…, or -m MODULE [ARGS]…")
    if words[0] == "-m":
        return "module", words[1], tuple(words[2:])
    if words[0] == "--" and not words[1].endswith(".py"):
        if template is None:
            raise UsageError("Another program is not watched; say with --as how it prints its epochs.")
        return "program", words[1], tuple(words[2:])
    program, *arguments = words[1:] if words[0] == "--" else words
    path = Path(program)
    if not path.exists():
        raise UsageError(f"There is no script {program}.")
    if path.is_dir() and not (path / "__main__.py").is_file():
        raise UsageError(f"{program} is a folder without a __main__.py; give the script in it.")
    if path.is_file() and b"\0" in path.read_bytes()[:4096]:
        raise UsageError(f"{program} is not a Python script: it holds binary data.")
    return "script", program, tuple(arguments)


def _stem(kind: str, program: str) -> str:
    return program if kind == "module" else Path(program).resolve().stem


def _seeds(text: str | None) -> tuple[int, ...]:
    from labreport.report.configuration import parse_seeds

    return () if text is None else parse_seeds(text)


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e9:
        raise UsageError(f"--timeout {text!r} is not a time; write 90s, 30m or 2h.")
    return seconds


def _declared(path: Path) -> Any:
    from labreport.experiments.result import DataFile

    try:
        with path.open("rb") as file:
            return DataFile(name=path.name, sha256=file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise UsageError(f"--data {path}: {error.strerror or error}.") from error


def _unchanged(store: Store, order: Any) -> tuple[Path | None, str]:
    """Return the stored run that this one would repeat, or why it runs although an earlier one looks the same."""
    from labreport.experiments.recording import sources

    script = sources.ScriptSource.of(order.kind, order.program)
    for stored in [run for run in store.list(order.name).runs if run.entry.status == "complete"][:_LOOKED_AT]:
        earlier = load(stored.path)
        own = earlier.findings.own
        if not own or own.script is None or own.door != "record":
            continue
        beside = sources.modules_now(script, own.script.modules, Path.cwd())
        if sources.inputs(script, order.arguments, order.files, order.seeds, beside) != earlier.key_parts:
            continue
        if order.files or (own.data and all(item.sha256 for item in own.data)):
            return stored.folder, ""
        return None, "runs again: not all of its data were seen, and none were declared with --data"
    return None, ""


def _summary(result: Any) -> str:
    trainings = result.findings.trainings
    fits = f"{len(trainings)} training{'s' if len(trainings) != 1 else ''}"
    counted = {one.epochs for one in trainings}
    epochs = f" of {min(counted)} to {max(counted)} epochs" if len(counted) > 1 else ""
    if len(counted) == 1:
        epochs = f" of {counted.pop()} epochs" if trainings[0].course.axis == "epoch" else f" of {counted.pop()} steps"
    seeds = f", seed {', '.join(map(str, result.seeds))}" if result.seeds else ", no seed set"
    return f"{fits}{epochs}{seeds}"
