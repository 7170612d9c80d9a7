"""Time and memory of a book of 50 to 400 pages, each size in a process of its own.

The chapters of stored runs, in the instructor's edition, are repeated under ids of their own until the book is long
enough. CPU seconds are those of the PDF and of the page for the screen; memory is the greatest
that the process ever held. With `--draw` the figure of the documentation is made; what it shows are ratios, because
seconds depend on the machine.

    python tests/benchmarks/book_bench.py RUNS-DIR [--pages 50,100,200,400] [--draw docs/pictures/book.svg]
"""

from __future__ import annotations

import argparse
import io
import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import Any

import msgspec
import pikepdf

from labreport.experiments import registry
from labreport.report import publish
from labreport.report.chapters import build
from labreport.report.configuration import Configuration
from labreport.report.document import Chapter, Node, Report, ids
from labreport.report.rendering import html, pdf
from labreport.report.rendering.links import linked
from labreport.report.store.entries import load
from labreport.report.store.runs import Store

_TARGET = re.compile(r"\(#([\w:-]+)\)")
_PAGES_EACH = 18.6
"""Pages of a chapter on average; how many a book really has is counted."""


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--pages", default="50,100,200,400")
    parser.add_argument("--lang", default="en")
    parser.add_argument("--draw", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measured(options.runs, options.lang, options.one)))
        return
    rows: list[dict[str, float]] = []
    print("| pages | PDF, CPU s | page for the screen, CPU s | CPU s / page | MB | MB / page beyond the first size |")
    print("|--:|--:|--:|--:|--:|--:|")
    for pages in map(int, options.pages.split(",")):
        command = [sys.executable, __file__, str(options.runs), "--lang", options.lang, "--one", str(pages)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows.append(row)
        grown = (row["megabytes"] - rows[0]["megabytes"]) / max(row["pages"] - rows[0]["pages"], 1)
        each = row["printed"] / row["pages"]
        print(
            f"| {row['pages']:.0f} | {row['printed']:.1f} | {row['screen']:.1f} | {each:.3f} "
            f"| {row['megabytes']:.0f} | {grown:.2f} |",
            flush=True,
        )
    if options.draw:
        draw(rows, options.draw)


def measured(runs: Path, language: str, pages: int) -> dict[str, float]:
    """Return pages, CPU seconds and the greatest memory of one book, made in this process."""
    newest: dict[str, Path] = {}
    for run in Store(runs).list().runs:
        if run.entry.status == "complete":
            newest.setdefault(run.entry.lab, run.path)
    results = [load(newest[lab]) for lab in registry.names() if lab in newest]
    moment = publish.report_moment([result.provenance.ended for result in results])
    configuration: Any = Configuration(edition="instructor")
    report = build.build(results, language, configuration, moment=moment, version="").report
    book = lengthened(report, max(1, round(pages / _PAGES_EACH)))
    begun = process_time()
    content = pdf.pdf(book, source_date=moment)
    printed = process_time()
    html.html(book)
    shown = process_time()
    with pikepdf.open(io.BytesIO(content)) as opened:
        count = len(opened.pages)
    return {
        "pages": count,
        "printed": printed - begun,
        "screen": shown - printed,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def lengthened(report: Report, chapters: int) -> Report:
    """Return a report with this many chapters: its own again and again, each copy with ids of its own."""
    own = [chapter for chapter in report.chapters if chapter.id != "glossary"]
    made = []
    for place in range(chapters):
        chapter, turn = own[place % len(own)], place // len(own)
        copied = _copied(chapter, f"-{turn}" if turn else "", frozenset(ids(chapter)))
        # The ids within drawings begin with the number of the chapter.
        made.append(msgspec.structs.replace(copied, number=str(place + 1)))
    # A book that is too short to hold all chapters has plain text where a link would lead to one that it lacks.
    return linked(msgspec.structs.replace(report, chapters=tuple(made)))


def _copied(chapter: Chapter, suffix: str, known: frozenset[str]) -> Any:
    def copied(value: Any, name: str) -> Any:
        if isinstance(value, Node):
            fields = {key: copied(getattr(value, key), key) for key in value.__struct_fields__}
            return msgspec.structs.replace(value, **fields)
        if isinstance(value, tuple):
            return tuple(copied(item, name) for item in value)
        if isinstance(value, str) and name in ("id", "row_ids", "sheet"):
            return value + suffix
        if isinstance(value, str):
            return _TARGET.sub(lambda found: f"(#{found[1]}{suffix})" if found[1] in known else found[0], value)
        return value

    return copied(chapter, "") if suffix else chapter


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Draw time and memory over pages, both as ratios to the shortest book."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    FigureCanvasSVG(figure)
    first = rows[0]
    pages = [row["pages"] for row in rows]
    seconds = [row["printed"] / first["printed"] for row in rows]
    memory = [row["megabytes"] for row in rows]
    left, right = figure.subplots(1, 2)
    left.plot(pages, seconds, "o-", color="#1f4e8c", label="measured")
    left.plot(pages, [page / pages[0] for page in pages], "--", color="#7b8590", label="as many times the pages")
    left.set(xlabel="pages", ylabel=f"CPU time, times that of {pages[0]:.0f} pages", ylim=0)
    right.plot(pages, memory, "o-", color="#b9540b", label="measured")
    right.axhline(1200, linestyle="--", color="#7b8590", label="limit")
    right.set(xlabel="pages", ylabel="greatest memory in MB", ylim=0)
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
