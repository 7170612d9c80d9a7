"""`labreport tag`: words by which a run is found again."""

from __future__ import annotations

from pathlib import Path

import click

from labreport.report.commands import options
from labreport.report.errors import UsageError
from labreport.report.store import query
from labreport.report.store.runs import Store


@click.command("tag", epilog="\b\nExamples:\n  labreport tag imdb good\n  labreport tag imdb good --remove")
@click.argument("run")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--remove", is_flag=True, help="Take the words away.")
@options.RUNS_DIR
def command(run: str, words: tuple[str, ...], remove: bool, runs_dir: Path | None) -> int:
    """Give a run words by which `list --tag` finds it, or take them away; without words, print those that it has.

    RUN is a run id or its unique beginning, a run's folder, or a lab, whose newest run is meant. The words lie beside
    the result, in noted.json, and go where the run's folder goes.
    """
    for word in words:
        query.check_tag(word)
    if remove and not words:
        raise UsageError("Which words? Name those to take away: labreport tag RUN WORD... --remove")
    store = Store(options.resolve(runs_dir=runs_dir).runs_dir)
    listing = store.list(whole=False)
    stored = listing.at(store.find(run, listing))
    if stored is None:
        raise UsageError(f"The run '{run}' is not in the store {store.root}; only stored runs have tags.")
    if words:
        stored = store.tag(stored, *words, remove=remove)
    click.echo(f"{stored.entry.run_id}: {' '.join(stored.entry.tags) or 'no tags'}")
    return 0
