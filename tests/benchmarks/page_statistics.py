"""How the pages of the printed handout are filled, and what is broken at their ends, as a table.

Counted are pages, pages less than half full and pages of which more than a quarter is empty (where no chapter ends),
exercises, tables, source and headings that a page's end parts, pages on which a few lines end a chapter, lines of
source that are too long, and figures, tables and listings out of order. With `--list` each of them is named.

    python tests/benchmarks/page_statistics.py RUNS-DIR [--lang en,zh] [--edition student,instructor] [--list]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers import set_pages

from labreport.experiments import registry
from labreport.report import publish
from labreport.report.chapters import build
from labreport.report.configuration import Configuration
from labreport.report.rendering import pdf
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

COUNTS = (
    "half_empty",
    "gaps",
    "short_ends",
    "torn_exercises",
    "lone_answers",
    "torn_tables",
    "torn_source",
    "broken_source",
    "lone_heads",
    "disorder",
)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--lang", default="en,zh")
    parser.add_argument("--edition", default="student,instructor")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    newest: dict[str, Path] = {}
    for run in Store(options.runs).list().runs:
        newest.setdefault(run.entry.lab, run.path)
    results = [load(newest[lab]) for lab in registry.CLASSIC]
    moment = publish.report_moment([result.provenance.ended for result in results])
    print("| edition | pages | mean fill |", " | ".join(COUNTS).replace("_", " "), "| CPU s |")
    print("|---|--:|--:|" + "--:|" * (len(COUNTS) + 1))
    for edition in options.edition.split(","):
        for language in options.lang.split(","):
            configuration: Any = Configuration(edition=edition)
            report = build.build(results, language, configuration, moment=moment, version="").report
            begun = process_time()
            found = set_pages.faults(pdf.pages(report, source_date=moment))
            seconds = process_time() - begun
            shares = [page.share for page in found.pages]
            counts = " | ".join(str(len(getattr(found, name))) for name in COUNTS)
            print(
                f"| {language} {edition} | {len(shares)} | {sum(shares) / len(shares):.0%} | {counts} | {seconds:.1f} |"
            )
            for name in COUNTS if options.list else ():
                for one in getattr(found, name):
                    print(f"    {name}: {one}")


if __name__ == "__main__":
    main()
