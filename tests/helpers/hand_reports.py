"""Two dated runs, stores and finished reports made of them, for tests of what compares them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from helpers.hand_versions import LOWER, STEADY, run
from labreport.experiments.result import Result
from labreport.report import cli
from labreport.report.chapters.build import build
from labreport.report.configuration import Configuration
from labreport.report.document import Chapter, Cover, Report
from labreport.report.rendering import html, pdf
from labreport.report.store import codec, embedded
from labreport.report.store import printed as report_text
from labreport.report.store.runs import Store


def dated(result: Result, day: int, **changes: object) -> Result:
    """Return the run as of a day of January 2026."""
    moment = f"2026-01-{day:02d}T00:00:00Z"
    provenance = msgspec.structs.replace(result.provenance, started=moment, ended=moment)
    run_id = f"202601{day:02d}T000000Z-{result.lab}"
    return msgspec.structs.replace(result, run_id=run_id, key=f"{day:064x}", provenance=provenance, **changes)


OLD = dated(run(values=STEADY), 1)
NEW = dated(run(values=LOWER, first_seed=20), 2)


def stored(*results: Result, root: str = "runs") -> list[Path]:
    """Save runs in a store below the current folder."""
    return [Store(Path(root)).save(result).path for result in results]


def called(*arguments: object) -> int:
    """Call `labreport compare` and return its exit code."""
    return cli.main(["compare", *map(str, arguments)])


def finished(results: list[Result], language: str = "en", **bodies: bytes) -> str:
    """Return a report in HTML that carries its results; `bodies` replaces what it carries for a lab."""
    made = build(results, language, Configuration(), moment=datetime(2026, 1, 5, tzinfo=UTC), version="0").report
    content = {result.lab: codec.encode(result) for result in results} | bodies
    return html.html(made, embedded.elements(content, report_text.printed(made, content)))


def printed(**attached: bytes) -> bytes:
    """Return a PDF of one empty page with attachments."""
    empty = Chapter(id="summary", number="", title="Summary")
    cover = Cover(title="Labs", subtitle="", facts=())
    made = Report(
        language="en",
        date="2026-01-05",
        cover=cover,
        summary=empty,
        chapters=(),
        provenance=msgspec.structs.replace(empty, id="provenance"),
    )
    return pdf.pdf(made, source_date=datetime(2026, 1, 5, tzinfo=UTC), attached=embedded.attachments(attached))
