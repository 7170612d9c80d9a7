"""`make bench`: what a report costs: HTML, a page of PDF against the untuned form, parallel processes, and sizes.

Everything is measured in one run on one machine, each piece in a process of its own; the table shows the least of
several rounds, because other work on the machine only ever adds. The untuned form of the PDF is what the same libraries
give without further care: fonts as woff2, as they are published, drawings inline as Matplotlib writes them, their text
as outlines, and a `span` round every token of code. Its content is the same.

    python tests/benchmarks/render_bench.py [--runs-dir RUNS] [--output build/bench] [--rounds 3]

Without stored runs of all six labs it makes them from the embedded samples.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from labreport.experiments import registry
from labreport.experiments.result import Result
from labreport.report import publish
from labreport.report.chapters import build
from labreport.report.configuration import Configuration
from labreport.report.document import Report
from labreport.report.publish.document import DocumentJob, render_language
from labreport.report.store import embedded
from labreport.report.store.entries import load, read
from labreport.report.store.runs import Store

LANGUAGES = ("en", "zh")
HTML_SECONDS, PAGE_SECONDS, HTML_KILOBYTES, PDF_MEGABYTES = 1.5, 0.13, 450, 1.5
"""The goals: CPU seconds for the HTML of six labs and for a page of PDF, and the sizes of both."""

LABREPORT = (sys.executable, "-c", "from labreport.report.cli import run; run()")

Measured = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table and write it beside the other benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs-dir", type=Path, help="store with runs of all six labs; default: runs on the samples")
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--piece", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    runs = options.runs_dir or _own_runs(options.output / "render-runs")
    if options.piece:
        print(json.dumps(PIECES[options.piece[0]](runs, options.piece[1])))
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    pieces = [*itertools.product(("html", "again", "tuned", "untuned"), LANGUAGES), ("processes", "")]
    rounds: dict[tuple[str, str], list[Measured]] = {piece: [] for piece in pieces}
    for _ in range(options.rounds):
        for piece in pieces:
            rounds[piece].append(_in_a_process(runs, piece))
    least = {piece: {name: min(one[name] for one in found) for name in found[0]} for piece, found in rounds.items()}
    table = _table(least, _results(runs))
    (options.output / "render-bench.md").write_text(table, "utf-8")
    print(table)
    return 0


def _in_a_process(runs: Path, piece: tuple[str, str]) -> Measured:
    """Do one piece in a process of its own, with an empty cache folder."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__, "--runs-dir", str(runs), "--piece", *piece]
        done = subprocess.run(command, env=os.environ | {"XDG_CACHE_HOME": cache}, stdout=subprocess.PIPE, check=True)
    measured: Measured = json.loads(done.stdout)
    return measured


def _own_runs(folder: Path) -> Path:
    """Return a store with a run of each lab of the book on the embedded samples, made where it is not there yet."""
    if {run.entry.lab for run in Store(folder).list().runs} < set(registry.CLASSIC):
        command = [*LABREPORT, "run", "--data", "sample", "--runs-dir", str(folder)]
        subprocess.run(command, check=True)
    return folder


def _paths(runs: Path) -> list[Path]:
    newest: dict[str, Path] = {}
    for run in Store(runs).list().runs:
        newest.setdefault(run.entry.lab, run.path)
    return [newest[lab] for lab in registry.CLASSIC]


def _results(runs: Path) -> list[Result]:
    return [load(path) for path in _paths(runs)]


def _report(results: Sequence[Result], language: Any, edition: Any = "student") -> Report:
    moment = publish.report_moment([result.provenance.ended for result in results])
    built = build.build(results, language, Configuration(edition=edition), moment=moment, version="")
    if built.problems:
        raise SystemExit("\n".join(built.problems))
    return built.report


def html(runs: Path, language: str) -> Measured:
    """HTML from stored runs, the first time: nothing is in the cache."""
    return _html(runs, language, "student")


def again(runs: Path, language: str) -> Measured:
    """The same and the command a user types, when the cache has the fonts; and the size of the other edition."""
    sizes = {}
    for edition in ("student", "instructor"):
        command = [sys.executable, __file__, "--runs-dir", str(runs), "--piece", edition, language]
        sizes[edition] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["bytes"]
    with tempfile.TemporaryDirectory() as folder:
        command = [*LABREPORT, "render", "--runs-dir", str(runs), "--lang", language, "--to", "html", "-o", folder]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, "-q"], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**_html(runs, language, "student"), "command": seconds, "instructor": sizes["instructor"]}


def _html(runs: Path, language: str, edition: str) -> Measured:
    from labreport.report.rendering import html as pages

    begun = process_time()
    results = _results(runs)
    data = {result.lab: path.read_bytes() for result, path in zip(results, _paths(runs), strict=True)}
    page = pages.html(_report(results, language, edition), {embedded.ELEMENT: embedded.packed(data)})
    return {"seconds": process_time() - begun, "bytes": len(page.encode())}


def tuned(runs: Path, language: str) -> Measured:
    """The PDF as labreport makes it."""
    return _pdf(runs, language)


