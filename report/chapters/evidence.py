"""The table of evidence of a chapter: every claim that its note makes, the verdict, and the numbers that decided it."""

from __future__ import annotations

from labreport.report.chapters.claim_words import Said, evidence_id
from labreport.report.chapters.sandbox import shown
from labreport.report.chapters.values import Context
from labreport.report.document import Column, Section, Table, escape
from labreport.report.findings.claims import wording
from labreport.report.numbers import UNKNOWN


def with_evidence(sections: tuple[Section, ...], context: Context, id_: str, number: str) -> tuple[Section, ...]:
    """Return the sections of a chapter with the table of the claims it makes before the sources.

    Args:
        sections: of the chapter.
        context: what its note said.
        id_: of the table.
        number: of the table.
    """
    words, lab = context.words, context.result.lab
    table = Table(
        id=id_,
        number=number,
        caption=words("labs.evidence_caption"),
        columns=(
            Column(title=words("labs.column_claim"), kind="code"),
            Column(title=words("labs.column_verdict")),
            Column(title=words("labs.column_seeds_holding"), align="right"),
            Column(title=words("labs.column_numbers")),
        ),
        rows=tuple(_row(item, context) for item in context.said.values()),
        row_ids=tuple(evidence_id(lab, name) for name in context.said),
    )
    section = Section(id=f"{lab}-evidence", title=words("labs.evidence"), blocks=(table,))
    last = sections[-1] if sections and sections[-1].id == f"{lab}-sources" else None
    return (*sections[:-1], section, last) if last else (*sections, section)


def _row(item: Said, context: Context) -> tuple[str, ...]:
    stated, words = item.claim, context.words
    numbers = words("labs.between").join(
        f"{escape(wording.number_name(stated.definition, name, words.language))} {shown(value)}"
        for name, value in stated.numbers.items()
    )
    return (
        stated.name,
        words(f"labs.verdict_{stated.verdict}"),
        f"{stated.holds} / {stated.seeds}" if stated.seeds else UNKNOWN,
        numbers or escape(stated.reason),
    )
