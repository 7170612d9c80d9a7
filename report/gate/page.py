"""The index of a check: one self-contained page with the verdict and a link to every file beside it.

What makes it safe and self-contained stands in `rendering.sealed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labreport.report.gate import wording
from labreport.report.gate.verdict import LabVerdict, Verdict
from labreport.report.gate.wording import CheckRow
from labreport.report.look import Look
from labreport.report.rendering.sealed import sealed
from labreport.report.words import Words


@dataclass(frozen=True, kw_only=True)
class LabChecks:
    """All checks of one lab."""

    name: str
    """As on the command line."""
    title: str
    run: str
    sample: bool
    baseline: str
    pooled: str
    rows: tuple[CheckRow, ...]


@dataclass(frozen=True, kw_only=True)
class PageInLanguage:
    """The page in one language."""

    language: str
    tag: str
    tongue: str
    words: Words
    title: str
    heading: str
    outcome: str
    outcome_text: str
    explanation: str
    reading: str
    colon: str
    facts: tuple[tuple[str, str], ...]
    unreadable: tuple[str, ...]
    attention: tuple[CheckRow, ...]
    files: tuple[tuple[str, str], ...]
    no_report: bool
    labs: tuple[LabChecks, ...]


def page(
    verdict: Verdict,
    languages: Sequence[str],
    files: Mapping[str, str],
    exit_code: int,
    look: Look | None = None,
    *,
    night: bool = False,
) -> str:
    """Return the page.

    Args:
        verdict: what is shown.
        languages: one part for each, in this order.
        files: address of each file of the folder, relative to the page, and the key of what `gate.toml` calls it.
        exit_code: of the command that judged.
        look: theme, templates and time zone.
        night: whether this is the page of a night, which also trained and rendered.
    """
    look = look or Look()
    heading = "nightly.title" if night else "gate.title"
    parts = [_part(verdict, Words(language), files, exit_code, look.zone, heading) for language in languages]
    return sealed("gate.html.j2", look=look, languages=languages, sheets=("content", "gate"), parts=parts)


def _part(
    verdict: Verdict, words: Words, files: Mapping[str, str], exit_code: int, zone: str, heading: str
) -> PageInLanguage:
    found = wording.rows(verdict, words)
    colon = words.record.colon
    text, outcome = wording.ending(verdict, words, exit_code)
    return PageInLanguage(
        language=words.language,
        tag=words.record.tag,
        tongue=words.record.name,
        words=words,
        title=f"{words(heading)}{colon}{text}",
        heading=words(heading),
        outcome=outcome,
        outcome_text=text,
        explanation=wording.explanation(verdict, words, exit_code),
        reading=words("gate.reading_text", level=wording.level(verdict)),
        colon=colon,
        facts=(
            (words("gate.baseline"), verdict.baseline),
            (words("gate.newest"), wording.newest(verdict, words, zone)),
            (words("gate.checks"), wording.counts(verdict, words)),
            (words("gate.level"), wording.level(verdict)),
            (words("gate.commit"), wording.commits(verdict, words)),
            (words("gate.exit_code"), str(exit_code)),
        ),
        unreadable=verdict.unreadable,
        attention=wording.attention(found),
        files=tuple((address, words(f"gate.{key}")) for address, key in files.items()),
        no_report="file_report" not in files.values(),
        labs=tuple(_labs(verdict.labs, found, words)),
    )


def _labs(labs: Sequence[LabVerdict], found: Sequence[CheckRow], words: Words) -> list[LabChecks]:
    shown, place = [], 0
    for lab in labs:
        rows = tuple(found[place : place + len(lab.checks)])
        place += len(lab.checks)
        shown.append(
            LabChecks(
                name=lab.lab,
                title=rows[0].lab if rows else lab.lab,
                run=lab.run_id or words("gate.nothing"),
                sample=lab.sample,
                baseline=wording.runs(lab, words),
                pooled=wording.pooled(lab, words),
                rows=rows,
            )
        )
    return shown
