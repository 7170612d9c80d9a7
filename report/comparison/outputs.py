"""A comparison as files: in each language every format that can show it, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from labreport.report.comparison import tables
from labreport.report.comparison.record import Comparisons
from labreport.report.comparison.version import Version
from labreport.report.configuration import FORMATS
from labreport.report.errors import ReportError, UsageError
from labreport.report.look import Look
from labreport.report.numbers import day
from labreport.report.store import codec, embedded, files

if TYPE_CHECKING:
    from labreport.report.comparison.explanation import Explanation


JSON, CSV, TEX = "json", "csv", "tex"
OWN = (CSV, TEX, JSON)
"""Forms that comparisons alone have: the comparison itself and its numbers, once for all languages, and its tables."""
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
        forms: names of formats, or of `OWN`.
        moment: date of the reports (UTC).
        look: theme, templates and time zone.

    Returns:
        The files written, and the problems met: a form that can't be made costs no other.
    """
    problems: list[str] = []
    made = in_memory(found, versions, languages=languages, forms=forms, moment=moment, look=look, problems=problems)
    written, unwritten = files.write_all(folder, made)
    return tuple(written), (*problems, *unwritten)


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
    if CSV in forms:
        yield f"{STEM}.csv", tables.csv_table(found)
    if TEX in forms:
        for language in languages:
            yield f"{STEM}-{language}.tex", tables.tex(found, language).encode()
    pages = [form for form in forms if form not in OWN]
    for language in languages if pages else ():
        from labreport.report.comparison.report import report
        from labreport.report.rendering import formats

        zone = (look or Look()).zone
        try:
            made = report(found, versions, language, date=day(moment, zone), zone=zone)
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


def explanation(
    found: Explanation,
    folder: Path,
    *,
    languages: Sequence[str],
    forms: Sequence[str],
    moment: datetime,
    look: Look | None = None,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write what made a difference in every form and language that is asked for.

    Args:
        found: the explanation.
        folder: where the files go.
        languages: of the reports.
        forms: names of formats, or `JSON`.
        moment: date of the reports (UTC).
        look: theme, templates and time zone.

    Returns:
        The files written, and the problems met: a form that can't be made costs no other.
    """
    from labreport.report.comparison.explanation import report
    from labreport.report.rendering import formats

    data = codec.encode(found)
    written: list[Path] = []
    problems: list[str] = []
    made: dict[str, bytes] = {"explanation.json": data} if JSON in forms else {}
    for language in languages:
        for form in forms:
            if form == JSON:
                continue
            try:
                page = report(found, language, date=day(moment, (look or Look()).zone))
                context = formats.RenderContext(
                    stem=f"explanation-{language}",
                    moment=moment,
                    look=look,
                    carried={embedded.COMPARISON: data},
                    comparison=True,
                )
                made |= formats.rendered(form, page, context)
            except ReportError as error:
                problems.append(f"{language} {form}: {error}")
    for name, content in made.items():
        try:
            files.write(folder / name, content)
            written.append(folder / name)
        except ReportError as error:
            problems.append(str(error))
    return tuple(written), tuple(problems)


def check(text: str, origin: str, own: Sequence[str] = OWN) -> tuple[str, ...]:
    """Return the formats of a comparison, each once.

    Args:
        text: names with commas between them.
        origin: where, for the error.
        own: forms besides the formats of reports.

    Raises:
        UsageError: none is given, one is unknown (names the nearest), or shows reports only.
    """
    from labreport.report.rendering import formats

    forms = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not forms:
        raise UsageError(f"{origin} is empty; choose from {', '.join((*FORMATS.names(), *own))}.")
    for form in forms:
        if form not in own and form not in FORMATS:
            raise UsageError(f"{origin}: {FORMATS.unknown(form, tuple(own))}")
        if form not in own and not formats.chosen(form).comparisons:
            raise UsageError(f"{origin}: {form} shows reports, not comparisons.")
    return forms
