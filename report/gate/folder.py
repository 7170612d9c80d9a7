"""The folder of a check: everything that a CI job keeps, and a manifest with the hash of each file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from labreport.experiments.system import home, reading
from labreport.report.gate import page
from labreport.report.gate.badge import badge
from labreport.report.gate.junit import junit
from labreport.report.gate.summary import LIMIT, short, summary
from labreport.report.gate.verdict import GateOutcome, Verdict, VerdictRecord
from labreport.report.look import Look
from labreport.report.store import codec, files, manifest

SUMMARY, SHORT, JUNIT, RESULT, BADGE, INDEX = (
    "summary.md",
    "summary-short.md",
    "junit.xml",
    "result.json",
    "badge.svg",
    "index.html",
)
FILES = (SUMMARY, SHORT, JUNIT, RESULT, BADGE, INDEX, manifest.NAME)
"""Everything but the report."""
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


class Written(VerdictRecord, frozen=True, kw_only=True):
    """What result.json holds: the answer first, then all that it rests on."""

    format: int = 1
    outcome: GateOutcome
    exit_code: int
    verdict: Verdict


def write(
    verdict: Verdict,
    folder: Path,
    languages: Sequence[str],
    exit_code: int,
    report: Sequence[Path] = (),
    trend: Sequence[Path] = (),
    *,
    night: str = "",
    look: Look | None = None,
) -> tuple[Path, ...]:
    """Write a verdict into a folder, in every form, and the manifest last.

    Args:
        verdict: the answer.
        folder: made as needed; files of an earlier check are overwritten.
        languages: of summary and page, in this order.
        exit_code: that of the command, as every artifact names it.
        report: files of the report, inside the folder.
        trend: files of a trend that was drawn into the same folder.
        night: name of the summary of a night, which will lie in the same folder; empty for a check by itself.
        look: theme and templates of the page.

    Returns:
        Every file of the folder that belongs to this check.

    Raises:
        OutputError: the folder can't be written.
    """
    linked = {
        **{path.relative_to(folder).as_posix(): "file_report" for path in report if path.suffix != ".svg"},
        **{path.relative_to(folder).as_posix(): "file_trend" for path in trend if path.suffix == ".html"},
        SUMMARY: "file_summary",
        SHORT: "file_short",
        JUNIT: "file_junit",
        RESULT: "file_result",
        BADGE: "file_badge",
        manifest.NAME: "file_manifest",
        **({night: "file_night"} if night else {}),
    }
    # The answer first, and each file as soon as it is made: a fault in a later one does not take it away.
    made: dict[str, Callable[[], bytes]] = {
        JUNIT: lambda: junit(verdict),
        SUMMARY: lambda: summary(verdict, languages, exit_code).encode(),
        SHORT: lambda: short(verdict, languages, exit_code).encode(),
        BADGE: lambda: badge(verdict, exit_code).encode(),
        INDEX: lambda: page.page(verdict, languages, linked, exit_code, look, night=bool(night)).encode(),
    }
    write_result(verdict, folder, exit_code)
    for name, content in made.items():
        files.write(folder / name, content())
    own = [folder / name for name in (RESULT, *made)]
    inner = folder / manifest.REPORT / manifest.NAME
    known = [inner] if report and inner.is_file() else []
    manifest.write(folder, reading.digest(folder / RESULT), sorted([*own, *report, *known, *trend]))
    return (*own, folder / manifest.NAME, *report, *known, *trend)


def write_result(verdict: Verdict, folder: Path, exit_code: int) -> None:
    """Write the answer alone. Arguments and errors as `write`."""
    written = Written(outcome=verdict.outcome, exit_code=exit_code, verdict=verdict)
    files.write(folder / RESULT, codec.encode(written))


def append_verdict(
    verdict: Verdict, languages: Sequence[str], exit_code: int, environ: Mapping[str, str]
) -> str | None:
    """Append a verdict to the page of a GitHub step: whole, or the short form where the whole no longer fits."""
    return append_to_step([form(verdict, languages, exit_code) for form in (summary, short)], environ)


def append_night(
    text: str, verdict: Verdict | None, languages: Sequence[str], exit_code: int, environ: Mapping[str, str]
) -> str | None:
    """Append a night to the page of a GitHub step: its summary, and then the verdict as whole as there is room."""
    if verdict is None:
        return append_to_step([text], environ)
    verdicts = (form(verdict, languages, exit_code) for form in (summary, short))
    return append_to_step([*(f"{text}\n{one}" for one in verdicts), text], environ)


def append_to_step(texts: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Append a text to the page of a GitHub step, where there is one.

    What earlier commands of the step wrote counts against the same limit.

    Args:
        texts: Markdown, the longest first; the first that still fits is appended.
        environ: of the process; names the page.

    Returns:
        What went wrong, or None. A page that can't be written changes no verdict.
    """
    name = environ.get(STEP_SUMMARY)
    if not name:
        return None
    path = Path(name)
    try:
        left = LIMIT - (path.stat().st_size if path.exists() else 0)
        text = next((text for text in texts if len(text.encode()) < left), None)
        if text is None:
            return f"The step's summary {path.name} is full; nothing was added."
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        return f"Can't append to the step's summary: {error.strerror or error}."
    return None


def scrubbed(message: str) -> str:
    """Return a message without the private part of its paths: relative to the current folder, or to the home folder."""
    for folder, short_form in ((Path.cwd(), ""), (home.home(), f"~{os.sep}")):
        if folder != Path(folder.anchor):
            message = message.replace(f"{folder}{os.sep}", short_form)
    return message
