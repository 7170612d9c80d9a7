"""`labreport baseline`: which stored runs later ones are judged against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

from labreport.experiments import registry
from labreport.report.commands import options
from labreport.report.commands.columns import print_table
from labreport.report.commands.console import print_json, shown
from labreport.report.errors import UsageError
from labreport.report.numbers import UNKNOWN, marked_minute, number
from labreport.report.store import promotions
from labreport.report.store.baselines import Baseline, Baselines, Held, NoBaselineError
from labreport.report.store.entries import REJECTED, RESULT, load
from labreport.report.store.pooling import poolable, runs_of_version
from labreport.report.store.promotions import Act, MovedEntry
from labreport.report.store.runs import Store, StoredRuns

NAME = click.argument("name")
RUNS = click.argument("runs", nargs=-1, metavar="[RUN]...")
DATA = click.option("--data", metavar="KIND", help="Without RUN: only runs on full or sample data.")
POOL = click.option("--pool", is_flag=True, help="Also the other runs of the same version, with other seeds.")
FORCE = click.option(
    "--force", is_flag=True, help="Also a run that did not pass its last check, or that only confirms another."
)


@click.group(
    "baseline",
    epilog="\b\nExamples:\n  labreport baseline set main\n"
    "  labreport baseline set feature/x 20260105T120000Z-1a2b3c4d\n"
    "  labreport baseline promote main --from feature/x --reason 'wider layers'\n  labreport baseline history main\n"
    "  labreport baseline undo main\n  labreport baseline show main\n  labreport baseline list",
)
def command() -> None:
    """Set and show named baselines: the runs that `labreport check` judges later ones against.

    A baseline is kept for each lab, profile, data and engine. It names runs of the store, which `labreport gc` then
    keeps. Its name may be that of a branch. A quick run is never a baseline, and one on sample data answers only for
    runs on the same sample.
    """


@command.command("set", epilog="\b\nExample:\n  labreport baseline set main")
@NAME
@RUNS
@DATA
@POOL
@FORCE
@click.option("--reason", metavar="TEXT", default="", help="Why; it stands in the history.")
@options.RUNS_DIR
def set_(
    name: str, runs: tuple[str, ...], data: str | None, pool: bool, force: bool, reason: str, runs_dir: Path | None
) -> int:
    """Make RUNs the baseline NAME; without RUN the newest complete full run of each lab.

    Several runs of one lab, data and engine (with different seeds) are one baseline together. A run that did not
    pass its last check is refused, and so is one that was made only to confirm a suspicion. Prints each score, old →
    new.
    """
    store, found = _chosen(runs, data, pool, runs_dir)
    if not force:
        _refuse_rejected(store, found, judged=False)
    _move(Baselines(store.root), "set", Baselines(store.root).proposed(name, found), reason)
    return 0


@command.command("promote", epilog="\b\nExample:\n  labreport baseline promote main --reason 'wider layers'")
@NAME
@RUNS
@click.option("--from", "source", metavar="OTHER", help="The runs of another baseline, such as that of a branch.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it stands in the history.")
@DATA
@POOL
@FORCE
@options.RUNS_DIR
def promote(
    name: str,
    runs: tuple[str, ...],
    source: str | None,
    reason: str,
    data: str | None,
    pool: bool,
    force: bool,
    runs_dir: Path | None,
) -> int:
    """Make RUNs that passed the gate the baseline NAME, with a reason.

    As `set`, but each run must have passed its last check; one that was never checked is refused, too.
    """
    if not reason.strip():
        raise UsageError("--reason is empty; say in a few words why the baseline changes.")
    if source is None:
        store, found = _chosen(runs, data, pool, runs_dir)
    elif runs:
        raise UsageError("Give either RUNs or --from, not both.")
    else:
        store = Store(options.resolve(runs_dir=runs_dir).runs_dir)
        entries = Baselines(store.root).entries(source)
        found = [store.root / one.key.lab / run.run_id / RESULT for one in entries for run in one.runs]
    if not force:
        _refuse_rejected(store, found, judged=True)
    _move(Baselines(store.root), "promote", Baselines(store.root).proposed(name, found), reason)
    return 0


@command.command("undo", epilog="\b\nExample:\n  labreport baseline undo main --reason 'the new one was too slow'")
@NAME
@click.option("--reason", metavar="TEXT", default="", help="Why; it stands in the history.")
@options.RUNS_DIR
def undo(name: str, reason: str, runs_dir: Path | None) -> int:
    """Take the newest change of a baseline back: its runs are again those of before."""
    baselines = Baselines(options.resolve(runs_dir=runs_dir).runs_dir)
    last = promotions.to_undo(baselines, name)
    back = [Baseline(name=name, key=entry.key, runs=entry.before) for entry in last.entries]
    lost = [run for entry in back for run in baselines.held(entry).lost]
    if lost:
        raise NoBaselineError(
            f"Can't undo the change of {last.when}: gone from the store or changed since: {', '.join(lost)}.\n"
            f"Set the baseline with `labreport baseline set {name} RUN`."
        )
    _move(baselines, "undo", back, reason)
    return 0


@command.command("history", epilog="\b\nExample:\n  labreport baseline history main")
@NAME
@options.RUNS_DIR
@options.AS_JSON
def history(name: str, runs_dir: Path | None, as_json: bool) -> int:
    """Show every change of a baseline, the newest first: when, who, why, and the scores, old → new."""
    configuration = options.resolve(runs_dir=runs_dir)
    baselines = Baselines(configuration.runs_dir)
    found = promotions.history(baselines, name)
    if not found:
        baselines.entries(name)  # says so where there is no such baseline
    if as_json:
        print_json([msgspec.to_builtins(one) for one in found])
        return 0
    for one in found:
        moment = marked_minute(one.when, configuration.timezone)
        click.echo(f"{moment}  {one.act}  {one.who or UNKNOWN}  {one.reason or UNKNOWN}")
        for entry in one.entries:
            _print_entry(entry, indent="  ")
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


def _chosen(runs: Sequence[str], data: str | None, pool: bool, runs_dir: Path | None) -> tuple[Store, list[Path]]:
    """Return the store, and the runs that are named or the newest ones.

    Raises:
        UsageError: a run that is not there.
        NoBaselineError: no run is named, and there is none that could be taken.
    """
    configuration = options.resolve(runs_dir=runs_dir, data=data)
    store = Store(configuration.runs_dir)
    listing = store.list()
    found = [store.find(run, listing) for run in runs] if runs else _newest(listing, configuration.data)
    if not found:
        raise NoBaselineError(f"There is no complete full run in {shown(store.root)}.\nRun `labreport build` first.")
    return store, _with_other_seeds(listing, found) if pool else found


def _with_other_seeds(listing: StoredRuns, paths: Sequence[Path]) -> list[Path]:
    """Return runs, and with each those of the same version that the gate did not reject."""
    chosen = {path.resolve(): load(path) for path in paths}
    for result in tuple(chosen.values()):
        for run in runs_of_version(listing, result.lab, result.key_parts).complete:
            if run.entry.outcome not in REJECTED and poolable(found := load(run.path)):
                chosen.setdefault(run.path.resolve(), found)
    return list(chosen)


def _refuse_rejected(store: Store, paths: Sequence[Path], *, judged: bool) -> None:
    """Refuse runs that the gate rejected and runs that only confirm a suspicion; with `judged` also unjudged ones.

    Raises:
        UsageError: there is one; it names the first.
    """
    listing = store.list(whole=False)
    for path in paths:
        run = listing.at(path)
        if run is None:
            continue  # not of this store, which `proposed` refuses itself
        entry = run.entry
        if entry.confirms:
            reason = "was made only to confirm a suspicion of the gate"
        elif entry.outcome in REJECTED:
            reason = "did not pass the last check of it"
        elif judged and entry.outcome != "passed":
            reason = "was never passed by a check"
        else:
            continue
        raise UsageError(
            f"The run {entry.run_id} of {entry.lab} {reason}; nothing was set.\n"
            "Name another run, or give --force to make it the baseline all the same."
        )


def _move(baselines: Baselines, act: Act, entries: Sequence[Baseline], reason: str) -> None:
    for entry in promotions.move(baselines, act, entries, reason=reason).entries:
        _print_entry(entry)


def _print_entry(entry: MovedEntry, indent: str = "") -> None:
    commits = f" (commit {', '.join(commit[:12] for commit in entry.commits)})" if indent and entry.commits else ""
    click.echo(f"{indent}{entry.key.lab}: {', '.join(run.run_id for run in entry.after) or 'taken away'}{commits}")
    for score, (before, after) in _both(entry.scores).items():
        click.echo(f"{indent}  {score}: {number(before, 4)} → {number(after, 4)}")


def _both(scores: Mapping[str, tuple[float | None, float | None]]) -> dict[str, tuple[float, float]]:
    return {name: (old, new) for name, (old, new) in scores.items() if old is not None and new is not None}


def _newest(listing: StoredRuns, data: str) -> list[Path]:
    found: dict[str, Path] = {}
    for lab in listing.labs:
        for run in listing.of(lab, "full", data).complete[:1]:
            found[lab] = run.path
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