def untuned(runs: Path, language: str) -> Measured:
    """The same PDF without care for time."""
    from labreport.report.figures import style
    from labreport.report.rendering import fonts, pdf
    from labreport.report.rendering.page import ReportPage

    packed = {face.file: _woff2(fonts.content(face.file)) for face in fonts.FACES.values()}
    usual = fonts.content
    with (
        patch.object(fonts, "content", lambda file: packed.get(file) or usual(file)),
        patch.dict(style._SETTINGS, {"svg.fonttype": "path"}),
        patch("labreport.report.figures.drawing.cleaned", _as_it_is),
        patch("labreport.report.rendering.highlight.source", _every_token),
        patch.object(ReportPage, "drawing", _inline),
        patch.object(pdf, "_warnings", lambda: nullcontext([])),
    ):
        return _pdf(runs, language)


def _pdf(runs: Path, language: str) -> Measured:
    import pikepdf
    import weasyprint  # noqa: F401 - its import is not part of a page

    from labreport.report.rendering import pdf

    results = _results(runs)
    report = _report(results, language)
    data = {result.lab: path.read_bytes() for result, path in zip(results, _paths(runs), strict=True)}
    moment = publish.report_moment([result.provenance.ended for result in results])
    begun = process_time()
    content = pdf.pdf(report, source_date=moment, attached=embedded.attachments(data))
    seconds = process_time() - begun
    with tempfile.TemporaryFile() as file:
        file.write(content)
        with pikepdf.open(file) as document:
            pages = len(document.pages)
    return {"seconds": seconds / pages, "pages": pages, "bytes": len(content)}


def _woff2(content: bytes) -> bytes:
    """Return a font as packages publish it."""
    from fontTools.ttLib import TTFont

    font, target = TTFont(io.BytesIO(content)), io.BytesIO()
    font.flavor = "woff2"
    font.save(target)
    return target.getvalue()


def _as_it_is(source: str, prefix: str, width: float, height: float) -> str:
    """Return Matplotlib's SVG as it was written, with ids of its own for each drawing."""
    text = source[source.index("<svg") :]
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", text)


def _inline(_page: object, svg: str, alt: str, _id: str, _width: float | None = None) -> Any:
    from markupsafe import Markup, escape

    start = svg.index("<svg") + 4
    return Markup(f'<svg role="img" aria-label="{escape(alt)}"{svg[start:]}')


def _every_token(code: str, language: str = "python") -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    text: str = highlight(code.strip("\n"), get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    return text


def processes(runs: Path, _language: str) -> Measured:
    """HTML and PDF in both languages: wall time in one process, one after the other, and in one process each."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = Configuration(output=Path(folder))
        stored = tuple(read(path) for path in _paths(runs))
        moment = publish.report_moment([result.provenance.ended for result in _results(runs)])
        begun = perf_counter()
        publish.publish(stored, configuration, force=True)
        parallel = perf_counter() - begun
        begun = perf_counter()
        for language in configuration.documents:
            job = DocumentJob(language=language, runs=stored, configuration=configuration, moment=moment)
            _, problems = render_language(job)
            if problems:
                raise SystemExit("\n".join(problems))
        return {"one": perf_counter() - begun, "parallel": parallel}


PIECES: Mapping[str, Callable[[Path, str], Measured]] = {
    "html": html,
    "again": again,
    "student": lambda runs, language: _html(runs, language, "student"),
    "instructor": lambda runs, language: _html(runs, language, "instructor"),
    "tuned": tuned,
    "untuned": untuned,
    "processes": processes,
}


def _table(found: Mapping[tuple[str, str], Measured], results: Sequence[Result]) -> str:
    seeds = max(len(result.seeds) for result in results)
    rows = ["| what | goal | en | zh |", "|---|--:|--:|--:|"]

    def row(what: str, goal: str, form: str, value: Callable[[str], float]) -> None:
        rows.append(f"| {what} | {goal} | {' | '.join(format(value(one), form) for one in LANGUAGES)} |")

    goal = f"< {HTML_SECONDS}"
    row("HTML from stored runs, seconds of CPU, first time", goal, ".2f", lambda one: found["html", one]["seconds"])
    row("the same, its fonts in the cache", goal, ".2f", lambda one: found["again", one]["seconds"])
    row(
        "the command `labreport render --to html` with its start and imports",
        "",
        ".2f",
        lambda one: found["again", one]["command"],
    )
    row("a page of PDF, seconds of CPU", f"< {PAGE_SECONDS}", ".3f", lambda one: found["tuned", one]["seconds"])
    row("a page of PDF, untuned form", "", ".3f", lambda one: found["untuned", one]["seconds"])
    row("pages", "", ".0f", lambda one: found["tuned", one]["pages"])
    row("HTML, kB", f"≤ {HTML_KILOBYTES}", ".0f", lambda one: found["html", one]["bytes"] / 1000)
    row("HTML of the instructor's edition, kB", "", ".0f", lambda one: found["again", one]["instructor"] / 1000)
    row("PDF, MB", f"≤ {PDF_MEGABYTES}", ".2f", lambda one: found["tuned", one]["bytes"] / 1e6)
    wall = found["processes", ""]
    said = (
        f"HTML and PDF in both languages take {wall['one']:.1f} s in one process and {wall['parallel']:.1f} s in one "
        f"process each, on {os.cpu_count()} cores."
    )
    head = f"# Rendering\n\nSix labs, {seeds} seed{'s' if seeds > 1 else ''}; the least of several rounds."
    return "\n".join([head, "", *rows, "", said]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
