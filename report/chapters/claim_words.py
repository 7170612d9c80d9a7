"""A claim as the report says it: its verdict worded in a language, and where its evidence stands."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from labreport.report.chapters.sandbox import compiled, environment
from labreport.report.findings.analysis import MissingValueError
from labreport.report.findings.claims import Claim, wording
from labreport.report.words import LANGUAGES


@dataclass(frozen=True, kw_only=True)
class Said:
    """A claim as the report says it."""

    claim: Claim
    text: str


def evidence_id(lab: str, claim: str) -> str:
    """Return the id of a claim's row in the table of evidence."""
    return f"{lab}-claim-{claim}"


def sentence(claim: Claim, lab: str, language: str) -> str:
    """Return the sentence of a claim in Markdown, worded by its verdict, with the numbers that decided it.

    Raises:
        MissingValueError: the language has no words for this claim.
    """
    words = wording.sentence(claim.definition, claim.verdict, language, lab, measured=bool(claim.numbers))
    template = compiled(environment(language, lists=True), words)
    return template.render(**claim.details, **claim.numbers, holds=claim.holds, seeds=claim.seeds)


def sentences(claim: Claim, lab: str) -> dict[str, str]:
    """Return the sentence of a claim in each language that has words for it."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with contextlib.suppress(MissingValueError):
            found[language] = sentence(claim, lab, language)
    return found
