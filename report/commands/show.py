"""`labreport show`: what one run measured."""

from __future__ import annotations

from pathlib import Path

import click

from labreport.experiments.errors import plain
from labreport.experiments.result import Result
from labreport.report.chapters import notes
from labreport.report.commands import options
from labreport.report.commands.console import print_table
from labreport.report.findings import analysis
from labreport.report.findings.analysis import MissingValueError
from labreport.report.numbers import duration, number, size
from labreport.report.store import codec
from labreport.report.store.runs import Store, load


@click.command("show", epilog="\b\nExamples:\n  labreport show imdb\n  labreport show runs/imdb/RUN/result.json --json")
@click.argument("run")
@options.RUNS_DIR
@options.AS_JSON
def command(run: str, runs_dir: Path | None, as_json: bool) -> int:
    """Show what one run measured: scores, baselines, the overfitting epoch, the claims that hold.

    RUN is a run id, a run's folder, a result file, or a lab, whose newest run is shown.
    """
    configuration = options.resolve(runs_dir=runs_dir)
    result = load(Store(configuration.runs_dir).find(run))
    if as_json:
        click.echo(codec.encode(result).decode(), nl=False)
        return 0
    _print(result)
    return 0


def _print(result: Result) -> None:
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
        ("peak memory", size(result.peak_memory_bytes)),
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
    told = [(item.name, item.verdict, f"{item.holds} of {item.seeds}") for item in notes.stated(result)]
    if told:
        click.echo()
        print_table(("CLAIM", "VERDICT", "SEEDS"), told)


def _scores(result: Result) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for kind, scores in ((analysis.score, result.findings.scores), (analysis.baseline, result.findings.baselines)):
        for name in dict.fromkeys(item.name for item in scores):
            found = kind(result, name)
            spread = "–" if found.deviation is None else number(found.deviation, 4)
            rows.append((name, number(found.mean, 4), spread, found.unit))
    return rows


def _epoch(result: Result) -> str:
    folds = any(fit.role == "fold" for fit in result.findings.trainings)
    try:
        found = analysis.smoothed_turn(result) if folds else analysis.turn(result)
    except (MissingValueError, ValueError):
        return ""
    what = "smoothed validation MAE" if folds else "validation loss"
    spread = f"; single seeds: {', '.join(map(str, found.per_seed))}" if len(found.per_seed) > 1 else ""
    return f"lowest {what}: epoch {found.best_epoch} of {found.epochs} ({number(found.best, 4)}){spread}"
