"""`labreport import`: store what a log of a training holds."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from labreport.experiments.errors import plain
from labreport.experiments.result import Direction
from labreport.report.commands import options
from labreport.report.commands.console import Reporter, shown
from labreport.report.errors import UsageError
from labreport.report.store.runs import Store


@click.command(
    "import",
    epilog="""\b
Examples:
  labreport import training.csv
  labreport import --name digits --seeds-from 'seed_(\\d+)' logs/seed_*/history.json
  labreport import mlruns --metric score=higher""",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option(
    "--name", metavar="NAME", help="Name of the run, as that of a lab.  [default: that of the file or folder]"
)
@click.option("--format", "form", metavar="NAME", help="Format of the log.  [default: recognised by its content]")
@click.option("--seeds-from", metavar="REGEX", help="The logs are seeds of one run; the one group is the seed.")
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME=higher|lower", help="What is better. May be repeated."
)
@options.FORCE
@options.QUIET
@options.RUNS_DIR
def command(
    paths: tuple[Path, ...],
    name: str | None,
    form: str | None,
    seeds_from: str | None,
    metrics: tuple[str, ...],
    force: bool,
    quiet: bool,
    runs_dir: Path | None,
) -> int:
    """Store what a log of a training holds: curves, scores, settings; each path is a run of its own.

    Known are logs of Keras (CSVLogger, History as JSON, TensorBoard), Lightning, Hugging Face, MLflow, DVCLive, W&B
    exports and Sacred. Nothing is stored where one of the logs can't be read.
    """
    from labreport.experiments.plugins import PluginError
    from labreport.experiments.recording import owned
    from labreport.experiments.recording.importers import log
    from labreport.experiments.recording.importing import Import, result

    reporter = Reporter(quiet=quiet)
    store = Store(options.resolve(runs_dir=runs_dir).runs_dir)
    given = owned.names(name) if name else None
    directions = dict(_direction(text) for text in metrics)
    groups = [paths] if seeds_from is not None else [(path,) for path in paths]
    found = []
    with reporter.bars():
        reporter.stage("import: reading logs")
        for place, group in enumerate(groups):
            reporter.whole("import, logs", place, len(groups))
            stored_as, title = given or owned.names_from(_name(group[0]))
            order = Import(
                name=stored_as,
                title=title,
                paths=group,
                form=form,
                seeds_from=seeds_from,
                directions=directions,
                command=("labreport", *sys.argv[1:]),
            )
            log.listeners[:] = [partial(_within, reporter)]
            try:
                found.append(result(order))
            except PluginError as error:
                raise UsageError(str(error)) from error
            finally:
                log.listeners.clear()
        reporter.whole("import, logs", len(groups), len(groups))
    for built, remarks in found:
        for remark in remarks:
            reporter.say(f"{built.lab}: {plain(remark)}")
        earlier = None if force else store.list(built.lab).with_key(built.lab, built.key)
        if earlier is not None:
            reporter.say(f"{built.lab}: stored already in {shown(earlier.path.parent)}; --force stores it again")
            continue
        path = store.save(built).path
        trainings = built.findings.trainings
        seeds = ", ".join(map(str, built.seeds)) or "not known"
        form_ = built.findings.own.form if built.findings.own else ""
        counted = sorted({one.epochs for one in trainings})
        axis = "steps" if trainings[0].course and trainings[0].course.axis == "step" else "epochs"
        epochs = "–".join(map(str, dict.fromkeys((counted[0], counted[-1]))))
        reporter.say(f"{built.lab}: {form_}, {epochs} {axis}, seed {seeds}, stored in {shown(path.parent)}")
    return 0


def _within(reporter: Reporter, what: str, done: int, total: int) -> None:
    reporter.advance(f"import {plain(what)}", done, total)


def _direction(text: str) -> tuple[str, Direction]:
    name, _, value = text.rpartition("=")
    if name and value == "higher":
        return name, "higher"
    if name and value == "lower":
        return name, "lower"
    raise UsageError(f"--metric {text!r}: write NAME=higher or NAME=lower.")


def _name(path: Path) -> str:
    """Return what names a log: its file, or the folder where the file has the name of its format."""
    path = path.absolute()
    usual = (
        "metrics.csv",
        "history.json",
        "trainer_state.json",
        "metrics.json",
        "log.csv",
        "training.csv",
        "mlflow.db",
    )
    return path.parent.name if path.name in usual and path.parent.name else path.stem if path.is_file() else path.name
