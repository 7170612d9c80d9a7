"""`labreport baseline`: which stored runs later ones are judged against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from labreport.experiments import registry
from labreport.experiments.result import Result
from labreport.report.commands import options
from labreport.report.commands.console import print_json, print_table, shown
from labreport.report.errors import UsageError
from labreport.report.findings.scores import mean, measured
from labreport.report.numbers import UNKNOWN, number
from labreport.report.store.baselines import Baseline, Baselines, Held, NoBaselineError
from labreport.report.store.runs import Store

NAME = click.argument("name")


@click.group(
    "baseline",
    epilog="\b\nExamples:\n  labreport baseline set main\n  labreport baseline set main 20260105T120000Z-1a2b3c4d\n"
    "  labreport baseline show main\n  labreport baseline list",
)
def command() -> None:
    """Set and show named baselines: the runs that `labreport check` judges later ones against.

    A baseline is kept for each lab, profile, data and engine. It names runs of the store, which `labreport gc` then
    keeps. A quick run is never a baseline, and one on sample data answers only for runs on the same sample.
    """


@command.command("set", epilog="\b\nExample:\n  labreport baseline set main")
@NAME
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--data", metavar="KIND", help="Without RUN: only runs on full or sample data.")
@click.option(
    "--force", is_flag=True, help="Also a run that did not pass its last check, or that only confirms another."
)
@options.RUNS_DIR
def set_(name: str, runs: tuple[str, ...], data: str | None, force: bool, runs_dir: Path | None) -> int:
    """Make RUNs the baseline NAME; without RUN the newest complete full run of each lab.

    Several runs of one lab, data and engine (with different seeds) are one baseline together. A run that did not
    pass its last check is refused, and so is one that was made only to confirm a suspicion.
    """
    configuration = options.resolve(runs_dir=runs_dir, data=data)
    store = Store(configuration.runs_dir)
    baselines = Baselines(store.root)
    found = [store.find(run) for run in runs] if runs else _newest(store, configuration.data)
    if not found:
        raise NoBaselineError(f"There is no complete full run in {shown(store.root)}.\nRun `labreport build` first.")
    if not force:
        _refuse_rejected(store, found)
    before = {entry.key: entry for entry in baselines.entries(name)} if name in baselines.names() else {}
    for entry in baselines.set(name, found):
        click.echo(f"{entry.key.lab}: {', '.join(run.run_id for run in entry.runs)}")
        for line in _moved(baselines, before.get(entry.key), entry):
            click.echo(f"  {line}")
    return 0


@command.command("show", epilog="\b\nExample:\n  labreport baseline show main")
@NAME
@options.RUNS_DIR
@options.AS_JSON
def show(name: str, runs_dir: Path | None, as_json: bool) -> int:
    """Show the runs of a baseline, and whether they are still there. Exit code 5 where some are not."""
    baselines = Baselines(options.resolve(runs_dir=runs_dir).runs_dir)
    held = [baselines.held(entry) for entry in baselines.entries(name)]
    if as_json:
        print_json([{**msgspec.to_builtins(one.entry), "lost": list(one.lost)} for one in held])
    else:
        heads = ("LAB", "PROFILE", "DATA", "ENGINE", "RUNS", "SEEDS", "STATE")
        print_table(heads, [_row(one) for one in held])
    return 5 if any(one.lost for one in held) else 0


@command.command("list", epilog="\b\nExample:\n  labreport baseline list")
@options.RUNS_DIR
@options.AS_JSON
def list_(runs_dir: Path | None, as_json: bool) -> int:
    """List the names of all baselines with their labs."""
    baselines = Baselines(options.resolve(runs_dir=runs_dir).runs_dir)
    entries: dict[str, tuple[Baseline, ...]] = {name: baselines.entries(name) for name in baselines.names()}
    if as_json:
        print_json({name: [msgspec.to_builtins(entry) for entry in found] for name, found in entries.items()})
    elif entries:
        print_table(("NAME", "LABS"), [(name, _labs(found)) for name, found in entries.items()])
    else:
        click.echo(f"No baselines in {shown(baselines.root)}; `labreport baseline set NAME` makes one.", err=True)
    return 0


def _refuse_rejected(store: Store, paths: Sequence[Path]) -> None:
    """Refuse runs that the gate rejected and runs that only confirm a suspicion.

    Raises:
        UsageError: there is one; it names the first.
    """
    listed = {run.path.resolve(): run.entry for run in store.list().runs}
    for path in paths:
        entry = listed.get(path.resolve())
        if entry is None:
            continue  # not of this store, which `set` refuses itself
        if entry.confirms:
            reason = "was made only to confirm a suspicion of the gate"
        elif entry.outcome in ("regressed", "failed"):
            reason = "did not pass the last check of it"
        else:
            continue
        raise UsageError(
            f"The run {entry.run_id} of {entry.lab} {reason}; nothing was set.\n"
            "Name another run, or give --force to make it the baseline all the same."
        )


def _moved(baselines: Baselines, old: Baseline | None, new: Baseline) -> Iterator[str]:
    """Yield a line for each test score that the baseline had before: its mean over all seeds, old and new."""
    before = _means(baselines.held(old).results) if old else {}
    for score, value in _means(baselines.held(new).results).items():
        if score in before:
            yield f"{score}: {number(before[score], 4)} → {number(value, 4)}"


def _means(results: Sequence[Result]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for result in results:
        for name, one in measured(result).items():
            if one.kind == "score" and one.first.split == "test" and one.first.model == "final":
                found.setdefault(name, []).extend(one.values)
    return {name: mean(values) for name, values in found.items()}


def _newest(store: Store, data: str) -> list[Path]:
    found: dict[str, Path] = {}
    for run in store.list().measurements:
        entry = run.entry
        fits = data == "auto" or entry.source in (None, data)
        if entry.status == "complete" and entry.profile == "full" and fits:
            found.setdefault(entry.lab, run.path)
    known = registry.names()
    order = sorted(found, key=lambda lab: (known.index(lab) if lab in known else len(known), lab))
    return [found[lab] for lab in order]


def _row(one: Held) -> tuple[str, ...]:
    key = one.entry.key
    seeds = sorted({seed for result in one.results for seed in result.seeds})
    state = f"gone or changed: {', '.join(one.lost)}" if one.lost else "here"
    runs = ", ".join(run.run_id for run in one.entry.runs)
    return key.lab, key.profile, key.data[:12], key.engine[:40] or UNKNOWN, runs, str(len(seeds)), state


def _labs(entries: tuple[Baseline, ...]) -> str:
    return ", ".join(dict.fromkeys(entry.key.lab for entry in entries))
