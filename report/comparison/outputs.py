"""A comparison as files: in each language every format that can show it, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from labreport.report.comparison.record import Comparisons
from labreport.report.comparison.version import Version
from labreport.report.configuration import FORMATS
from labreport.report.errors import ReportError, UsageError
from labreport.report.look import Look
from labreport.report.numbers import day
from labreport.report.store import codec, embedded, files

JSON = "json"
"""The comparison itself, once for all languages."""
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
        forms: names of formats, or `JSON`.
        moment: date of the reports (UTC).
        look: theme and templates.

    Returns:
        The files written, and the problems met: a form that can't be made costs no other.
    """
    written: list[Path] = []
    problems: list[str] = []
    made = in_memory(found, versions, languages=languages, forms=forms, moment=moment, look=look, problems=problems)
    for name, content in made:
        try:
            files.write(folder / name, content)
        except ReportError as error:
            problems.append(str(error))
            continue
        written.append(folder / name)
    return tuple(written), tuple(problems)


def in_memory(
    found: Comparisons,
    versions: Sequence[Version],
    *,
    languages: Sequence[str],
    forms: Sequence[str],
    moment: datetime,
    problems: list[str],
    look: Look | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Yield each file of a comparison by name, and add what can't be made to `problems`. Arguments as `write`."""
    data = codec.encode(found) if forms else b""
    if JSON in forms:
        yield f"{STEM}.json", data
    pages = [form for form in forms if form != JSON]
    for language in languages if pages else ():
        from labreport.report.comparison.report import report
        from labreport.report.rendering import formats

        date = day(moment)
        try:
            made = report(found, versions, language, date=date)
        except ReportError as error:
            problems.append(f"{language}: {error}")
            continue
        context = formats.RenderContext(
            stem=f"{STEM}-{language}", moment=moment, look=look, carried={embedded.COMPARISON: data}, comparison=True
        )
        for form in pages:
            try:
                yield from formats.rendered(form, made, context).items()
            except ReportError as error:
                problems.append(f"{language} {form}: {error}")


def check(text: str, origin: str) -> tuple[str, ...]:
    """Return the formats of a comparison, each once.

    Args:
        text: names with commas between them.
        origin: where, for the error.

    Raises:
        UsageError: none is given, one is unknown (names the nearest), or shows reports only.
    """
    from labreport.report.rendering import formats

    forms = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not forms:
        raise UsageError(f"{origin} is empty; choose from {', '.join((*FORMATS.names(), JSON))}.")
    for form in forms:
        if form != JSON and form not in FORMATS:
            raise UsageError(f"{origin}: {FORMATS.unknown(form, (JSON,))}")
        if form != JSON and not formats.chosen(form).comparisons:
            raise UsageError(f"{origin}: {form} shows reports, not comparisons.")
    return forms
