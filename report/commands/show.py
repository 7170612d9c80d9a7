"""`labreport show`: what one run measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from msgspec import UNSET

from labreport.experiments.errors import plain
from labreport.experiments.result import Result
from labreport.report.chapters import claim_words
from labreport.report.chapters.notes_in_use import NotesInUse
from labreport.report.commands import options
from labreport.report.commands.columns import print_table
from labreport.report.findings import analysis
from labreport.report.findings.claims import Claim
from labreport.report.findings.conclusions import concluded
from labreport.report.findings.groups import groups
from labreport.report.findings.scores import measured
from labreport.report.numbers import UNKNOWN, duration, memory, number
from labreport.report.store import codec
from labreport.report.store.entries import load
from labreport.report.store.runs import Store


@click.command("show", epilog="\b\nExamples:\n  labreport show imdb\n  labreport show runs/imdb/RUN/result.json --json")
@click.argument("run")
@options.RUNS_DIR
@options.AS_JSON
def command(run: str, runs_dir: Path | None, as_json: bool) -> int:
    """Show what one run measured: scores, baselines, the best epoch, the claims that hold.

    RUN is a run id, a run's folder, a result file, or a lab, whose newest run is shown. With --json: the stored result
    and, as `conclusions`, what follows from it; `labreport schema --of show` is its form.
    """
    configuration = options.resolve(runs_dir=runs_dir)
    store = Store(configuration.runs_dir)
    result = load(store.find(run, store.list(whole=False)))
    claims = NotesInUse.of(configuration).stated(result)
    if as_json:
        shown = concluded(result, claims, lambda claim: claim_words.sentences(claim, result))
        click.echo(codec.encode(shown).decode(), nl=False)
        return 0
    _print(result, claims)
    return 0


def _print(result: Result, claims: Sequence[Claim]) -> None:
    findings = result.findings
    lines = [
        ("lab", result.lab),
        ("run", result.run_id),
        ("status", result.status),
        ("profile", result.profile),
        ("data", f"{findings.data.name} ({findings.data.source})" if findings.data else "none"),
        ("seeds", ", ".join(map(str, result.seeds)) or "not set"),
        ("changed settings", ", ".join(f"{n}={result.settings[n]}" for n in result.changed_settings) or "none"),
        ("time", duration(analysis.seconds(result))),
        ("peak memory", memory(result.peak_memory_bytes)),
        ("started", result.provenance.started),
    ]
    if result.failure:
        lines.append(("failure", f"{result.failure.kind}: {result.failure.message}"))
    for name, text in lines:
        click.echo(f"{name:<18}{plain(text)}")
    if findings.scores or findings.baselines:
        click.echo()
        print_table(("SCORE", "MEAN", "SD", "UNIT"), _scores(result))
    epoch = _epoch(result)
    if epoch:
        click.echo(f"\n{epoch}")
    rows = [(item.name, item.verdict, f"{item.holds} of {item.seeds}") for item in claims]
    if rows:
        click.echo()
        print_table(("CLAIM", "VERDICT", "SEEDS"), rows)


def _scores(result: Result) -> list[tuple[str, ...]]:
    return [
        (name, number(found.mean, 4), UNKNOWN if found.deviation is None else number(found.deviation, 4), found.unit)
        for name, found in measured(result).items()
    ]


def _epoch(result: Result) -> str:
    if result.findings.own is not UNSET:
        return _own_epoch(result)
    found = analysis.overfitting(result)
    if found is None:
        return ""
    what = "smoothed validation MAE" if analysis.cross_validated(result) else "validation loss"
    spread = f"; single seeds: {', '.join(map(str, found.per_seed))}" if len(found.per_seed) > 1 else ""
    return f"lowest {what}: epoch {found.best_epoch} of {found.epochs} ({number(found.best, 4)}){spread}"


def _own_epoch(result: Result) -> str:
    """Return the best epoch of each group of trainings of a user's own run that has one."""
    lines = []
    for group in groups(result):
        best, watched = group.best(), group.watched
        if best is None or watched is None:
            continue
        trained = max(member.training.epochs for member in group.sound())
        extreme = "lowest" if watched.direction == "lower" else "highest"
        lines.append(f"{extreme} {watched.key}: {group.axis} {best.epoch} of {trained} ({number(best.value, 4)})")
    return "\n".join(map(plain, lines))
