"""A comparison as files: HTML, PDF and Markdown in each language, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from labreport.report.comparison.record import Comparisons
from labreport.report.comparison.version import Version
from labreport.report.document import Report
from labreport.report.errors import ReportError
from labreport.report.look import Look
from labreport.report.store import codec, embedded, files

FORMATS = ("html", "pdf", "md", "json")
"""Forms that a comparison can be written in."""
STEM = "comparison"
"""Beginning of the names of all files."""


def write(
    found: Comparisons,
    versions: Sequence[Version],
    folder: Path,
    *,
    languages: Sequence[str],
    forms: Sequence[str],
    moment: datetime,
    look: Look | None = None,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write a comparison in every form and language that is asked for.

    Args:
        found: what was compared.
        versions: the first version and the others.
        folder: where the files go.
        languages: of the reports.
        forms: of `FORMATS`.
        moment: date of the reports (UTC).
        look: theme and templates.

    Returns:
        The files written, and the problems met: a form that can't be made costs no other.
    """
    written: list[Path] = []
    problems: list[str] = []
    data = codec.encode(found) if forms else b""
    if "json" in forms:
        _keep({f"{STEM}.json": data}, folder, written, problems)
    pages = [form for form in FORMATS if form in forms and form != "json"]
    for language in languages if pages else ():
        from labreport.report.comparison.report import report

        date = moment.astimezone(UTC).strftime("%Y-%m-%d")
        try:
            made = report(found, versions, language, date=date)
        except ReportError as error:
            problems.append(f"{language}: {error}")
            continue
        for form in pages:
            try:
                content = _rendered(form, made, moment, data, look)
            except ReportError as error:
                problems.append(f"{language} {form}: {error}")
                continue
            _keep(content, folder, written, problems)
    return tuple(written), tuple(problems)


def _rendered(form: str, report: Report, moment: datetime, data: bytes, look: Look | None) -> dict[str, bytes]:
    """Return the files of a form; HTML and PDF carry the comparison itself, so that it can be got back."""
    name = f"{STEM}-{report.language}"
    if form == "html":
        from labreport.report.rendering import html

        packed = embedded.packed({embedded.COMPARISON: data})
        return {f"{name}.html": html.html(report, {embedded.COMPARISON_ELEMENT: packed}, look=look).encode()}
    if form == "md":
        from labreport.report.rendering import markdown

        text, figures = markdown.markdown(report, f"{name}-figures", look=look)
        return {f"{name}.md": text.encode()} | {f"{name}-figures/{file}": svg.encode() for file, svg in figures.items()}
    from labreport.report.rendering import pdf

    return {
        f"{name}.pdf": pdf.pdf(report, source_date=moment, attached=embedded.comparison_attachments(data), look=look)
    }


def _keep(made: dict[str, bytes], folder: Path, written: list[Path], problems: list[str]) -> None:
    for name, content in made.items():
        try:
            files.write(folder / name, content)
        except ReportError as error:
            problems.append(str(error))
            continue
        written.append(folder / name)
