"""What a report of twenty chapters costs: made whole, made again, and with one changed note.

    python tests/benchmarks/kept_bench.py [--chapters 20] [--languages en,zh] [--forms html,pdf] [--rounds 1]

Prints the seconds of CPU that a process of its own needs from runs and notes to the page or the PDF, without its start
and imports, and what share of the whole the others are. Each whole begins with an empty cache folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from time import process_time

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers.hand_results import hand_result

from labreport.report.chapters import build
from labreport.report.configuration import Configuration, override
from labreport.report.rendering import glyphs, html, pdf
from labreport.report.store.entries import read
from labreport.report.store.runs import Store

LABS = ("mnist", "imdb", "reuters", "boston")
NOTES = Path(__file__).resolve().parents[2] / "templates" / "languages"
MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
WAYS = ("whole", "again", "one note changed")


def fill(place: Path, chapters: int) -> None:
    """Lay a store with a run of each chapter, and a note of each in both languages."""
    store = Store(place / "runs")
    for number in range(chapters):
        base = LABS[number % len(LABS)]
        lab = f"{base}{chr(97 + number)}"
        store.save(msgspec.structs.replace(hand_result(base), lab=lab))
        for language in ("en", "zh"):
            note = place / "notes" / language / f"{lab}.md"
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text((NOTES / language / "notes" / f"{base}.md").read_text("utf-8"), "utf-8")


def page(place: Path, language: str, form: str) -> dict[str, float]:
    """Make the page or the PDF, and return the seconds that it took."""
    runs = sorted(Store(place / "runs").list().runs, key=lambda run: run.entry.lab)
    paths = [run.path for run in runs]
    begun = process_time()
    results = [read(path).result for path in paths]
    options = override(Configuration(), notes=place / "notes", lang=(language,))
    built = build.document(results, language, options, moment=MOMENT, version="1", reuse=True)
    assert not built.problems, built.problems[:3]
    report = glyphs.replaced(built.report)[0]
    made = html.html(report, reuse=True) if form == "html" else pdf.pdf(report, source_date=MOMENT, reuse=True)
    return {"seconds": process_time() - begun, "bytes": len(made)}


def measured(place: Path, language: str, form: str, cache: Path) -> float:
    """Return the seconds of CPU of a page that a process of its own makes."""
    command = [sys.executable, __file__, "--page", str(place), language, form]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return float(json.loads(done.stdout)["seconds"])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chapters", type=int, default=20)
    parser.add_argument("--languages", default="en,zh")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--forms", default="html,pdf")
    parser.add_argument("--page", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.page:
        print(json.dumps(page(Path(given.page[0]), *given.page[1:])))
        return
    print("| language, format | " + " | ".join(WAYS) + " |\n|---|--:|--:|--:|")
    for language, form in product(given.languages.split(","), given.forms.split(",")):
        least = dict.fromkeys(WAYS, float("inf"))
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                fill(place, given.chapters)
                for way in WAYS:
                    if way == WAYS[-1]:
                        note = place / "notes" / language / "mnista.md"
                        text = note.read_text("utf-8")
                        note.write_text(text.replace("\n\n## ", "\n\nSo it is.\n\n## ", 1), "utf-8")
                    least[way] = min(least[way], measured(place, language, form, place / "cache"))
        shown = [f"{least[way]:.1f} s ({least[way] / least['whole']:.0%})" for way in WAYS]
        print(f"| {language}, {form} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    main()
