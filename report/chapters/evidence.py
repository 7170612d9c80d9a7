"""The table of evidence of a chapter: every claim that its note makes, the verdict, and the numbers that decided it."""

from __future__ import annotations

from labreport.report.chapters.claim_words import Said, evidence_id, written_number
from labreport.report.chapters.values import Context
from labreport.report.document import Column, Section, Table, escape
from labreport.report.findings.claims import wording
from labreport.report.numbers import UNKNOWN


def with_evidence(
    sections: tuple[Section, ...], context: Context, id_: str, number: str, *, identifiers: bool = True
) -> tuple[Section, ...]:
    """Return the sections of a chapter with the table of the claims it makes before the sources.

    Args:
        sections: of the chapter.
        context: what its note said.
        id_: of the table.
        number: of the table.
        identifiers: whether the identifier of a claim stands behind its title, as instructors need it.
    """
    words, lab = context.words, context.result.lab
    titles = [wording.title(item.claim.definition, words.language) for item in context.said.values()]
    names = [
        _name(name, title, identifiers or titles.count(title) > 1)
        for name, title in zip(context.said, titles, strict=True)
    ]
    table = Table(
        id=id_,
        number=number,
        caption=words("labs.evidence_caption"),
        columns=(
            Column(title=words("labs.column_claim")),
            Column(title=words("labs.column_verdict")),
            Column(title=words("labs.column_seeds_holding"), align="right"),
            Column(title=words("labs.column_numbers")),
        ),
        rows=tuple(
            _row(name, item, context, identifiers) for name, item in zip(names, context.said.values(), strict=True)
        ),
        row_ids=tuple(evidence_id(lab, name) for name in context.said),
    )
    section = Section(id=f"{lab}-evidence", title=words("labs.evidence"), blocks=(table,))
    last = sections[-1] if sections and sections[-1].id == f"{lab}-sources" else None
    return (*sections[:-1], section, last) if last else (*sections, section)


def _name(claim: str, title: str, identified: bool) -> str:
    """Return what stands for a claim: its title in words, its identifier where it is wanted or there is no title."""
    identifier = f"`{claim}`" if identified or not title else ""
    return " ".join(filter(None, (escape(title), identifier)))


def _row(name: str, item: Said, context: Context, reasoned: bool) -> tuple[str, ...]:
    stated, words = item.claim, context.words
    numbers = words("labs.between").join(
        f"{escape(wording.number_name(stated.definition, name, words.language))} "
        f"{written_number(name, stated, context.result, words.language)}"
        for name in stated.numbers
    )
    return (
        name,
        words(f"labs.verdict_{stated.verdict}"),
        # Of a single run that can't tell, the sign alone would be taken for a verdict.
        UNKNOWN if stated.seeds < (2 if stated.verdict == "unknown" else 1) else f"{stated.holds} / {stated.seeds}",
        # A reason names parts of the record, in English.
        numbers or (escape(stated.reason) if reasoned else UNKNOWN),
    )
